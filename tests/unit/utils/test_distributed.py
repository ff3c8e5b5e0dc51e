"""What a process knows of its siblings."""

from __future__ import annotations

import torch
from torch import distributed

from onecycle.utils.distributed import (
    _packed,
    _unpacked,
    added_up,
    distrib_barrier,
    from_first,
    gather_tensors,
    greatest,
    is_first_process,
    num_distrib,
    own_seed,
    print_once,
    process_count,
    process_rank,
    processes_connected,
    rank_distrib,
    seed_of_all,
)


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


def test_tensors_come_through_a_packet_as_they_were():
    tensors = {
        "whole": torch.arange(3),
        "none": torch.zeros(0, 4),
        "single": torch.tensor(2.5, dtype=torch.float64),
        "flags": torch.tensor([[True], [False]]),
        "half": torch.randn(5).bfloat16(),
        "turned": torch.randn(3, 2).t(),
    }
    again = _unpacked(_packed(tensors))
    assert list(again) == list(tensors)
    for name, tensor in tensors.items():
        assert again[name].dtype == tensor.dtype
        assert torch.equal(again[name], tensor)
    assert _unpacked(_packed({})) == {}


def test_gathering_alone_gives_ones_own():
    assert not processes_connected()
    (own,) = gather_tensors({"a": torch.ones(2, requires_grad=True)})
    assert torch.equal(own["a"], torch.ones(2)) and not own["a"].requires_grad


def test_alone_a_process_is_the_first_and_decides_for_itself(capsys):
    assert is_first_process()
    assert seed_of_all(2**62 - 1) == own_seed(2**62 - 1) == 2**62 - 1
    numbers = torch.ones(2)
    assert added_up(numbers) is numbers
    print_once("here")
    assert capsys.readouterr().out == "here\n"


def test_another_process_prints_nothing_and_draws_on_its_own(monkeypatch, capsys):
    monkeypatch.setattr(distributed, "is_initialized", lambda: True)
    monkeypatch.setattr(distributed, "get_world_size", lambda: 3)
    monkeypatch.setattr(distributed, "get_rank", lambda: 2)
    print_once("here")
    assert capsys.readouterr().out == ""
    assert not is_first_process() and 0 <= own_seed(7) < 2**63 and own_seed(7) != 7


def test_what_all_agree_on_alone_is_ones_own():
    assert (process_count(), process_rank()) == (1, 0)
    assert greatest((3, 0)) == [3, 0]
    assert from_first(b"here") == b"here" and from_first(None) is None
