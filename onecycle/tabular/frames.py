"""Tables of any library as pandas data frames, rows as dictionaries, and sentences about single columns."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import date
from typing import Any

import numpy as np

from onecycle.errors import ArgumentTypeError, DataError, describe, did_you_mean, explain
from onecycle.utils.values import is_missing, to_scalar

__all__: list[str] = []


def as_frame(owner: str, table: Any) -> Any:
    """Return a table of pandas, polars or pyarrow as a pandas data frame; its own columns are never written to.

    Args:
        owner: Who asks, for the message.
        table: The table; a lazy frame of polars is collected.

    Raises:
        ArgumentTypeError: it is no table.
    """
    if hasattr(table, "iloc") and hasattr(table, "columns"):
        return table
    if hasattr(table, "collect") and hasattr(table, "collect_schema"):
        table = table.collect()
    library = type(table).__module__.partition(".")[0]
    if library == "polars" and hasattr(table, "get_column"):
        return _of_polars(table)
    if library == "pyarrow" and hasattr(table, "schema"):
        return with_whole_numbers(table.to_pandas(), table)
    if hasattr(table, "to_pandas"):
        return table.to_pandas()
    cure = "Pass a data frame of pandas or polars, or a table of pyarrow."
    raise ArgumentTypeError(explain(owner, "df", "must be a table", table, cure))


def _of_polars(table: Any) -> Any:
    """Return a frame of polars column by column, which needs no pyarrow."""
    import pandas as pd

    return pd.DataFrame({name: _polars_values(table.get_column(name)) for name in table.columns})


def _polars_values(column: Any) -> Any:
    """Return the values of a column of polars; whole numbers with gaps stay whole numbers."""
    dtype = str(getattr(column, "dtype", ""))
    if not dtype.startswith(("Int", "UInt")) or not column.null_count():
        return column.to_numpy()
    import pandas as pd

    return pd.array(column.to_list(), dtype=_nullable(dtype.lower()))


def _nullable(kind: str) -> Any:
    """Return the dtype of pandas for whole numbers with gaps, of 64 bits."""
    import pandas as pd

    return pd.UInt64Dtype() if kind.startswith("u") else pd.Int64Dtype()


def with_whole_numbers(frame: Any, table: Any) -> Any:
    """Return the frame of a table of pyarrow in which whole numbers with gaps are still whole numbers.

    pandas makes floats of them, and floats merge whole numbers beyond 2^53.

    Args:
        frame: What `table.to_pandas()` returned.
        table: A table or a record batch of pyarrow.
    """
    for place, field in enumerate(table.schema):
        kind, column = str(field.type), table.column(place)
        if kind.startswith(("int", "uint")) and column.null_count and list(frame.columns).count(field.name) == 1:
            frame[field.name] = _nullable(kind).__from_arrow__(column)
    return frame


_RENAMED = re.compile(r"_\d+")  # what a named tuple calls a column whose name is no name of Python
LARGEST_EXACT = 2**53  # whole numbers up to here are floats of their own


def warn_of_rounded(name: Any, categories: Iterable[Any]) -> None:
    """Warn of categories that are floats so large that whole numbers were merged when they became floats."""
    rounded = next((value for value in categories if isinstance(value, float) and abs(value) >= LARGEST_EXACT), None)
    if rounded is not None and np.isfinite(rounded):
        warnings.warn(
            f"categories: column {name!r} holds whole numbers beyond 2^53 as floats, e.g. {rounded:.0f}: neighbours "
            f"are one value already. Read the column as whole numbers or text, e.g. "
            f"pd.read_csv(file, dtype={{{name!r}: 'Int64'}}).",
            UserWarning,
            stacklevel=5,
        )


def as_row(owner: str, row: Any, needed: Sequence[Any] = ()) -> dict[Any, Any]:
    """Return one row of a table as a dictionary: column -> value, scalars of NumPy and torch as Python's.

    Args:
        owner: Who asks, for the message.
        row: A row of pandas (`df.iloc[0]`, or one of `df.itertuples()`), a mapping, a record of NumPy or sqlite3, an
            instance of a dataclass, or a table of one row.
        needed: The columns that are asked for.

    Raises:
        ArgumentTypeError: it is none of these, or a named tuple in which a needed column is called `_1`, `_2` ….
    """
    found = {name: to_scalar(value) for name, value in _entries(owner, row).items()}
    lacking = [name for name in needed if name not in found]
    renamed = [name for name in found if isinstance(row, tuple) and _RENAMED.fullmatch(str(name))]
    if lacking and renamed:
        raise ArgumentTypeError(
            f"{owner}: item must have column {lacking[0]!r}; a named tuple has {', '.join(renamed[:3])} where names "
            f"are none of Python's. Pass df.iloc[i], or dict(zip(df.columns, row)) with each row of "
            f"df.itertuples(index=False)."
        )
    return found


def _entries(owner: str, row: Any) -> dict[Any, Any]:
    if isinstance(row, Mapping):
        return dict(row)
    if isinstance(row, tuple) and hasattr(row, "_asdict"):
        return row._asdict()
    if hasattr(row, "index") and hasattr(row, "tolist") and not isinstance(row, np.void):  # a pandas Series
        return dict(zip(row.index.tolist(), row.tolist(), strict=True))
    if hasattr(row, "columns") or hasattr(row, "column_names"):
        frame = as_frame(owner, row)
        if len(frame) == 1:
            return frame.iloc[0].to_dict()
    elif isinstance(row, np.void) and row.dtype.names is not None:
        return {name: row[name] for name in row.dtype.names}
    elif is_dataclass(row) and not isinstance(row, type):
        return {field.name: getattr(row, field.name) for field in fields(row)}
    elif hasattr(row, "keys") and hasattr(row, "__getitem__"):  # such as sqlite3.Row
        return {name: row[name] for name in row.keys()}  # noqa: SIM118 (it is no mapping)
    cure = "Pass a row such as df.iloc[0], or a dictionary: column -> value."
    raise ArgumentTypeError(explain(owner, "item", "must be one row of a table", row, cure))


def as_numbers(owner: str, column: Any, cure: str = "") -> Any:
    """Return a column as numbers of double precision, NaN where a value is missing.

    Args:
        owner: Who asks, for the message.
        column: The column.
        cure: What to do about bad values, where the column is none of the inputs.

    Raises:
        DataError: values are no numbers or infinite; names the column and the first bad row.
    """
    import pandas as pd

    refuse_times(owner, column)
    if column.dtype.kind == "c":
        raise DataError(_bad_number(owner, column, np.arange(len(column)), "complex", cure))
    plain = column.astype(object) if isinstance(column.dtype, pd.CategoricalDtype) else column
    numbers = pd.to_numeric(plain, errors="coerce").astype("float64")
    values = numbers.to_numpy(na_value=np.nan)
    lost = np.isnan(values) & ~plain.isna().to_numpy()
    if lost.any():
        raise DataError(_bad_number(owner, column, np.flatnonzero(lost), "no number", cure))
    infinite = np.isinf(values)
    if infinite.any():
        raise DataError(_bad_number(owner, column, np.flatnonzero(infinite), "infinite", cure))
    return numbers


def refuse_times(owner: str, column: Any) -> None:
    """Refuse a column of dates or of spans of time.

    Raises:
        DataError: it is one; says what to make of it.
    """
    if column.dtype.kind == "M":
        raise DataError(dates_message(owner, column.name))
    if column.dtype.kind == "m":
        raise DataError(
            f"{owner}: column {column.name!r} holds spans of time. Make numbers of them first: "
            f"df[{column.name!r}] = df[{column.name!r}].dt.total_seconds()."
        )


def dates_message(owner: str, name: Any) -> str:
    """Return the sentence about a column of dates among the inputs."""
    return (
        f"{owner}: column {name!r} holds dates, which are neither categories nor numbers. "
        f"Make parts of them first: add_datepart(df, {name!r})."
    )


def refuse_odd_categories(owner: str, name: Any, values: Iterable[Any]) -> None:
    """Refuse categories that no file can hold, so that nothing is trained that cannot be written.

    Args:
        owner: Who asks, for the message.
        name: The column.
        values: Its values, or the different ones.

    Raises:
        DataError: one is neither text nor number nor truth value; names its kind and the cure.
    """
    odd = next((value for value in values if not isinstance(to_scalar(value), (str, bool, int, float))), None)
    if odd is None:
        return
    if isinstance(odd, date):
        raise DataError(dates_message(owner, name))
    raise DataError(
        f"{owner}: column {name!r} must hold text, numbers or truth values, which a file can hold; got "
        f"{describe(odd)}. Make text of it first: df[{name!r}] = df[{name!r}].astype(str)."
    )


def _bad_number(owner: str, column: Any, rows: np.ndarray, what: str, cure: str) -> str:
    first, count = int(rows[0]), len(rows)
    many = f"1 value is {what}" if count == 1 else f"{count} of {len(column)} values are {what}"
    why = "" if cure else ", as it is in cont_names"
    of_inputs = "Replace them, e.g. by NaN." if what == "infinite" else "Clean them, or list the column in cat_names."
    return (
        f"{owner}: column {column.name!r} must hold finite numbers{why}; {many}, the first in row "
        f"{column.index[first]}: {to_scalar(column.iloc[first])!r}. {cure or of_inputs}"
    )


def one_number(owner: str, name: Any, value: Any) -> float:
    """Return one value of a row as a number, NaN where it is missing.

    Raises:
        DataError: it is no number, or infinite; names the column.
    """
    if is_missing(value):
        return np.nan
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = np.inf
    if number in (np.inf, -np.inf):
        cure = "Pass a number, or None where it is missing."
        raise DataError(explain(owner, f"column {name!r}", "must be a finite number", value, cure))
    return number


def check_columns(owner: str, frame: Any, names: Sequence[Any]) -> None:
    """Check that a table has columns, each of them once.

    Raises:
        DataError: a column is missing or there twice; names it.
    """
    check_names(owner, list(frame.columns), names)


def check_names(owner: str, there: Sequence[Any], names: Sequence[Any]) -> None:
    """Check that columns are among those of a table, each once.

    Raises:
        DataError: a column is missing or there twice; names it.
    """
    missing = [name for name in names if name not in there]
    if missing:
        raise DataError(missing_message(owner, missing, there))
    twice = sorted({str(name) for name in names if there.count(name) > 1})
    if twice:
        shown = ", ".join(map(repr, twice))
        raise DataError(f"{owner}: the table has several columns of one name: {shown}. Rename or drop them.")


def missing_message(owner: str, missing: Sequence[Any], there: Sequence[Any]) -> str:
    """Return the sentence about columns that a table does not have."""
    shown = ", ".join(map(repr, missing))
    what = "is no column" if len(missing) == 1 else "are no columns"
    known = ", ".join(map(repr, there[:20])) + (" …" if len(there) > 20 else "")
    all_there = f"The columns are {known}." if there else "It has no columns at all."
    return f"{owner}: there {what} {shown}.{did_you_mean(str(missing[0]), map(str, there))} {all_there}"
