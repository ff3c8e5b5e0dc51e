"""Shares with as many batches for each, and blocks; two processes train in tests/e2e/test_distributed.py."""

import sys

import numpy as np
import pytest
import torch
from torch import distributed, nn
from torch.utils.data import TensorDataset

from onecycle.callbacks import fsdp
from onecycle.callbacks.fsdp import ShardedTrainer, _even_share, _listed
from onecycle.data.loaders import DeviceDataLoader
from onecycle.errors import ArgumentError, DataError, StepError


def loader(count, size):
    return DeviceDataLoader.create(TensorDataset(torch.arange(count), torch.arange(count)), size, num_workers=0)


@pytest.mark.parametrize("count, processes, size", [(17, 2, 8), (23, 2, 8), (33, 4, 8), (3, 3, 2), (16, 2, 8)])
def test_each_process_gets_as_many_batches_and_each_item_comes_once(count, processes, size):
    shares = [_even_share(loader(count, size), rank, processes) for rank in range(processes)]
    assert len({len(share) for share in shares}) == 1
    seen = [x.tolist() for share in shares for x, _ in share]
    assert sorted(i for batch in seen for i in batch) == list(range(count))
    assert max(map(len, seen)) <= size


def test_ready_batches_are_dealt_out_and_refused_where_uneven(make_learner, monkeypatch):
    ready = DeviceDataLoader([(torch.zeros(2), torch.zeros(2))] * 3, "cpu")
    monkeypatch.setattr(fsdp, "greatest", lambda numbers: [2, -1])
    with pytest.raises(DataError, match="as many batches; they have 1 to 2"):
        ShardedTrainer(make_learner()).validation(ready, 0, 2)


def test_blocks_are_modules_with_children_in_lists():
    inner = nn.Sequential(nn.Linear(2, 2), nn.ReLU())
    model = nn.ModuleDict({"body": nn.ModuleList([inner, nn.Linear(2, 2)]), "head": nn.Linear(2, 2)})
    assert _listed(model) == {inner}
    assert np.all([not fsdp.is_parted(parameter) for parameter in model.parameters()])


def test_a_model_in_one_piece_is_refused(make_learner):
    learn = make_learner()
    with pytest.raises(StepError, match="the model must be parted. Call learn.to_fsdp"):
        ShardedTrainer(learn).wrapped(learn.model)


def test_alone_it_is_refused(make_learner):
    with pytest.raises(StepError, match="to_fsdp: the processes must be connected"):
        make_learner().to_fsdp()


def test_in_a_group_of_one(make_learner, monkeypatch):
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)  # the group puts its own there
    distributed.init_process_group("gloo", store=distributed.HashStore(), rank=0, world_size=1)
    try:
        learn = make_learner()
        learn.layer_groups = [learn.model, nn.ParameterList([nn.Parameter(torch.ones(1))])]
        with pytest.raises(ArgumentError, match="layer_groups must be made of modules"):
            learn.to_fsdp()
        learn = make_learner()
        learn.to_fsdp().fit(1)
        assert all(fsdp.is_parted(parameter) for parameter in learn.model.parameters())
    finally:
        distributed.destroy_process_group()
