import json

import numpy as np
import pandas as pd
import pytest

from onecycle.errors import ArgumentError, ArgumentTypeError, DataError, FileFormatError, StepError
from onecycle.tabular.lists import TabularList
from onecycle.tabular.processor import TabularProcessor
from onecycle.tabular.procs import Categorify, FillMissing, Normalize, TabularProc

PROCS = [FillMissing, Categorify, Normalize]


@pytest.fixture
def prepare(people):
    return TabularProcessor(procs=PROCS, cat_names=["work", "school"], cont_names=["age", "hours"]).fit(people)


def test_fit_and_arrays(prepare, people):
    before = people.copy()
    codes, numbers = prepare.arrays(people)
    assert codes.dtype == np.int64 and numbers.dtype == np.float32 and codes.shape == (60, 3)
    assert prepare.cat_names == ["work", "school", "hours_na"] and prepare.cont_names == ["age", "hours"]
    assert prepare.classes["work"] == ["#na#", "none", "private", "state"]
    assert codes[5, 0] == 0 and codes[3, 2] == 2 and codes[4, 2] == 1
    np.testing.assert_allclose(numbers.mean(0), 0, atol=1e-5)
    pd.testing.assert_frame_equal(people, before)


def test_apply_gives_a_frame(prepare, people):
    made = prepare.apply(people)
    assert set(made.columns) == {*people.columns, "hours_na"} and made["work"].cat.codes.iloc[5] == -1


def test_a_row_is_what_the_table_says(prepare, people):
    codes, numbers = prepare.arrays(people)
    for i in (0, 3, 5):
        line = prepare.process_one(people.iloc[i])
        assert line.data[0].tolist() == codes[i].tolist()
        np.testing.assert_allclose(line.data[1], numbers[i], rtol=1e-6)
        assert prepare.process_one(line) is line


def test_a_row_with_steps_of_ones_own(people):
    class Halved(TabularProc):
        def apply_train(self, df):
            df["age"] = df["age"] / 2

    prepare = TabularProcessor(procs=[Halved, *PROCS], cat_names=["work"], cont_names=["age", "hours"]).fit(people)
    codes, numbers = prepare.arrays(people)
    line = prepare.process_one(people.iloc[3])
    assert line.data[0].tolist() == codes[3].tolist()
    np.testing.assert_allclose(line.data[1], numbers[3], rtol=1e-5)


def test_without_categories_or_without_numbers(people):
    only = TabularProcessor(procs=PROCS, cont_names=["age"]).fit(people)
    codes, numbers = only.arrays(people)
    assert codes.shape == (60, 0) and numbers.shape == (60, 1)
    codes, numbers = TabularProcessor(procs=[Categorify], cat_names="school").fit(people).arrays(people)
    assert codes.shape == (60, 1) and numbers.shape == (60, 0)


def test_unknown_categories_and_missing_columns(prepare, people):
    other = people.assign(work="pirate").drop(columns="school").iloc[:3]
    with pytest.warns(UserWarning) as told:
        codes, _ = prepare.arrays(other)
    assert codes[:, :2].tolist() == [[0, 0]] * 3
    assert "columns of the training rows are not there and count as missing: 'school'" in str(told[0].message)
    with pytest.warns(UserWarning, match="count as missing: 'hours'"):
        line = prepare.process_one({"work": "state", "school": "low", "age": 30})
    assert line["hours_na"] == "True" and line["work"] == "state"


def test_a_missing_column_of_numbers_needs_a_filler(people):
    bare = TabularProcessor(procs=[Categorify], cat_names=["school"], cont_names=["age"]).fit(people)
    with pytest.raises(DataError, match="table: there is no column 'age'"):
        bare.arrays(people[["school"]])
    kinds = TabularProcessor(procs=[Categorify], cat_names=["school", "work"]).fit(people)
    with pytest.raises(DataError, match="there are no columns 'school', 'work'"):
        kinds.arrays(people[["age"]])
    with pytest.raises(DataError, match="column 'age' has no value in this row. Put FillMissing into procs"):
        bare.process_one({"school": "low", "age": None})


def test_steps_that_have_learnt_are_used_as_they_are(people):
    fill, scale = FillMissing(["work"], ["hours"]), Normalize(["work"], ["hours"])
    for proc in (fill, scale):
        proc(people.assign(hours=people["hours"] + 100))
    prepare = TabularProcessor(procs=[fill, Categorify, scale], cat_names=["work"], cont_names=["hours"]).fit(people)
    assert prepare.cat_names == ["work", "hours_na"]
    assert prepare.arrays(people)[1].mean() < -10
    fresh = TabularProcessor(procs=[Normalize(["x"], ["y"])], cont_names=["age"]).fit(people)
    assert fresh.procs[0].means["age"] == pytest.approx(people["age"].mean())


def test_files(prepare, people, tmp_path):
    prepare.save(tmp_path / "prepare.json")
    again = TabularProcessor.load(tmp_path / "prepare.json")
    for mine, others in zip(again.arrays(people), prepare.arrays(people), strict=True):
        np.testing.assert_array_equal(mine, others)
    (tmp_path / "other.json").write_text("{}")
    with pytest.raises(FileFormatError, match="holds no preprocessing that save"):
        TabularProcessor.load(tmp_path / "other.json")
    text = json.loads((tmp_path / "prepare.json").read_text())
    (tmp_path / "newer.json").write_text(json.dumps({**text, "version": 9}))
    with pytest.raises(FileFormatError, match="has version 9, this onecycle reads up to 1"):
        TabularProcessor.load(tmp_path / "newer.json")


