"""Preprocessing that learns from rows as they stream by: categories, medians, means and deviations."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from onecycle.errors import ArgumentError, DataError, explain
from onecycle.tabular.check import warn_of_constants, warn_of_leak
from onecycle.tabular.frames import as_numbers, refuse_odd_categories, refuse_times, warn_of_rounded
from onecycle.tabular.processor import TabularProcessor, no_number
from onecycle.tabular.procs import (
    Categorify,
    FillMissing,
    FillStrategy,
    Normalize,
    TabularProc,
    different_values,
    marked,
    name_taken,
    nothing_known,
    sorted_categories,
)  # fmt: skip
from onecycle.tabular.streamed_median import Median
from onecycle.utils.values import to_scalar

__all__: list[str] = []

_OWNER = "from_parquet"
_KINDS = (FillMissing, Categorify, Normalize)
Frames = Callable[[Sequence[Any]], Iterator[Any]]


class NumberColumn:
    """Learn of a column of numbers how many there are, their mean, squared deviations and median.

    Reference: Chan, Golub, LeVeque, "Updating formulae and a pairwise algorithm for computing sample variances" (1979):
    mean and deviations of parts, put together.

    Args:
        name: The column.
        median: Find the median too.
    """

    def __init__(self, name: Any, median: bool) -> None:
        self.name = name
        self.count, self.missing = 0, 0
        self.mean, self.squares = 0.0, 0.0
        self.low, self.high = np.inf, -np.inf
        self.first_missing: Any = None
        self.median = Median() if median else None

    def add(self, column: Any) -> None:
        """Take part of the column.

        Raises:
            DataError: a value is no number, or infinite; names the column and the row.
        """
        numbers = as_numbers("table", column)
        gaps = numbers.isna().to_numpy()
        if gaps.any():
            self.missing += int(gaps.sum())
            self.first_missing = column.index[gaps][0] if self.first_missing is None else self.first_missing
        values = numbers.to_numpy()[~gaps]
        if not len(values):
            return
        mean = float(values.mean())
        self._put_together(len(values), mean, float(np.square(values - mean).sum()))
        self.low, self.high = min(self.low, float(values.min())), max(self.high, float(values.max()))
        if self.median is not None:
            self.median.add(values)

    def _put_together(self, count: int, mean: float, squares: float) -> None:
        total, apart = self.count + count, mean - self.mean
        self.squares += squares + apart * apart * self.count * count / total
        self.mean += apart * count / total
        self.count = total

    def filled(self, value: float) -> None:
        """Take the missing values as this one."""
        if self.missing:
            self._put_together(self.missing, value, 0.0)

    @property
    def is_constant(self) -> bool:
        """Say whether there is one value only."""
        return self.low == self.high

    @property
    def deviation(self) -> float:
        """Return the standard deviation; 0 for a single row."""
        return float(np.sqrt(self.squares / (self.count - 1))) if self.count > 1 else 0.0


class CategoryColumn:
    """Learn the different values of a column of categories.

    Args:
        name: The column.
        order: All its categories in the order that they were given, where it was written as categories.
    """

    def __init__(self, name: Any, order: list[Any] | None = None) -> None:
        self.name, self._order = name, order
        self.found: set[Any] = set()
        self.count, self.missing = 0, 0
        self._kinds: set[str] = set()

    def add(self, column: Any) -> None:
        """Take part of the column.

        Raises:
            DataError: it holds dates, or values that no file can hold.
        """
        refuse_times("table", column)
        missing = int(column.isna().sum())
        self.count += len(column) - missing
        self.missing += missing
        self._kinds.add(column.dtype.kind)
        found = different_values("table", column)
        refuse_odd_categories("table", self.name, found)
        self.found.update(to_scalar(value) for value in found)

    @property
    def is_constant(self) -> bool:
        """Say whether there is one value only."""
        return len(self.found) == 1

    def categories(self) -> list[Any]:
        """Return the values, sorted or in their given order; whole numbers beside floats are floats."""
        if self._order is not None:
            return [to_scalar(value) for value in self._order]
        warn_of_rounded(self.name, self.found)
        if self._kinds <= {"i", "u", "f"} and "f" in self._kinds:
            return sorted(float(value) for value in self.found)
        return sorted_categories(list(self.found))


def learn_from(
    frames: Frames,
    cat_names: Sequence[Any],
    cont_names: Sequence[Any],
    procs: Any,
    targets: Sequence[Any],
    orders: Callable[[Sequence[Any]], Mapping[Any, list[Any]]] | None = None,
) -> TabularProcessor:
    """Return a processor that has learnt what `TabularProcessor.fit` learns from the whole table.

    Args:
        frames: Yields the training rows, with the columns that it is called with, as often as it is called.
        cat_names: Columns of categories.
        cont_names: Columns of numbers.
        procs: The steps.
        targets: The columns to be predicted, for a warning where they are among the inputs.
        orders: Returns, of the columns that it is called with, the categories in their order where they were given one.
            Default: no column has an order.

    Raises:
        ArgumentError: a step cannot learn from rows that stream by.
        DataError: a column holds what it must not.
    """
    processor = TabularProcessor(procs=procs, cat_names=cat_names, cont_names=cont_names)
    cats, conts = list(processor.source_cats), list(processor.source_conts)
    steps = [_made(proc, cats, conts) for proc in processor.procs]
    _check_steps(steps, cats)
    fill = next((step for step in steps if isinstance(step, FillMissing)), None)
    numbers = [NumberColumn(name, _wants_median(fill)) for name in conts]
    given = {} if orders is None else orders(cats)
    categories = [CategoryColumn(name, given.get(name)) for name in cats]
    leaks = _scanned(frames, [*categories, *numbers], targets)
    _check_columns(categories, numbers, fill)
    _find_medians(frames, numbers)
    classes = {column.name: column.categories() for column in categories}
    for step in steps:
        _learn(step, numbers, classes)
    warn_of_leak(leaks)
    return processor.take_learnt(steps, cats, conts, classes)


def _made(proc: Any, cats: list[Any], conts: list[Any]) -> TabularProc:
    """Return a step for these columns; it adds columns to these very lists."""
    if not isinstance(proc, TabularProc):
        return proc(cats, conts)
    made = copy.copy(proc)
    if not proc.learnt:
        made.cat_names, made.cont_names = cats, conts
    return made


def _check_steps(steps: Sequence[Any], cats: Sequence[Any]) -> None:
    kinds = [type(step) for step in steps]
    fits = all(kinds.count(kind) == 1 and kind in _KINDS for kind in kinds) and FillMissing not in kinds[1:]
    if not fits or any(step.learnt for step in steps):
        rule = "must be of FillMissing, Categorify and Normalize, each once, FillMissing first, and new"
        cure = "With other steps, fit a TabularProcessor on rows that fit into memory and pass processor=."
        raise ArgumentError(explain(_OWNER, "procs", rule, [kind.__name__ for kind in kinds], cure))
    fill = next((step for step in steps if isinstance(step, FillMissing)), None)
    if fill is not None and fill.fill_strategy is FillStrategy.COMMON:
        cure = "Take FillStrategy.MEDIAN or CONSTANT."
        rule = "cannot be COMMON, which needs a count of every value"
        raise ArgumentError(explain(_OWNER, "fill_strategy", rule, cure=cure))
    if Categorify not in kinds and (cats or (fill is not None and fill.add_col)):
        cure = "Put Categorify into procs: procs=[FillMissing, Categorify, Normalize]."
        raise ArgumentError(explain(_OWNER, "procs", "must make categories of columns", list(cats), cure))


def _wants_median(fill: Any) -> bool:
    return fill is not None and fill.fill_strategy is FillStrategy.MEDIAN


def _scanned(frames: Frames, columns: Sequence[Any], targets: Sequence[Any]) -> list[Any]:
    """Give all rows to the columns; return those that hold just what is to be predicted."""
    names = [column.name for column in columns]
    leaks = set(names)
    for frame in frames([*names, *targets]):
        for column in columns:
            column.add(frame[column.name])
        leaks = {name for name in leaks if any(_is_same(frame[name], frame[target]) for target in targets)}
    return [column.name for column in columns if column.name in leaks and not column.is_constant]


def _is_same(column: Any, target: Any) -> bool:
    if column.isna().any() or target.isna().any():
        return False
    return bool(np.all(column.to_numpy(dtype=object) == target.to_numpy(dtype=object)))


def _check_columns(categories: Sequence[Any], numbers: Sequence[Any], fill: Any) -> None:
    for column in [*categories, *numbers]:
        if not column.count:
            raise DataError(nothing_known("table", column.name))
    for column in numbers:
        if column.missing and fill is None:
            total = column.count + column.missing
            where = f"{column.missing} of {total} rows, the first {column.first_missing}"
            raise DataError(no_number(column.name, where))
    whole = [column for column in [*categories, *numbers] if column.count > 1 and not column.missing]
    warn_of_constants([column.name for column in whole if column.is_constant])


def _find_medians(frames: Frames, numbers: Sequence[NumberColumn]) -> None:
    """Read the rows again, as often as it needs, for the columns whose median is not known yet."""
    for column in numbers:
        if column.median is not None:
            column.median.end_pass()
    while open_ones := [column for column in numbers if column.median is not None and column.median.value is None]:
        for frame in frames([column.name for column in open_ones]):
            for column in open_ones:
                column.median.add(as_numbers("table", frame[column.name]).dropna().to_numpy())  # type: ignore[union-attr]
        for column in open_ones:
            column.median.end_pass()  # type: ignore[union-attr]


def _learn(step: Any, numbers: Sequence[NumberColumn], classes: dict[Any, list[Any]]) -> None:
    """Give a step what it would have learnt; filling adds columns of categories."""
    if isinstance(step, FillMissing):
        step.fills = {column.name: _fill_of(step, column) for column in numbers}
        step.na_dict = {column.name: step.fills[column.name] for column in numbers if column.missing}
        for column in numbers:
            column.filled(step.fills[column.name])
        for name in step.na_dict if step.add_col else ():
            if not {False, True}.issuperset(classes.get(marked(name), ())):
                raise DataError(name_taken(name))
            step.cat_names += [marked(name)] if marked(name) not in step.cat_names else []
            classes[marked(name)] = [False, True]
    elif isinstance(step, Categorify):
        step.categories = dict(classes)
    else:
        step.means = {column.name: column.mean for column in numbers}
        step.stds = {column.name: column.deviation for column in numbers}
    step.learnt = True


def _fill_of(step: FillMissing, column: NumberColumn) -> float:
    if step.fill_strategy is FillStrategy.CONSTANT:
        return float(step.fill_val)
    assert column.median is not None and column.median.value is not None
    return column.median.value
