"""Tables: accuracy on adult, rows a second beside a hand-written loop over tensors, cost of one prediction."""

from __future__ import annotations

import argparse
import contextlib
import cProfile
import io
import pstats
import statistics
from copy import deepcopy
from typing import Any

import pandas as pd
import torch
from torch import nn

from benchmarks.common import SEED, Row, alternate, show, unpacked
from onecycle.learner import Learner
from onecycle.metrics.classification import accuracy
from onecycle.tabular.learner import tabular_learner
from onecycle.tabular.lists import TabularList
from onecycle.tabular.procs import Categorify, FillMissing, Normalize

COMMAND = "python -m benchmarks.tabular"
CATEGORIES = ["workclass", "education", "marital-status", "occupation", "relationship", "race"]
NUMBERS = ["age", "fnlwgt", "education-num"]
MORE_CATEGORIES, MORE_NUMBERS = ["sex", "native-country"], ["capital-gain", "capital-loss", "hours-per-week"]
LAYERS, RATE, WEIGHT_DECAY = [200, 100], 1e-2, 0.01


def make_data(frame: pd.DataFrame, bs: int = 64, whole: bool = False) -> Any:
    """Prepare the table as the lesson does, or all its columns; a fifth of the rows, drawn with a seed, validates."""
    categories = CATEGORIES + MORE_CATEGORIES if whole else CATEGORIES
    numbers = NUMBERS + MORE_NUMBERS if whole else NUMBERS
    source = TabularList.from_df(frame, categories, numbers, [FillMissing, Categorify, Normalize])
    return source.split_by_rand_pct(0.2, seed=SEED).label_from_df("salary").databunch(bs=bs, device="cpu")


def make_learner(data: Any) -> Learner:
    """Build the lesson's learner."""
    torch.manual_seed(SEED)
    return tabular_learner(data, LAYERS, metrics=accuracy, silent=True)


def accuracies(frame: pd.DataFrame) -> list[Row]:
    """Train as the lesson does, and three epochs with one cycle."""
    data, whole = make_data(frame), make_data(frame, whole=True)
    plain, cycled, wide = make_learner(data), make_learner(data), make_learner(whole)
    plain.fit(1, RATE)
    cycled.fit_one_cycle(3, RATE)
    wide.fit_one_cycle(3, RATE)
    note = f"{len(data.train_ds)} rows train, {len(data.valid_ds)} validate; layers {LAYERS}"
    nine = f"{note}; gradient boosting on these columns and rows: 0.842 to 0.846"
    return [
        Row("adult, 1 epoch at 1e-2, accuracy", float(plain.validate()[1]), "", ">= 0.825", COMMAND, note),
        Row("adult, 3 epochs of one cycle, accuracy", float(cycled.validate()[1]), "", ">= 0.845", COMMAND, nine),
        Row("adult with all 14 columns, 3 epochs of one cycle, accuracy", float(wide.validate()[1]), "", ">= 0.845",
            COMMAND, note),
    ]


def by_hand(model: nn.Module, train: list[torch.Tensor], valid: list[torch.Tensor], bs: int) -> torch.Tensor:
    """Train an epoch as a careful person writes it, over tensors in memory; returns the accuracy."""
    optimizer = torch.optim.AdamW(model.parameters(), RATE, (0.9, 0.99), weight_decay=WEIGHT_DECAY, fused=True)
    criterion, average = nn.CrossEntropyLoss(), torch.zeros(())
    order = torch.randperm(len(train[0]))
    model.train()
    for start in range(0, len(order) - bs + 1, bs):
        rows = order[start : start + bs]
        x_cat, x_cont, y = (part[rows] for part in train)
        loss = criterion(model(x_cat, x_cont), y)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        average.lerp_(loss.detach(), 0.02)
    model.eval()
    right, total = torch.zeros(()), torch.zeros(())
    with torch.no_grad():
        for x_cat, x_cont, y in zip(*(part.split(bs) for part in valid), strict=True):
            output = model(x_cat, x_cont)
            total += criterion(output, y) * len(y)
            right += (output.argmax(1) == y).sum()
    return right / len(valid[0])


