"""Each process's share of an order: together all items, batches as those of one process."""

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader, TensorDataset

from onecycle.callbacks.shares import training_cut, training_share, validation_cut, validation_share
from onecycle.data.balance import OverSampler
from onecycle.data.loaders import DeviceDataLoader
from onecycle.errors import DataError


@pytest.mark.parametrize(("count", "processes", "size"), [(50, 2, 8), (48, 3, 8), (7, 2, 8), (100, 4, 7), (3, 3, 2)])
def test_the_batches_of_all_are_those_of_one_process_with_larger_ones(count, processes, size):
    order = np.random.RandomState(0).permutation(count)
    shares = [training_cut(rank, processes, size)(order) for rank in range(processes)]
    assert len({len(share) for share in shares}) == 1
    assert count - sum(map(len, shares)) == count % processes
    for step in range(-(-len(shares[0]) // size)):
        together = [i for share in shares for i in share[step * size : (step + 1) * size]]
        large = order[step * size * processes : (step + 1) * size * processes]
        assert set(together) <= set(large) and len(large) - len(together) < processes


def test_validation_gives_each_item_to_one_process():
    shares = [validation_cut(rank, 3)(np.arange(11)) for rank in range(3)]
    assert sorted(np.concatenate(shares)) == list(range(11))


def test_loaders_of_items_share_the_order_of_seed_and_epoch():
    whole = DeviceDataLoader.create(TensorDataset(torch.arange(10.0), torch.arange(10)), 2, shuffle=True)
    shares = [training_share(whole, rank, 2) for rank in (0, 1)]
    seen = []
    for share in shares:
        share.set_epoch(3, 1)
        seen.append([y.tolist() for _, y in share])
    assert [len(batches) for batches in seen] == [3, 3] == [len(share) for share in shares]
    assert sorted(i for batches in seen for batch in batches for i in batch) == list(range(10))
    whole.set_epoch(3, 1)
    assert next(iter(whole))[1].tolist() == seen[0][0]


def test_the_order_of_the_epoch_decides_not_an_earlier_one():
    whole = DeviceDataLoader.create(TensorDataset(torch.arange(10.0), torch.arange(10)), 2, shuffle=True)
    share = training_share(whole, 0, 2)
    share.set_epoch(3, 0)
    first = [y.tolist() for _, y in share]
    share.set_epoch(3, 1)
    assert [y.tolist() for _, y in share] != first


def test_ready_batches_are_dealt_out():
    batches = [(torch.full((2, 1), float(i)), torch.zeros(2)) for i in range(5)]
    whole = DeviceDataLoader(batches, "cpu")
    assert [len(training_share(whole, rank, 2)) for rank in (0, 1)] == [2, 2]
    assert [len(validation_share(whole, rank, 2)) for rank in (0, 1)] == [3, 2]
    assert [len(validation_share(whole, rank, 6)) for rank in range(6)] == [1, 1, 1, 1, 1, 0]


def test_too_few_batches_are_refused():
    with pytest.raises(DataError, match="must fill a batch for each of 3 processes"):
        training_share(DeviceDataLoader([(torch.zeros(2, 1), torch.zeros(2))], "cpu"), 0, 3)


def test_loaders_that_cannot_be_shared_out_are_refused():
    dataset = TensorDataset(torch.zeros(4, 1), torch.zeros(4))
    with pytest.raises(DataError, match="got DataLoader"):
        validation_share(DeviceDataLoader(DataLoader(dataset, 2), "cpu"), 0, 2)
    with pytest.raises(DataError, match="batch_sampler cannot be shared out"):
        training_share(DeviceDataLoader.create(dataset, batch_sampler=[[0, 1], [2, 3]]), 0, 2)


def test_streams_of_a_corpus_are_shared_out():
    from onecycle.text.lm_loader import LanguageModelPreLoader

    corpus = LanguageModelPreLoader([list(range(61))], bs=2, bptt=5)
    loader = DeviceDataLoader.create(corpus, 2, num_workers=0)
    for share_of in (training_share, validation_share):
        parts = [list(share_of(loader, rank, 3)) for rank in range(3)]
        rows = torch.cat([x for part in parts for x, _ in part[:1]])
        assert rows[:, 0].tolist() == [0, 10, 20, 30, 40, 50]
        assert {len(part) for part in parts} == {2}


def test_a_balanced_order_stays_balanced_over_the_processes():
    labels = torch.tensor([0] * 18 + [1] * 4 + [2] * 2)
    rows = TensorDataset(torch.arange(24.0), labels)
    whole = DeviceDataLoader.create(rows, 3, sampler=OverSampler(labels.numpy()))
    shares = [training_share(whole, rank, 2) for rank in (0, 1)]
    for share in shares:
        share.set_epoch(3, 1)
    seen = torch.cat([y for share in shares for _, y in share])
    assert torch.bincount(seen).tolist() == [18, 18, 18]
