"""Values in a few words."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from onecycle.utils.short_repr import short_repr


class Long:
    def __repr__(self):
        return "many words\n" * 50


class Broken:
    def __repr__(self):
        raise RuntimeError("no")


class Own:
    def short_repr(self):
        return "mine"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "None"),
        (0.5, "0.5"),
        ("a" * 200, "'" + "a" * 78 + "…"),
        (Path("a/b" * 99), repr(Path("a/b" * 99))),
        (torch.zeros(2, 3), "tensor (2, 3)"),
        (torch.tensor(2.5), "tensor(2.5)"),
        (np.zeros((4, 1)), "array (4, 1)"),
        (nn.Linear(2, 3), "Linear(in_features=2, out_features=3, bias=True)"),
        (nn.Sequential(nn.Linear(2, 3)), "Sequential(…)"),
        (np.mean, "mean"),
        (nn.Linear, "Linear"),
        (partial(torch.optim.Adam, 3, lr=torch.zeros(5)), "partial(Adam, 3, lr=tensor (5,))"),
        ([1, [2, 3]], "[1, [2, 3]]"),
        ((), "()"),
        ({"a": [1] * 9}, "{'a': [1, 1, 1, 1, … 5 more]}"),
        (Long(), "Long(…)"),
        (Broken(), "<Broken: RuntimeError>"),
        ([Own()], "[mine]"),
    ],
)
def test_short_repr(value, text):
    assert short_repr(value) == text
