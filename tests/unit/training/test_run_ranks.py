"""What each process keeps of its own, with two states in place of two processes."""

import pytest
import torch

from onecycle.training import run_ranks
from onecycle.training.run_ranks import own_parts, with_own


def state(seen, names=("Recorder", "Logger", "Recorder")):
    callbacks = [[name, {"losses": [seen, place]}] for place, name in enumerate(names)]
    return {
        "model": {"weight": torch.ones(2)}, "buffers": {"mean": torch.tensor([seen])}, "handler": {"epoch": 1},
        "callbacks": callbacks,
    }  # fmt: skip


@pytest.fixture
def gathered(monkeypatch):
    """Return what the second process's parts are, beside those of the first."""

    def gather(first, second):
        sent = []
        monkeypatch.setattr(run_ranks, "processes_connected", lambda: True)
        monkeypatch.setattr(run_ranks, "gather_tensors", lambda tensors: sent.append(tensors) or [tensors])
        own_parts(first)
        answers = iter([[sent[0], {}], None])
        monkeypatch.setattr(run_ranks, "gather_tensors", lambda tensors: next(answers) or [{}, tensors])
        return own_parts(second)

    return gather


def test_only_what_differs_is_gathered(gathered):
    ranks = gathered(state(1.0), state(1.0, names=("Recorder", "Recorder")))
    assert list(ranks[1]) == ["Recorder 1", "callbacks"]


def test_each_gets_its_own_back(gathered):
    first, second = state(1.0), state(2.0, names=("Recorder", "Recorder"))
    ranks = gathered(first, second)
    back = with_own(first, ranks, rank=1, count=2)
    assert back["callbacks"] == second["callbacks"] and torch.equal(back["buffers"]["mean"], torch.tensor([2.0]))
    assert back["model"] is first["model"] and back["handler"] == {"epoch": 1}
    assert with_own(first, ranks, rank=0, count=2) is first


def test_another_number_of_processes_goes_on_with_the_state_of_the_first(gathered):
    first = state(1.0)
    ranks = gathered(first, state(2.0))
    for rank, count in ((0, 1), (0, 3), (2, 3)):
        back = with_own(first, ranks, rank, count)
        assert back["by_name"] and back["buffers"] is first["buffers"]
    assert with_own(first, [], 1, 2)["by_name"]


def test_alone_nothing_is_gathered():
    assert own_parts(state(1.0)) == [] and with_own(state(1.0), [], 0, 1)["callbacks"][0][0] == "Recorder"
