"""The rows of parquet files as codes, numbers and targets, of which only a few row groups are held at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from onecycle.errors import ArgumentError
from onecycle.tabular.parquet_sets import RowSet
from onecycle.tabular.parquet_targets import SeveralLabels, TargetColumns
from onecycle.tabular.rows import TableRows
from onecycle.types import JsonDict
from onecycle.utils.registry import register

__all__: list[str] = []

Arrays = tuple[np.ndarray, np.ndarray, np.ndarray]


class RowStore:
    """Read the row groups that positions of a set lie in, and keep the latest.

    Args:
        rows: The rows of the set.
        processor: The `TabularProcessor`, which has learnt.
        targets: Makes numbers of the columns to be predicted.
        keep: How many row groups are kept, as arrays: 4 bytes a value.
    """

    def __init__(self, rows: RowSet, processor: Any, targets: TargetColumns, keep: int) -> None:
        self.rows, self.processor, self.targets, self.keep = rows, processor, targets, keep
        self.reads = 0
        self._forget()

    def _forget(self) -> None:
        self._groups: dict[int, Arrays] = {}
        self._latest: tuple[np.ndarray, Arrays] | None = None

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "_groups": {}, "_latest": None}  # another process reads for itself

    @property
    def rows_held(self) -> int:
        """Return how many rows are held now."""
        return sum(len(arrays[0]) for arrays in self._groups.values())

    def take(self, positions: np.ndarray) -> Arrays:
        """Return codes `(N, categories)`, numbers `(N, numbers)` and targets `(N, …)` of positions in the set.

        Raises:
            IndexError: there are fewer rows.
        """
        positions = np.asarray(positions, dtype=np.int64).reshape(-1)
        if self._latest is None or not np.array_equal(self._latest[0], positions):  # inputs, then labels of one batch
            self._latest = positions.copy(), self._taken(self._inside(positions))
        return self._latest[1]

    def _inside(self, positions: np.ndarray) -> np.ndarray:
        found = np.where(positions < 0, positions + len(self.rows), positions)
        if len(found) and not (found.min() >= 0 and found.max() < len(self.rows)):
            raise IndexError(f"a row beyond the {len(self.rows)} rows of the set")
        return found

    def _taken(self, positions: np.ndarray) -> Arrays:
        groups = self.rows.group_of(positions)
        parts, places = [], []
        for group in dict.fromkeys(groups.tolist()):  # in the order of the batch: groups of a past window come first
            here = np.flatnonzero(groups == group)
            inside = positions[here] - self.rows.starts[group]
            parts.append([array[inside] for array in self._group(group)])
            places.append(here)
        if not parts:
            return self._read([])
        back = np.argsort(np.concatenate(places), kind="stable")
        codes, conts, targets = (np.concatenate(column)[back] for column in zip(*parts, strict=True))
        return codes, conts, targets

    def _group(self, group: int) -> Arrays:
        found = self._groups.pop(group, None)
        if found is None:
            while len(self._groups) >= self.keep:
                del self._groups[next(iter(self._groups))]
            found = self._read([group])
            self.reads += 1
        self._groups[group] = found  # the latest is the last
        return found

    def _read(self, groups: Sequence[int]) -> Arrays:
        wanted = [*self.processor.source_cats, *self.processor.source_conts, *self.targets.names]
        parts = [self._arrays(frame) for frame in self.rows.frames(wanted, groups)]
        if not parts:
            none = len(self.processor.cat_names), len(self.processor.cont_names)
            return np.zeros((0, none[0]), np.int32), np.zeros((0, none[1]), np.float32), self.targets.none()
        codes, conts, targets = (np.concatenate(column) for column in zip(*parts, strict=True))
        return codes, conts, targets

    def all_codes(self) -> Iterator[np.ndarray]:
        """Yield the codes of all rows, `(N, categories)`, part after part; nothing of them is kept."""
        wanted = [*self.processor.source_cats, *self.processor.source_conts]
        return (self.processor.arrays(frame)[0] for frame in self.rows.frames(wanted))

    def _arrays(self, frame: Any) -> Arrays:
        codes, conts = self.processor.arrays(frame)
        return codes.astype(np.int32), conts, self.targets.numbers(frame)


@register("items")
class ParquetRows(TableRows):
    """Be the rows of a set that are read when they are asked for.

    To a list of items they look like the numbers of the rows in the whole table. A part of them, `rows[[3, 5]]`, is
    held in memory.

    Args:
        store: Reads them.
    """

    codes = conts = None  # type: ignore[assignment]  # all at once they are nowhere

    def __init__(self, store: RowStore) -> None:
        self.store = store

    def __len__(self) -> int:
        return len(self.store.rows)

    def __iter__(self) -> Iterator[int]:
        return self.store.rows.all_numbers()

    def __getitem__(self, positions: Any) -> Any:
        if isinstance(positions, (int, np.integer)):
            return int(self.store.rows.numbers(np.array([range(len(self))[int(positions)]]))[0])
        chosen = np.arange(len(self))[positions]
        return TableRows(self.store.rows.numbers(chosen), *self.store.take(chosen)[:2])

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.fromiter(self, dtype=np.int64 if dtype is None else dtype, count=len(self))

    def row(self, position: int) -> tuple[np.ndarray, np.ndarray]:
        """Return codes and numbers of one row."""
        codes, conts, _ = self.store.take(np.array([position]))
        return codes[0].astype(np.int64), conts[0]

    def batch(self, positions: Tensor) -> list[Tensor]:
        """Return many rows at once: codes `(N, categories)` and numbers `(N, numbers)`."""
        codes, conts, _ = self.store.take(positions.numpy())
        return [torch.from_numpy(codes.astype(np.int64)), torch.from_numpy(conts)]

    def counts(self, column: int, classes: int) -> np.ndarray:
        """Return how many rows have each code of a column, `(classes,)`, row group after row group."""
        found = np.zeros(classes, np.int64)
        for codes in self.store.all_codes():
            found += np.bincount(codes[:, column], minlength=classes)
        return found

    def get_state(self) -> JsonDict:
        """Refuse: the rows stay in their files.

        Raises:
            ArgumentError: always; says how to have the same data again.
        """
        raise ArgumentError(
            "data.save: the rows of from_parquet stay in their files and cannot be written with the data. Write what "
            "was learnt of them, data.train_ds.x.processor[0].save('prepare.json'); the same data are then "
            "from_parquet(files, processor=TabularProcessor.load('prepare.json')) with the same split and seed."
        )


class ParquetTargets:
    """Be the targets of a set, classes or numbers, in place of an array of them: indexed by a position or by many.

    Args:
        store: Reads them.
    """

    def __init__(self, store: RowStore) -> None:
        self.store = store

    def __len__(self) -> int:
        return len(self.store.rows)

    def __iter__(self) -> Iterator[Any]:
        return (self[i] for i in range(len(self)))

    def __getitem__(self, positions: Any) -> Any:
        if isinstance(positions, (int, np.integer)):
            return self.store.take(np.array([positions]))[2][0]
        chosen = np.arange(len(self))[positions] if isinstance(positions, slice) else np.asarray(positions)
        return self.store.take(chosen)[2]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        targets = self.store.targets
        found = [targets.numbers(frame) for frame in self.store.rows.frames(targets.names)]
        return np.concatenate(found or [targets.none()], dtype=dtype)


class ParquetLabels(ParquetTargets):
    """Be the targets of rows with any number of labels: their indices, or zeros and ones of many rows at once."""

    def __getitem__(self, positions: Any) -> Any:
        found = super().__getitem__(positions)
        return np.flatnonzero(found).tolist() if found.ndim == 1 else [np.flatnonzero(row).tolist() for row in found]

    def one_hot(self, positions: np.ndarray) -> np.ndarray:
        """Return zeros and ones of many rows at once, `(N, classes)`."""
        return self.store.take(positions)[2]


def targets_of(store: RowStore) -> ParquetTargets:
    """Return the targets of a set."""
    return ParquetLabels(store) if isinstance(store.targets, SeveralLabels) else ParquetTargets(store)
