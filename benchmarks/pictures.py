"""How fast picture files become batches, beside bare decoding of the same files with Pillow."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from PIL import Image as PilImage

from benchmarks.common import SEED, Row, alternate, show, unpacked
from onecycle.data.bunch import DataBunch
from onecycle.vision.image_list import ImageList
from onecycle.vision.normalization import imagenet_stats, mnist_stats
from onecycle.vision.transform import get_transforms, rand_pad

COMMAND = "python -m benchmarks.pictures"
PETS_REPEATS = 8  # 370 photos make 5 batches; an epoch of a real set is longer than the start of its workers
MNIST_COUNT = 10_000
SIZE, PETS_BATCH, MNIST_BATCH = 224, 64, 128


def bunch(files: list[Path], tfms: Any, batch_size: int, workers: int, mode: str = "RGB", **kwargs: Any) -> DataBunch:
    """Make the data sentence over these files; every file is for training and has the same label."""
    items = ImageList(files, path=files[0].parent, convert_mode=mode)
    labelled = items.split_none().label_const(0).transform(tfms, **kwargs)
    return labelled.databunch(bs=batch_size, num_workers=workers, no_check=True)


def pets(files: list[Path], workers: int) -> DataBunch:
    """Make augmented, normalised batches of photos."""
    return bunch(files, get_transforms(), PETS_BATCH, workers, size=SIZE).normalize(imagenet_stats)


def mnist(files: list[Path], workers: int) -> DataBunch:
    """Make normalised batches of digits, each at a random place of its frame."""
    return bunch(files, (rand_pad(3, 28, mode="zeros"), []), MNIST_BATCH, workers, "L").normalize(mnist_stats)


def read_all(data: DataBunch) -> Callable[[], None]:
    """Return a trial: one epoch over the training batches."""

    def trial() -> None:
        for _ in data.train_dl:
            pass

    return trial


def bare(files: list[Path], mode: str) -> Callable[[], None]:
    """Return a trial: every file opened and converted with Pillow."""

    def trial() -> None:
        for file in files:
            with PilImage.open(file) as picture:
                picture.convert(mode).load()

    return trial


def rates(times: dict[str, list[float]], counts: dict[str, int]) -> dict[str, float]:
    """Return pictures a second of each trial, by the median round."""
    return {name: counts[name] / statistics.median(took) for name, took in times.items()}


def compare(
    title: str, files: list[Path], mode: str, make: Callable[[list[Path], int], DataBunch], bound: str, rounds: int
) -> list[Row]:
    """Time Pillow, one process and two workers in turn."""
    torch.manual_seed(SEED)
    one, two = make(files, 0), make(files, 2)
    trials = {"pillow": bare(files, mode), "one process": read_all(one), "two workers": read_all(two)}
    loaded = len(one.train_dl) * one.train_dl.batch_size
    counts = {"pillow": len(files), "one process": loaded, "two workers": loaded}
    rate = rates(alternate(trials, rounds), counts)
    note = ", ".join(f"{name} {value:,.0f}/s" for name, value in rate.items())
    share, gain = rate["one process"] / rate["pillow"], rate["two workers"] / rate["one process"]
    return [
        Row(f"{title}, one process / bare Pillow decoding", share, "times the rate", bound, COMMAND, note),
        Row(f"{title}, two workers / one process", gain, "times the rate", ">= 1.6", COMMAND, "needs two free cores"),
    ]


def run(rounds: int = 5) -> list[Row]:
    """Measure photos and digits; what is not here is left out."""
    rows: list[Row] = []
    photos = unpacked("pets_sample.tgz")
    if photos is not None:
        files = sorted((photos / "images").glob("*.jpg")) * PETS_REPEATS
        rows += compare("Pets photos to augmented 224 batches", files, "RGB", pets, ">= 0.6", rounds)
    digits = unpacked("mnist_png.tgz")
    if digits is not None:
        files = sorted((digits / "testing").rglob("*.png"))[:MNIST_COUNT]
        rows += compare("MNIST PNG files to batches", files, "L", mnist, ">= 0.5", rounds)[:1]
    return rows


if __name__ == "__main__":
    show(run())
