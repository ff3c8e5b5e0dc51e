"""The launcher hands a script to torchrun's engine."""

import pytest
import torch
from torch.distributed import run

from onecycle import launch


@pytest.fixture
def said(monkeypatch):
    """Return what the engine is told."""
    told = []
    monkeypatch.setattr(run, "main", told.extend)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    return told


def test_one_process_a_gpu(said, monkeypatch):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 4)
    launch.main(["--gpus", "0,2", "train.py", "--epochs", "3"])
    assert said == ["--standalone", "--nproc-per-node=2", "--max-restarts=0", "train.py", "--epochs", "3"]


def test_two_without_gpus_and_as_many_as_said(said, monkeypatch):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    launch.main(["train.py"])
    launch.main(["--processes", "3", "--restarts", "5", "train.py"])
    assert said[1] == "--nproc-per-node=2" and said[5:7] == ["--nproc-per-node=3", "--max-restarts=5"]
