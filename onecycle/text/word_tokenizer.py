"""Cutting one text into tokens: by words, by characters, or by spaCy."""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import cache
from typing import Any

from onecycle.errors import ArgumentError, explain
from onecycle.text.word_pattern import word_pattern
from onecycle.utils.extras import import_extra
from onecycle.utils.registry import register

__all__ = ["BaseTokenizer", "CharTokenizer", "SpacyTokenizer", "WordTokenizer"]

_CODE = re.compile(r"[a-z]{2,3}([-_]\w+)*")  # BCP 47, as far as it matters here: en, pt-BR
_CUT_INSIDE = "cannot"  # the only word of plain letters that the pattern cuts, in English


@register("text")
class BaseTokenizer:
    """Cut a text at its spaces: the simplest tokenizer, and the base of the others. Other white space stays.

    A subclass overrides `tokenizer`, and `add_special_cases` where it could tear a special token apart.

    Args:
        lang: Language of the texts, two letters.

    Example:
        >>> BaseTokenizer("en").tokenizer("one  two. \\n three")
        ['one', 'two.', '\\n', 'three']
    """

    # Whether `tokenizer` cuts at every space and looks at each piece between two spaces for itself: then what it
    # makes of a piece can be remembered.
    cuts_at_spaces = False

    def __init__(self, lang: str = "en") -> None:
        self.lang = lang

    def tokenizer(self, t: str) -> list[str]:
        """Return the tokens of a text."""
        return [token for token in t.split(" ") if token]

    def add_special_cases(self, toks: Collection[str]) -> None:
        """Keep these strings whole."""


@register("text")
class WordTokenizer(BaseTokenizer):
    """Cut a text into words, numbers and signs, by rules that hold for all languages of Unicode.

    - Words keep their accents, vowel signs and inner apostrophes; hyphens cut.
    - English (`lang="en"`) contractions are cut as readers of v1 expect: `do n't`, `it 's`, `can not`. French,
      Italian and Catalan elisions too: `l' homme`.
    - Scripts without spaces between words (Han, kana, Thai, Lao, Khmer, Myanmar) give one token a character.
    - Addresses of web and mail, initials, numbers with their points, emoticons and emoji stay whole.
    - Every line break is a token; other white space is none.

    Args:
        lang: Language of the texts, its code of two or three letters.

    Raises:
        ArgumentError: lang is no such code.

    Example:
        >>> WordTokenizer("en").tokenizer("Don't pay $3.50 (well-known)!")
        ['Do', "n't", 'pay', '$', '3.50', '(', 'well', '-', 'known', ')', '!']
    """

    cuts_at_spaces = True

    def __init__(self, lang: str = "en") -> None:
        if not isinstance(lang, str) or not _CODE.fullmatch(lang):
            rule = "must be the code of a language, two or three letters"
            raise ArgumentError(explain("WordTokenizer", "lang", rule, lang, "For English 'en'."))
        super().__init__(lang)
        self._language = re.split("[-_]", lang)[0]
        self._kept: tuple[str, ...] = ()

    def tokenizer(self, t: str) -> list[str]:
        """Return the tokens of a text."""
        if t.isalpha() and t.isascii() and t.lower() != _CUT_INSIDE:
            return [t]
        return word_pattern(self._language, self._kept, t.isascii()).findall(t)

    def add_special_cases(self, toks: Collection[str]) -> None:
        """Keep these strings whole where they stand alone.

        Raises:
            ArgumentError: one of them is empty or holds white space.
        """
        for token in toks:
            if token.split() != [token]:
                cure = "Join its parts with an underscore, here and in the texts."
                raise ArgumentError(explain("WordTokenizer", "special_cases", "must have no white space", token, cure))
        odd = [token for token in toks if not token.isalnum()]  # words stay whole as it is
        self._kept = tuple(sorted({*self._kept, *odd}))


@register("text")
class CharTokenizer(BaseTokenizer):
    """Cut a text into its characters, special tokens kept whole; for character models.

    Example:
        >>> CharTokenizer().tokenizer("a b")
        ['a', ' ', 'b']
    """

    def __init__(self, lang: str = "en") -> None:
        super().__init__(lang)
        self._kept: tuple[str, ...] = ()

    def tokenizer(self, t: str) -> list[str]:
        """Return the characters of a text."""
        if not any(token in t for token in self._kept):
            return list(t)
        tokens: list[str] = []
        for at, piece in enumerate(_kept_whole(self._kept).split(t)):
            tokens += [piece] if at % 2 else piece
        return tokens

    def add_special_cases(self, toks: Collection[str]) -> None:
        """Keep these strings whole."""
        self._kept = tuple(sorted({*self._kept, *toks}, key=lambda token: (-len(token), token)))


@cache
def _kept_whole(tokens: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("(" + "|".join(map(re.escape, tokens)) + ")")


@register("text")
class SpacyTokenizer(BaseTokenizer):
    """Cut a text with spaCy's tokenizer of its language.

    Args:
        lang: Language of the texts, a name spaCy knows.

    Raises:
        ArgumentError: spaCy is not installed, or does not know the language.
    """

    def __init__(self, lang: str = "en") -> None:
        super().__init__(lang)
        self.tok: Any = _spacy_tokenizer(lang)

    def tokenizer(self, t: str) -> list[str]:
        """Return the tokens of a text."""
        return [token.text for token in self.tok(t)]

    def add_special_cases(self, toks: Collection[str]) -> None:
        """Keep these strings whole."""
        for token in toks:
            self.tok.add_special_case(token, [{"ORTH": token}])


def _spacy_tokenizer(lang: str) -> Any:
    spacy = import_extra("SpacyTokenizer", "spacy", "spacy")
    try:
        return spacy.blank(lang).tokenizer
    except ImportError as error:
        cure = "Pass a language of spacy.io/usage/models, or leave tok_func to its default."
        raise ArgumentError(explain("SpacyTokenizer", "lang", "must be a language spaCy knows", lang, cure)) from error
