"""A small table of people whose pay follows from school, age and work."""

import numpy as np
import pandas as pd
import pytest

from onecycle.tabular.lists import TabularList
from onecycle.tabular.procs import Categorify, FillMissing, Normalize

PROCS = [FillMissing, Categorify, Normalize]


@pytest.fixture
def people():
    draw = np.random.default_rng(0)
    frame = pd.DataFrame({
        "work": draw.choice(["none", "private", "state"], 60),
        "school": draw.choice(["high", "low"], 60),
        "age": draw.integers(18, 70, 60),
        "hours": draw.normal(40, 5, 60).round(1),
    })  # fmt: skip
    frame["pay"] = np.where((frame["school"] == "high") & (frame["work"] != "none"), "much", "little")
    frame["amount"] = frame["hours"] * 2.0 + 5
    frame.loc[[3, 7], "hours"] = np.nan
    frame.loc[5, "work"] = None
    return frame


@pytest.fixture
def make_data(people, tmp_path):
    """Return a function that makes the data: 48 rows train, 12 validate."""

    def make(label="pay", frame=None, procs=PROCS, cats=("work", "school"), conts=("age", "hours"), bs=8, **how):
        frame = people if frame is None else frame
        source = TabularList.from_df(frame, list(cats), list(conts), procs, path=tmp_path)
        return source.split_by_idx(range(48, 60)).label_from_df(label, **how).databunch(bs=bs, device="cpu")

    return make
