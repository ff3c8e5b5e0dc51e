"""How well a U-Net without pretrained weights segments road scenes (CamVid) after twelve epochs of one cycle."""

from __future__ import annotations

import argparse
import time
from functools import partial
from pathlib import Path

import torch

from benchmarks.common import SEED, Row, show, unpacked
from onecycle.data.bunch import DataBunch
from onecycle.learner import Learner
from onecycle.metrics.segmentation import MeanIoU, foreground_acc
from onecycle.nn.losses import CrossEntropyFlat
from onecycle.nn.norm import NormType
from onecycle.vision.learner import unet_learner
from onecycle.vision.segmentation_list import SegmentationItemList
from onecycle.vision.transform import get_transforms

COMMAND = "python -m benchmarks.camvid"
SIZE, BATCH, EPOCHS = (96, 128), 4, 12
MAX_LR, WEIGHT_DECAY = 1e-3, 1e-2
MINUTES, ACCURACY = 20, 0.80


def make_data(folder: Path, size: tuple[int, int] = SIZE, batch_size: int = BATCH) -> DataBunch:
    """Read the 701 frames with their masks, 334 of them for validation, as the data set's own list says."""
    codes = (folder / "codes.txt").read_text().split()
    items = SegmentationItemList.from_folder(folder / "images").split_by_fname_file("../valid.txt")
    labelled = items.label_from_func(lambda file: folder / "labels" / f"{file.stem}_P.png", classes=codes)
    tfms = get_transforms(max_rotate=0.0, max_warp=0.0, max_zoom=1.05)  # twelve epochs are too few for more
    return labelled.transform(tfms, size=size, tfm_y=True).databunch(bs=batch_size).normalize()


def make_learner(data: DataBunch) -> Learner:
    """Build the U-Net; pixels of the class void are of no known class, and the loss leaves them out."""
    void = data.classes.index("void")
    learn = unet_learner(
        data, "resnet18", pretrained=False, norm_type=NormType.Batch, bottle=True, wd=WEIGHT_DECAY,
        loss_func=CrossEntropyFlat(axis=1, ignore_index=void),
        metrics=[partial(foreground_acc, void_code=void), MeanIoU(ignore=void)],
    )  # fmt: skip
    return learn.to_channels_last()  # a quarter less time on CPUs


def run(epochs: int = EPOCHS, max_lr: float = MAX_LR, size: tuple[int, int] = SIZE) -> list[Row]:
    """Train once; the figures are those of the last epoch."""
    folder = unpacked("camvid.tgz")
    if folder is None:
        return []
    torch.manual_seed(SEED)
    learn = make_learner(make_data(folder, size))
    start = time.perf_counter()
    learn.fit_one_cycle(epochs, max_lr)
    minutes = (time.perf_counter() - start) / 60
    accuracy, iou = map(float, learn.recorder.metrics[-1])
    title = f"CamVid, U-Net on resnet18 from scratch, {epochs} epochs at {size[0]}x{size[1]}"
    note = f"max_lr {max_lr}, batches of {BATCH}, weight decay {WEIGHT_DECAY}; validated on 334 frames"
    return [
        Row(f"{title}: accuracy without void", accuracy, "", f">= {ACCURACY}", COMMAND, note),
        Row(f"{title}: mean IoU without void", iou, "", "", COMMAND, "mean of 11 classes, counted over the set"),
        Row(f"{title}: time", minutes, "minutes", f"<= {MINUTES}", COMMAND, "training and validation"),
    ]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    parser.add_argument("--max-lr", type=float, default=MAX_LR)
    parser.add_argument("--size", type=int, nargs=2, default=SIZE, metavar=("HEIGHT", "WIDTH"))
    parser.add_argument("--threads", type=int, default=0, help="torch threads; as they are when left out")
    given = parser.parse_args()
    if given.threads:
        torch.set_num_threads(given.threads)
    show(run(given.epochs, given.max_lr, tuple(given.size)))
