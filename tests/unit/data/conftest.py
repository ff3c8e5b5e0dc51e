"""A small folder of arrays, and the list that opens them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from onecycle.data.item_list import ItemList
from onecycle.data.items import ItemBase
from onecycle.utils import registry
from onecycle.utils.registry import register
from onecycle.utils.seeding import uniform


class Row(ItemBase):
    """A vector that knows two transforms: adding a number drawn at random, and a size to cut to."""

    def apply_tfms(self, tfms, size=None, do_resolve=True):
        data = self.data if size is None else self.data[:size]
        for tfm in tfms or []:
            data = tfm(data)
        return Row(data)


@register("item_list", "RowListOfTests")
class RowList(ItemList):
    """Files of vectors."""

    def get(self, i):
        return Row(torch.from_numpy(np.load(super().get(i))))

    def reconstruct(self, t):
        return Row(t)


def add_noise(data):
    return data + uniform(0, 1)


def write_rows(folder: Path, count: int = 10) -> Path:
    """Write count vectors for each of two classes into train/ and valid/."""
    numbers = np.random.RandomState(0)
    for part in ("train", "valid"):
        for name in ("cat", "dog"):
            (folder / part / name).mkdir(parents=True)
            for i in range(count):
                np.save(folder / part / name / f"{name}_{i}.npy", numbers.rand(4).astype(np.float32))
    return folder


@pytest.fixture
def folder(tmp_path):
    return write_rows(tmp_path)


@pytest.fixture
def rows(folder):
    """Return the list of all 40 vectors."""
    return RowList.from_folder(folder, extensions=[".npy"])


@pytest.fixture
def labelled(rows):
    """Return 20 training and 20 validation vectors of two classes."""
    return rows.split_by_folder().label_from_folder()


@pytest.fixture
def row_list():
    return RowList


@pytest.fixture
def row():
    return Row


@pytest.fixture
def noise():
    return add_noise


@pytest.fixture(autouse=True)
def registry_kept():
    """Forget what a test registers."""
    before = {kind: set(known) for kind, known in registry._things.items()}
    yield
    for kind, known in registry._things.items():
        for name in set(known) - before[kind]:
            if not known[name].__module__.startswith("onecycle"):  # a leaf that was imported meanwhile stays
                registry._names.pop(id(known.pop(name)))
