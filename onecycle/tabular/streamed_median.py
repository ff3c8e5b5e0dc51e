"""The exact median of numbers that come in parts, each of them several times, in bounded memory."""

from __future__ import annotations

import copy

import numpy as np

__all__: list[str] = []

_BINS = 1 << 16
_SIGN = np.uint64(1 << 63)
_MOST = 1 << 18  # values of one bin that are kept and sorted, in place of further counting


class Median:
    """Find the middle of numbers of double precision by counting them in ever narrower ranges.

    In the first pass numbers are counted by their leading 16 bits, which is sign, exponent and the beginning of the
    fraction; then the values of the bin in the middle are kept, or counted by the next 16 bits where they are many. Two
    passes are the rule, five the most.

    Example:
        >>> median = Median()
        >>> while median.value is None:
        ...     for part in ([3.0, 1.0], [2.0, 10.0]): median.add(np.array(part))
        ...     median.end_pass()
        >>> median.value
        2.5
    """

    def __init__(self) -> None:
        self._first = _Rank()
        self._ranks: list[_Rank] = []
        self.value: float | None = None

    def add(self, values: np.ndarray) -> None:
        """Take part of the numbers; none of them may be NaN."""
        keys = _keys(values)
        for rank in self._ranks or [self._first]:
            rank.add(keys)

    def end_pass(self) -> None:
        """Take note that all numbers were given once; `value` is None as long as they are needed again."""
        if not self._ranks:
            count = int(self._first.counts.sum())
            if not count:
                self.value = np.nan
                return
            self._ranks = [self._first.at(rank) for rank in {(count - 1) // 2, count // 2}]
        for each in self._ranks:
            each.narrow()
        if all(each.low == each.high for each in self._ranks):
            self.value = float(np.mean([_value(each.low) for each in self._ranks]))


class _Rank:
    """Look for the number that has so many smaller ones, between two keys."""

    def __init__(self) -> None:
        self.low, self.high, self.rank = 0, (1 << 64) - 1, 0
        self.counts = np.zeros(_BINS, dtype=np.int64)
        self._kept: list[np.ndarray] | None = None

    def at(self, rank: int) -> _Rank:
        made = copy.copy(self)
        made.rank = rank
        return made

    @property
    def _width(self) -> int:
        return -(-(self.high - self.low + 1) // _BINS)

    def add(self, keys: np.ndarray) -> None:
        if self.low == self.high:
            return
        inside = keys[(keys >= np.uint64(self.low)) & (keys <= np.uint64(self.high))]
        if self._kept is not None:
            self._kept.append(inside)
            return
        bins = ((inside - np.uint64(self.low)) // np.uint64(self._width)).astype(np.int64)
        self.counts += np.bincount(bins, minlength=_BINS)

    def narrow(self) -> None:
        if self.low == self.high:
            return
        if self._kept is not None:
            self.low = self.high = int(np.sort(np.concatenate(self._kept))[self.rank])
            return
        ends = np.cumsum(self.counts)
        found = int(np.searchsorted(ends, self.rank, side="right"))
        here, width = int(self.counts[found]), self._width
        self.rank -= int(ends[found]) - here
        self.low += found * width
        self.high = min(self.high, self.low + width - 1)
        self.counts = np.zeros(_BINS, dtype=np.int64)
        self._kept = [] if here <= _MOST else None


def _keys(values: np.ndarray) -> np.ndarray:
    """Return whole numbers that are in the order of the numbers: the sign bit turned, negative ones turned round."""
    bits = (np.asarray(values, dtype=np.float64) + 0.0).view(np.uint64)  # + 0.0: there is one zero
    return np.where(bits & _SIGN, ~bits, bits | _SIGN)


def _value(key: int) -> float:
    bits = np.uint64(key)
    return float((bits ^ _SIGN if bits & _SIGN else ~bits).view(np.float64))
