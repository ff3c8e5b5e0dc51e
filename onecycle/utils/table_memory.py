"""Data frames in less memory."""

from __future__ import annotations

from typing import Any

import numpy as np

from onecycle.errors import ArgumentTypeError, explain

__all__ = ["reduce_mem_usage"]

_FEW = 0.5  # a column of text with fewer different values than this share of the rows becomes categories


def reduce_mem_usage(df: Any) -> Any:
    """Give each column the smallest type that holds its values exactly; text that repeats becomes categories.

    Numbers with a fraction stay in single precision where that changes them by no more than its rounding.

    Args:
        df: The data frame; changed in place.

    Returns:
        The same data frame. Prints its size before and after.

    Raises:
        ArgumentTypeError: it is no data frame.

    Example:
        >>> import pandas as pd
        >>> smaller = reduce_mem_usage(pd.DataFrame({"age": [31, 42], "weight": [70.5, 61.2]}))
        Memory of the data frame: 0.00 MB, was 0.00 MB ...
        >>> str(smaller["age"].dtype), str(smaller["weight"].dtype)
        ('int8', 'float32')
    """
    if not hasattr(df, "memory_usage") or not hasattr(df, "columns"):
        raise ArgumentTypeError(explain("reduce_mem_usage", "df", "must be a data frame", df))
    before = _megabytes(df)
    for name in df.columns:
        df[name] = _smaller(df[name])
    after = _megabytes(df)
    less = 100 * (1 - after / before) if before else 0.0
    print(f"Memory of the data frame: {after:.2f} MB, was {before:.2f} MB ({less:.1f} % less)")
    return df


def _megabytes(df: Any) -> float:
    return float(df.memory_usage(deep=True).sum()) / 2**20


def _smaller(column: Any) -> Any:
    """Return a column in the smallest type that holds it."""
    import pandas as pd

    kind = column.dtype
    if isinstance(kind, np.dtype) and kind.kind in "iu":
        whole = "unsigned" if kind.kind == "u" else "integer"
        return pd.to_numeric(column, downcast=whole)
    if isinstance(kind, np.dtype) and kind == np.float64:
        return _single(column)
    if pd.api.types.is_string_dtype(kind) and _repeats(column):
        return column.astype("category")
    return column


def _single(column: Any) -> Any:
    """Return numbers in single precision, unless some are too large or too small for it."""
    values = column.to_numpy()
    with np.errstate(over="ignore", under="ignore"):
        single = values.astype(np.float32)
    return column.astype(np.float32) if np.allclose(values, single, rtol=1e-6, atol=0, equal_nan=True) else column


def _repeats(column: Any) -> bool:
    try:
        return column.nunique() < _FEW * len(column)
    except TypeError:  # lists and the like cannot be compared
        return False
