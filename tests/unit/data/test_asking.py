"""A user's function asked about items: answers, and what is said where it fails."""

from __future__ import annotations

import numpy as np
import pytest

from onecycle.data.asking import ask, positions_where
from onecycle.errors import DataError


def test_positions_of_what_is_true():
    assert positions_where("filter", lambda item: item % 2, [4, 5, 6, 7]) == [1, 3]
    assert positions_where("filter", lambda item: None, [4, 5]) == []


def test_the_item_is_named_where_it_fails():
    with pytest.raises(ZeroDivisionError) as told:
        ask(lambda item: 1 / item, 0)
    assert told.value.__notes__ == ["item: 0"]
    with pytest.raises(DataError, match=r"filter: func must return true or false; of item 7 it said ndarray of shape"):
        positions_where("filter", lambda item: np.array([True, False]), [7])
