"""A table of 1000 people in two parquet files of 11 row groups, and the sentence that reads it."""

import numpy as np
import pandas as pd

from onecycle.tabular.lists import TabularList
from onecycle.tabular.procs import Categorify, FillMissing, Normalize

PROCS = [FillMissing, Categorify, Normalize]
CATS, CONTS = ["work", "school"], ["age", "hours"]


def people(count=1000):
    draw = np.random.default_rng(0)
    frame = pd.DataFrame({
        "work": draw.choice(["none", "private", "state"], count),
        "school": draw.integers(0, 5, count),
        "age": draw.integers(18, 70, count),
        "hours": draw.normal(40, 5, count).round(1),
    })  # fmt: skip
    frame["pay"] = np.where((frame["work"] != "none") & (frame["age"] > 40), "much", "little")
    frame["amount"] = frame["hours"] * 2.0 + 5
    frame.loc[::17, "hours"] = np.nan
    frame.loc[::31, "work"] = None
    return frame


def written(folder, frame=None):
    "The frame, written into two files with row groups of 100 and of 90 rows."
    frame = people() if frame is None else frame
    half = len(frame) * 3 // 5
    frame.iloc[:half].to_parquet(folder / "a.parquet", row_group_size=100)
    frame.iloc[half:].to_parquet(folder / "b.parquet", row_group_size=90)
    return frame


def source(folder, cats=CATS, conts=CONTS, procs=PROCS, **how):
    return TabularList.from_parquet(folder, cats, conts, procs, path=folder, **how)
