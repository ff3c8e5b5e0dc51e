"""Tiny pictures of two classes, a small network for them, and a learner: fixture `picture_learner`."""

import numpy as np
import pytest
import torch
from torch import nn


def tiny_net(width: int = 4, classes: int = 2) -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(3, width, 3, padding=1), nn.BatchNorm2d(width), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
        nn.Dropout(0.5), nn.Linear(width, classes),
    )  # fmt: skip


@pytest.fixture
def pictures(tmp_path):
    """A folder with 8 bright and 8 dark pictures of 8x8 pixels."""
    from PIL import Image

    draw = np.random.RandomState(0)
    for name, low in (("bright", 150), ("dark", 0)):
        (tmp_path / "data" / name).mkdir(parents=True)
        for number in range(8):
            pixels = draw.randint(low, low + 100, (8, 8, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / "data" / name / f"{number}.png")
    return tmp_path / "data"


@pytest.fixture
def picture_data(pictures):
    from onecycle.vision.image_list import ImageList

    labelled = ImageList.from_folder(pictures).split_by_rand_pct(0.25, seed=1).label_from_folder()
    return labelled.transform(size=8).databunch(bs=4, num_workers=0, device="cpu").normalize()


@pytest.fixture
def picture_learner(picture_data):
    from onecycle.learner import Learner
    from onecycle.metrics.classification import accuracy

    torch.manual_seed(0)
    learn = Learner(picture_data, tiny_net(), metrics=accuracy, silent=True)
    learn.fit_one_cycle(2, 1e-2)
    return learn
