"""Columns made of dates: their parts, places on the circle of the year, days since and until events."""

from __future__ import annotations

import calendar
import re
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import numpy as np

from onecycle.errors import ArgumentTypeError, DataError, explain
from onecycle.tabular.frames import as_frame, check_columns
from onecycle.utils.collections import listify
from onecycle.utils.values import to_scalar

__all__ = ["add_cyclic_datepart", "add_datepart", "add_elapsed_times", "make_date"]

_PARTS = ("Year", "Month", "Week", "Day", "Dayofweek", "Dayofyear")
_EDGES = ("Is_month_end", "Is_month_start", "Is_quarter_end", "Is_quarter_start", "Is_year_end", "Is_year_start")
_CLOCK = ("Hour", "Minute", "Second")
_ACCESSORS = {"Dayofweek": "day_of_week", "Dayofyear": "day_of_year"}
_TURNS = ("weekday", "day_month", "month_year", "day_year")
_TURNS_OF_TIME = ("hour", "clock", "min", "sec")
_ROLLING_DAYS = 7


def make_date(df: Any, date_field: Any) -> None:
    """Turn a column into dates, in place; one that holds dates is left as it is.

    Args:
        df: A pandas data frame.
        date_field: The column.

    Raises:
        DataError: there is no such column, or a value is no date; names the first one.

    Example:
        >>> import pandas as pd
        >>> df = pd.DataFrame({"date": ["2019-12-04", "2019-11-29"]})
        >>> make_date(df, "date"); df["date"].dt.month.tolist()
        [12, 11]
    """
    import pandas as pd

    _check_pandas("make_date", df)
    check_columns("make_date", df, [date_field])
    if df[date_field].dtype.kind == "M":
        return
    if df[date_field].dtype.kind in "biufcm" and df[date_field].notna().any():  # pandas would take them for nanoseconds
        raise DataError(_numbers_for_dates(df[date_field]))
    try:
        df[date_field] = pd.to_datetime(df[date_field])
    except (TypeError, ValueError) as error:
        raise DataError(_no_date(df[date_field], error)) from error


def _check_pandas(owner: str, df: Any) -> None:
    if not (hasattr(df, "iloc") and hasattr(df, "columns")):
        cure = "Pass a data frame of pandas; frames of other libraries have df.to_pandas()."
        raise ArgumentTypeError(explain(owner, "df", "must be a data frame of pandas, as it is changed", df, cure))


def _numbers_for_dates(column: Any) -> str:
    name, first = column.name, to_scalar(column.dropna().iloc[0])
    cure = f"For years, or for days such as 20191204: df[{name!r}] = pd.to_datetime(df[{name!r}].astype(str))."
    return explain("make_date", f"column {name!r}", "must hold dates, and holds numbers", first, cure)


def _no_date(column: Any, error: Exception) -> str:
    import pandas as pd

    try:
        parsed = pd.to_datetime(column.astype(str), errors="coerce", format="mixed", utc=True)
    except (TypeError, ValueError):  # it is no single value that is at fault
        parsed = column
    bad = np.flatnonzero((parsed.isna() & column.notna()).to_numpy())
    name = f"column {column.name!r}"
    if not len(bad):
        said = str(error).partition("\n")[0].partition(". ")[0].rstrip(".")
        cure = f"Turn it into dates first, with pd.to_datetime(df[{column.name!r}], format=…) or utc=True."
        return f"make_date: {name} must hold dates of one form; pandas says: {said}. {cure}"
    row = column.index[int(bad[0])]
    cure = "Correct it, or set it to None."
    return explain("make_date", name, f"must hold dates; row {row} does not", column.iloc[bad[0]], cure)


def _prefix(field_name: Any, prefix: str | None) -> str:
    return re.sub("[Dd]ate$", "", str(field_name)) if prefix is None else prefix


def add_datepart(df: Any, field_name: Any, prefix: str | None = None, drop: bool = True, time: bool = False) -> Any:
    """Add columns with the parts of a date, in place: year, month, week, day, its place at an edge, seconds since 1970.

    Args:
        df: A pandas data frame.
        field_name: The column of dates; turned into dates if it is not yet.
        prefix: Begins the names; the column's name without a `date` at its end when left out.
        drop: Drop the column.
        time: Add hour, minute and second as well.

    Returns:
        The data frame.

    Raises:
        DataError: there is no such column, or a value is no date.

    Example:
        >>> import pandas as pd
        >>> df = add_datepart(pd.DataFrame({"SaleDate": ["2019-12-04"]}), "SaleDate")
        >>> int(df["SaleYear"].iloc[0]), int(df["SaleDayofweek"].iloc[0]), len(df.columns)
        (2019, 2, 13)
    """
    make_date(df, field_name)
    dates, start = df[field_name], _prefix(field_name, prefix)
    for part in (*_PARTS, *_EDGES, *(_CLOCK if time else ())):
        df[start + part] = _part(dates, part)
    df[start + "Elapsed"] = _seconds(dates)
    if drop:
        del df[field_name]
    return df


