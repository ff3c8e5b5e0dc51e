import numpy as np
import pandas as pd
import pytest

from onecycle.errors import ArgumentError, DataError, StepError
from onecycle.tabular.procs import Categorify, FillMissing, FillStrategy, Normalize, TabularProc, row_by_row
from onecycle.utils.registry import decode, encode


def test_fill_missing_learns_medians_and_marks():
    cats = ["kind"]
    proc = FillMissing(cats, ["age", "pay"])
    frame = pd.DataFrame({"age": [1.0, np.nan, 5.0], "pay": [1.0, 2.0, 9.0]})
    proc(frame)
    assert frame["age"].tolist() == [1.0, 3.0, 5.0] and frame["age_na"].tolist() == [False, True, False]
    assert proc.na_dict == {"age": 3.0} and proc.fills == {"age": 3.0, "pay": 2.0}
    assert cats == ["kind", "age_na"] and "pay_na" not in frame


@pytest.mark.parametrize(
    ("strategy", "value"), [(FillStrategy.MEDIAN, 2.0), (FillStrategy.COMMON, 1.0), (FillStrategy.CONSTANT, 7.0)]
)
def test_strategies(strategy, value):
    frame = pd.DataFrame({"age": [1.0, 1.0, 3.0, 4.0, np.nan]})
    FillMissing([], ["age"], strategy, add_col=False, fill_val=7.0)(frame)
    assert frame["age"].iloc[-1] == value and list(frame.columns) == ["age"]


def test_later_tables_are_filled_with_what_was_learnt():
    proc = FillMissing([], ["age", "pay"])
    proc(pd.DataFrame({"age": [1.0, np.nan], "pay": [2.0, 4.0]}))
    later = pd.DataFrame({"age": [np.nan, 8.0], "pay": [1.0, 1.0]})
    proc(later, test=True)
    assert later["age"].tolist() == [1.0, 8.0] and later["age_na"].tolist() == [True, False]
    with pytest.warns(UserWarning, match="column 'pay' had no missing value in training; here 2 values are missing"):
        gaps = pd.DataFrame({"age": [1.0, 1.0], "pay": [np.nan, np.nan]})
        proc(gaps, test=True)
    assert gaps["pay"].tolist() == [3.0, 3.0] and "pay_na" not in gaps
    with pytest.warns(UserWarning, match="here 1 value is missing and filled with 3"):
        row = {"age": None, "pay": None}
        proc.apply_row(row)
    assert row == {"age": 1.0, "pay": 3.0, "age_na": True}


def test_a_column_without_values_cannot_be_filled():
    with pytest.raises(DataError, match="FillMissing: column 'age' has no value in any training row"):
        FillMissing([], ["age"])(pd.DataFrame({"age": [np.nan]}))


def test_categories_are_sorted_and_kept():
    proc = Categorify(["kind", "number"], [])
    frame = pd.DataFrame({"kind": ["b", "a", None], "number": [3, 1, 3]})
    proc(frame)
    assert proc.categories == {"kind": ["a", "b"], "number": [1, 3]}
    assert frame["kind"].cat.codes.tolist() == [1, 0, -1] and frame["kind"].cat.ordered
    later = pd.DataFrame({"kind": ["c", "b"], "number": [1.0, np.nan]})
    proc(later, test=True)
    assert later["kind"].cat.codes.tolist() == [-1, 1] and later["number"].cat.codes.tolist() == [0, -1]


def test_categories_that_do_not_compare_and_those_of_pandas():
    mixed = pd.DataFrame({"kind": pd.Series(["b", 1, "a"], dtype=object)})
    proc = Categorify(["kind"], [])
    proc(mixed)
    assert proc.categories["kind"] == [1, "a", "b"]
    own = pd.DataFrame({"size": pd.Categorical(["l", "s"], categories=["s", "m", "l"])})
    Categorify(["size"], [])(own)
    assert own["size"].cat.codes.tolist() == [2, 0]


def test_a_column_of_another_kind_is_told():
    proc = Categorify(["number"], [])
    proc(pd.DataFrame({"number": [1, 2]}))
    said = r"not one value of column 'number' is known from training: here 'x' \(str\), there 1 \(int\)"
    with pytest.warns(UserWarning, match=said):
        proc(pd.DataFrame({"number": ["x", "y"]}), test=True)


def test_dates_are_no_categories():
    with pytest.raises(DataError, match="Categorify: column 'day' holds dates"):
        Categorify(["day"], [])(pd.DataFrame({"day": pd.to_datetime(["2020-01-01"])}))


