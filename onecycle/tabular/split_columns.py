"""Which columns of a table are numbers, and which are categories."""

from __future__ import annotations

from typing import Any

from onecycle.tabular.frames import as_frame, check_columns
from onecycle.utils.checks import check_numbers
from onecycle.utils.collections import listify

__all__ = ["cont_cat_split"]


def cont_cat_split(df: Any, max_card: int = 20, dep_var: Any = None) -> tuple[list[Any], list[Any]]:
    """Return the columns of numbers and the columns of categories.

    Numbers with a fraction are numbers, whole numbers are where there are more than `max_card` different ones; all else
    is a category.

    Args:
        df: A table of pandas, polars or pyarrow.
        max_card: The largest number of different whole numbers that are categories.
        dep_var: The column to be predicted, or several: in neither list.

    Returns:
        Columns of numbers, columns of categories.

    Raises:
        ArgumentError: `max_card` is no number.
        DataError: there is no column `dep_var`, or there are two of one name.

    Example:
        >>> import pandas as pd
        >>> df = pd.DataFrame({"age": range(40), "sex": ["f", "m"] * 20, "pay": [0.5, 1.5] * 20})
        >>> cont_cat_split(df, dep_var="pay")
        (['age'], ['sex'])
    """
    frame = as_frame("cont_cat_split", df)
    targets = listify(dep_var)
    check_numbers("cont_cat_split", "max_card", max_card, "must be a number of categories")
    check_columns("cont_cat_split", frame, [*targets, *frame.columns])
    names = [name for name in frame.columns if name not in targets]
    numbers = [name for name in names if _is_number(frame[name], max_card)]
    return numbers, [name for name in names if name not in numbers]


def _is_number(column: Any, max_card: int) -> bool:
    import pandas as pd

    if pd.api.types.is_float_dtype(column.dtype):
        return True
    return pd.api.types.is_integer_dtype(column.dtype) and column.nunique() > max_card
