"""The regular expression that cuts a piece of text without spaces into words, numbers and signs."""

from __future__ import annotations

import re
import unicodedata
from functools import cache

__all__: list[str] = []

# Scripts that are written without spaces between words: each character, with the marks on it, is a token.
# Thai, Lao, Myanmar, Khmer, kana, Han (with its extensions).
_WITHOUT_SPACES = (
    "\u0e01-\u0e30\u0e32\u0e33\u0e40-\u0e46\u0e81-\u0eb0\u0eb2\u0eb3\u0ec0-\u0ec6\u1000-\u102a\u1780-\u17b3"
    "\u3005-\u3007\u3041-\u3096\u309d-\u309f\u30a1-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\uff66-\uff9f\U00020000-\U0003ffff"
)
_JOINERS = "\u00ad\u200c\u200d"  # soft hyphen, zero-width non-joiner and joiner: inside words
_SKIN = "\U0001f3fb-\U0001f3ff"
_NOTHING = "\u200b\u2060\ufeff"  # zero-width space, word joiner, byte-order mark: no token
_APOSTROPHE = "['\u2019]"
_ENDINGS = "(?i:s|m|d|re|ve|ll)"

_SHORTENED = "mr mrs ms dr prof st jr sr vs etc inc ltd co corp gen col lt capt sgt rev hon gov sen".split()

_URL = r"(?:(?:https?|ftp)://|www\.)[^\s<>\"]*[^\s<>\".,;:!?'\u2019)\]]"
_EMAIL = r"\w[\w.+-]*@\w[\w-]*(?:\.\w[\w-]*)+"
_EMOTICON = r"(?<!\w)(?:[:;=]'?-?[()\[\]DPpOo|*/\\](?!\w)|<3(?!\w)|\^[_.]?\^)"
_MENTION = r"(?<!\w)@\w+"
_NUMBER = r"\d+(?:[.,:]\d+)*(?:(?i:st|nd|rd|th|s|d)(?!\w))?"
_INITIALS = r"(?<!\w)(?:[^\W\d_]\.){2,}"  # U.S., e.g.
_RUN_OF_SIGNS = r"\.{2,}|-{2,}"


@cache
def _marks() -> str:
    """Return the characters that sit on another: accents, vowel signs, variation selectors; as a class's inside."""
    codes = [code for code in (*range(0x300, 0x20000), *range(0xE0100, 0xE01F0))
             if unicodedata.category(chr(code))[0] == "M"]
    starts = [code for i, code in enumerate(codes) if i == 0 or codes[i - 1] != code - 1]
    ends = [code for i, code in enumerate(codes) if i + 1 == len(codes) or codes[i + 1] != code + 1]
    return "".join(f"{chr(first)}-{chr(last)}" for first, last in zip(starts, ends, strict=True)) + _JOINERS


def _language(lang: str, letter: str) -> list[str]:
    """Return the alternatives that only one language has."""
    if lang == "en":
        return [
            rf"(?<!\w)(?i:{'|'.join(_SHORTENED)})\.(?![.\w])",
            r"(?i:(?<!\w)can(?=not(?!\w)))",
            rf"(?:{letter})+?(?=(?i:n{_APOSTROPHE}t)(?!\w))",
            rf"(?i:n{_APOSTROPHE}t)(?!\w)",
            rf"(?<=\w){_APOSTROPHE}{_ENDINGS}(?!\w)",
        ]
    if lang in ("fr", "it", "ca"):
        return [rf"(?i:aujourd{_APOSTROPHE}hui)", rf"(?:{letter})+{_APOSTROPHE}(?=\w)"]
    return []


def _word(lang: str, letter: str) -> str:
    """Return the pattern of a word: letters and digits, single underscores and apostrophes inside."""
    inside = rf"{_APOSTROPHE}(?!{_ENDINGS}(?!\w))" if lang == "en" else _APOSTROPHE
    return rf"(?:{letter})+(?:(?:_+|{inside})(?:{letter})+)*"


@cache
def word_pattern(lang: str, kept: tuple[str, ...] = (), only_ascii: bool = False) -> re.Pattern[str]:
    """Compile the pattern whose `findall` cuts a text into tokens.

    Args:
        lang: Two letters; `en` cuts contractions, `fr`, `it` and `ca` elisions.
        kept: Strings that stay whole where they stand alone.
        only_ascii: A shorter pattern for pieces without other characters.
    """
    marks = "" if only_ascii else _marks()
    letter = r"[^\W_]" if only_ascii else rf"(?![{_WITHOUT_SPACES}])[^\W_]|[{marks}]"
    whole = [rf"(?<!\w){re.escape(word)}(?!\w)" for word in sorted(kept, key=len, reverse=True)]
    signs = [_RUN_OF_SIGNS, r"\n"]
    if not only_ascii:
        sign = rf"[^\w\s{_NOTHING}]"
        signs += [
            rf"[{_WITHOUT_SPACES}][{marks}]*",
            "[\U0001f1e6-\U0001f1ff]{2}",  # a flag
            rf"{sign}(?:\u200d{sign}|[{marks}{_SKIN}])*",  # a sign, an emoji of several parts
        ]
    last = [rf"[^\s{_NOTHING}]"]
    parts = [_URL, _EMAIL, _EMOTICON, _MENTION, _INITIALS, *_language(lang, letter), _NUMBER, _word(lang, letter)]
    return re.compile("|".join([*whole, *parts, *signs, *last]))
