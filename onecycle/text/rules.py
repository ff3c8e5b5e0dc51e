"""The rules around a tokenizer: what is mended in a text before it is cut, and in its tokens afterwards."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Collection, Iterable, Sequence

from onecycle.text.repeats import may_repeat_character, may_repeat_word
from onecycle.text.special_tokens import TK_MAJ, TK_REP, TK_UP, TK_WREP, UNK
from onecycle.utils.defaults import defaults
from onecycle.utils.registry import register

__all__ = [
    "apply_rules",
    "deal_caps",
    "fix_html",
    "replace_all_caps",
    "replace_rep",
    "replace_wrep",
    "rm_useless_spaces",
    "spec_add_spaces",
]

PreRule = Callable[[str], str]
PostRule = Callable[[Collection[str]], list[str]]

# A rule that finds nothing to do must cost next to nothing: each looks for its marks before it works.
_MARKUP_MARKS = ("<", "&", "\\", "@ ", "amp;", "nbsp;", "quot;", "#39;", "#146;", "#36;")
_MARKUP = re.compile(
    r"(?i:<br\s*/?>)|<unk>| @[-.,]@ |\\n|\\\"|\\|(?:&(?:amp;)?)?(?:#39|#146|#36|nbsp|quot);|&amp;|(?<!\w)amp;"
)
_ENTITIES = {"#39": "'", "#146": "'", "#36": "$", "amp": "&", "nbsp": " ", "quot": '"'}
_WRITTEN = {"<unk>": UNK, "\\n": "\n", '\\"': '"', "\\": " \\ "}


def _mended(match: re.Match[str]) -> str:
    found = match[0]
    if found in _WRITTEN:
        return _WRITTEN[found]
    if found.startswith(" @"):
        return found[2]
    if found.startswith("<"):
        return "\n"
    return _ENTITIES[re.split("[&;]", found)[-2]]


@register("function")
def fix_html(x: str) -> str:
    r"""Mend what HTML and other files leave in a text: entities, also torn ones, line breaks, escapes.

    `<unk>` becomes the token for unknown words, WikiText's ` @-@ ` a hyphen.

    Example:
        >>> fix_html("Tom &amp; Jerry<br />wasn#39;t well @-@ known")
        "Tom & Jerry\nwasn't well-known"
    """
    if any(mark in x for mark in _MARKUP_MARKS):
        x = _MARKUP.sub(_mended, x)
        return html.unescape(x) if "&" in x else x
    return x


_REPEATED_CHARACTER = re.compile(r"(\S)\1{3,}")
_REPEATED_WORD = re.compile(r"\b(\w++)(\W++)(?:\1\2){2,}\1\b")


@register("function")
def replace_rep(t: str) -> str:
    """Write a character that stands four times or more in a row as its count and itself.

    Example:
        >>> replace_rep("so goooood")
        'so g xxrep 5 o d'
    """
    if not may_repeat_character(t):
        return t
    return _REPEATED_CHARACTER.sub(lambda m: f" {TK_REP} {len(m[0])} {m[1]} ", t)


def _word_counted(match: re.Match[str]) -> str:
    word, gap = match[1], match[2]
    count = (len(match[0]) + len(gap)) // (len(word) + len(gap))
    return f" {TK_WREP} {count} {word} "


@register("function")
def replace_wrep(t: str) -> str:
    """Write a word that stands four times or more in a row, with the same between, as its count and itself.

    Example:
        >>> replace_wrep("it was very very very very good")
        'it was  xxwrep 4 very  good'
    """
    return _REPEATED_WORD.sub(_word_counted, t) if may_repeat_word(t) else t


@register("function")
def spec_add_spaces(t: str) -> str:
    r"""Put spaces around `/`, `#` and line breaks, so that these become tokens.

    Example:
        >>> spec_add_spaces("and/or #1")
        'and / or  # 1'
    """
    return t.replace("/", " / ").replace("#", " # ").replace("\n", " \n ")


_SPACES = re.compile("  +")


@register("function")
def rm_useless_spaces(t: str) -> str:
    """Leave one space of several.

    Example:
        >>> rm_useless_spaces("a   b")
        'a b'
    """
    return _SPACES.sub(" ", t) if "  " in t else t


@register("function")
def replace_all_caps(x: Collection[str]) -> list[str]:
    """Write a token all in capitals, of two letters or more, in small ones, with `xxup` before it.

    Example:
        >>> replace_all_caps(["HELLO", "I", "am"])
        ['xxup', 'hello', 'I', 'am']
    """
    tokens: list[str] = []
    for token in x:
        if len(token) > 1 and token.isupper():
            tokens += (TK_UP, token.lower())
        else:
            tokens.append(token)
    return tokens


@register("function")
def deal_caps(x: Collection[str]) -> list[str]:
    """Write every token in small letters, with `xxmaj` before one that began with a capital and went on small.

    Example:
        >>> deal_caps(["Hello", "I", "McDonald"])
        ['xxmaj', 'hello', 'i', 'mcdonald']
    """
    tokens: list[str] = []
    for token in x:
        if token[:1].isupper() and token[1:].islower():
            tokens.append(TK_MAJ)
        if token:
            tokens.append(token.lower())
    return tokens


# Post-rules that look at one token at a time: what they make of a word can be remembered.
WORD_BY_WORD: frozenset[PostRule] = frozenset({replace_all_caps, deal_caps})

defaults.text_pre_rules = [fix_html, replace_rep, replace_wrep, spec_add_spaces, rm_useless_spaces]
defaults.text_post_rules = [replace_all_caps, deal_caps]


def apply_rules(
    text: str | Iterable[str],
    pre_rules: Sequence[PreRule] | None = None,
    post_rules: Sequence[PostRule] | None = None,
) -> str | list[str]:
    """Apply rules to a text that is cut at spaces only, as sentencepiece wants it.

    Args:
        text: One text, or several.
        pre_rules: Functions of the text; `defaults.text_pre_rules` when None.
        post_rules: Functions of the list of its words; `defaults.text_post_rules` when None.

    Returns:
        The text, its words with one space between; a list where several were given.

    Example:
        >>> apply_rules("Hello WORLD")
        'xxmaj hello xxup world'
    """
    if not isinstance(text, str):
        return [str(apply_rules(one, pre_rules, post_rules)) for one in text]
    for before in defaults.text_pre_rules if pre_rules is None else pre_rules:
        text = before(text)
    words: Collection[str] = [word for word in re.split(r"[^\S\n]+", text) if word]
    for after in defaults.text_post_rules if post_rules is None else post_rules:
        words = after(words)
    return " ".join(words)
