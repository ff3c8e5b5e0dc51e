"""The columns of parquet files that are to be predicted, as indices of classes, zeros and ones, or numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from onecycle.data.categories import CategoryList, FloatList, MultiCategoryList, checked_classes, cut_all
from onecycle.data.processors import CategoryProcessor, MultiCategoryProcessor, sorted_classes
from onecycle.errors import ArgumentError, DataError, explain
from onecycle.tabular.frames import as_numbers
from onecycle.tabular.parquet import ParquetTable
from onecycle.utils.values import to_label

__all__: list[str] = []

_OWNER = "label_from_df"
_CURE = "Leave such rows out when the file is written."


class TargetColumns:
    """Make targets of the columns to be predicted: this class makes numbers of them.

    Args:
        names: The columns.
        log: Whether logarithms of them are learnt.
    """

    classes: list[Any] | None = None
    dtype: Any = np.float32

    def __init__(self, names: Sequence[Any], log: bool = False) -> None:
        self.names, self.log = list(names), log

    @property
    def width(self) -> tuple[int, ...]:
        """Return the shape of the target of one row."""
        return () if len(self.names) == 1 else (len(self.names),)

    @property
    def compared(self) -> list[Any]:
        """Return the columns that an input must not be the same as."""
        return self.names

    def none(self) -> np.ndarray:
        """Return the targets of no row."""
        return np.zeros((0, *self.width), self.dtype)

    def numbers(self, frame: Any) -> np.ndarray:
        """Return the targets of rows, `(N,)` or `(N, columns)`."""
        columns = [as_numbers(_OWNER, frame[name], _CURE).to_numpy() for name in self.names]
        joined = np.stack(columns, 1) if columns else np.zeros((len(frame), 0))
        return joined.reshape(len(frame), *self.width).astype(self.dtype)

    def look_at(self, frame: Any) -> Iterable[Any]:
        """Look whether the targets of rows can be learnt; return the labels in them, which numbers have none of.

        Raises:
            DataError: a number is infinite, or has no logarithm where that is learnt; names the column and the row.
        """
        for name in self.names:
            numbers = as_numbers(_OWNER, frame[name], _CURE)
            if self.log and (numbers <= 0).any():
                row = numbers.index[int(np.flatnonzero(numbers <= 0)[0])]
                rule = f"must be above 0, as log=True takes logarithms; row {row} is not"
                raise DataError(explain(_OWNER, f"column {name!r}", rule, float(numbers[row]), _CURE))
        return ()

    def labels(self, kind: Any, settings: Mapping[str, Any], path: Any) -> Any:
        """Return a list of labels of a kind, without labels, that knows the classes."""
        made = kind([], path=path, ignore_empty=True, **settings)
        made.c, made.processor = len(self.names), []
        return made


class ClassColumn(TargetColumns):
    """Make indices of classes of a column."""

    dtype: Any = np.int64
    _processor: type[CategoryProcessor] = CategoryProcessor

    def take_classes(self, classes: Sequence[Any]) -> None:
        """Take over the classes in their order."""
        self.classes = list(classes)
        self._index = {label: i for i, label in enumerate(self.classes)}

    def numbers(self, frame: Any) -> np.ndarray:
        """Return the index of each row's class, `(N,)`."""
        return np.array([self._index[to_label(label)] for label in frame[self.names[0]].tolist()], dtype=np.int64)

    def look_at(self, frame: Any) -> Iterable[Any]:
        """Return the different labels of rows."""
        return (to_label(label) for label in frame[self.names[0]].unique().tolist())

    def labels(self, kind: Any, settings: Mapping[str, Any], path: Any) -> Any:
        """Return a list of labels of a kind, without labels, that knows the classes."""
        made = kind([], path=path, ignore_empty=True, **settings)
        processor = self._processor()
        processor.create_classes(self.classes)
        made.processor, made.classes, made.c2i = [processor], processor.classes, processor.c2i
        return made


class SeveralLabels(ClassColumn):
    """Make zeros and ones of a column of which each row has any number of labels: a list, or a text with a delimiter.

    Args:
        name: The column.
        delimiter: What stands between the labels of a text; None where rows hold lists.
    """

    dtype = np.float32
    _processor = MultiCategoryProcessor

    def __init__(self, name: Any, delimiter: str | None) -> None:
        super().__init__([name])
        self._delimiter = delimiter

    @property
    def width(self) -> tuple[int, ...]:
        """Return the shape of the target of one row."""
        return (len(self.classes or []),)

    @property
    def compared(self) -> list[Any]:
        """Return no column: an input with the same lists is none that the steps take."""
        return []

    def _of_rows(self, frame: Any) -> list[list[Any]]:
        values = frame[self.names[0]].tolist()
        if self._delimiter is not None:
            return cut_all(values, self._delimiter)
        odd = [value for value in values if not isinstance(value, (list, tuple, np.ndarray))]
        if odd:
            cure = "For several labels in one text pass label_delim=' '."
            raise DataError(explain(_OWNER, f"column {self.names[0]!r}", "must hold lists of labels", odd[0], cure))
        return [[to_label(label) for label in value] for value in values]

    def numbers(self, frame: Any) -> np.ndarray:
        """Return zeros and ones, `(N, classes)`."""
        found = np.zeros((len(frame), *self.width), np.float32)
        for row, labels in enumerate(self._of_rows(frame)):
            found[row, [self._index[label] for label in labels]] = 1
        return found

    def look_at(self, frame: Any) -> Iterable[Any]:
        """Return the labels of rows."""
        return (label for labels in self._of_rows(frame) for label in labels)


