"""Tensors in parts, in a group of one process; two share them in tests/e2e/test_distributed.py."""

import sys

import pytest
import torch
from torch import distributed, nn

from onecycle.callbacks.fsdp import shard
from onecycle.utils.sharded import (
    own_class,
    own_part,
    part_moments,
    parted_like,
    whole,
    whole_moments,
    whole_weights,
)


@pytest.fixture
def parted(monkeypatch):
    """Return a model in parts, and its weights as they were."""
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)  # the group puts its own there
    distributed.init_process_group("gloo", store=distributed.HashStore(), rank=0, world_size=1)
    model = nn.Linear(3, 2)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    shard(model)
    yield model, before
    distributed.destroy_process_group()


def test_plain_tensors_stay_as_they_are():
    plain = torch.ones(2)
    assert whole(plain) is plain and parted_like(plain, torch.zeros(2)) is plain
    assert whole_moments({0: {"step": plain, "name": "x"}}) == {0: {"step": plain, "name": "x"}}


def test_there_and_back(parted):
    model, before = parted
    assert all(torch.equal(tensor, before[name]) for name, tensor in whole_weights(model).items())
    again = parted_like(before["weight"], model.weight)
    assert again.device_mesh is model.weight.device_mesh and torch.equal(whole(again), before["weight"])
    assert parted_like(again, model.weight) is again


def test_moments_are_parted_as_their_weights(parted):
    model, before = parted
    state = {model.weight: {"exp_avg": before["weight"], "step": torch.tensor(3.0)}}
    part_moments(state)
    assert hasattr(state[model.weight]["exp_avg"], "device_mesh")
    assert not hasattr(state[model.weight]["step"], "device_mesh")
    assert torch.equal(whole_moments(state)[model.weight]["exp_avg"], before["weight"])


def test_the_own_part_is_in_the_same_memory_and_the_class_is_the_users(parted):
    model, before = parted
    own = own_part(model.weight.detach())
    own.add_(1)
    assert whole(model.weight.detach()).equal(before["weight"] + 1)
    assert own_part(own) is own
    assert type(model) is not nn.Linear and own_class(model) is nn.Linear and own_class(nn.ReLU()) is nn.ReLU
