import numpy as np
import pandas as pd
import pytest

from onecycle.errors import DataError
from onecycle.tabular.check import check_training, warn_of_leaks


def test_all_that_is_wrong_is_said_at_once():
    frame = pd.DataFrame({
        "age": [1, "old"], "none": [np.nan, np.nan], "kind": [None, None], "far": [1.0, np.inf],
        "day": pd.to_datetime(["2020-01-01"] * 2),
    })  # fmt: skip
    with pytest.raises(DataError) as told:
        check_training(frame, ["kind", "day"], ["age", "none", "far"])
    for part in (
        "column 'kind' has no value in any training row", "column 'day' holds dates", "'none' has no value",
        "'age' must hold finite numbers", "row 1: 'old'", "'far' must hold", "row 1: inf",
    ):  # fmt: skip
        assert part in str(told.value)


def test_tables_without_columns_or_with_columns_of_one_name():
    with pytest.raises(DataError, match=r"must have columns to learn from. Pass cat_names and cont_names"):
        check_training(pd.DataFrame({"a": [1]}), [], [])
    with pytest.raises(DataError, match="several columns of one name: 'a'"):
        check_training(pd.DataFrame([[1, 2]], columns=["a", "a"]), ["a"], [])
    with pytest.raises(DataError, match="there is no column 'b'"):
        check_training(pd.DataFrame({"a": [1]}), ["b"], [])
    with pytest.raises(DataError, match="must have rows to learn from; there is none. Look at the split"):
        check_training(pd.DataFrame({"a": []}), ["a"], [])


def test_constant_columns_are_told():
    with pytest.warns(UserWarning, match="2 columns have one value in all training rows .*: 'a', 'b'"):
        check_training(pd.DataFrame({"a": ["x"] * 3, "b": [1] * 3, "c": [1, 2, 3]}), ["a"], ["b", "c"])


def test_leaks():
    frame = pd.DataFrame({"a": ["x", "y"], "b": [1.5, 2.5], "c": [1, 2]})
    with pytest.warns(UserWarning, match="the target is among the inputs: column 'a' holds just what"):
        warn_of_leaks(frame, ["a", "b"], frame["a"].to_numpy())
    with pytest.warns(UserWarning, match="column 'b' holds"):
        warn_of_leaks(frame, ["a", "b"], frame["b"].to_numpy(np.float32))
    with pytest.warns(UserWarning, match="column 'b', 'c' holds"):
        warn_of_leaks(frame, ["b", "c"], frame[["b", "c"]].to_numpy(np.float32))
    warn_of_leaks(frame, ["a", "b"], frame["c"].to_numpy())
    warn_of_leaks(frame, ["a", "b"], np.array([3.5, 2.5], np.float32))
    warn_of_leaks(frame, ["a"], np.array([["x"], ["y"]], dtype=object)[:, 0:0].tolist() or [["x"], ["y"]])
    warn_of_leaks(frame.iloc[:1], ["c"], np.array([1]))


def test_columns_with_gaps_are_no_leaks_and_are_compared_with_nothing():
    frame = pd.DataFrame({"n": pd.array([1, None, 3], dtype="Int64"), "s": pd.array(["a", pd.NA, "b"], dtype="string")})
    warn_of_leaks(frame, ["n", "s"], np.array([1, 2, 3]))
    warn_of_leaks(frame, ["n", "s"], np.array(["a", "c", "b"], dtype=object))


def test_spans_of_time_are_told_and_lists_left_to_the_steps():
    frame = pd.DataFrame({"span": pd.to_timedelta([1, 2], unit="D"), "list": [[1], [2]]})
    with pytest.raises(DataError, match=r"column 'span' holds spans of time.*df\['span'\].dt.total_seconds\(\)"):
        check_training(frame, ["list"], ["span"])
    with pytest.raises(DataError, match="column 'span' holds spans"):
        check_training(frame, ["span"], [])
    check_training(frame, ["list"], [])