def _part(dates: Any, part: str) -> Any:
    if part == "Week":
        weeks = dates.dt.isocalendar().week
        return weeks.astype("float64" if weeks.isna().any() else "int64")
    return getattr(dates.dt, _ACCESSORS.get(part, part.lower()))


def _seconds(dates: Any) -> Any:
    """Return whole seconds since 1970; with a missing date numbers of double precision with NaN."""
    import pandas as pd

    here = dates.dt.tz_convert("UTC").dt.tz_localize(None) if dates.dt.tz is not None else dates
    start = pd.Timestamp(0).as_unit("s")  # of nanoseconds it would bring dates before 1678 out of their range
    seconds = (here - start) // pd.Timedelta(seconds=1).as_unit("s")
    return seconds.astype("float64" if seconds.isna().any() else "int64")


# The circle of the year


def cyclic_dt_feat_names(time: bool = True, add_linear: bool = False) -> list[str]:
    """Return the names of what `cyclic_dt_features` returns.

    Args:
        time: With the time of the day.
        add_linear: With the year as a number that runs on.

    Example:
        >>> cyclic_dt_feat_names(time=False)[:3]
        ['weekday_cos', 'weekday_sin', 'day_month_cos']
    """
    turns = (*_TURNS, *_TURNS_OF_TIME) if time else _TURNS
    names = [f"{turn}_{wave}" for turn in turns for wave in ("cos", "sin")]
    return [*names, "year_lin"] if add_linear else names


def cyclic_dt_features(d: date, time: bool = True, add_linear: bool = False) -> list[float]:
    """Return where a date stands on the circles of week, month and year, as cosine and sine.

    Args:
        d: The date, or date and time.
        time: With the circles of the day, half a day, the hour and the minute, where `d` has a time.
        add_linear: With the year as a number that runs on: 2019.5 is the middle of 2019.

    Example:
        >>> [round(value, 3) for value in cyclic_dt_features(date(2019, 1, 1), time=False)[4:]]
        [1.0, 0.0, 1.0, 0.0]
    """
    has_time = isinstance(d, datetime)
    days = 366 if calendar.isleap(d.year) else 365
    day = d.timetuple().tm_yday - 1
    turns = [d.weekday() / 7, (d.day - 1) / calendar.monthrange(d.year, d.month)[1], (d.month - 1) / 12, day / days]
    seconds = d.hour * 3600 + d.minute * 60 + d.second if isinstance(d, datetime) else 0
    if time and has_time:
        hour, minute = seconds // 3600, seconds // 60 % 60
        turns += [hour / 24, hour % 12 / 12, minute / 60, seconds % 60 / 60]
    waves = [float(wave(2 * np.pi * turn)) for turn in turns for wave in (np.cos, np.sin)]
    return [*waves, d.year + (day + seconds / 86400) / days] if add_linear else waves


def add_cyclic_datepart(
    df: Any,
    field_name: Any,
    prefix: str | None = None,
    drop: bool = True,
    time: bool = False,
    add_linear: bool = False,
) -> Any:
    """Add columns that say where a date stands on the circles of week, month and year, in place.

    Args:
        df: A pandas data frame.
        field_name: The column of dates; turned into dates if it is not yet.
        prefix: Begins the names; the column's name without a `date` at its end when left out.
        drop: Drop the column.
        time: Add the circles of the time of the day as well.
        add_linear: Add the year as a number that runs on.

    Returns:
        The data frame.

    Raises:
        DataError: there is no such column, a value is no date or missing.

    Example:
        >>> import pandas as pd
        >>> days = add_cyclic_datepart(pd.DataFrame({"date": ["2019-12-04"]}), "date")
        >>> list(days.columns)[:2]
        ['weekday_cos', 'weekday_sin']
    """
    make_date(df, field_name)
    _check_complete("add_cyclic_datepart", df[field_name], "date", ", so no place on a circle")
    start = _prefix(field_name, prefix)
    rows = [cyclic_dt_features(when, time, add_linear) for when in df[field_name]]
    names = cyclic_dt_feat_names(time, add_linear)
    values = np.array(rows, dtype=np.float64).reshape(len(df), len(names))
    for k, name in enumerate(names):
        df[start + name] = values[:, k]
    if drop:
        del df[field_name]
    return df


