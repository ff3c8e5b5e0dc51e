import warnings
from functools import partial

import numpy as np
import pandas as pd
import pytest

from onecycle.errors import ArgumentError, DataError
from onecycle.tabular.processor import TabularProcessor
from onecycle.tabular.procs import Categorify, FillMissing, FillStrategy, Normalize, TabularProc
from onecycle.tabular.streamed_fit import learn_from
from tests.unit.tabular.parquet_files import CATS, CONTS, PROCS, people


def streaming(frame, size=37):
    "Stands in for the rows of a file: small frames, as often as they are asked for."

    def frames(columns):
        wanted = frame[list(dict.fromkeys(columns))]
        return (wanted.iloc[start : start + size].copy() for start in range(0, len(frame), size))

    return frames


def learnt(frame, cats=CATS, conts=CONTS, procs=PROCS, targets=()):
    return learn_from(streaming(frame), cats, conts, procs, targets)


FILLS = [
    FillMissing,
    partial(FillMissing, add_col=False),
    partial(FillMissing, fill_strategy=FillStrategy.CONSTANT, fill_val=-1.0),
    FillMissing([], []),
]


@pytest.mark.parametrize("fill", FILLS)
def test_what_streams_by_teaches_what_the_whole_table_does(fill):
    frame = people()
    procs = [fill, Categorify, Normalize]
    streamed = learnt(frame, procs=procs)
    whole = TabularProcessor(procs=procs, cat_names=CATS, cont_names=CONTS).fit(frame)
    assert streamed.classes == whole.classes
    assert streamed.cat_names == whole.cat_names and streamed.cont_names == whole.cont_names
    mine, theirs = (dict(item for step in each.procs for item in vars(step).items()) for each in (streamed, whole))
    for name in ("na_dict", "fills", "categories", "add_col", "cat_names"):
        assert mine[name] == theirs[name]
    for name in ("means", "stds"):
        assert mine[name] == pytest.approx(theirs[name], rel=1e-12)
    codes, conts = streamed.arrays(frame)
    assert np.array_equal(codes, whole.arrays(frame)[0])
    np.testing.assert_allclose(conts, whole.arrays(frame)[1], rtol=1e-6, atol=1e-6)


def test_without_numbers_to_fill_and_without_categories():
    frame = people().dropna()
    streamed = learnt(frame, cats=[], procs=[Normalize])
    whole = TabularProcessor(procs=[Normalize], cat_names=[], cont_names=CONTS).fit(frame)
    assert streamed.procs[0].means == pytest.approx(whole.procs[0].means, rel=1e-12)
    np.testing.assert_allclose(streamed.arrays(frame)[1], whole.arrays(frame)[1], rtol=1e-6, atol=1e-6)


def test_whole_numbers_with_gaps_and_values_of_several_kinds():
    frame = pd.DataFrame({"k": [1, 2] * 50, "mixed": [True, "a"] * 50, "age": range(100)}).astype({"mixed": object})
    frame.loc[99, "k"] = np.nan
    parts = [frame.iloc[:50].astype({"k": "int64"}), frame.iloc[50:]]
    made = learn_from(lambda columns: (part[list(columns)] for part in parts), ["k", "mixed"], ["age"], PROCS, ())
    whole = TabularProcessor(procs=PROCS, cat_names=["k", "mixed"], cont_names=["age"]).fit(frame)
    assert made.classes == whole.classes
    assert [type(value) for value in made.classes["k"][1:]] == [float, float]


def test_a_single_row_has_no_spread():
    frame = people(3).iloc[1:2]
    assert learnt(frame, procs=[Categorify, Normalize]).procs[1].stds == {"age": 0.0, "hours": 0.0}


class Doubled(TabularProc):
    def apply_train(self, df):
        df[self.cont_names] *= 2


@pytest.mark.parametrize("procs", [
    [Doubled], [Categorify, FillMissing], [Normalize, Normalize], learnt(people()).procs,
], ids=["own", "order", "twice", "learnt"])  # fmt: skip
def test_steps_that_cannot_learn_so(procs):
    with pytest.raises(ArgumentError, match=r"procs must be of FillMissing, Categorify and Normalize.*processor="):
        learnt(people(), procs=procs)


def test_settings_that_cannot_be_kept():
    with pytest.raises(ArgumentError, match="fill_strategy cannot be COMMON"):
        learnt(people(), procs=[partial(FillMissing, fill_strategy=FillStrategy.COMMON), Categorify])
    with pytest.raises(ArgumentError, match="must make categories of columns.*Put Categorify into procs"):
        learnt(people(), procs=[Normalize])


def test_bad_columns_are_named_with_their_row():
    frame = people()
    with pytest.raises(DataError, match="column 'work' must hold finite numbers.*the first in row"):
        learnt(frame, cats=[], conts=["work"])
    with pytest.raises(DataError, match="the first in row 700: inf"):
        learnt(frame.assign(age=np.where(np.arange(1000) == 700, np.inf, 1.0)))
    with pytest.raises(DataError, match="column 'hours' has no value in 59 of 1000 rows, the first 0"):
        learnt(frame, procs=[Categorify, Normalize])
    with pytest.raises(DataError, match="column 'age' has no value in any training row"):
        learnt(frame.assign(age=np.nan))
    with pytest.raises(DataError, match="column 'work' has no value in any training row"):
        learnt(frame.assign(work=None))
    with pytest.raises(DataError, match="column 'work' holds dates"):
        learnt(frame.assign(work=pd.Timestamp("2024-01-01")))


def test_columns_that_teach_nothing_or_too_much_are_told():
    frame = people().assign(same=1, alike="x")
    with pytest.warns(UserWarning, match="2 columns have one value in all training rows.*'alike', 'same'"):
        learnt(frame, cats=[*CATS, "alike"], conts=[*CONTS, "same"])
    with pytest.warns(UserWarning, match="the target is among the inputs: column 'pay'"):
        learnt(frame, cats=[*CATS, "pay"], targets=["pay"])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        learnt(frame, targets=["pay"])
