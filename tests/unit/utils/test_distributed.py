"""What a process knows of its siblings."""

from __future__ import annotations

import torch
from torch import distributed

from onecycle.utils.distributed import distrib_barrier, num_distrib, rank_distrib


def test_alone(monkeypatch):
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    monkeypatch.delenv("RANK", raising=False)
    assert (num_distrib(), rank_distrib()) == (0, 0)
    distrib_barrier()


def test_with_siblings(monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "4")
    monkeypatch.setenv("RANK", "2")
    assert (num_distrib(), rank_distrib()) == (4, 2)
    distrib_barrier()  # nothing is set up: nobody to wait for
    waited = []
    monkeypatch.setattr(distributed, "is_initialized", lambda: True)
    monkeypatch.setattr(distributed, "barrier", lambda: waited.append(torch.tensor(1)))
    distrib_barrier()
    assert len(waited) == 1
