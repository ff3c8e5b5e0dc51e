"""A training in a process of its own, killed while it learns and while it writes, ends with the same bits."""

import pytest
import torch

from benchmarks.survival import kill_all


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def test_two_kills_lose_nothing():
    tally = kill_all(["tabular"], kills=2, per_run=2)["tabular"]
    assert (tally.kills, tally.lost, tally.different) == (2, 0, 0)
