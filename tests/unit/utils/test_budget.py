"""How much a file may unfold to."""

import zlib

import pytest
import torch
from torch import nn

from onecycle.errors import ArgumentError, FileFormatError
from onecycle.utils.budget import FLOOR, Budget, budget_of_model, inflate, model_budget, spending, take


def test_a_budget_is_a_multiple_of_the_file_and_never_below_the_floor():
    assert Budget("load", "a", 10).allowed == FLOOR
    assert Budget("load", "a", FLOOR).allowed == 100 * FLOOR
    assert Budget("load", "a", 10, allowed=5).allowed == 5


def test_more_is_refused_with_the_keyword_that_allows_it():
    budget = Budget("load", "a.json", 10, allowed=100)
    budget.take(60, "tokens")
    with pytest.raises(FileFormatError, match=r"'a.json' of 10 bytes unfolds to more than 100 bytes \(tokens\)"):
        budget.take(60, "tokens")
    with pytest.raises(FileFormatError, match="unfolds"):
        Budget("load", "a.json", 10).take(-1, "tokens")


@pytest.mark.parametrize("allowed", [0, -1, 1.5, True, "1 GB"])
def test_bytes_that_are_none_are_refused(allowed):
    with pytest.raises(ArgumentError, match="load: max_bytes must be a whole number of bytes"):
        Budget("load", "a.json", 10, allowed=allowed)


def test_what_is_taken_within_counts():
    take(10**12, "nothing is read: nothing is counted")
    with spending(Budget("load", "a", 10, allowed=10)) as budget:
        take(7, "x")
        assert budget.taken == 7
        with pytest.raises(FileFormatError, match="unfolds"):
            take(7, "x")


def test_packed_bytes_are_counted_while_they_unfold():
    packed = zlib.compress(bytes(1 << 22))
    assert inflate(packed, "rows") == inflate(packed, "rows", 1 << 22) == bytes(1 << 22)
    bomb = zlib.compress(bytes(1 << 26))
    with spending(Budget("load", "a", len(bomb), allowed=1 << 20)):
        with pytest.raises(FileFormatError, match="unfolds to more than 1,048,576 bytes"):
            inflate(bomb, "rows")


@pytest.mark.parametrize("expected", [0, 99, 101, -1])
def test_packed_bytes_of_another_number_are_damage(expected):
    with pytest.raises(FileFormatError, match="rows are damaged"):
        inflate(zlib.compress(bytes(100)), "rows", expected)


def test_packed_bytes_cut_short_are_damage():
    with pytest.raises(FileFormatError, match="rows are damaged"):
        inflate(zlib.compress(bytes(range(256)) * 9)[:-8], "rows")


MODELS = {
    "a wide layer": lambda: nn.Linear(10**5, 10**5),
    "beyond any memory": lambda: nn.Embedding(10**12, 10**9),
    "zeros": lambda: torch.zeros(10**6, 10**6),
    "repeat": lambda: torch.zeros(1).repeat(10**11),
    "new": lambda: torch.zeros(1).new_zeros(10**11),
    "many layers": lambda: [nn.Linear(1, 1) for _ in range(10**6)],
    "arange": lambda: torch.arange(10**11),
}


@pytest.mark.parametrize("kind", MODELS)
def test_a_model_that_asks_for_far_more_than_its_file_is_refused_before_memory_is_taken(kind):
    with pytest.raises(FileFormatError, match="a.safetensors' of 3,000 bytes unfolds"):
        with model_budget(budget_of_model("load_learner", "a.safetensors", 3000, None)):
            MODELS[kind]()


def test_a_model_of_its_files_size_is_made_as_ever():
    torch.manual_seed(3)
    plain = nn.Sequential(nn.Linear(8, 4), nn.BatchNorm1d(4), nn.LSTM(4, 2))
    torch.manual_seed(3)
    with model_budget(budget_of_model("load_learner", "a", 3000, None)):
        same = nn.Sequential(nn.Linear(8, 4), nn.BatchNorm1d(4), nn.LSTM(4, 2))
    assert all(torch.equal(a, b) for a, b in zip(plain.state_dict().values(), same.state_dict().values(), strict=True))


def test_a_call_that_fails_by_itself_fails_as_ever():
    with pytest.raises(TypeError), model_budget(budget_of_model("load_learner", "a", 3000, None)):
        torch.zeros("three")
