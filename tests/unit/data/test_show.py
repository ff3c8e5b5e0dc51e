"""Printing items never fails and draws from no one."""

from __future__ import annotations

import numpy as np

from onecycle.data.items import Category
from onecycle.data.show import as_text, readable


def test_items_print_with_their_kind_and_the_rest_plainly():
    assert as_text(Category(0, "a")) == "Category a"
    assert as_text(np.int64(3)) == "3"


def test_a_broken_item_is_shown_as_its_error():
    def broken(i):
        raise OSError("gone")

    assert readable(broken, 0, str) == "<OSError>"


def test_printing_uses_up_no_draw():
    before = np.random.get_state()[1].tolist()
    readable(lambda i: np.random.rand(), 0, str)
    assert np.random.get_state()[1].tolist() == before
