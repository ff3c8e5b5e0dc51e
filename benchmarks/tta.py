"""What test-time augmentation is worth on small real images: patches of road scenes (CamVid), 32 pixels a side."""

from __future__ import annotations

import argparse
import statistics
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import nn

from benchmarks.common import SEED, Row, show, unpacked
from onecycle.data.bunch import DataBunch
from onecycle.learner import Learner
from onecycle.metrics.classification import accuracy
from onecycle.vision.image_list import ImageList
from onecycle.vision.transform import flip_lr, get_transforms, rand_pad

COMMAND = "python -m benchmarks.tta"
SIDE, CUT = 32, 48  # pixels of an image, and of the window of the frame that it shows
COUNTS = {"train": 250, "valid": 120}  # images of each class, of frames that are in one of the sets only
EPOCHS, MAX_LR = 12, 5e-3
TFMS = {"rand_pad(4) and flips": lambda: [flip_lr(p=0.5), *rand_pad(4, SIDE)], "get_transforms()": get_transforms}


def cut_patches(camvid: Path, folder: Path) -> None:
    """Write windows around pixels of each class but void, in `train/<class>` and `valid/<class>`."""
    draw = np.random.default_rng(SEED)
    codes = (camvid / "codes.txt").read_text().split()
    held_out = set((camvid / "valid.txt").read_text().split())
    counts: dict[tuple[str, str], int] = {}
    for file in draw.permutation(sorted((camvid / "images").iterdir())):
        part = "valid" if file.name in held_out else "train"
        mask = np.asarray(Image.open(camvid / "labels" / f"{file.stem}_P.png"))
        frame, half = np.asarray(Image.open(file)), CUT // 2
        of_frame: dict[str, int] = {}
        for _ in range(400):
            y, x = (int(draw.integers(half, side - half)) for side in mask.shape)
            name = codes[mask[y, x]]
            around = (mask[y - 6 : y + 7, x - 6 : x + 7] == mask[y, x]).mean()
            full = counts.get((part, name), 0) == COUNTS[part] or of_frame.get(name, 0) == 4
            if name == "void" or full or around < 0.35:
                continue
            counts[part, name], of_frame[name] = counts.get((part, name), 0) + 1, of_frame.get(name, 0) + 1
            target = folder / part / name / f"{file.stem}_{y}_{x}.png"
            target.parent.mkdir(parents=True, exist_ok=True)
            window = Image.fromarray(frame[y - half : y + half, x - half : x + half])
            window.resize((SIDE, SIDE), Image.Resampling.BOX).save(target)


def make_data(folder: Path, tfms: Any) -> DataBunch:
    """Read the patches; validation sees them as they are."""
    pair = tfms if isinstance(tfms, tuple) else (tfms, [])
    labelled = ImageList.from_folder(folder).split_by_folder().label_from_folder()
    return labelled.transform(pair, size=SIDE).databunch(bs=64, num_workers=0, device="cpu").normalize()


def network(classes: int) -> nn.Module:
    """Four convolutions with batch norms, each of half the resolution of the one before."""

    def block(inside: int, outside: int) -> nn.Sequential:
        convolution = nn.Conv2d(inside, outside, 3, 2, 1, bias=False)
        return nn.Sequential(convolution, nn.BatchNorm2d(outside), nn.ReLU())

    widths = [3, 16, 32, 64, 128]
    head = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.2), nn.Linear(widths[-1], classes)]
    return nn.Sequential(*map(block, widths, widths[1:]), *head)


def judged(preds: torch.Tensor, targets: torch.Tensor) -> tuple[float, float]:
    """Return accuracy in per cent and log-loss."""
    return 100 * float(accuracy(preds, targets)), float(nn.functional.nll_loss(preds.clamp_min(1e-12).log(), targets))


def trial(data: DataBunch, seed: int) -> dict[str, tuple[float, float]]:
    """Train once; judge the plain predictions and those of three kinds of views."""
    torch.manual_seed(seed)
    learn = Learner(data, network(data.c), metrics=accuracy, silent=True)
    learn.fit_one_cycle(EPOCHS, MAX_LR)
    plain, targets = learn.get_preds()
    views = {"TTA()": {}, "TTA(scale=1.1)": {"scale": 1.1}, "TTA(scale=1.35)": {"scale": 1.35}}
    return {"plain": judged(plain, targets), **{name: judged(*learn.TTA(**how)) for name, how in views.items()}}


def run(seeds: int = 2) -> list[Row]:
    """Compare over both kinds of training and some seeds."""
    camvid = unpacked("camvid.tgz")
    if camvid is None:
        return []
    rows = []
    with tempfile.TemporaryDirectory() as path:
        cut_patches(camvid, Path(path))
        for name, tfms in TFMS.items():
            trials = [trial(make_data(Path(path), tfms()), SEED + number) for number in range(seeds)]
            rows += rows_of(name, trials)
    return rows


def rows_of(name: str, trials: list[dict[str, tuple[float, float]]]) -> list[Row]:
    """Return the gain of each kind of views over the plain predictions, means over the trials."""
    rows = []
    note = f"11 classes, {COUNTS['train']} images each, {EPOCHS} epochs; plain {_mean(trials, 'plain', 0):.2f} %"
    for kind in [kind for kind in trials[0] if kind != "plain"]:
        gain = _mean(trials, kind, 0) - _mean(trials, "plain", 0)
        loss = _mean(trials, kind, 1) / _mean(trials, "plain", 1)
        seeds = f"{SEED} to {SEED + len(trials) - 1}"
        bound = "<= 1" if kind == "TTA()" else ""
        title = f"road patches, trained with {name}: learn.{kind}"
        rows.append(Row(f"{title}, log-loss / plain", loss, "", bound, COMMAND, f"{gain:+.2f} points; {note}", seeds))
    return rows


def _mean(trials: list[dict[str, tuple[float, float]]], kind: str, which: int) -> float:
    return statistics.mean(one[kind][which] for one in trials)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=2)
    show(run(parser.parse_args().seeds))
