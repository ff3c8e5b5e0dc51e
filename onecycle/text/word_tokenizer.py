"""Cutting one text into tokens: by words, by characters, or by spaCy."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from functools import cache
from typing import Any

from onecycle.errors import ArgumentError, ArgumentTypeError, FileFormatError, explain
from onecycle.text.segmenters import check_segmenter, installed_segmenter, runs_of, segment_with
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


def language_of(lang: str) -> str:
    """Return the language of a code, without script and country.

    Example:
        >>> language_of("zh-Hant")
        'zh'
    """
    return re.split("[-_]", lang)[0]


@register("text")
class WordTokenizer(BaseTokenizer):
    """Cut a text into words, numbers and signs, by rules that hold for all languages of Unicode.

    - Words keep their accents, vowel signs and inner apostrophes; hyphens cut.
    - English (`lang="en"`) contractions are cut as readers of v1 expect: `do n't`, `it 's`, `can not`. French,
      Italian and Catalan elisions too: `l' homme`.
    - Scripts without spaces between words (Han, kana, Thai, Lao, Khmer, Myanmar) give one token per character; in texts
      of Chinese, Japanese and Thai (`lang="zh"`, `"ja"`, `"th"`) words, where a package with their dictionary is
      installed: jieba; fugashi or janome; pythainlp. Korean has spaces.
    - Addresses of web and mail, initials, numbers with their points, emoticons and emoji stay whole.
    - Every line break is a token; other white space is none.

    Args:
        lang: Language of the texts, its code of two or three letters.
        segmenter: The package that cuts words of a script without spaces; None for single characters; default: the
            one of the language that is installed.

    Raises:
        ArgumentError: lang is no such code, there is no such segmenter, or it is not installed.

    Example:
        >>> WordTokenizer("en").tokenizer("Don't pay $3.50 (well-known)!")
        ['Do', "n't", 'pay', '$', '3.50', '(', 'well', '-', 'known', ')', '!']
    """

    cuts_at_spaces = True

    def __init__(self, lang: str = "en", segmenter: str | None = "installed") -> None:
        if not isinstance(lang, str) or not _CODE.fullmatch(lang):
            rule = "must be the code of a language, two or three letters"
            raise ArgumentError(explain("WordTokenizer", "lang", rule, lang, "For English 'en'."))
        super().__init__(lang)
        self._language = language_of(lang)
        self.segmenter = installed_segmenter(self._language) if segmenter == "installed" else check_segmenter(segmenter)
        self._kept: tuple[str, ...] = ()

    def tokenizer(self, t: str) -> list[str]:
        """Return the tokens of a text."""
        if self.segmenter is None or t.isascii():
            return self._by_pattern(t)
        segment = segment_with(self.segmenter)
        tokens: list[str] = []
        for at, piece in enumerate(runs_of(self.segmenter).split(t)):
            tokens += segment(piece) if at % 2 else self._by_pattern(piece)
        return tokens

    def _by_pattern(self, t: str) -> list[str]:
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


class FunctionTokenizer(BaseTokenizer):
    """Cut a text with a function that returns its tokens; special tokens stay whole.

    Args:
        func: Takes a text; returns strings, or objects with a `text`, such as spaCy's.
        lang: Language of the texts, which the function does not see.
    """

    def __init__(self, func: Callable[[str], Any], lang: str = "en") -> None:
        super().__init__(lang)
        self.func = func
        self._kept: tuple[str, ...] = ()

    def tokenizer(self, t: str) -> list[str]:
        """Return the tokens of a text.

        Raises:
            ArgumentTypeError: the function returns something else.
        """
        if not any(token in t for token in self._kept):
            return self._tokens(t)
        tokens: list[str] = []
        for at, piece in enumerate(_kept_whole(self._kept).split(t)):
            tokens += [piece] if at % 2 else self._tokens(piece) if piece.strip() else []
        return tokens

    def _tokens(self, t: str) -> list[str]:
        tokens = tokens_in(self.func(t))
        if tokens is None:
            name = getattr(self.func, "__name__", self.func)
            hint = "For example lambda text: text.split()."
            rule = f"must return a list of tokens; of {t[:40]!r} {name} did not"
            raise ArgumentTypeError(explain("Tokenizer", "a function as tokenizer", rule, self.func(t), hint))
        return tokens

    def add_special_cases(self, toks: Collection[str]) -> None:
        """Keep these strings whole."""
        self._kept = tuple(sorted({*self._kept, *toks}, key=lambda token: (-len(token), token)))


def tokens_in(answer: Any) -> list[str] | None:
    """Return what a function said of a text as a list of tokens; None where it is none."""
    if isinstance(answer, (str, bytes, dict)) or not hasattr(answer, "__iter__"):
        return None
    tokens = [part if isinstance(part, str) else getattr(part, "text", None) for part in answer]
    return [str(token) for token in tokens] if all(isinstance(token, str) for token in tokens) else None


@register("text")
class EncodingTokenizer(BaseTokenizer):
    """Cut a text with a `tokenizers.Tokenizer`, without the special tokens that it would put around.

    Args:
        tokenizer: The tokenizer; a copy is used.
    """

    def __init__(self, tokenizer: Any) -> None:
        super().__init__()
        self._take(tokenizer.to_str())

    def _take(self, text: str) -> None:
        self.text = text
        self.backend = tokenizer_of_json("Tokenizer", text)

    def tokenizer(self, t: str) -> list[str]:
        """Return the tokens of a text."""
        return list(self.backend.encode(t, add_special_tokens=False).tokens)

    def __getstate__(self) -> dict[str, Any]:
        return {"lang": self.lang, "text": self.text}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.lang = state["lang"]
        self._take(state["text"])

    def get_state(self) -> dict[str, Any]:
        """Return the tokenizer as JSON."""
        return {"text": self.text}

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> EncodingTokenizer:
        """Rebuild it from `get_state`."""
        made = cls.__new__(cls)
        BaseTokenizer.__init__(made)
        made._take(state["text"])
        return made


def is_tokenizers_tokenizer(tokenizer: Any) -> bool:
    """Say whether something is a `tokenizers.Tokenizer`, or has its interface."""
    return all(hasattr(tokenizer, name) for name in ("encode_batch", "token_to_id", "get_vocab"))


def is_transformers_tokenizer(tokenizer: Any) -> bool:
    """Say whether something is a tokenizer of Hugging Face transformers, or has its interface."""
    return hasattr(tokenizer, "convert_ids_to_tokens") and hasattr(tokenizer, "pad_token_id")


def tokenizer_of_json(caller: str, text: Any) -> Any:
    """Return a `tokenizers.Tokenizer` of its JSON.

    Raises:
        FileFormatError: it is damaged.
        ArgumentError: `tokenizers` is not installed.
    """
    library = import_extra(caller, "tokenizers", "transformers")
    try:
        return library.Tokenizer.from_str(text)
    except Exception as error:  # the library raises bare Exceptions
        said = str(error).partition("\n")[0].rstrip(".")
        raise FileFormatError(f"{caller}: the tokenizer of the file cannot be read ({said}).") from error
