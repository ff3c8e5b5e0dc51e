"""Addresses of batches: a function of (seed, epoch, step) and nothing else."""

from __future__ import annotations

import random

import numpy as np
import torch

from onecycle.data.addresses import BatchOrder, drawn_at, look_seed


def items(order, seed, epoch):
    return [address.indices for address in order.addresses(seed, epoch)]


def test_without_shuffle_items_come_in_order():
    assert items(BatchOrder(5, 2), 1, 0) == [[0, 1], [2, 3], [4]]
    assert len(BatchOrder(5, 2)) == 3


def test_drop_last_leaves_out_a_batch_that_is_not_whole():
    order = BatchOrder(5, 2, drop_last=True)
    assert items(order, 1, 0) == [[0, 1], [2, 3]]
    assert len(order) == 2


def test_a_shuffled_order_follows_from_the_address():
    order = BatchOrder(100, 10, shuffle=True)
    first = items(order, 7, 0)
    assert sorted(i for batch in first for i in batch) == list(range(100))
    assert items(order, 7, 1) != first
    assert items(order, 8, 0) != first
    assert items(BatchOrder(100, 10, shuffle=True), 7, 0) == first


def test_one_batch_of_an_epoch_can_be_named():
    order = BatchOrder(100, 10, shuffle=True)
    assert order.indices(7, 0, 3) == items(order, 7, 0)[3]
    assert [a.step for a in order.addresses(7, 0, start_step=8)] == [8, 9]


def test_a_sampler_that_draws_follows_from_the_address_and_leaves_the_generators_alone():
    class Sampler:
        def __iter__(self):
            return iter([int(torch.randint(100, ())), np.random.randint(100), random.randrange(100)])

        def __len__(self):
            return 3

    before = torch.get_rng_state(), np.random.get_state()[1].tolist(), random.getstate()
    order = BatchOrder(0, 2, sampler=Sampler())
    assert items(order, 1, 0) == items(BatchOrder(0, 2, sampler=Sampler()), 1, 0)
    assert items(order, 1, 1) != items(order, 1, 0)
    assert len(order) == 2
    after = torch.get_rng_state(), np.random.get_state()[1].tolist(), random.getstate()
    assert torch.equal(before[0], after[0])
    assert before[1:] == after[1:]


def test_a_sampler_may_give_the_order_of_an_address_itself():
    class Ordered:
        def order(self, seed, epoch):
            return [seed, epoch]

        def __len__(self):
            return 2

    assert drawn_at(Ordered(), 5, 6) == [5, 6]
    assert items(BatchOrder(0, 1, sampler=Ordered()), 5, 6) == [[5], [6]]


def test_a_batch_sampler_gives_the_batches():
    order = BatchOrder(0, 64, batch_sampler=[[3, 1], [2]])
    assert items(order, 0, 0) == [[3, 1], [2]]
    assert len(order) == 2


def test_the_seed_of_looks_follows_manual_seed_and_draws_nothing():
    torch.manual_seed(5)
    state = torch.get_rng_state()
    seed = look_seed()
    assert torch.equal(state, torch.get_rng_state())
    torch.manual_seed(6)
    assert look_seed() != seed