def test_normalize():
    proc = Normalize([], ["age"])
    proc(pd.DataFrame({"age": [1.0, 2.0, 3.0]}))
    later = pd.DataFrame({"age": [4]})
    proc(later, test=True)
    assert later["age"].iloc[0] == pytest.approx(2.0)
    row = {"age": 4, "other": 1}
    proc.apply_row(row)
    assert row["age"] == pytest.approx(later["age"].iloc[0]) and row["other"] == 1
    assert proc.undone(np.array([2.0]), ["age"]) == pytest.approx([4.0])
    alone = Normalize([], ["age"])
    alone(pd.DataFrame({"age": [5.0]}))
    assert alone.stds == {"age": 0.0}


@pytest.mark.parametrize("kind", [FillMissing, Categorify, Normalize])
def test_nothing_is_applied_before_it_is_learnt(kind):
    with pytest.raises(StepError, match=f"{kind.__name__}: nothing is learnt yet"):
        kind(["a"], ["b"])(pd.DataFrame({"a": [1], "b": [1]}), test=True)


@pytest.mark.parametrize("kind", [FillMissing, Categorify, Normalize])
def test_steps_go_through_json(kind):
    proc, frame = kind(["kind"], ["age"]), pd.DataFrame({"kind": ["a", "b"], "age": [1.0, 3.0]})
    proc(frame.copy())
    again = decode(encode(proc))
    pd.testing.assert_frame_equal(_applied(again, frame), _applied(proc, frame))
    assert again.learnt


def _applied(proc, frame):
    frame = frame.copy()
    proc(frame, test=True)
    return frame


def test_a_step_of_ones_own():
    class Doubled(TabularProc):
        def apply_train(self, df):
            df["age"] = df["age"] * 2

    frame, row = pd.DataFrame({"age": [2]}), {"age": 3}
    Doubled([], ["age"])(frame, test=True)
    Doubled([], ["age"]).apply_row(row)
    assert frame["age"].tolist() == [4] and row == {"age": 6}
    with pytest.raises(NotImplementedError):
        TabularProc([], [])(frame)


def test_rows_are_quick_only_where_a_step_says_so():
    class Changed(Normalize):
        def apply_test(self, df):
            super().apply_test(df)

    assert row_by_row(Normalize([], [])) and not row_by_row(Changed([], []))


def test_a_column_of_the_inputs_is_not_written_over():
    frame = pd.DataFrame({"age": [1.0, np.nan], "age_na": ["x", "y"]})
    with pytest.raises(DataError, match="column 'age_na' is among the inputs, and is the name of the new column"):
        FillMissing(["age_na"], ["age"])(frame.copy())
    FillMissing(["age_na"], ["age"], add_col=False)(frame)
    assert frame["age_na"].tolist() == ["x", "y"]
    proc, again = FillMissing([], ["age"]), pd.DataFrame({"age": [1.0, np.nan]})
    proc(again)
    proc(again.assign(age=[np.nan, 1.0]))
    assert proc.cat_names == ["age_na"]


def test_a_strategy_that_is_none():
    with pytest.raises(ArgumentError, match="fill_strategy must be one of FillStrategy.MEDIAN, .*; got 'mean'"):
        FillMissing([], ["age"], fill_strategy="mean")


def test_categories_that_cannot_be_told_apart():
    with pytest.raises(DataError, match=r"column 'a' must hold text, numbers or truth values.*got \[1\] \(list\)"):
        Categorify(["a"], [])(pd.DataFrame({"a": [[1], [2]]}))
    with pytest.raises(DataError, match=r"got Interval\(0.0, 2.0"):
        Categorify(["a"], [])(pd.DataFrame({"a": pd.cut(pd.Series([1, 3]), [0.0, 2.0, 4.0])}))


def test_why_nothing_is_known_is_said():
    proc = Categorify(["a"], [])
    proc(pd.DataFrame({"a": ["x", "y"]}))
    with pytest.warns(UserWarning, match=r"here 1 \(int\), there 'x' \(str\). Give both one kind"):
        proc(pd.DataFrame({"a": [1, 2]}), test=True)
    with pytest.warns(UserWarning, match="here 'p', there 'x' … If each value comes once, .* leave the column out"):
        proc(pd.DataFrame({"a": ["p", "q"]}), test=True)
    empty = Categorify(["a"], [])
    empty(pd.DataFrame({"a": []}))
    empty(pd.DataFrame({"a": ["p", "q"]}), test=True)  # no warning: there is nothing to be known
