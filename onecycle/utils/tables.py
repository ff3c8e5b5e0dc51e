"""Small helpers for data frames."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from onecycle.errors import DataError, did_you_mean, explain
from onecycle.utils.collections import listify

__all__ = ["df_names_to_idx", "series2cat"]


def df_names_to_idx(names: Any, df: Any) -> list[int]:
    """Return the positions of columns.

    Args:
        names: A name, a position, or a list of either.
        df: The data frame.

    Returns:
        Positions from 0.

    Raises:
        DataError: there is no such column; says which there are.

    Example:
        >>> import pandas as pd
        >>> df_names_to_idx(["b", 0], pd.DataFrame({"a": [1], "b": [2]}))
        [1, 0]
    """
    return [_position(name, df) for name in listify(names)]


def _position(name: Any, df: Any) -> int:
    columns = list(df.columns)
    if name in columns:
        return columns.index(name)
    if isinstance(name, int) and -len(columns) <= name < len(columns):
        return name
    there = f"The columns are {', '.join(map(repr, columns))}.{did_you_mean(str(name), columns)}"
    raise DataError(explain("data frame", "column", "must be one that the table has", name, there))


def series2cat(df: Any, *col_names: str) -> None:
    """Turn columns of a data frame into ordered categories, in place.

    Args:
        df: The data frame.
        col_names: Which columns.

    Raises:
        DataError: there is no such column.
    """
    _check_columns(df, col_names)
    for name in col_names:
        df[name] = df[name].astype("category").cat.as_ordered()


def _check_columns(df: Any, col_names: Iterable[str]) -> None:
    for name in col_names:
        _position(name, df)
