"""Torch's own losses have names and states, so that files can hold them."""

import json

import pytest
import torch
from torch import nn

from onecycle.nn.torch_losses import _CLASSES, _FUNCTIONS
from onecycle.utils.registry import HOMES, decode, encode

CHANGED = [
    nn.CrossEntropyLoss(weight=torch.tensor([1.0, 2.0]), ignore_index=-1, label_smoothing=0.1),
    nn.BCEWithLogitsLoss(pos_weight=torch.tensor([3.0]), reduction="sum"),
    nn.SmoothL1Loss(beta=2.0),
    nn.HuberLoss(delta=3.0),
]


def through_file(value):
    return decode(json.loads(json.dumps(encode(value))))


@pytest.mark.parametrize("loss", [*CHANGED, *(cls() for cls in _CLASSES)], ids=repr)
def test_losses_go_through_files(loss):
    twin = through_file(loss)
    assert type(twin) is type(loss)
    assert encode(twin) == encode(loss)


@pytest.mark.parametrize("function", _FUNCTIONS)
def test_functions_go_through_files(function):
    assert through_file(function) is function


def test_every_name_is_found_before_the_import():
    assert {thing.__name__ for thing in (*_CLASSES, *_FUNCTIONS)} <= set(HOMES["loss"])
