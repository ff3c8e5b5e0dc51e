"""Which rows of parquet files a set has, by a rule that needs no list of them, and the order of an epoch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from onecycle.tabular.parquet import ParquetTable
from onecycle.utils.seeding import Stream, epoch_permutation, mix

__all__: list[str] = []

_SPLIT, _GROUPS, _WINDOW = 8, 9, 10  # keep these draws apart from the other kinds of address


class RowSplit:
    """Say of each row whether it validates: a function of seed, row group and place in it.

    Args:
        share: Share of the rows that validate, between 0 and 1.
        seed: Any whole number.
        groups: For each row group whether it validates as a whole, in place of the draw of rows.
    """

    def __init__(self, share: float = 0.0, seed: int = 0, groups: np.ndarray | None = None) -> None:
        self.share, self.seed, self.groups = share, seed, groups

    def validates(self, group: int, count: int) -> np.ndarray:
        """Return for each row of a row group whether it validates."""
        if self.groups is not None:
            return np.full(count, bool(self.groups[group]))
        if not self.share:
            return np.zeros(count, dtype=bool)
        return Stream(mix(self.seed, _SPLIT, group)).generator().random(count) < self.share


def groups_for(counts: np.ndarray, share: float, seed: int) -> np.ndarray:
    """Return which row groups validate: drawn ones until they have the share of the rows; one is always left."""
    chosen = np.zeros(len(counts), dtype=bool)
    wanted = int(share * counts.sum())
    for group in Stream(mix(seed, _SPLIT)).permutation(len(counts))[:-1]:
        if counts[chosen].sum() >= wanted:
            break
        chosen[group] = True
    return chosen


class RowSet:
    """Have the training or the validation rows of a table, numbered from 0 in their order.

    Args:
        table: The table.
        split: Says which rows validate.
        valid: Have those that do; else the others.
    """

    def __init__(self, table: ParquetTable, split: RowSplit, valid: bool) -> None:
        self.table, self.split, self.valid = table, split, valid
        counts = [int(np.count_nonzero(self.mask(group))) for group in range(len(table.counts))]
        self.counts = np.array(counts, dtype=np.int64)
        self.starts = np.concatenate([[0], np.cumsum(self.counts)]).astype(np.int64)

    def __len__(self) -> int:
        return int(self.starts[-1])

    def mask(self, group: int) -> np.ndarray:
        """Return for each row of a row group whether it is in the set."""
        return self.split.validates(group, int(self.table.counts[group])) == self.valid

    def group_of(self, positions: np.ndarray) -> np.ndarray:
        """Return the row group of each position in the set."""
        return np.searchsorted(self.starts, positions, side="right") - 1

    def numbers(self, positions: np.ndarray) -> np.ndarray:
        """Return the numbers that positions of the set have in the whole table."""
        groups = self.group_of(positions)
        found = np.empty(len(positions), dtype=np.int64)
        for group in np.unique(groups):
            here = groups == group
            places = np.flatnonzero(self.mask(int(group)))[positions[here] - self.starts[group]]
            found[here] = self.table.starts[group] + places
        return found

    def all_numbers(self) -> Iterator[int]:
        """Yield the numbers of all rows of the set in the whole table."""
        for group, start in enumerate(self.table.starts[:-1]):
            yield from (start + np.flatnonzero(self.mask(group))).tolist()

    def frames(self, columns: Sequence[Any], groups: Sequence[int] | None = None) -> Iterator[Any]:
        """Yield the rows of the set as small data frames, row group after row group.

        Args:
            columns: Which columns.
            groups: Which row groups; all when left out.
        """
        for group in range(len(self.counts)) if groups is None else groups:
            if not self.counts[group]:
                continue
            mask, start = self.mask(group), int(self.table.starts[group])
            for frame in self.table.frames(group, columns):
                at = frame.index[0] - start
                wanted = mask[at : at + len(frame)]
                if wanted.any():
                    yield frame if wanted.all() else frame.loc[wanted]


class GroupOrder:
    """Order the rows of a set so that few row groups are read from at a time: a sampler.

    The row groups come in a new order each epoch; the rows of `at_once` neighbours are shuffled together. The order is
    a function of (seed of the run, epoch) and is drawn window by window, as far as it is asked for.

    Args:
        counts: How many rows of the set each row group has.
        at_once: From how many row groups rows are mixed.
    """

    def __init__(self, counts: np.ndarray, at_once: int) -> None:
        self.counts, self.at_once = counts, at_once
        self.starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        self._there = np.flatnonzero(counts)

    def __len__(self) -> int:
        return int(self.starts[-1])

    def order(self, seed: int, epoch: int) -> WindowedOrder:
        """Return the positions of an epoch, in order."""
        order = self._there[epoch_permutation(mix(seed, _GROUPS), epoch, len(self._there))]
        windows = [order[start : start + self.at_once] for start in range(0, len(order), self.at_once)]
        return WindowedOrder(self, windows, mix(seed, _WINDOW, epoch))


class WindowedOrder(Sequence[Any]):
    """Be the order of an epoch; what is held is one window of it.

    Args:
        groups: Knows where the rows of each row group begin in the set, and how many they are.
        windows: The row groups of each window.
        seed: The seed of the epoch.
    """

    def __init__(self, groups: GroupOrder, windows: list[np.ndarray], seed: int) -> None:
        self._groups, self._windows, self._seed = groups, windows, seed
        counts = [int(groups.counts[window].sum()) for window in windows]
        self._starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        self._known: tuple[int, np.ndarray] = (-1, np.zeros(0, np.int64))

    def __len__(self) -> int:
        return int(self._starts[-1])

    def __getitem__(self, place: Any) -> Any:
        """Return the position at a place, or an array of them for a slice."""
        places = range(len(self))[place]
        if not isinstance(places, range):
            return int(self[places : places + 1][0])
        if not len(places):
            return np.zeros(0, np.int64)
        low, high = min(places[0], places[-1]), max(places[0], places[-1])
        first, last = np.searchsorted(self._starts, [low, high], side="right") - 1
        parts = np.concatenate([self._window(window) for window in range(first, last + 1)])
        return parts[np.asarray(places) - int(self._starts[first])]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return self[:] if dtype is None else self[:].astype(dtype)

    def _window(self, window: int) -> np.ndarray:
        """Return the positions of a window, drawn anew unless it is the one drawn last."""
        if self._known[0] != window:
            starts, counts = self._groups.starts, self._groups.counts
            rows = [np.arange(starts[group], starts[group] + counts[group]) for group in self._windows[window]]
            drawn = Stream(mix(self._seed, window)).generator().permutation(np.concatenate(rows))
            self._known = (window, drawn)
        return self._known[1]
