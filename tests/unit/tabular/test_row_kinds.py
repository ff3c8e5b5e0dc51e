"""A row to predict may come in many forms; each is answered alike, or refused where columns would be lost."""

import dataclasses
import datetime as dt
import sqlite3
from collections import OrderedDict, namedtuple

import numpy as np
import pandas as pd
import pytest
import torch

from onecycle.errors import ArgumentTypeError
from onecycle.tabular.frames import as_row
from onecycle.tabular.learner import tabular_learner
from onecycle.tabular.lists import TabularList
from onecycle.tabular.procs import Categorify, FillMissing, Normalize


@dataclasses.dataclass
class Person:
    work: str
    age: float
    y: str = ""


@pytest.fixture(scope="module")
def frame():
    rng = np.random.default_rng(0)
    work, y = rng.choice(["a", "b"], 40), rng.choice(["no", "yes"], 40)
    return pd.DataFrame({"work": work, "age": rng.normal(size=40), "y": y})


def learner_of(frame, cats, conts):
    items = TabularList.from_df(frame, cat_names=cats, cont_names=conts, procs=[FillMissing, Categorify, Normalize])
    data = items.split_by_idx(range(30, 40)).label_from_df("y").databunch(bs=10, device="cpu")
    torch.manual_seed(0)
    return tabular_learner(data, layers=[8], silent=True)


def records(frame, i):
    """Return a row in every form in which libraries hand one out."""
    base = sqlite3.connect(":memory:")
    base.row_factory = sqlite3.Row
    row = frame.iloc[i]
    named = namedtuple("Person", frame.columns)(*row)
    return {
        "Series": row, "dict": row.to_dict(), "OrderedDict": OrderedDict(row.to_dict()), "frame": frame.iloc[[i]],
        "itertuples": list(frame.itertuples())[i], "no index": list(frame.itertuples(index=False))[i], "named": named,
        "record": frame.to_records(index=False)[i], "dataclass": Person(*row),
        "sqlite3": base.execute("select ? as work, ? as age", (row["work"], row["age"])).fetchone(),
        "scalars": {"work": np.str_(row["work"]), "age": np.float64(row["age"])},
        "tensors": {"work": row["work"], "age": torch.tensor(row["age"], dtype=torch.float64)},
        "another order": {"age": row["age"], "more": 1, "work": row["work"]},
    }  # fmt: skip


def test_every_form_of_a_row_gives_one_answer(frame):
    learn = learner_of(frame, ["work"], ["age"])
    for i in (0, 35):
        wanted = learn.predict(frame.iloc[i])[2]
        for name, row in records(frame, i).items():
            torch.testing.assert_close(learn.predict(row)[2], wanted, msg=name)


@pytest.mark.parametrize("column", ["education-num", "class", "1st", "_hidden", "hours per week"])
def test_a_named_tuple_that_lost_a_name_is_refused(frame, column):
    renamed = frame.rename(columns={"age": column})
    learn = learner_of(renamed, ["work"], [column])
    wanted = learn.predict(renamed.iloc[3])[2]
    for index in (True, False):
        row = list(renamed.itertuples(index=index))[3]
        with pytest.raises(ArgumentTypeError, match=rf"item must have column '{column}'; a named tuple has _\d"):
            learn.predict(row)
    plain = dict(zip(renamed.columns, list(renamed.itertuples(index=False, name=None))[3], strict=True))
    torch.testing.assert_close(learn.predict(plain)[2], wanted)


def test_a_column_that_nobody_asks_for_may_lose_its_name(frame):
    more = frame.assign(**{"not-needed": 1})
    learn = learner_of(more, ["work"], ["age"])
    torch.testing.assert_close(learn.predict(list(more.itertuples())[3])[2], learn.predict(more.iloc[3])[2])


@pytest.mark.parametrize("row", [3, "row", (1, 2), [1, 2], Person, None])
def test_what_is_no_row(row):
    with pytest.raises(ArgumentTypeError, match="predict: item must be one row of a table; got"):
        as_row("predict", row)


@pytest.mark.parametrize(
    ("labels", "classes"),
    [
        ([dt.date(2024, 1, 2), dt.date(2024, 1, 1)], ["2024-01-01", "2024-01-02"]),
        ([pd.Timestamp("2024-01-02"), pd.Timestamp("2024-01-01 06:00")], ["2024-01-01 06:00:00", "2024-01-02"]),
        ([b"b", b"a"], ["a", "b"]),
        ([True, False], [False, True]),
        ([2, 1], [1, 2]),
    ],
)
def test_labels_of_parquet_files_are_those_of_a_frame(tmp_path, labels, classes):
    pytest.importorskip("pyarrow")
    table = pd.DataFrame({"work": ["a", "b"] * 20, "age": np.linspace(-1, 1, 40), "y": labels * 20})
    table.to_parquet(tmp_path / "t.parquet", row_group_size=10)
    procs = [Categorify, Normalize]
    names = {"cat_names": ["work"], "cont_names": ["age"], "procs": procs}
    parts = TabularList.from_parquet(tmp_path / "t.parquet", **names).split_none()
    frames = TabularList.from_df(table, **names).split_none()
    for settings in ({}, {"classes": labels[::-1]}):
        read, given = (lists.label_from_df("y", **settings) for lists in (parts, frames))
        assert read.classes == given.classes == classes
        assert [int(read.train.y[i]) for i in range(4)] == [int(given.train.y[i]) for i in range(4)]
