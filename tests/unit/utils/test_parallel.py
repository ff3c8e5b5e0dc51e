"""A function called in several processes."""

from __future__ import annotations

import os

import pytest

from onecycle.utils.defaults import defaults
from onecycle.utils.parallel import in_order, num_cpus, parallel


@pytest.mark.parametrize("workers", [0, 1, 2, None])
def test_order_is_kept(workers):
    assert parallel(lambda item, index: (item, index), list("abcdefg"), workers) == list(
        zip("abcdefg", range(7))
    )


def test_other_processes_do_the_work():
    assert os.getpid() not in parallel(lambda item, index: os.getpid(), range(4), max_workers=2)
    assert set(parallel(lambda item, index: os.getpid(), range(4), max_workers=1)) == {os.getpid()}


def test_workers_use_one_thread():
    import torch

    assert set(parallel(lambda item, index: torch.get_num_threads(), range(4), max_workers=2)) == {1}


def test_nothing_returned():
    assert parallel(lambda item, index: None, range(3), max_workers=2) is None
    assert parallel(lambda item, index: item, [], max_workers=2) is None
    assert parallel(lambda item, index: None if index else 5, range(2), max_workers=2) == [5, None]


@pytest.mark.parametrize("workers", [1, 2])
def test_the_first_error_names_its_item(workers):
    def fails(item, index):
        if index in (5, 7):
            raise ValueError("broken")

    with pytest.raises(ValueError, match="broken") as caught:
        parallel(fails, [f"{i}.png" for i in range(100)], max_workers=workers)
    assert caught.value.__notes__ == ["item: 5.png, index: 5"]


def test_num_cpus():
    assert 1 <= num_cpus() <= (os.cpu_count() or 1)
    assert defaults.cpus <= 16


@pytest.mark.parametrize("workers", [1, 2])
def test_in_order_goes_a_few_items_ahead(workers):
    assert list(in_order(lambda item: item * 2, range(20), workers)) == list(range(0, 40, 2))
    assert next(in_order(lambda item: os.getpid(), [0], workers)) != os.getpid()


def test_in_order_raises_the_first_error_after_what_came_before():
    done = in_order(lambda item: 1 // item, [1, 1, 0, 1], workers=2)
    assert [next(done), next(done)] == [1, 1]
    with pytest.raises(ZeroDivisionError):
        next(done)
