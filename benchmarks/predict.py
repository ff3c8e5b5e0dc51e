"""What `learn.predict` costs beside preprocessing and the bare forward pass: resnet18 at 224."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import torch
from PIL import Image as PilImage

from benchmarks.common import SEED, Row, alternate, ratio, show
from onecycle.learner import Learner
from onecycle.vision.image import Image, open_image
from onecycle.vision.image_bunch import ImageDataBunch
from onecycle.vision.learner import cnn_learner
from onecycle.vision.models.resnet import resnet18
from onecycle.vision.normalization import imagenet_stats
from onecycle.vision.transform import get_transforms

COMMAND = "python -m benchmarks.predict"
CLASSES = ("left", "right")


def make_pictures(folder: Path, count: int = 8) -> None:
    """Write a few noisy 224x224 pictures in folders of two classes."""
    noise = np.random.RandomState(SEED)
    for part in ("train", "valid"):
        for name in CLASSES:
            (folder / part / name).mkdir(parents=True)
            for number in range(count):
                pixels = noise.randint(0, 256, (224, 224, 3), dtype=np.uint8)
                PilImage.fromarray(pixels).save(folder / part / name / f"{number}.png")


def make_learner(folder: Path) -> Learner:
    """Build an untrained resnet18 on the pictures, at 224."""
    data = ImageDataBunch.from_folder(folder, ds_tfms=get_transforms(), size=224, bs=4, num_workers=0)
    learner = cnn_learner(data.normalize(imagenet_stats), resnet18, pretrained=False)
    learner.model.eval()
    return learner


def by_hand(learner: Learner, picture: Image) -> torch.Tensor:
    """Do what a careful person writes: resize, normalise, forward, softmax."""
    mean, std = (torch.tensor(values)[:, None, None] for values in imagenet_stats)
    dataset = learner.data.valid_ds
    resized = picture.apply_tfms(dataset.tfms, **dataset.tfmargs)
    batch = ((resized.data - mean) / std)[None]  # (1, 3, 224, 224)
    with torch.inference_mode():
        return learner.model(batch).softmax(1)


def run(rounds: int = 60) -> list[Row]:
    """Time both in turn and compare the fastest of each."""
    torch.manual_seed(SEED)
    with tempfile.TemporaryDirectory() as name:
        make_pictures(Path(name))
        learner = make_learner(Path(name))
        picture = open_image(next(Path(name).rglob("*.png")))
        _same_answer(learner, picture)
        times = alternate({
            "predict": lambda: learner.predict(picture),
            "by hand": lambda: by_hand(learner, picture),
        }, rounds, warm_up=5)
    fastest = {name: min(took) * 1e3 for name, took in times.items()}
    note = f"{fastest['predict']:.1f} ms beside {fastest['by hand']:.1f} ms, fastest of {rounds}"
    return [Row("learn.predict, resnet18 at 224 / preprocessing + bare forward",
                ratio(times, "predict", "by hand", by=min), "times", "<= 1.05", COMMAND, note)]


def _same_answer(learner: Learner, picture: Image) -> None:
    ours, yardstick = learner.predict(picture)[2], by_hand(learner, picture)[0]
    torch.testing.assert_close(ours, yardstick, atol=1e-5, rtol=1e-4)


if __name__ == "__main__":
    show(run())