def _check_complete(owner: str, column: Any, what: str, so: str = "") -> None:
    """Check that no value is missing.

    Raises:
        DataError: one is; names the column and the row.
    """
    missing = np.flatnonzero(column.isna())
    if len(missing):
        row = column.index[int(missing[0])]
        cure = "Fill it or drop the row first."
        raise DataError(f"{owner}: column {column.name!r} has no {what} in row {row}{so}. {cure}")


# Events


def add_elapsed_times(df: Any, field_names: Sequence[Any] | Any, date_field: Any, base_field: Any) -> Any:
    """Return the table with the days since and until events, and how many were near.

    For each event `e`: `Aftere`, the days since the last one; `Beforee`, the days until the next one, as a number below
    0; both 0 where there is none; `e_bw` and `e_fw`, how many there are in seven rows back and forward, this one among
    them. Each group, such as a shop, has a time of its own. Columns of these names are replaced.

    Args:
        df: A table with one row for each group and date; its dates and events are put in form, in place.
        field_names: Columns that say whether an event was: true or false, or 1 and 0.
        date_field: The column of dates.
        base_field: The column of groups.

    Raises:
        DataError: there is no such column, a date, an event or a group is missing, a value is no date, or an event is
            neither a truth value nor a number.

    Example:
        >>> import pandas as pd
        >>> days = pd.DataFrame({"date": pd.date_range("2019-01-01", periods=4), "shop": 1, "sale": [0, 1, 0, 0]})
        >>> add_elapsed_times(days, ["sale"], "date", "shop")[["Aftersale", "Beforesale", "sale_bw"]].values.tolist()
        [[0.0, -1.0, 0.0], [0.0, 0.0, 1.0], [1.0, 0.0, 1.0], [2.0, 0.0, 1.0]]
    """
    events = listify(field_names)
    df = as_frame("add_elapsed_times", df)
    check_columns("add_elapsed_times", df, [*events, date_field, base_field])
    make_date(df, date_field)
    for name, what in ((date_field, "date"), (base_field, "group")):
        _check_complete("add_elapsed_times", df[name], what)
    for event in events:
        _check_event(df[event])
    for event in events:
        df[event] = df[event].astype(bool)
    columns = df[[*events, date_field, base_field]].reset_index(drop=True)  # an index may have a label twice
    ordered = columns.sort_values([base_field, date_field], kind="stable")
    made = _days_and_counts(ordered, events, date_field, base_field).sort_index().set_axis(df.index)
    return df.assign(**{name: made[name] for name in made.columns})


def _check_event(column: Any) -> None:
    _check_complete("add_elapsed_times", column, "value")
    values = column.tolist()
    odd = next((value for value in values if not isinstance(to_scalar(value), (bool, int, float))), None)
    if odd is not None:
        cure = f"Say when it is one first, e.g. df[{column.name!r}] = df[{column.name!r}] == {odd!r}."
        rule = "must hold truth values, or 1 and 0"
        raise DataError(explain("add_elapsed_times", f"column {column.name!r}", rule, odd, cure))


def _days_and_counts(ordered: Any, events: Sequence[Any], date_field: Any, base_field: Any) -> Any:
    """Return the new columns for rows that are in order of group and date."""
    import pandas as pd

    made = pd.DataFrame(index=ordered.index)
    groups, dates = ordered[base_field], ordered[date_field]
    marked = {event: dates.where(ordered[event]).groupby(groups) for event in events}
    for event in events:
        made[f"After{event}"] = _days(dates - marked[event].ffill())
    for event in events:
        made[f"Before{event}"] = _days(dates - marked[event].bfill())
    for event in events:
        made[f"{event}_bw"] = _counts(ordered[event], groups)
    for event in events:
        made[f"{event}_fw"] = _counts(ordered[event][::-1], groups[::-1])
    return made


def _days(spans: Any) -> Any:
    return spans.dt.days.fillna(0).astype("int64")


def _counts(events: Any, groups: Any) -> Any:
    rolled = events.astype("float64").groupby(groups).rolling(_ROLLING_DAYS, min_periods=1).sum()
    return rolled.droplevel(0)
