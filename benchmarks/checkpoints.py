"""What checkpoints cost: the MNIST network trained with one every 100 steps, beside the same training without."""

from __future__ import annotations

import argparse
import itertools
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.utils.data import TensorDataset

from benchmarks.common import SEED, Row, show
from benchmarks.mnist import plain_net
from onecycle.data.bunch import DataBunch
from onecycle.learner import Learner

COMMAND = "python -m benchmarks.checkpoints"
BATCH, STEPS, EVERY, MAX_LR = 128, 400, 100, 0.1
PAIRS = 15


def make_data(folder: str) -> DataBunch:
    """Make pictures of noise, of MNIST's size and batch, for one epoch of `STEPS` steps."""
    torch.manual_seed(SEED)
    pictures, digits = torch.randn(BATCH * STEPS, 1, 28, 28), torch.randint(10, (BATCH * STEPS,))
    valid = TensorDataset(pictures[:BATCH], digits[:BATCH])
    return DataBunch.create(TensorDataset(pictures, digits), valid, bs=BATCH, device="cpu", path=folder)


def trainings(data: DataBunch, folder: Path) -> dict[str, Callable[[], None]]:
    """Return one epoch with checkpoints, each time in a folder of its own, and one without."""
    number = itertools.count()

    def train(**run: Any) -> None:
        torch.manual_seed(SEED)
        learn = Learner(data, plain_net(), loss_func=nn.CrossEntropyLoss(), silent=True)
        learn.fit_one_cycle(1, MAX_LR, **run)

    return {
        "with": lambda: train(checkpoint=folder / str(next(number)), every=EVERY),
        "without": train,
    }


def timed(work: Callable[[], None]) -> tuple[float, float]:
    """Return the seconds of the clock and of computing, those of the writing thread among them."""
    start, computed = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - start, time.process_time() - computed


def measured(trials: dict[str, Callable[[], None]], pairs: int) -> list[tuple[float, float]]:
    """Return the cost as a share of each pair of neighbouring trainings, in per cent: of time, of computing."""
    shares = []
    for number in range(-1, pairs):
        order = ("with", "without") if number % 2 else ("without", "with")
        took = {name: timed(trials[name]) for name in order}
        if number >= 0:
            each = zip(took["with"], took["without"], strict=True)
            shares.append(tuple(100 * (kept / plain - 1) for kept, plain in each))
    return shares


def run(pairs: int = PAIRS) -> list[Row]:
    """Measure the share of training time, and of computing, that checkpoints take."""
    with tempfile.TemporaryDirectory() as folder:
        shares = measured(trainings(make_data(folder), Path(folder)), pairs)
    return [_row(what, [share[place] for share in shares]) for place, what in enumerate(("time", "computing"))]


def _row(what: str, shares: list[float]) -> Row:
    low, _, high = statistics.quantiles(shares, n=4)
    note = f"median of {len(shares)} pairs, quartiles {low:.2f} and {high:.2f} %; {STEPS} steps of {BATCH}"
    figure = f"Checkpoints every {EVERY} steps of the MNIST network: share of {what}"
    return Row(figure, statistics.median(shares), "%", "<= 2", COMMAND, note)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=PAIRS, help="how many pairs of trainings")
    show(run(parser.parse_args().pairs))
