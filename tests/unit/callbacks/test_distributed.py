"""Training in several processes, as far as one process can tell; tests/e2e/test_distributed.py has two."""

import os
import sys

import numpy as np
import pytest
import torch
from torch import distributed, nn

from onecycle.callbacks.distributed import DistributedTrainer, average_buffers, read_metrics, setup_distrib
from onecycle.errors import ArgumentError, DataError, StepError
from onecycle.utils.files import FileMissingError, write_json

pytestmark = pytest.mark.skipif(
    not (distributed.is_available() and distributed.is_gloo_available()), reason="needs gloo"
)


@pytest.fixture
def group(monkeypatch):
    """Be a group of one process."""
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)  # the group puts its own there
    distributed.init_process_group("gloo", store=distributed.HashStore(), rank=0, world_size=1)
    yield
    distributed.destroy_process_group()


def test_without_siblings_it_says_how_to_start_them(make_learner):
    learn = make_learner()
    with pytest.raises(StepError, match="torchrun --nproc-per-node 2 script.py.*setup_distrib"):
        learn.to_distributed()
    with pytest.raises(StepError, match="DistributedTrainer: the processes must be connected"):
        learn.fit(1, callbacks=[DistributedTrainer(learn)])
    learn.fit(1)
    assert type(learn.model) is nn.Sequential


def test_setup_alone_connects_nothing(monkeypatch):
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert setup_distrib() is None and setup_distrib(1) is None
    assert not distributed.is_initialized()


@pytest.mark.parametrize(("gpu", "chosen"), [(None, 1), (0, 0)])
def test_setup_takes_the_gpu_that_torchrun_says(monkeypatch, gpu, chosen):
    noted = []
    monkeypatch.setitem(os.environ, "LOCAL_RANK", "1")
    monkeypatch.setitem(os.environ, "WORLD_SIZE", "2")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "set_device", noted.append)
    monkeypatch.setattr(distributed, "init_process_group", noted.append)
    assert setup_distrib(gpu) == chosen
    assert noted == [chosen, "nccl"]


def test_a_model_on_another_gpu_is_refused(group, make_learner, monkeypatch):
    learn = make_learner()
    trainer = DistributedTrainer(learn, cuda_id=0)
    parameter = type("OnGpu", (), {"device": torch.device("cuda", 1)})()
    with monkeypatch.context() as patch:
        patch.setattr(learn.model, "parameters", lambda: iter([parameter]))
        with pytest.raises(ArgumentError, match="cuda_id must be that of cuda:1; got 0"):
            trainer.on_train_begin()
    assert type(learn.model) is nn.Sequential and type(learn.data.train_dl.dl) is list


def test_a_group_of_one_trains_as_alone_does(group, make_learner):
    learn, alone = make_learner(), make_learner()
    alone.model.load_state_dict(learn.model.state_dict())
    loaders = learn.data.train_dl, learn.data.valid_dl
    for one in (learn.to_distributed(), alone):
        torch.manual_seed(3)
        one.fit(2, 1e-2)
    assert np.allclose(learn.recorder.losses, alone.recorder.losses, atol=1e-6)
    assert learn.recorder.val_losses == pytest.approx(alone.recorder.val_losses, abs=1e-6)
    assert (learn.data.train_dl, learn.data.valid_dl) == loaders
    losses, metrics = read_metrics(learn.path / "tmp", 1)
    assert np.allclose(losses, learn.recorder.losses) and metrics.shape[0] == 2


def test_a_model_without_anything_to_learn_is_not_wrapped(group, make_learner):
    learn = make_learner()
    for parameter in learn.model.parameters():
        parameter.requires_grad_(False)
    trainer = DistributedTrainer(learn)
    trainer.on_train_begin()
    assert type(learn.model) is nn.Sequential
    average_buffers(learn.model)
    trainer.on_train_end()
    trainer.on_train_end()


def test_without_validation_it_trains_too(group, make_data, make_learner):
    learn = make_learner(data=make_data(valid=0)).to_distributed()
    learn.fit(1)
    assert learn.recorder.val_losses == []


def test_missing_records_are_named(tmp_path):
    write_json(tmp_path / "record_0.json", {"losses": [1.0], "metrics": [[2.0, None]]})
    losses, metrics = read_metrics(tmp_path, 1)
    assert losses.tolist() == [1.0] and metrics[0, 0] == 2.0 and np.isnan(metrics[0, 1])
    with pytest.raises(FileMissingError, match="record_1"):
        read_metrics(tmp_path, 2)


def test_on_the_devices_of_one_process(make_learner):
    learn = make_learner().to_parallel()
    learn.fit(1)
    assert type(learn.model) is nn.Sequential and len(learn.recorder.val_losses) == 1


def test_loaders_are_kept_where_there_are_too_few_batches(group, make_learner, make_data):
    learn = make_learner(data=make_data(train=16))
    trainer = DistributedTrainer(learn)
    whole = learn.data.train_dl
    with pytest.raises(DataError, match="a loader must be made by"):
        learn.data.train_dl = type(whole)(torch.utils.data.DataLoader([1, 2]), "cpu")
        trainer.on_train_begin()
    assert type(learn.model) is nn.Sequential
