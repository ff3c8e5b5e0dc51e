"""Numbers that are none, or out of their range."""

from __future__ import annotations

from enum import IntEnum

import numpy as np
import pytest
import torch

from onecycle.errors import ArgumentError
from onecycle.utils.checks import check_member, check_numbers, check_whole, is_real


@pytest.mark.parametrize("value", [1, 0.5, -3, np.float32(2), np.int64(1), torch.tensor(1.0)])
def test_numbers(value):
    assert is_real(value)


@pytest.mark.parametrize("value", ["1e-3", None, True, float("nan"), float("inf"), [1], np.ones(2), torch.ones(1)])
def test_other_things(value):
    assert not is_real(value)


@pytest.mark.parametrize("value", [0, [0, 1e-3], (1, 2), np.array([0.1, 0.2]), torch.tensor([1.0, 2.0])])
def test_one_number_or_several(value):
    check_numbers("fit", "lr", value, "must be at least 0", lambda rate: rate >= 0)


@pytest.mark.parametrize("value", [-1, [1, -1], "1", None, [1, "2"], float("nan")])
def test_a_number_that_does_not_fit_is_refused(value):
    with pytest.raises(ArgumentError, match="fit: lr must be at least 0; got "):
        check_numbers("fit", "lr", value, "must be at least 0", lambda rate: rate >= 0)


@pytest.mark.parametrize("value", [2, np.int64(2), np.uint8(2)])
def test_a_count_is_a_plain_number(value):
    assert type(check_whole("fit", "epochs", value, 2)) is int


@pytest.mark.parametrize("value", [1, True, 2.0, "2", None, np.int64(1)])
def test_what_is_no_count_is_refused(value):
    with pytest.raises(ArgumentError, match="fit: epochs must be a whole number of at least 2; got "):
        check_whole("fit", "epochs", value, 2)


def test_members_are_taken_by_name_or_value_and_others_refused_with_all_names():
    side = IntEnum("Side", {"LEFT": 1, "RIGHT": 2})
    assert check_member("turn", "to", side.LEFT, side) is check_member("turn", "to", 1, side) is side.LEFT
    with pytest.raises(ArgumentError, match=r"turn: to must be one of Side\.LEFT, Side\.RIGHT; got 3"):
        check_member("turn", "to", 3, side)
