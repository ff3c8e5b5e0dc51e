"""Texts as numbers in one compact array: what a list of texts holds once they are tokenised."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from onecycle.data.processors import is_number
from onecycle.errors import DataError, FileFormatError, explain
from onecycle.types import JsonDict
from onecycle.utils.budget import inflate
from onecycle.utils.registry import register

__all__: list[str] = []


@register("items")
class TokenTexts:
    """Hold many texts as one array of token numbers, and where each text begins.

    It is indexed as a NumPy array of texts would be; a part shares the numbers with the whole.

    Args:
        ids: The tokens of all texts one after the other, `(number of tokens,)`, int32.
        starts: Where each text begins in `ids`, `(number of texts,)`.
        lengths: How many tokens it has, `(number of texts,)`.
        words: What the numbers stand for, where they are no vocabulary's yet; a text is then a list of tokens.

    Example:
        >>> texts = TokenTexts.of([[1, 2], [3]])
        >>> len(texts), texts[0]
        (2, array([1, 2], dtype=int32))
    """

    def __init__(
        self, ids: np.ndarray, starts: np.ndarray, lengths: np.ndarray, words: Sequence[str] | None = None
    ) -> None:
        self.ids, self.starts, self.lengths, self.words = ids, starts, lengths, words

    @classmethod
    def joined(cls, ids: np.ndarray, lengths: np.ndarray, words: Sequence[str] | None = None) -> TokenTexts:
        """Return the texts that follow one another in `ids`."""
        lengths = np.asarray(lengths, dtype=np.int64)
        return cls(ids, np.cumsum(lengths) - lengths, lengths, words)

    @classmethod
    def of(cls, texts: Iterable[Sequence[int]]) -> TokenTexts:
        """Return texts that are given as sequences of numbers, or themselves where they are compact already.

        Raises:
            DataError: a text holds something else; names it.
        """
        if isinstance(texts, TokenTexts):
            return texts
        arrays = [_numbers(text, i) for i, text in enumerate(texts)]
        lengths = np.array([len(array) for array in arrays], dtype=np.int64)
        return cls.joined(np.concatenate([*arrays, np.zeros(0, np.int32)]).astype(np.int32, copy=False), lengths)

    def __len__(self) -> int:
        return len(self.lengths)

    def __getitem__(self, index: Any) -> Any:
        """Return a text for a whole number, and texts for a slice, a list of numbers or a mask."""
        if not is_number(index):
            return TokenTexts(self.ids, self.starts[index], self.lengths[index], self.words)
        start = int(self.starts[index])
        ids = self.ids[start : start + int(self.lengths[index])]
        return ids if self.words is None else [self.words[i] for i in ids]

    def __iter__(self) -> Iterator[Any]:
        return (self[i] for i in range(len(self)))

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        made = np.empty(len(self), dtype=object)
        made[:] = [*self, None][:-1] if len(self) else []
        return made

    @property
    def total(self) -> int:
        """Return the number of tokens of all texts."""
        return int(self.lengths.sum())

    def packed(self) -> TokenTexts:
        """Return the texts without the tokens of others between them."""
        if len(self.ids) == self.total and np.array_equal(self.starts, np.cumsum(self.lengths) - self.lengths):
            return self
        parts = [self.ids[s : s + n] for s, n in zip(self.starts, self.lengths, strict=True)]
        ids = np.concatenate([*parts, np.zeros(0, np.int32)])
        return TokenTexts.joined(ids, self.lengths, self.words)

    def get_state(self) -> JsonDict:
        """Return the texts as values that JSON knows: the numbers compressed and as text."""
        texts = self.packed()
        words = None if self.words is None else list(self.words)
        return {"ids": _as_text(texts.ids), "lengths": _as_text(texts.lengths), "words": words}

    @classmethod
    def from_state(cls, state: JsonDict) -> TokenTexts:
        """Return the texts of `get_state`."""
        lengths, ids = _from_text(state["lengths"], np.int64), _from_text(state["ids"], np.int32)
        words = state["words"]
        known = 2**31 if words is None else len(words)
        if (lengths < 0).any() or int(lengths.sum()) != len(ids) or ((ids < 0) | (ids >= known)).any():
            raise FileFormatError("texts: lengths and numbers of tokens do not belong together. The file is damaged.")
        return cls.joined(ids, lengths, words)


def _numbers(text: Any, index: int) -> np.ndarray:
    try:
        found = np.asarray(text)
        if found.ndim == 1 and (found.dtype.kind in "iu" or not len(found)):
            return found.astype(np.int32)
    except ValueError:
        pass
    raise DataError(explain("texts", f"text {index}", "must be a sequence of token numbers", text))


def _as_text(numbers: np.ndarray) -> str:
    return base64.b64encode(zlib.compress(np.ascontiguousarray(numbers).tobytes(), 1)).decode("ascii")


def _from_text(text: str, dtype: Any) -> np.ndarray:
    return np.frombuffer(bytearray(inflate(base64.b64decode(text), "packed tokens")), dtype=dtype)


class TokenCollector:
    """Take tokens in text by text and keep each different one only once.

    Example:
        >>> collector = TokenCollector()
        >>> collector.add(["a", "b", "a"])
        >>> collector.texts()[0]
        ['a', 'b', 'a']
    """

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._parts: list[np.ndarray] = []

    def add(self, tokens: Sequence[str]) -> None:
        """Take in the tokens of the next text."""
        number = self._numbers
        for token in tokens:
            if token not in number:
                number[token] = len(number)
        self._parts.append(np.fromiter(map(number.__getitem__, tokens), np.int32, len(tokens)))

    def texts(self) -> TokenTexts:
        """Return the texts taken in so far."""
        lengths = np.array([len(part) for part in self._parts], dtype=np.int64)
        ids = np.concatenate([*self._parts, np.zeros(0, np.int32)])
        return TokenTexts.joined(ids, lengths, list(self._numbers))
