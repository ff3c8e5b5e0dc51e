"""What a training step costs beside a hand-written PyTorch loop: batches in memory, the 12,126-parameter MNIST net."""

from __future__ import annotations

import argparse
import contextlib
import cProfile
import io
import math
import pstats
import statistics
from copy import deepcopy

import torch
import torch.nn.functional as F
from torch import nn

from benchmarks.common import SEED, Row, alternate, show
from onecycle.data.bunch import DataBunch
from onecycle.learner import Learner
from onecycle.metrics.classification import accuracy
from onecycle.nn.layers import Flatten

COMMAND = "python -m benchmarks.loop"
BATCH, TRAIN_BATCHES, VALID_BATCHES, EPOCHS = 128, 100, 8, 2
MAX_LR, MOMS, DIV, PCT_START, WEIGHT_DECAY, BETA = 0.1, (0.95, 0.85), 25.0, 0.3, 0.01, 0.98

Batches = list[tuple[torch.Tensor, torch.Tensor]]


def make_net() -> nn.Module:
    """Build five strided convolutions with batch norm: 12,126 parameters."""
    sizes = [1, 8, 16, 32, 16, 10]
    layers: list[nn.Module] = []
    for n_in, n_out in zip(sizes[:-1], sizes[1:], strict=True):
        layers += [nn.Conv2d(n_in, n_out, 3, stride=2, padding=1), nn.BatchNorm2d(n_out), nn.ReLU()]
    return nn.Sequential(*layers[:-1], Flatten())


def make_batches(count: int, seed: int) -> Batches:
    """Draw batches of noise with labels that can be learnt: the brightest of ten bands."""
    draw = torch.Generator().manual_seed(seed)
    x = torch.randn(count, BATCH, 1, 28, 28, generator=draw)
    y = torch.randint(10, (count, BATCH), generator=draw)
    x += 0.5 * F.one_hot(y, 28)[:, :, None, :, None]
    return list(zip(x, y, strict=True))


def half_cosine(start: float, end: float, pct: float) -> float:
    """Go from start to end on half a cosine wave."""
    return end + (start - end) / 2 * (1 + math.cos(math.pi * pct))


def one_cycle(step: int, total: int) -> tuple[float, float]:
    """Return the rate and the momentum before a step."""
    rising = int(total * PCT_START)
    if step <= rising:
        pct = step / rising
        return half_cosine(MAX_LR / DIV, MAX_LR, pct), half_cosine(MOMS[0], MOMS[1], pct)
    pct = (step - rising) / (total - rising)
    return half_cosine(MAX_LR, MAX_LR / DIV / 1e4, pct), half_cosine(MOMS[1], MOMS[0], pct)


def by_hand(model: nn.Module, train: Batches, valid: Batches) -> list[torch.Tensor]:
    """Train as a careful person writes it; returns the smoothed losses."""
    optimizer = torch.optim.AdamW(model.parameters(), weight_decay=WEIGHT_DECAY, betas=(MOMS[0], 0.99), fused=True)
    group, total, smoothed = optimizer.param_groups[0], EPOCHS * len(train), []
    criterion = nn.CrossEntropyLoss()
    average = torch.zeros(())
    step = 0
    for epoch in range(EPOCHS):
        model.train()
        for x, y in train:
            group["lr"], momentum = one_cycle(step, total)
            group["betas"] = (momentum, 0.99)
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
            step += 1
            average.lerp_(loss.detach(), 1 - BETA)
            smoothed.append(average / (1 - BETA**step))
        model.eval()
        with torch.no_grad():
            losses, right, count = torch.zeros(()), torch.zeros(()), 0
            for x, y in valid:
                output = model(x)
                losses += criterion(output, y) * len(y)
                right += (output.argmax(1) == y).sum()
                count += len(y)
        print(f"{epoch} {smoothed[-1]:.6f} {losses / count:.6f} {right / count:.6f}")
    return smoothed


def ours(model: nn.Module, train: Batches, valid: Batches) -> list[float]:
    """Train the same with a Learner; returns the smoothed losses."""
    data = DataBunch(train, valid, device="cpu", no_check=True)
    learn = Learner(data, model, loss_func=nn.CrossEntropyLoss(), metrics=accuracy, wd=WEIGHT_DECAY)
    learn.fit_one_cycle(EPOCHS, MAX_LR)
    return learn.recorder.losses


def check_same(model: nn.Module, train: Batches, valid: Batches) -> float:
    """Return the largest difference of the two loss curves."""
    mine, yardstick = ours(deepcopy(model), train, valid), by_hand(deepcopy(model), train, valid)
    return max(abs(a - float(b)) for a, b in zip(mine, yardstick, strict=True))


def run(rounds: int = 21) -> list[Row]:
    """Time both in turn; the figure is the median of the ratios of neighbouring runs."""
    torch.manual_seed(SEED)
    model, train, valid = make_net(), make_batches(TRAIN_BATCHES, SEED), make_batches(VALID_BATCHES, SEED + 1)
    trials = {
        "ours": lambda: ours(deepcopy(model), train, valid),
        "hand": lambda: by_hand(deepcopy(model), train, valid),
    }
    with contextlib.redirect_stdout(io.StringIO()):
        apart = check_same(model, train, valid)
        times = alternate(trials, rounds, warm_up=2)
    steps = EPOCHS * TRAIN_BATCHES
    low, middle = min(times["ours"]) / min(times["hand"]), statistics.median(map(_over, times["ours"], times["hand"]))
    by_hand_ms = 1e3 * min(times["hand"]) / steps
    note = f"{by_hand_ms:.2f} ms a step by hand; by minimum {low:.3f}; curves differ by {apart:.1e}"
    return [Row("a training step, onecycle / hand-written loop", middle, "times", "<= 1.03", COMMAND, note)]


def _over(mine: float, yardstick: float) -> float:
    return mine / yardstick


def profile() -> None:
    """Print where the time of a run goes."""
    torch.manual_seed(SEED)
    model, train, valid = make_net(), make_batches(TRAIN_BATCHES, SEED), make_batches(VALID_BATCHES, SEED + 1)
    ours(deepcopy(model), train, valid)
    with cProfile.Profile() as watch:
        ours(model, train, valid)
    pstats.Stats(watch).sort_stats("tottime").print_stats(35)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--profile", action="store_true", help="print where the time goes instead")
    parser.add_argument("--rounds", type=int, default=21)
    parser.add_argument("--threads", type=int, default=0, help="torch threads; as they are when left out")
    given = parser.parse_args()
    if given.threads:
        torch.set_num_threads(given.threads)
    profile() if given.profile else show(run(given.rounds))
