"""Samplers of texts: like lengths together, the longest first, each epoch a new order."""

from __future__ import annotations

import numpy as np
import pytest

from onecycle.data.addresses import BatchOrder
from onecycle.errors import ArgumentError
from onecycle.text.samplers import SortishSampler, SortSampler, lengths_of
from onecycle.text.token_texts import TokenTexts

LENGTHS = np.random.default_rng(1).integers(1, 500, 1003)


def test_sort_sampler_goes_from_long_to_short():
    sampler = SortSampler(LENGTHS, lambda i: LENGTHS[i])
    assert len(sampler) == 1003
    assert (np.diff(LENGTHS[list(sampler)]) <= 0).all()
    assert np.array_equal(sampler.order(1, 2), list(sampler))
    assert np.array_equal(np.array(list(sampler))[sampler.inverse()], np.arange(1003))


def test_sortish_sampler_yields_every_item_once():
    sampler = SortishSampler(LENGTHS, LENGTHS.__getitem__, bs=8)
    assert len(sampler) == 1003
    for drawn in (sampler.order(1, 0), list(sampler), list(sampler)):
        assert sorted(drawn) == list(range(1003))


def test_the_longest_item_is_in_the_first_batch():
    sampler = SortishSampler(LENGTHS, LENGTHS.__getitem__, bs=8)
    for epoch in range(5):
        drawn = sampler.order(1, epoch)
        whole = drawn[: 1003 // 8 * 8]
        assert LENGTHS[whole].max() == LENGTHS[drawn[:8]].max()


def test_batches_have_like_lengths_and_no_order():
    sampler = SortishSampler(LENGTHS, LENGTHS, bs=8)
    batches = LENGTHS[sampler.order(1, 0)[:1000]].reshape(-1, 8)
    assert np.ptp(batches, axis=1).mean() < 20  # of a range of 500
    assert abs(np.corrcoef(np.arange(125), batches.mean(1))[0, 1]) < 0.3


def test_the_order_follows_from_the_address():
    first, second = (SortishSampler(LENGTHS, LENGTHS, bs=8) for _ in range(2))
    assert np.array_equal(first.order(3, 1), second.order(3, 1))
    assert not np.array_equal(first.order(3, 1), first.order(3, 2))
    assert not np.array_equal(first.order(3, 1), first.order(4, 1))
    assert list(first) != list(first)


def test_loaders_ask_for_the_order():
    order = BatchOrder(0, 8, drop_last=True, sampler=SortishSampler(LENGTHS, LENGTHS, bs=8))
    assert len(order) == 125
    assert order.indices(3, 1, 0) == SortishSampler(LENGTHS, LENGTHS, bs=8).order(3, 1)[:8].tolist()


def test_it_follows_the_batch_size():
    sampler = SortishSampler(LENGTHS, LENGTHS, bs=8)
    assert sampler.at_batch_size(8) is sampler
    other = sampler.at_batch_size(4)
    assert np.array_equal(other.order(1, 0), SortishSampler(LENGTHS, LENGTHS, bs=4).order(1, 0))


def test_fewer_items_than_a_batch_are_sorted():
    drawn = SortishSampler("abc", [1, 3, 2].__getitem__, bs=8).order(0, 0)
    assert drawn.tolist() == [1, 2, 0]


def test_batch_size_is_checked():
    with pytest.raises(ArgumentError, match="SortishSampler: bs must be at least 1; got 0"):
        SortishSampler("abc", [1, 2, 3], bs=0)


def test_lengths_of_any_texts():
    assert lengths_of(["ab", "c"]).tolist() == [2, 1]
    assert lengths_of(TokenTexts.of([[1, 2], [3]])).tolist() == [2, 1]
