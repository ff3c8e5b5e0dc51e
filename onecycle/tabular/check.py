"""The look at a table before training: names, columns, values; all that is wrong is said at once."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from onecycle.errors import ArgumentError, ArgumentTypeError, DataError, ErrorList, explain
from onecycle.tabular.frames import as_numbers, check_columns, refuse_times
from onecycle.tabular.procs import nothing_known

__all__: list[str] = []

_OWNER = "table"
_FIRST_ROWS = 1000


def column_names(owner: str, parameter: str, given: Any) -> list[Any]:
    """Return names of columns as a list of their own.

    Raises:
        ArgumentTypeError: they are no names.
        ArgumentError: a name is there twice.
    """
    names = [given] if isinstance(given, str) else [] if given is None else given
    if not hasattr(names, "__iter__"):
        raise ArgumentTypeError(explain(owner, parameter, "must be a list of columns", given))
    names = list(names)
    twice = sorted({str(name) for name in names if names.count(name) > 1})
    if twice:
        raise ArgumentError(explain(owner, parameter, "must name each column once", ", ".join(twice)))
    return names


def check_kinds(owner: str, cat_names: Sequence[Any], cont_names: Sequence[Any]) -> None:
    """Check that no column is both category and number.

    Raises:
        ArgumentError: one is; names it.
    """
    both = ", ".join(repr(name) for name in cat_names if name in cont_names)
    if both:
        cure = "Leave them in one of the two lists."
        raise ArgumentError(f"{owner}: columns are in cat_names and in cont_names: {both}. {cure}")


def check_training(frame: Any, cat_names: Sequence[Any], cont_names: Sequence[Any]) -> None:
    """Look at the training rows and say all that is wrong with their columns at once.

    Columns with one value only are told in a warning.

    Raises:
        DataError: there are no columns or no rows, or a column is missing, there twice, without any value, holds dates,
            or is among the numbers and holds something else.
    """
    names = [*cat_names, *cont_names]
    if not names:
        cure = "Pass cat_names and cont_names; cont_cat_split(df, dep_var=…) suggests them."
        raise DataError(explain(_OWNER, "", "must have columns to learn from", cure=cure))
    check_columns(_OWNER, frame, names)
    if not len(frame):
        cure = "Look at the split, or at what the filters left."
        raise DataError(explain(_OWNER, "", "must have rows to learn from; there is none", cure=cure))
    errors = ErrorList(_OWNER)
    for name in cat_names:
        _look_at_category(frame[name], errors)
    for name in cont_names:
        _look_at_numbers(frame[name], errors)
    errors.raise_if_any(DataError)
    warn_of_constants([name for name in names if _is_constant(frame[name])])


def _look_at_category(column: Any, errors: ErrorList) -> None:
    try:
        refuse_times(_OWNER, column)
        if column.isna().all():
            errors.add(nothing_known(_OWNER, column.name).removeprefix(f"{_OWNER}: "))
    except DataError as error:
        errors.add(str(error).removeprefix(f"{_OWNER}: "))


def _look_at_numbers(column: Any, errors: ErrorList) -> None:
    try:
        if as_numbers(_OWNER, column).isna().all():
            errors.add(nothing_known(_OWNER, column.name).removeprefix(f"{_OWNER}: "))
    except DataError as error:
        errors.add(str(error).removeprefix(f"{_OWNER}: "))


def _is_constant(column: Any) -> bool:
    try:
        if len(column) < 2 or column.iloc[:_FIRST_ROWS].nunique() > 1:  # most columns end here
            return False
        return not column.isna().any() and column.nunique() == 1
    except TypeError:  # values such as lists, which the steps refuse
        return False


def warn_of_constants(names: Sequence[Any]) -> None:
    """Warn of columns with one value only, if there are such."""
    if names:
        what = "column has" if len(names) == 1 else "columns have"
        warnings.warn(
            f"table: {len(names)} {what} one value in all training rows and can teach nothing: "
            f"{', '.join(map(repr, names))}. Leave it out.",
            UserWarning,
            stacklevel=4,
        )


def warn_of_leaks(frame: Any, names: Sequence[Any], labels: Any) -> None:
    """Warn where a column of the inputs holds just what is to be predicted.

    Args:
        frame: The training rows.
        names: The columns of the inputs.
        labels: The targets as they were given, one a row, or one row of several for each.
    """
    targets = np.asarray(labels)
    if targets.dtype == object and len(targets) and isinstance(targets[0], (list, tuple, np.ndarray)):
        return
    columns = [targets] if targets.ndim == 1 else list(targets.T)
    leaks = [name for name in names if any(_is_same(frame[name], column) for column in columns)]
    warn_of_leak(leaks, stacklevel=6)


def warn_of_leak(leaks: Sequence[Any], stacklevel: int = 4) -> None:
    """Warn of columns of the inputs that hold just what is to be predicted, if there are such."""
    if leaks:
        warnings.warn(
            f"table: the target is among the inputs: column {', '.join(map(repr, leaks))} holds just what is to be "
            f"predicted. Take it out of cat_names and cont_names.",
            UserWarning,
            stacklevel=stacklevel,
        )


def _is_same(column: Any, targets: np.ndarray) -> bool:
    if len(column) != len(targets) or len(column) < 2 or column.isna().any():  # NA cannot be compared
        return False
    values = column.to_numpy(dtype=object)
    if targets.dtype.kind == "f":
        try:
            return bool(np.array_equal(values.astype(targets.dtype), targets))
        except (TypeError, ValueError):
            return False
    return bool(np.all(values == targets.astype(object))) and len(set(map(str, targets[:1000]))) > 1
