"""Tiny folders of pictures and a tiny net, as a newcomer would have them: fixtures for the tests of whole sentences."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn


def write_picture(file: Path, size: int | tuple[int, int] = 16, seed: int = 0) -> Path:
    """Write a picture of noise; the ending tells the format."""
    from PIL import Image

    shape = (size, size, 3) if isinstance(size, int) else (*size, 3)
    pixels = np.random.default_rng(seed).integers(0, 255, shape, dtype=np.uint8)
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(file)
    return file


@pytest.fixture
def one_thread() -> Iterator[None]:
    """Run torch on one thread."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(autouse=True)
def no_windows() -> Iterator[None]:
    """Draw figures in memory, and forget them after each test."""
    import matplotlib

    matplotlib.use("Agg")
    yield
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")


@pytest.fixture
def pets(tmp_path: Path) -> Path:
    """Return a folder with six pictures of cats and six of dogs, 16 x 16 pixels: cat/cat_0.png …"""
    folder = tmp_path / "pets"
    for number, label in enumerate(("cat", "dog")):
        for i in range(6):
            write_picture(folder / label / f"{label}_{i}.png", seed=100 * number + i)
    return folder


@pytest.fixture
def pets_bunch(pets: Path) -> Callable[..., Any]:
    """Return a function that makes the data of `pets`: 9 of training, 3 of validation, batches of 4."""
    from onecycle.vision.image_list import ImageList

    def make(**how: Any) -> Any:
        labelled = ImageList.from_folder(pets).split_by_rand_pct(0.25, seed=1).label_from_folder()
        return labelled.databunch(**{"bs": 4, "num_workers": 0, "device": "cpu", **how})

    return make


@pytest.fixture
def tiny_net() -> Callable[[int], nn.Module]:
    """Return a function that makes a net of 126 weights with so many outputs."""

    def make(outputs: int = 2) -> nn.Module:
        torch.manual_seed(0)
        layers = (
            nn.Conv2d(3, 4, 3, 2),
            nn.ReLU(),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Linear(4, outputs),
        )
        return nn.Sequential(*layers)

    return make


@pytest.fixture
def pets_learner(pets_bunch: Callable[..., Any], tiny_net: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that makes a silent learner of the tiny net on `pets`."""
    from onecycle.learner import Learner

    def make(outputs: int = 2, data: Any = None, **how: Any) -> Any:
        return Learner(pets_bunch() if data is None else data, tiny_net(outputs), **{"silent": True, **how})

    return make
