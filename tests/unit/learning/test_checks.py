"""What a learner cannot be made of."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from onecycle.data.item_list import ItemList
from onecycle.errors import ArgumentTypeError, StepError
from onecycle.learner import Learner


@pytest.mark.parametrize(
    ("keywords", "said"),
    [
        ({"loss_func": nn.CrossEntropyLoss}, r"loss_func must be a function .* Make it first: CrossEntropyLoss\(\)"),
        ({"loss_func": "ce"}, r"loss_func must be a function of \(output, target\); got 'ce'"),
        ({"model_dir": None}, "model_dir must be the name of a folder; got None"),
        ({"callback_fns": [3]}, "callback_fns must be called with a learner and return a callback; got 3"),
        ({"layer_groups": 3}, "layer_groups must be a list of modules; got 3 .*learn.split"),
    ],
)
def test_parts_of_the_wrong_kind_are_refused(make_data, keywords, said):
    with pytest.raises(ArgumentTypeError, match=f"Learner: {said}"):
        Learner(make_data(), nn.Linear(6, 3), **keywords)


def test_data_without_loaders_is_refused(make_data):
    lists = ItemList([1, 2]).split_none().label_from_func(float)
    with pytest.raises(ArgumentTypeError, match=r"(?s)data must be a DataBunch; got .*Call .databunch\(\) first"):
        Learner(lists, nn.Linear(6, 3))
    with pytest.raises(ArgumentTypeError, match=r"(?s)data must be .*; got Linear.*order is Learner\(data"):
        Learner(nn.Linear(6, 3), make_data())


def test_there_is_no_record_before_training(make_learner):
    learn = make_learner()
    with pytest.raises(StepError, match="recorder: nothing is recorded yet. Call fit"):
        _ = learn.recorder
    assert not hasattr(learn, "recorder")
    learn.fit(1)
    assert len(learn.recorder.losses) == 4
    assert torch.isfinite(torch.as_tensor(learn.recorder.losses[-1]))
