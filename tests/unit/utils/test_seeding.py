"""Random choices that depend on their address alone."""

from __future__ import annotations

import random
import threading
from collections import Counter

import numpy as np
import pytest
import torch

from onecycle.utils.seeding import (
    Stream,
    current_stream,
    epoch_permutation,
    global_rng_kept,
    item_stream,
    log_uniform,
    mix,
    rand_bool,
    run_seed,
    seed_step,
    set_all_seed,
    uniform,
    uniform_int,
    use_stream,
)


def test_mix_is_frozen():
    # A change here would change every run: the values are splitmix64's.
    assert mix(0) == 0xE220A8397B1DCDAF  # first output of splitmix64 seeded with 0, as published
    assert mix(1, 2, 3) == mix(1, 2, 3)
    assert len({mix(a, b) for a in range(50) for b in range(50)}) == 2500
    assert mix(-1) == mix(2**64 - 1)


def test_stream_is_splitmix64():
    stream = Stream(1234567)
    published = [6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431]
    assert [stream.bits() for _ in range(4)] == published


def test_stream_draws_are_even():
    stream = Stream(3)
    draws = np.array([stream.random() for _ in range(20_000)])
    assert draws.min() >= 0
    assert draws.max() < 1
    assert abs(draws.mean() - 0.5) < 0.01
    assert abs(draws.var() - 1 / 12) < 0.005
    normal = np.array([stream.normal() for _ in range(20_000)])
    assert abs(normal.mean()) < 0.03
    assert abs(normal.std() - 1) < 0.03


def test_stream_integer_covers_low_but_not_high():
    stream = Stream(5)
    seen = Counter(stream.integer(2, 5) for _ in range(3000))
    assert set(seen) == {2, 3, 4}
    assert min(seen.values()) > 850


def test_stream_choice_uniform_and_permutation():
    stream = Stream(5)
    assert {stream.choice("ab") for _ in range(50)} == {"a", "b"}
    assert all(2 <= stream.uniform(2, 3) < 3 for _ in range(100))
    assert sorted(stream.permutation(10)) == list(range(10))


def test_item_stream():
    assert current_stream() is None
    with item_stream(1, 2, 3) as outer:
        first = uniform(0, 1)
        assert current_stream() is outer
        with item_stream(9, 9, 9):
            uniform(0, 1)
        assert current_stream() is outer
        second = uniform(0, 1)
    assert current_stream() is None
    with item_stream(1, 2, 3):
        assert (uniform(0, 1), uniform(0, 1)) == (first, second)
    with item_stream(1, 2, 4):
        assert uniform(0, 1) != first


def test_item_stream_leaves_the_global_generators_alone():
    set_all_seed(1)
    expected = np.random.random(), random.random(), torch.rand(1).item()
    set_all_seed(1)
    with item_stream(1, 2, 3):
        uniform(0, 1), rand_bool(0.5), uniform_int(0, 9), log_uniform(1, 2)
    assert (np.random.random(), random.random(), torch.rand(1).item()) == expected


def test_streams_end_on_error():
    with pytest.raises(KeyError), item_stream(1, 2, 3):
        raise KeyError
    assert current_stream() is None
    with pytest.raises(KeyError), use_stream(Stream(1)):
        raise KeyError
    assert current_stream() is None


def test_stream_is_of_one_thread():
    seen = []
    with item_stream(1, 2, 3):
        thread = threading.Thread(target=lambda: seen.append(current_stream()))
        thread.start()
        thread.join()
    assert seen == [None]


def test_plain_draws_follow_numpys_seed():
    np.random.seed(4)
    first = uniform(0, 1), rand_bool(0.5), uniform_int(0, 100)
    np.random.seed(4)
    assert (uniform(0, 1), rand_bool(0.5), uniform_int(0, 100)) == first


def test_draws_with_sizes():
    with item_stream(0, 0, 0):
        assert uniform(3) == 3
        assert uniform(2, 4, 5).shape == (5,)
        assert log_uniform(0.5, 2, (2, 3)).shape == (2, 3)
        assert rand_bool(1, [2]).tolist() == [True, True]
        assert rand_bool(0) is False
        assert set(uniform_int(1, 3, 200).tolist()) == {1, 2, 3}
        assert 0.5 <= log_uniform(0.5, 2) <= 2


def test_epoch_permutation():
    order = epoch_permutation(1, 2, 100)
    assert sorted(order) == list(range(100))
    assert (order == epoch_permutation(1, 2, 100)).all()
    assert (order != epoch_permutation(1, 3, 100)).any()


def test_run_seed_follows_torchs_seed():
    torch.manual_seed(7)
    first, second = run_seed(), run_seed()
    torch.manual_seed(7)
    assert run_seed() == first != second


def test_seed_step():
    seed_step(1, 2, 3)
    first = torch.rand(3)
    torch.rand(50)
    seed_step(1, 2, 3)
    assert torch.equal(torch.rand(3), first)
    seed_step(1, 2, 4)
    assert not torch.equal(torch.rand(3), first)


def test_global_rng_kept():
    set_all_seed(3)
    expected = np.random.random(), random.random(), torch.rand(1).item()
    set_all_seed(3)
    with pytest.raises(KeyError), global_rng_kept():
        set_all_seed(99)
        raise KeyError
    assert (np.random.random(), random.random(), torch.rand(1).item()) == expected
