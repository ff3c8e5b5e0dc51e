"""Samples and batches whose parts have names."""

from __future__ import annotations

from collections import UserDict, namedtuple
from dataclasses import dataclass
from typing import Any

import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset

from onecycle.callbacks.mixup import MixUpCallback
from onecycle.data.batch_parts import NoTarget, as_pair
from onecycle.data.bunch import DataBunch
from onecycle.data.collate import data_collate, place
from onecycle.errors import CallbackError, DataError, TrainingError
from onecycle.interpret.classification import ClassificationInterpretation
from onecycle.learner import Learner
from onecycle.metrics.classification import accuracy


@dataclass
class Sample:
    ids: Any
    mask: Any
    label: Any


Row = namedtuple("Row", "ids mask label")


class Samples(Dataset):
    """Two classes of rows that are told apart by their mean, as dicts, dataclasses, named tuples or `UserDict`."""

    def __init__(self, kind, count=64):
        generator = torch.Generator().manual_seed(0)
        self.kind, self.labels = kind, torch.arange(count) % 2
        self.ids = torch.randn(count, 6, generator=generator) + self.labels[:, None] * 3

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, i):
        return self.kind(ids=self.ids[i], mask=torch.ones(6), label=int(self.labels[i]))


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(6, 2)

    def forward(self, mask, ids):
        return self.layer(ids * mask)


class Encoding(UserDict):
    """Be a batch as collators of Hugging Face make it: a mapping that is no dict and goes to a device itself."""

    def to(self, device):
        return Encoding({name: value.to(device) for name, value in self.items()})


def hugging_face_collate(samples):
    columns = {name: torch.stack([torch.as_tensor(row[name]) for row in samples]) for name in samples[0]}
    return Encoding({("labels" if name == "label" else name): column for name, column in columns.items()})


def _as_dict(**parts):
    return parts


KINDS = [_as_dict, Sample, Row, lambda **parts: UserDict(parts)]


def _learns(data):
    torch.manual_seed(0)
    learn = Learner(data, Net(), loss_func=nn.CrossEntropyLoss(), metrics=accuracy, silent=True)
    learn.fit_one_cycle(3, 1e-1)
    assert learn.validate()[1] > 0.9
    preds, targets = learn.get_preds()
    assert preds.shape == (64, 2) and targets.tolist() == [0, 1] * 32
    assert "Linear" in learn.summary()
    return learn


@pytest.mark.parametrize("kind", KINDS)
def test_data_sets_of_samples_with_names_are_learned(kind):
    data = DataBunch.create(Samples(kind), Samples(kind), bs=16, device="cpu")
    xb, yb = data.one_batch()
    assert {name: tuple(part.shape) for name, part in xb.items()} == {"ids": (16, 6), "mask": (16, 6)}
    assert yb.shape == (16,)
    assert data.batch_size == 16
    _learns(data)


def test_ready_loaders_of_dicts_are_learned():
    samples = Samples(_as_dict)
    loaders = [DataLoader(samples, 16, shuffle=shuffle, collate_fn=hugging_face_collate) for shuffle in (True, False)]
    data = DataBunch(*loaders, device="cpu")
    learn = _learns(data)
    for xb, yb in data.train_dl:  # also where someone goes through the loader
        assert set(xb) == {"ids", "mask"} and yb.shape == (16,)
    assert learn.pred_batch().shape == (16, 2)


def test_ready_batches_that_are_dataclasses_are_learned():
    samples = Samples(_as_dict)
    batches = [Sample(samples.ids[i : i + 16], torch.ones(16, 6), samples.labels[i : i + 16]) for i in range(0, 64, 16)]
    data = DataBunch(batches, batches, device="cpu")
    assert data.batch_size == 16
    _learns(data)


def test_a_batch_becomes_a_pair():
    assert as_pair((1, 2)) == (1, 2)
    assert as_pair({"inputs": {"a": 1, "b": 2}, "targets": 3}) == ({"a": 1, "b": 2}, 3)
    assert as_pair({"x": 1, "y": 2}) == ({"x": 1}, 2)
    assert as_pair({"x": 1, "labels": None, "label": 2}) == ({"x": 1}, 2)
    pair = namedtuple("pair", "a b")
    assert as_pair(pair(1, 2)) == (1, 2)
    assert as_pair(3) == 3


def test_predictions_need_no_targets_and_losses_say_what_is_missing():
    class Unlabelled(Samples):
        def __getitem__(self, i):
            return {"ids": self.ids[i], "mask": torch.ones(6)}

    whole, bare = Samples(_as_dict), Unlabelled(_as_dict, count=10)
    learn = Learner(
        DataBunch.create(whole, whole, bare, bs=4, device="cpu"), Net(), loss_func=nn.CrossEntropyLoss(), silent=True
    )
    preds, targets = learn.preds_of(learn.data.test_dl)
    assert preds.shape == (10, 2) and targets.tolist() == [0] * 10
    said = r"batch: must have its targets under one of the names labels, label, .*; got \['ids', 'mask'\]. Rename"
    with pytest.raises(DataError, match=said):
        learn.validate(learn.data.test_dl)
    data = DataBunch.create(bare, None, bs=4, device="cpu")
    alone = Learner(data, Net(), loss_func=nn.CrossEntropyLoss(), silent=True)
    with pytest.raises(DataError, match=said):
        alone.fit(1)
    assert isinstance(as_pair(bare[0])[1], NoTarget)


def test_parts_that_the_model_does_not_name_are_told():
    class Other(Net):
        def forward(self, words, mask):
            return self.layer(words * mask)

    data = DataBunch.create(Samples(_as_dict), None, bs=16, device="cpu")
    learn = Learner(data, Other(), loss_func=nn.CrossEntropyLoss(), silent=True)
    with pytest.raises(TrainingError, match=r"Other.forward names \(words\); it has ids, mask"):
        learn.fit(1)


def test_parts_go_to_the_device():
    device = torch.device("meta")
    batch = place([Encoding(a=torch.zeros(2)), {"b": [torch.zeros(1)]}, "text"], device)
    assert batch[0]["a"].device == batch[1]["b"][0].device == device and batch[2] == "text"


def test_dataclasses_are_collated_as_dicts():
    batch = data_collate([Sample([1, 2], 0.5, "a"), Sample([3, 4], 1.5, "b")])
    assert batch["mask"].tolist() == [0.5, 1.5] and batch["label"] == ["a", "b"]


def test_mixup_says_that_it_mixes_one_tensor():
    data = DataBunch.create(Samples(_as_dict), None, bs=16, device="cpu")
    learn = Learner(data, Net(), loss_func=nn.CrossEntropyLoss(), callback_fns=MixUpCallback, silent=True)
    with pytest.raises(CallbackError, match=r"MixUpCallback: inputs must be one tensor; got 2 parts. Train without"):
        learn.fit(1)


def test_classes_without_names_are_interpreted_by_their_numbers():
    data = DataBunch.create(Samples(_as_dict), Samples(_as_dict), bs=16, device="cpu")
    learn = Learner(data, Net(), loss_func=nn.CrossEntropyLoss(), silent=True)
    read = ClassificationInterpretation.from_learner(learn)
    assert read.classes == [0, 1] and read.confusion_matrix().sum() == 64
