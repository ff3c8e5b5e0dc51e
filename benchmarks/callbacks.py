"""What a callback adds to training: loggers on the 12,126-parameter MNIST net, ActivationStats on resnet18."""

from __future__ import annotations

import argparse
import contextlib
import io
import statistics
import tempfile
import time
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import torch
from torch import nn

from benchmarks.common import SEED, Row, alternate, show
from benchmarks.loop import BATCH, EPOCHS, TRAIN_BATCHES, VALID_BATCHES, make_batches, make_net
from onecycle.callbacks.activation_stats import ActivationStats
from onecycle.callbacks.csv_logger import CSVLogger
from onecycle.callbacks.save_model import SaveModelCallback
from onecycle.data.bunch import DataBunch
from onecycle.learner import Learner
from onecycle.metrics.classification import accuracy
from onecycle.training.callback import EVENTS, listener
from onecycle.training.recorder import Recorder
from onecycle.vision.models.resnet import resnet18

COMMAND = "python -m benchmarks.callbacks"
SIZE, PICTURES, STEPS = 96, 16, 6  # of the resnet18 trial: 96x96, 16 a batch, 6 steps a run
MAX_LR = 0.01


class Clock:
    """Add up the seconds that the events of a callback take, from the first call to the return of the last."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def around(self, callback: Any) -> Any:
        """Measure a callback from now on; returns it."""
        for event in EVENTS:
            method = listener(callback, event)
            if method is not None:
                setattr(callback, event, self._timed(method))
        return callback

    def _timed(self, method: Callable[..., Any]) -> Callable[..., Any]:
        def timed(**kwargs: Any) -> Any:
            start = time.perf_counter()
            try:
                return method(**kwargs)
            finally:
                self.seconds += time.perf_counter() - start

        return timed


class NotSaving(SaveModelCallback):
    """Watch the loss each epoch as SaveModel does, and find no epoch better."""

    def improved(self, value: Any) -> bool:
        """Look, and say no."""
        super().improved(value)
        return False


# How each is hung onto a learner, with the clock around it.
LIGHT: dict[str, Callable[[Learner, Clock], None]] = {
    "Recorder": lambda learn, clock: learn.callback_fns.__setitem__(0, lambda of: clock.around(Recorder(of))),
    "CSVLogger": lambda learn, clock: learn.callback_fns.append(lambda of: clock.around(CSVLogger(of))),
    "SaveModel, not saving": lambda learn, clock: learn.callback_fns.append(lambda of: clock.around(NotSaving(of))),
}


def share_of(hang: Callable[[Learner, Clock], None], model: nn.Module, data: DataBunch) -> float:
    """Train once; return the seconds inside the callback as a share of all the others."""
    clock = Clock()
    learn = Learner(data, deepcopy(model), loss_func=nn.CrossEntropyLoss(), metrics=accuracy)
    hang(learn, clock)
    start = time.perf_counter()
    learn.fit_one_cycle(EPOCHS, MAX_LR)
    whole = time.perf_counter() - start
    return clock.seconds / (whole - clock.seconds)


def light(rounds: int) -> list[Row]:
    """Measure what epochs' callbacks take; too little to be seen in the time of a run, so it is timed inside."""
    torch.manual_seed(SEED)
    train, valid = make_batches(TRAIN_BATCHES, SEED), make_batches(VALID_BATCHES, SEED + 1)
    model, rows = make_net(), []
    with tempfile.TemporaryDirectory() as folder:
        data = DataBunch(train, valid, device="cpu", no_check=True, path=folder)
        for name, hang in LIGHT.items():
            with contextlib.redirect_stdout(io.StringIO()):
                shares = [share_of(hang, model, data) for _ in range(rounds + 1)][1:]
            note = f"timed inside its events; {EPOCHS} epochs of {TRAIN_BATCHES} batches of {BATCH}, table printed"
            figure = f"{name}: share of a training run"
            rows.append(Row(figure, 100 * statistics.median(shares), "%", "<= 1", COMMAND, note))
    return rows


def stats_trial(watched: bool, model: nn.Module, data: DataBunch) -> None:
    """Train one epoch on ready batches, with or without ActivationStats."""
    fns = [ActivationStats] if watched else []
    learn = Learner(data, deepcopy(model), loss_func=nn.CrossEntropyLoss(), callback_fns=fns, silent=True)
    learn.fit(1, MAX_LR)


def stats(rounds: int) -> list[Row]:
    """Time resnet18 with and without ActivationStats in turn; the median of the ratios of neighbouring runs."""
    torch.manual_seed(SEED)
    draw = torch.Generator().manual_seed(SEED)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    x = torch.randn(STEPS, PICTURES, 3, SIZE, SIZE, generator=draw).to(device)
    y = torch.randint(10, (STEPS, PICTURES), generator=draw).to(device)
    batches = list(zip(x, y, strict=True))
    data = DataBunch(batches, None, device=device, no_check=True)
    model = resnet18(num_classes=10)
    trials = {"with": lambda: stats_trial(True, model, data), "without": lambda: stats_trial(False, model, data)}
    clock, unit = (time.perf_counter, "wall clock") if device == "cuda" else (time.process_time, "seconds of computing")
    times = alternate(trials, rounds, clock=clock)
    over = statistics.median(a / b for a, b in zip(times["with"], times["without"], strict=True)) - 1
    low = min(times["with"]) / min(times["without"]) - 1
    note = f"{unit}; all 41 layers with a weight, {SIZE}x{SIZE}, batches of {PICTURES}; by minimum {low:.1%}"
    return [Row("ActivationStats on resnet18, added to a training step", 100 * over, "%", "<= 15", COMMAND, note)]


def run(rounds: int = 9) -> list[Row]:
    """Measure all."""
    return light(rounds) + stats(rounds)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    show(run(parser.parse_args().rounds))