def in_memory(dataset: Any) -> list[torch.Tensor]:
    """Return a whole set as tensors."""
    rows = torch.arange(len(dataset))
    return [*dataset.x.get_batch(rows), dataset.y.get_batch(rows)]


def throughput(frame: pd.DataFrame, bs: int, rounds: int) -> Row:
    """Compare rows a second of an epoch, validation among it."""
    data = make_data(frame, bs)
    learn = make_learner(data)
    train, valid = in_memory(data.train_ds), in_memory(data.valid_ds)
    model = deepcopy(learn.model)
    learn.fit(1, RATE)  # the loop that is timed ends where the yardstick does
    assert abs(float(learn.validate()[1]) - float(by_hand(deepcopy(model), train, valid, bs))) < 0.04

    def ours() -> None:
        learn.model = deepcopy(model)
        learn.fit(1, RATE)

    times = alternate({"ours": ours, "hand": lambda: by_hand(deepcopy(model), train, valid, bs)}, rounds)
    middle = statistics.median(hand / mine for mine, hand in zip(times["ours"], times["hand"], strict=True))
    rate, best = len(train[0]) / min(times["ours"]), min(times["hand"]) / min(times["ours"])
    note = f"{rate:,.0f} rows a second; by minimum {best:.3f}"
    return Row(f"tables, rows a second at batch {bs}, onecycle / hand-written loop", middle, "times", ">= 0.85",
               COMMAND, note)


def prediction(frame: pd.DataFrame, rounds: int) -> Row:
    """Compare `predict(row)` with reading the row and the bare forward pass."""
    learn = make_learner(make_data(frame))
    learn.model.eval()
    batch = learn.data.single_batch(frame.iloc[5])[0]

    def bare() -> Any:
        frame.iloc[5]
        with torch.inference_mode():
            return learn.model(*batch)

    torch.testing.assert_close(learn.predict(frame.iloc[5])[2], bare()[0].softmax(0))
    times = alternate({"ours": lambda: learn.predict(frame.iloc[5]), "bare": bare}, rounds, warm_up=50)
    middle = {name: statistics.median(found) for name, found in times.items()}
    note = f"{1e6 * middle['ours']:.0f} µs beside {1e6 * middle['bare']:.0f} µs, medians"
    return Row("tables, predict(row) / row access + bare forward", middle["ours"] / middle["bare"], "times", "<= 3",
               COMMAND, note)


def adult() -> pd.DataFrame | None:
    """Read the table, if it is here."""
    folder = unpacked("adult_sample.tgz")
    return None if folder is None else pd.read_csv(folder / "adult.csv")


def run(rounds: int = 11, what: str = "all") -> list[Row]:
    """Train, then time."""
    frame = adult()
    if frame is None:
        return []
    with contextlib.redirect_stdout(io.StringIO()):
        rows = accuracies(frame) if what in ("all", "accuracy") else []
        if what in ("all", "speed"):
            rows += [throughput(frame, 64, rounds), throughput(frame, 1024, rounds), prediction(frame, 100 * rounds)]
    return rows


def profile(bs: int) -> None:
    """Print where the time of an epoch goes."""
    frame = adult()
    if frame is None:
        return
    learn = make_learner(make_data(frame, bs))
    with cProfile.Profile() as watch:
        learn.fit(1, RATE)
    pstats.Stats(watch).sort_stats("tottime").print_stats(40)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=("all", "accuracy", "speed"), default="all")
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--threads", type=int, default=0, help="torch threads; as they are when left out")
    parser.add_argument("--profile", type=int, default=0, metavar="BS", help="print where the time goes instead")
    given = parser.parse_args()
    if given.threads:
        torch.set_num_threads(given.threads)
    profile(given.profile) if given.profile else show(run(given.rounds, given.only))
