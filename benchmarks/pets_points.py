"""How near a network without pretrained weights gets to the centre of the animal, learnt from 296 photos."""

from __future__ import annotations

import argparse
import csv
import time
from pathlib import Path

import torch
from torch import Tensor, nn

from benchmarks.common import SEED, Row, show, unpacked
from onecycle.data.bunch import DataBunch
from onecycle.learner import Learner
from onecycle.nn.blocks import conv_layer, res_block
from onecycle.nn.losses import MSELossFlat
from onecycle.vision.normalization import imagenet_stats
from onecycle.vision.points_list import PointsItemList
from onecycle.vision.transform import get_transforms

COMMAND = "python -m benchmarks.pets_points"
SIZE, BATCH, EPOCHS, MAX_LR, WEIGHT_DECAY = 96, 16, 40, 3e-3, 1e-1
BOUND = 12.0  # per cent


def centres(table: Path) -> dict[str, list[list[float]]]:
    """Read the centre (y, x) of each photo's box, in pixels."""
    with table.open() as lines:
        rows = list(csv.DictReader(lines))
    return {row["image_name"]: [[_middle(row, "y"), _middle(row, "x")]] for row in rows}


def _middle(row: dict[str, str], axis: str) -> float:
    return (float(row[f"{axis}min"]) + float(row[f"{axis}max"])) / 2


def make_data(folder: Path) -> DataBunch:
    """Pair the photos with the centres, four fifths of them for training; each is squeezed into a square."""
    where = centres(folder / "bboxes.csv")
    items = PointsItemList.from_folder(folder / "images").split_by_rand_pct(0.2, seed=SEED)
    labelled = items.label_from_func(lambda file: where[file.stem])
    tfms = get_transforms(max_rotate=15.0, max_zoom=1.3)
    moved = labelled.transform(tfms, size=(SIZE, SIZE), tfm_y=True, remove_out=False)
    return moved.databunch(bs=BATCH, num_workers=0).normalize(imagenet_stats)


class Pointer(nn.Module):
    """Point at a place: a body's map, one score a cell, and the mean place under their softmax.

    Shape: `(N, 3, H, W) -> (N, 2)`, (y, x) from -1 to 1
    """

    def __init__(self, body: nn.Module, channels: int) -> None:
        super().__init__()
        self.body, self.score = body, nn.Conv2d(channels, 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Return the place."""
        scores = self.score(self.body(x))  # (N, 1, h, w)
        shares = scores.flatten(1).softmax(1).view_as(scores)[:, 0]  # (N, h, w)
        y, x = (_cells(length, shares) for length in shares.shape[1:])
        return torch.stack([(shares.sum(2) * y).sum(1), (shares.sum(1) * x).sum(1)], 1)


def _cells(count: int, like: Tensor) -> Tensor:
    """Return the middles of cells that divide -1 to 1."""
    return (torch.arange(count, device=like.device, dtype=like.dtype) * 2 + 1) / count - 1


def make_model() -> nn.Module:
    """Build four residual stages, whose map is an eighth of the picture, and the pointer."""
    layers: list[nn.Module] = []
    for n_in, n_out, stride in ((3, 16, 2), (16, 32, 2), (32, 64, 2), (64, 128, 1)):
        layers += [conv_layer(n_in, n_out, stride=stride), res_block(n_out)]
    return Pointer(nn.Sequential(*layers), 128)


def distance(output: Tensor, target: Tensor) -> Tensor:
    """Return how far the points are from where they should be on average, in per cent of the picture's sides.

    Shape: `(N, 2)`, `(N, 1, 2)` -> `()`
    """
    return 50 * (output - target.flatten(1)).norm(dim=1).mean()  # the sides are 2 long


def places(dataset: object) -> Tensor:
    """Return the target points of a set, without any random move."""
    return torch.stack([y.data.flatten() for _, y in dataset])  # type: ignore[attr-defined]


def constant(data: DataBunch) -> float:
    """Return the error of saying the mean place of the training photos for every photo."""
    guess = places(data.train_ds.new(data.train_ds.x, data.train_ds.y, tfms=[], tfm_y=True)).mean(0)
    found = places(data.valid_ds)
    return float(distance(guess.expand_as(found), found))


def run(epochs: int = EPOCHS, max_lr: float = MAX_LR) -> list[Row]:
    """Train once; the figure is that of the last epoch."""
    folder = unpacked("pets_sample.tgz")
    if folder is None:
        return []
    torch.manual_seed(SEED)
    data = make_data(folder)
    learn = Learner(data, make_model(), loss_func=MSELossFlat(), metrics=distance, wd=WEIGHT_DECAY)
    start = time.perf_counter()
    learn.fit_one_cycle(epochs, max_lr)
    minutes = (time.perf_counter() - start) / 60
    note = (
        f"Euclidean, mean of {len(data.valid_ds)} photos; {constant(data):.2f} % for the mean place of the training "
        f"photos; {epochs} epochs at {SIZE}x{SIZE}, {minutes:.1f} minutes"
    )
    error = float(learn.recorder.metrics[-1][0])
    return [Row("Pets box centres from scratch: distance in sides of the picture", error, "%", f"<= {BOUND}",
                COMMAND, note)]  # fmt: skip


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    parser.add_argument("--max-lr", type=float, default=MAX_LR)
    parser.add_argument("--threads", type=int, default=0, help="torch threads; as they are when left out")
    given = parser.parse_args()
    if given.threads:
        torch.set_num_threads(given.threads)
    show(run(given.epochs, given.max_lr))