def test_what_is_said_of_wrong_settings(people):
    with pytest.raises(ArgumentTypeError, match="procs must be classes of steps; got 'Categorify'"):
        TabularProcessor(procs=["Categorify"])
    with pytest.raises(ArgumentTypeError, match="cat_names must be a list of columns; got 3"):
        TabularProcessor(cat_names=3)
    with pytest.raises(ArgumentError, match="cat_names must name each column once; got 'work'"):
        TabularProcessor(cat_names=["work", "work"])
    with pytest.raises(ArgumentError, match="columns are in cat_names and in cont_names: 'age'"):
        TabularProcessor(cat_names=["age"], cont_names=["age"])
    for ask in ("arrays", "apply", "process_one"):
        with pytest.raises(StepError, match="nothing is learnt yet. Call fit"):
            getattr(TabularProcessor(cont_names=["age"]), ask)(people)
    with pytest.raises(DataError, match="column 'work' must hold categories.*Put Categorify into procs"):
        TabularProcessor(cat_names=["work"]).fit(people)
    with pytest.raises(DataError, match=r"column 'hours' has no value in 2 of 60 rows, the first 3. Put FillMissing"):
        TabularProcessor(cont_names=["hours"]).fit(people).arrays(people)
    with pytest.raises(DataError, match="column 'age' must fit into single precision; got 1e"):
        TabularProcessor(cont_names=["age"]).fit(people.assign(age=1e300 * people["age"])).arrays(
            people.assign(age=1e300)
        )
    with pytest.raises(DataError, match="needs a list that was made from a table"):
        TabularList([1, 2], cont_names=["age"]).process(TabularProcessor(cont_names=["age"]))


def test_columns_of_nullable_kinds(people):
    frame = people.assign(
        age=people["age"].astype("Int64"), grade=pd.array([1, None, 3] * 20, dtype="Int64"),
        home=pd.array([True, False, None] * 20, dtype="boolean"), work=people["work"].astype("string"),
    )  # fmt: skip
    frame.loc[2, "age"] = pd.NA
    source = TabularList.from_df(frame, ["grade", "home", "work"], ["age"], PROCS).split_by_idx(range(48, 60))
    labelled = source.label_from_df("pay")
    assert labelled.train.x.classes["grade"] == ["#na#", 1, 3] and labelled.train.x.classes["home"][1:] == [False, True]
    prepare = labelled.train.x.processor[0]
    for i in (0, 2, 5):
        assert prepare.process_one(frame.iloc[i]).data[0].tolist() == prepare.arrays(frame)[0][i].tolist()


def test_the_word_for_missing_can_be_a_category():
    frame = pd.DataFrame({"a": ["#na#", "x", None]})
    prepare = TabularProcessor(procs=[Categorify], cat_names=["a"]).fit(frame)
    codes = [prepare.process_one(frame.iloc[i]).data[0].tolist() for i in range(3)]
    assert codes == prepare.arrays(frame)[0].tolist() == [[1], [2], [0]]


def test_values_of_a_row_that_are_of_another_kind(people):
    prepare = TabularProcessor(procs=[Categorify], cat_names=["age"]).fit(people)
    with pytest.warns(UserWarning, match=r"predict: '.*' \(str\) is no category of column 'age'.*; \d+ \(int\) is one"):
        assert prepare.process_one({"age": str(people["age"][0])}).data[0].tolist() == [0]
    prepare.process_one({"age": 1000})
    prepare.process_one({"age": None})
    with pytest.raises(DataError, match=r"predict: column 'age' must be one category; got \[30\] \(list\). Pass one"):
        prepare.process_one({"age": [30]})


def test_a_column_of_a_row_that_is_spelt_wrongly(prepare, people):
    row = people.iloc[0].rename({"school": "schol"})
    with pytest.warns(UserWarning, match="count as missing: 'school'. Did you mean 'schol'?"):
        prepare.process_one(row)
    with pytest.raises(DataError, match="It has no columns at all"):
        prepare.process_one({})


def test_steps_that_take_columns_away_or_are_none(people):
    class Gone(TabularProc):
        def apply_train(self, df):
            del df["age"]

    with pytest.raises(DataError, match=r"Gone: column 'age' is gone from the table.*self.cont_names.remove\('age'\)"):
        TabularProcessor(procs=[Gone], cont_names=["age", "hours"]).fit(people)
    with pytest.raises(ArgumentTypeError, match="procs must be classes of steps"):
        TabularProcessor(procs=[lambda cats, conts: None], cont_names=["age"]).fit(people)


def test_a_step_without_a_name_is_told_with_the_cure(people, tmp_path):
    class Same(TabularProc):
        def apply_train(self, df):
            pass

    prepare = TabularProcessor(procs=[Same], cont_names=["age"]).fit(people)
    with pytest.raises(ArgumentError, match=r"the step Same has no name.*@register\('processor'\) above its class"):
        prepare.save(tmp_path / "prepare.json")
