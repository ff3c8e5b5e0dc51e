"""The columns of parquet files that are to be predicted, as indices of classes or as numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from onecycle.data.categories import CategoryList, FloatList
from onecycle.data.processors import CategoryProcessor, plain, sorted_classes
from onecycle.errors import ArgumentError, DataError, explain
from onecycle.tabular.frames import as_numbers
from onecycle.tabular.parquet import ParquetTable

__all__: list[str] = []

_OWNER = "label_from_df"


class TargetColumns:
    """Make targets of the columns to be predicted.

    Args:
        names: The columns.
        classes: The classes in their order; None where targets are numbers.
    """

    def __init__(self, names: Sequence[Any], classes: Sequence[Any] | None) -> None:
        self.names, self.classes = list(names), None if classes is None else list(classes)
        self._index = {label: i for i, label in enumerate(self.classes or [])}

    def none(self) -> np.ndarray:
        """Return the targets of no row."""
        shape = (0,) if len(self.names) == 1 else (0, len(self.names))
        return np.zeros(shape, np.int64 if self.classes is not None else np.float32)

    def numbers(self, frame: Any) -> np.ndarray:
        """Return the targets of rows: int64 `(N,)` for classes, else float32 `(N,)` or `(N, columns)`."""
        if self.classes is None:
            columns = [as_numbers(_OWNER, frame[name]).to_numpy().astype(np.float32) for name in self.names]
            return columns[0] if len(columns) == 1 else np.stack(columns, 1)
        return np.array([self._index[plain(label)] for label in frame[self.names[0]].tolist()], dtype=np.int64)

    def labels(self, kind: Any, settings: Mapping[str, Any], path: Any) -> Any:
        """Return a list of labels of a kind, without labels, that knows the classes."""
        made = kind([], path=path, ignore_empty=True, **settings)
        if self.classes is None:
            made.c, made.processor = len(self.names), []
            return made
        processor = CategoryProcessor()
        processor.create_classes(self.classes)
        made.processor, made.classes, made.c2i = [processor], processor.classes, processor.c2i
        return made


def target_columns(
    table: ParquetTable, names: Sequence[Any], source: Any, label_cls: Any, settings: Mapping[str, Any]
) -> tuple[TargetColumns, Any]:
    """Return the targets, and the class of the labels, from a pass over the columns to be predicted.

    Args:
        table: The table; classes are those of all its rows.
        names: The columns.
        source: The list of inputs, which may know the class of its labels.
        label_cls: That class, or None to infer it from the first row.
        settings: `classes` where they are given.

    Raises:
        ArgumentError: the class is none that can be read from parquet files.
        DataError: a row has no label, or one that is not among the classes given.
    """
    first = next(table.frames(0, names)).iloc[:1]
    kind = source.get_label_cls(first[names[0]].tolist(), label_cls)
    _check_kind(kind, names)
    are_classes = issubclass(kind, CategoryList)
    found = {label for group in range(len(table.counts)) for label in _labels(table, group, names, are_classes)}
    if not are_classes:
        return TargetColumns(names, None), kind
    given = settings.get("classes")
    unknown = [] if given is None else [label for label in sorted_classes(found) if label not in given]
    if unknown:
        cure = "Name all labels, or leave the rows out when the file is written."
        raise DataError(explain(_OWNER, "classes", "must hold all labels; missing are", unknown[:10], cure))
    return TargetColumns(names, sorted_classes(found) if given is None else given), kind


def _check_kind(kind: Any, names: Sequence[Any]) -> None:
    if issubclass(kind, FloatList) or (issubclass(kind, CategoryList) and len(names) == 1):
        return
    cure = "For several columns of numbers pass label_cls=FloatList."
    rule = "must be CategoryList of one column, or FloatList, for parquet files"
    raise ArgumentError(explain(_OWNER, "label_cls", rule, kind.__name__, cure))


def _labels(table: ParquetTable, group: int, names: Sequence[Any], are_classes: bool) -> set[Any]:
    """Return the different labels of a row group where they are classes, and look whether each row has one."""
    found: set[Any] = set()
    for frame in table.frames(group, names):
        missing = frame.isna().to_numpy().any(axis=1)
        if missing.any():
            row = frame.index[int(np.flatnonzero(missing)[0])]
            shown = ", ".join(map(repr, names))
            raise DataError(f"{_OWNER}: row {row} has no label: nothing is in {shown}. Leave such rows out.")
        if are_classes:
            found |= {plain(label) for label in frame[names[0]].unique().tolist()}
    return found