class ColumnsOfOnes(SeveralLabels):
    """Make targets of several columns of zeros and ones, one a class.

    Args:
        names: The columns.
    """

    def __init__(self, names: Sequence[Any]) -> None:
        super().__init__(names[0], None)
        self.names = list(names)

    @property
    def compared(self) -> list[Any]:
        """Return the columns that an input must not be the same as."""
        return self.names

    def numbers(self, frame: Any) -> np.ndarray:
        """Return zeros and ones, `(N, columns)`."""
        return TargetColumns.numbers(self, frame)

    def look_at(self, frame: Any) -> Iterable[Any]:
        """Look whether there are zeros and ones only; return the columns, which are the classes.

        Raises:
            DataError: another number is there; names the column and the row.
        """
        for name in self.names:
            numbers = as_numbers(_OWNER, frame[name], _CURE)
            odd = np.flatnonzero(~numbers.isin([0, 1]))
            if len(odd):
                row, cure = numbers.index[int(odd[0])], "For numbers to predict pass label_cls=FloatList."
                rule = f"must hold 0 and 1, one column a class; row {row} does not"
                raise DataError(explain(_OWNER, f"column {name!r}", rule, float(numbers[row]), cure))
        return self.names


def target_columns(
    table: ParquetTable, names: Sequence[Any], source: Any, label_cls: Any, settings: Mapping[str, Any]
) -> tuple[TargetColumns, Any]:
    """Return the targets, and the class of the labels, from a pass over the columns to be predicted.

    Args:
        table: The table; classes are those of all its rows.
        names: The columns.
        source: The list of inputs, which may know the class of its labels.
        label_cls: That class, or None to infer it from the first row.
        settings: `classes`, `log` and `label_delim` where they are given.

    Raises:
        ArgumentError: the class is none that can be read from parquet files.
        DataError: a row has no label, or one that is not among the classes given.
    """
    kind = _kind_of(table, names, source, label_cls, settings.get("label_delim"))
    targets = _targets_of(kind, names, settings)
    found: set[Any] = set()
    for group in range(len(table.counts)):
        for frame in table.frames(group, names):
            _check_complete(frame, names)
            found.update(targets.look_at(frame))
    if isinstance(targets, ColumnsOfOnes):
        targets.take_classes(_one_each(names, checked_classes(_OWNER, settings.get("classes", names))))
    elif isinstance(targets, ClassColumn):
        classes = checked_classes(_OWNER, settings.get("classes"))
        targets.take_classes(sorted_classes(found) if classes is None else _checked(found, classes))
    return targets, kind


def _kind_of(table: ParquetTable, names: Sequence[Any], source: Any, label_cls: Any, delimiter: Any) -> Any:
    if len(names) > 1 and label_cls is None and source.label_cls is None:
        return MultiCategoryList
    first = next(table.frames(0, names)).iloc[:1]
    _check_complete(first, names)
    return source.get_label_cls(first[names[0]].tolist(), label_cls, delimiter)


def _targets_of(kind: Any, names: Sequence[Any], settings: Mapping[str, Any]) -> TargetColumns:
    """Return the targets that go with a class of labels; those of classes do not know them yet.

    Raises:
        ArgumentError: there are none for it.
    """
    is_class = isinstance(kind, type)
    if is_class and issubclass(kind, FloatList):
        return TargetColumns(names, bool(settings.get("log")))
    if is_class and issubclass(kind, CategoryList) and len(names) == 1:
        return ClassColumn(names)
    if is_class and issubclass(kind, MultiCategoryList):
        return SeveralLabels(names[0], settings.get("label_delim")) if len(names) == 1 else ColumnsOfOnes(names)
    cure = "For several columns of numbers pass label_cls=FloatList, for zeros and ones MultiCategoryList."
    rule = "must be CategoryList of one column, MultiCategoryList, or FloatList, for parquet files"
    raise ArgumentError(explain(_OWNER, "label_cls", rule, getattr(kind, "__name__", kind), cure))


def _one_each(names: Sequence[Any], classes: Sequence[Any] | None) -> Sequence[Any]:
    if classes is None or len(classes) != len(names):
        rule = f"must name one class for each of the {len(names)} columns, in their order"
        raise ArgumentError(explain(_OWNER, "classes", rule, classes))
    return classes


def _checked(found: set[Any], classes: Sequence[Any]) -> Sequence[Any]:
    unknown = [label for label in sorted_classes(found) if label not in classes]
    if unknown:
        cure = "Name all labels, or leave the rows out when the file is written."
        raise DataError(explain(_OWNER, "classes", "must hold all labels; missing are", unknown[:10], cure))
    return classes


def _check_complete(frame: Any, names: Sequence[Any]) -> None:
    missing = frame[list(names)].isna().to_numpy().any(axis=1)
    if missing.any():
        row = frame.index[int(np.flatnonzero(missing)[0])]
        shown = ", ".join(map(repr, names))
        raise DataError(f"{_OWNER}: row {row} has no label: nothing is in {shown}. Leave such rows out.")
