"""What masks cost: a picture with its mask beside the picture alone, and a U-Net step beside a hand-written loop."""

from __future__ import annotations

import argparse
import contextlib
import io
import statistics
import time
from copy import deepcopy
from pathlib import Path

import torch
from torch import nn

from benchmarks.camvid import make_data
from benchmarks.common import SEED, Row, alternate, show, unpacked
from benchmarks.loop import Batches, by_hand, check_same, ours
from benchmarks.pictures import read_all
from onecycle.data.bunch import DataBunch
from onecycle.vision.image_list import ImageList
from onecycle.vision.segmentation_list import SegmentationItemList
from onecycle.vision.transform import get_transforms
from onecycle.vision.unet_model import create_unet_model

COMMAND = "python -m benchmarks.segmentation"
SIZES = ((96, 128), (180, 240))
FRAMES, BATCH, STEPS, CLASSES, KEEP_MB = 192, 8, 4, 12, 64


def frames(folder: Path) -> list[Path]:
    """Return every third frame: different scenes."""
    return sorted((folder / "images").glob("*.jpg"))[::3][:FRAMES]


def pictures(folder: Path, size: tuple[int, int]) -> DataBunch:
    """Make augmented batches of the frames alone."""
    labelled = ImageList(frames(folder), path=folder).split_none().label_const(0)
    return labelled.transform(get_transforms(), size=size).databunch(bs=BATCH, num_workers=0, no_check=True)


def pairs(folder: Path, size: tuple[int, int], keep_mb: float = 0) -> DataBunch:
    """Make augmented batches of the frames with their masks, kept in memory or not."""
    masks = folder / "labels"
    codes = (folder / "codes.txt").read_text().split()
    items = SegmentationItemList(frames(folder), path=folder).split_none()
    labelled = items.label_from_func(lambda file: masks / f"{file.stem}_P.png", classes=codes, keep_mb=keep_mb)
    moved = labelled.transform(get_transforms(), size=size, tfm_y=True)
    return moved.databunch(bs=BATCH, num_workers=0, no_check=True)


def over(times: dict[str, list[float]], ours: str, yardstick: str) -> float:
    """Return the median of the ratios of neighbouring runs."""
    return statistics.median(a / b for a, b in zip(times[ours], times[yardstick], strict=True))


def sample_cost(folder: Path, size: tuple[int, int], rounds: int) -> list[Row]:
    """Time epochs of pictures and of pictures with masks in turn, in seconds of computing."""
    trials = {
        "pictures": read_all(pictures(folder, size)),
        "pairs": read_all(pairs(folder, size)),
        "kept pairs": read_all(pairs(folder, size, keep_mb=KEEP_MB)),
    }
    times = alternate(trials, rounds, warm_up=2, clock=time.process_time)
    each = {name: 1e3 * statistics.median(took) / FRAMES for name, took in times.items()}
    figure = f"CamVid samples at {size[0]}x{size[1]}, picture and mask / picture alone"
    beside = f"ms beside {each['pictures']:.2f} ms of computing; frames and masks are 480x360"
    return [
        Row(figure, over(times, "pairs", "pictures"), "times", "<= 1.6", COMMAND, f"{each['pairs']:.2f} {beside}"),
        Row(f"{figure}, keep_mb={KEEP_MB}", over(times, "kept pairs", "pictures"), "times", "<= 1.6", COMMAND,
            f"{each['kept pairs']:.2f} {beside}; masks decoded before"),
    ]  # fmt: skip


class Pixelwise(nn.Module):
    """Give a U-Net's output as one row of scores a pixel, as the loss of both loops takes it."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return `(N * H * W, classes)`."""
        return self.model(x).movedim(1, -1).flatten(0, -2)


def step_cost(folder: Path, rounds: int) -> Row:
    """Train the same U-Net with a Learner and by hand, in turn."""
    torch.manual_seed(SEED)
    loaded = iter(make_data(folder, SIZES[0], BATCH).train_dl)
    batches: Batches = [(x, y.flatten()) for x, y in (next(loaded) for _ in range(STEPS + 1))]
    train, valid = batches[:STEPS], batches[STEPS:]
    model = Pixelwise(create_unet_model("resnet18", CLASSES, SIZES[0], pretrained=False, bottle=True))
    trials = {
        "ours": lambda: ours(deepcopy(model), train, valid),
        "hand": lambda: by_hand(deepcopy(model), train, valid),
    }
    with contextlib.redirect_stdout(io.StringIO()):
        apart = check_same(model, train, valid)
        times = alternate(trials, rounds, warm_up=0, clock=time.process_time)
    shape = f"{SIZES[0][0]}x{SIZES[0][1]}, batches of {BATCH}"
    note = f"seconds of computing; resnet18 body, {shape}; curves differ by {apart:.1e}"
    return Row("a U-Net training step, onecycle / hand-written loop", over(times, "ours", "hand"), "times",
               "<= 1.02", COMMAND, note)  # fmt: skip


def run(rounds: int = 9, step_rounds: int = 7) -> list[Row]:
    """Measure samples, then steps."""
    folder = unpacked("camvid.tgz")
    if folder is None:
        return []
    samples = [row for size in SIZES for row in sample_cost(folder, size, rounds)]
    return [*samples, step_cost(folder, step_rounds)] if step_rounds else samples


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--step-rounds", type=int, default=7, help="0 leaves the U-Net step out")
    parser.add_argument("--threads", type=int, default=0, help="torch threads; as they are when left out")
    given = parser.parse_args()
    if given.threads:
        torch.set_num_threads(given.threads)
    show(run(given.rounds, given.step_rounds))
