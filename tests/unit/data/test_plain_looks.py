"""A plain look at an item changes no later run, whatever generator its transforms draw from."""

import random

import numpy as np
import torch
from torch import nn

from onecycle.data.item_list import ItemList
from onecycle.data.items import ItemBase
from onecycle.learner import Learner


class Point(ItemBase):
    """A number that transforms may move."""

    def __init__(self, value):
        super().__init__(value)
        self.data = torch.tensor([float(value)])

    def apply_tfms(self, tfms, **kwargs):
        moved = Point(self.obj)
        for tfm in tfms:
            moved.data = tfm(moved.data)
        return moved


class Points(ItemList):
    def get(self, i):
        return Point(self.items[i])


def by_torch(x):
    return x + torch.rand(1)


def by_numpy(x):
    return x + np.random.rand()


def by_python(x):
    return x + random.random()


def make(tfms):
    labelled = Points(np.arange(20.0)).split_by_idx(range(15, 20)).label_from_func(lambda value: value > 7)
    return labelled.transform((tfms, [])).databunch(bs=5, num_workers=0, device="cpu")


def losses(data, look):
    torch.manual_seed(3)
    np.random.seed(3)
    learn = Learner(data, nn.Linear(1, 2), loss_func=nn.CrossEntropyLoss(), silent=True)
    if look:
        for i in range(4):
            data.train_ds[i], data.valid_ds[0]
    learn.fit(2, 0.1)
    return learn.recorder.losses


def test_looks_change_no_later_run():
    data = make([by_torch, by_numpy, by_python])
    assert losses(data, look=True) == losses(data, look=False)


def test_looks_differ_and_can_be_repeated():
    dataset = make([by_torch]).train_ds
    np.random.seed(0)
    first = [float(dataset[0][0].data) for _ in range(3)]
    np.random.seed(0)
    assert [float(dataset[0][0].data) for _ in range(3)] == first
    assert len(set(first)) == 3
