import datetime as dt

import numpy as np
import pandas as pd
import pytest

from onecycle.errors import ArgumentTypeError, DataError
from onecycle.tabular.frames import (
    as_frame,
    as_numbers,
    as_row,
    check_columns,
    missing_message,
    one_number,
    refuse_odd_categories,
)
from onecycle.utils.values import is_missing

MADE = pd.DataFrame({"a": [1, 2], "b": ["x", None]})


class Series:
    def __init__(self, values):
        self.values = values

    def to_numpy(self):
        return np.array(self.values, dtype=object)


class PolarsFrame:
    """Stands in for a frame of polars: columns by name, no pandas."""

    columns = ("a", "b")

    def get_column(self, name):
        return Series(MADE[name].tolist())


PolarsFrame.__module__ = "polars.dataframe.frame"


class LazyFrame:
    def collect(self):
        return PolarsFrame()

    def collect_schema(self):
        return {}


class ArrowTable:
    column_names = ("a", "b")

    def to_pandas(self):
        return MADE


@pytest.mark.parametrize("table", [MADE, PolarsFrame(), LazyFrame(), ArrowTable()])
def test_tables_of_any_library(table):
    frame = as_frame("from_df", table)
    assert list(frame.columns) == ["a", "b"] and frame["a"].tolist() == [1, 2]
    assert frame["b"].isna().tolist() == [False, True]


class WholeSeries(Series):
    dtype = "UInt64"

    def null_count(self):
        return 1

    def to_list(self):
        return self.values


def test_whole_numbers_of_polars_with_gaps_stay_exact(monkeypatch):
    numbers = [2**53, None, 2**53 + 1]
    monkeypatch.setattr(PolarsFrame, "get_column", lambda self, name: WholeSeries(numbers))
    column = as_frame("from_df", PolarsFrame())["a"]
    assert str(column.dtype) == "UInt64" and column.dropna().tolist() == [2**53, 2**53 + 1]


def test_whole_numbers_of_pyarrow_with_gaps_stay_exact():
    pa = pytest.importorskip("pyarrow")
    frame = as_frame("from_df", pa.table({"a": [2**53, None, -(2**53) - 1], "b": [1.5, None, 2.0], "c": [1, 2, 3]}))
    assert [str(dtype) for dtype in frame.dtypes] == ["Int64", "float64", "int64"]
    assert frame["a"].dropna().tolist() == [2**53, -(2**53) - 1]


def test_what_is_no_table_is_refused():
    with pytest.raises(ArgumentTypeError, match=r"from_df: df must be a table; got 'df.csv' \(str\)\. Pass"):
        as_frame("from_df", "df.csv")


def test_rows_as_dictionaries():
    expected = {"a": 1, "b": "x"}
    assert as_row("predict", MADE.iloc[0]) == expected
    assert as_row("predict", expected) == expected
    assert as_row("predict", MADE.iloc[:1]) == expected
    with pytest.raises(ArgumentTypeError, match=r"must be one row of a table; got DataFrame of shape \(2, 2\)"):
        as_row("predict", MADE)
    with pytest.raises(ArgumentTypeError, match="predict: item must be one row of a table; got 3"):
        as_row("predict", 3)


@pytest.mark.parametrize("value", [None, np.nan, pd.NA, pd.NaT, np.float32("nan")])
def test_missing_values(value):
    assert is_missing(value)
    assert np.isnan(one_number("predict", "age", value))


@pytest.mark.parametrize("value", ["", 0, False, 1.5, dt.date(2020, 1, 1), [None]])
def test_values_that_are_not_missing(value):
    assert not is_missing(value)


def test_columns_as_numbers():
    assert as_numbers("t", pd.Series([1, 2])).tolist() == [1.0, 2.0]
    assert as_numbers("t", pd.Series(["1.5", "2"])).tolist() == [1.5, 2.0]
    assert as_numbers("t", pd.Series([True, False])).tolist() == [1.0, 0.0]
    assert as_numbers("t", pd.Series([3, 4], dtype="category")).tolist() == [3.0, 4.0]
    assert np.isnan(as_numbers("t", pd.Series([1, None], dtype="Int64")).iloc[1])


def test_bad_numbers_name_column_and_first_row():
    texts = pd.Series([1, "many", "more"], index=[10, 11, 12], name="age", dtype=object)
    said = "'age' must hold finite numbers.*2 of 3 values are no number, the first in row 11: 'many'"
    with pytest.raises(DataError, match=said):
        as_numbers("table", texts)
    with pytest.raises(DataError, match=r"'pay' must hold.*1 value is infinite, the first in row 1: inf. Replace"):
        as_numbers("table", pd.Series([0.0, np.inf], name="pay"))
    with pytest.raises(DataError, match=r"column 'day' holds dates.*add_datepart\(df, 'day'\)"):
        as_numbers("table", pd.Series(pd.to_datetime(["2020-01-01"]), name="day"))
    with pytest.raises(DataError, match=r"predict: column 'age' must be a finite number; got 'x' \(str\)"):
        one_number("predict", "age", "x")
    with pytest.raises(DataError, match="column 'age' must be a finite number; got inf"):
        one_number("predict", "age", np.inf)


def test_columns_that_are_not_there_or_there_twice():
    with pytest.raises(DataError, match=r"there is no column 'agee'\. Did you mean 'age'\? The columns are 'age'"):
        check_columns("from_df", pd.DataFrame({"age": [1]}), ["agee"])
    with pytest.raises(DataError, match="several columns of one name: 'a'. Rename or drop them"):
        check_columns("from_df", pd.DataFrame([[1, 2]], columns=["a", "a"]), ["a"])


def test_rows_of_itertuples():
    row = next(pd.DataFrame({"a": [1], "b": ["x"]}).itertuples())
    assert as_row("predict", row) == {"Index": 0, "a": 1, "b": "x"}


def test_complex_numbers_are_refused():
    with pytest.raises(DataError, match=r"1 value is complex, the first in row 0: \(1\+2j\)"):
        as_numbers("table", pd.Series([1 + 2j], name="z"))


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (pd.Interval(0, 1), r"got Interval\(0, 1.*Make text of it first: df\['a'\] = df\['a'\].astype\(str\)"),
        ([1], r"got \[1\] \(list\)"),
        (dt.date(2020, 1, 1), "column 'a' holds dates.*add_datepart"),
    ],
)
def test_categories_that_no_file_can_hold(value, said):
    with pytest.raises(DataError, match=said):
        refuse_odd_categories("table", "a", ["x", value])
    refuse_odd_categories("table", "a", ["x", 1, 2.5, True, np.int64(3), np.float32(1)])


def test_a_table_without_columns_says_so():
    assert missing_message("table", ["a"], []) == "table: there is no column 'a'. It has no columns at all."
