"""Quick looks, many characters at once, at whether a text may hold a repeated character or word at all."""

from __future__ import annotations

from functools import cache

import numpy as np

__all__: list[str] = []

_SHORT = 200  # characters below which an array costs more than it saves
_BMP = 0x10000


def may_repeat_character(text: str) -> bool:
    """Say whether some character may stand four times in a row; False is certain."""
    if len(text) < _SHORT:
        return True
    codes = _codes(text)
    same = codes[1:] == codes[:-1]
    return bool((same[2:] & same[1:-1] & same[:-2]).any())


def may_repeat_word(text: str) -> bool:
    """Say whether some word may stand four times in a row with the same between; False is certain.

    Such words begin with the same letter, and as far from one another.
    """
    if len(text) < _SHORT:
        return True
    codes = _codes(text)
    if codes.max() >= _BMP:
        return True
    in_word = _word_characters()[codes]
    starts = np.flatnonzero(in_word & ~np.concatenate([[False], in_word[:-1]]))
    letters, gaps = codes[starts], np.diff(starts)
    same = letters[1:] == letters[:-1]
    even = gaps[1:] == gaps[:-1]
    return bool((even[1:] & even[:-1] & same[2:] & same[1:-1] & same[:-2]).any())


def _codes(text: str) -> np.ndarray:
    if text.isascii():
        return np.frombuffer(text.encode("ascii"), dtype=np.uint8)
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)


@cache
def _word_characters() -> np.ndarray:
    """Return for each code of the basic plane whether a regular expression's `\\w` takes it."""
    return np.array([character.isalnum() or character == "_" for character in map(chr, range(_BMP))])
