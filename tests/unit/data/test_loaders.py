"""Loaders on a device: what they wrap, epochs and looks, batch transforms, names of items."""

from __future__ import annotations

import random

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader, RandomSampler, Subset, TensorDataset

from onecycle.data.loaders import DatasetType, DeviceDataLoader
from onecycle.errors import ArgumentError, ArgumentTypeError, DataError


def tensors(count=10):
    return TensorDataset(torch.arange(float(count)), torch.arange(count))


def labels(loader):
    return [batch[1].tolist() for batch in loader]


def generators():
    return torch.get_rng_state().tolist(), np.random.get_state()[1].tolist(), random.getstate()


def test_a_list_of_ready_batches_is_iterated_as_it_is():
    ready = [(torch.zeros(4, 2), torch.zeros(4))] * 3
    loader = DeviceDataLoader(ready, "cpu")
    assert [batch is ready[0] for batch in loader] == [True] * 3
    assert len(loader) == 3
    assert loader.batch_size == 4
    assert loader.dataset is None
    assert loader.num_workers == 0
    assert loader.batch_items(0) == []


def test_batch_transforms_are_applied_and_removed():
    loader = DeviceDataLoader([(torch.ones(2), torch.zeros(2))], "cpu")

    def double(batch):
        return batch[0] * 2, batch[1]

    loader.add_tfm(double)
    assert next(iter(loader))[0].tolist() == [2.0, 2.0]
    loader.remove_tfm(double)
    assert next(iter(loader))[0].tolist() == [1.0, 1.0]


def test_what_yields_no_batches_is_refused():
    with pytest.raises(ArgumentError, match="dl must yield batches; got 3"):
        DeviceDataLoader(3, "cpu")


def test_an_unknown_keyword_is_refused():
    with pytest.raises(ArgumentTypeError, match="Did you mean 'drop_last'"):
        DeviceDataLoader.create(tensors(), droplast=True)


def test_an_epoch_is_a_function_of_seed_and_epoch():
    loader = DeviceDataLoader.create(tensors(), bs=3, shuffle=True)
    loader.set_epoch(1, 0)
    first = labels(loader)
    loader.set_epoch(1, 1)
    assert labels(loader) != first
    loader.set_epoch(1, 0)
    assert labels(loader) == first
    loader.set_epoch(1, 0, start_step=2)
    assert labels(loader) == first[2:]


def test_an_address_serves_one_iteration_and_then_there_are_looks():
    loader = DeviceDataLoader.create(tensors(100), bs=50, shuffle=True)
    loader.set_epoch(1, 0)
    first = labels(loader)
    assert labels(loader) != first
    assert labels(loader) != labels(loader)


def test_looks_leave_the_generators_alone():
    before = generators()
    loader = DeviceDataLoader.create(tensors(), bs=3, shuffle=True, num_workers=2)
    list(loader)
    loader.one_batch()
    foreign = DeviceDataLoader(DataLoader(tensors(), batch_size=3, shuffle=True), "cpu")
    list(foreign)
    foreign.one_batch()
    assert generators() == before


def test_the_same_looks_come_after_the_same_manual_seed():
    def look():
        torch.manual_seed(3)
        return labels(DeviceDataLoader.create(tensors(100), bs=50, shuffle=True))

    assert look() == look()


def test_a_users_loader_is_put_at_an_address():
    loader = DeviceDataLoader(DataLoader(tensors(100), batch_size=50, shuffle=True), "cpu")
    loader.set_epoch(1, 0)
    first = labels(loader)
    loader.set_epoch(1, 0, start_step=1)
    assert labels(loader) == first[1:]
    assert loader.batch_items(0) == []
    assert loader.skipped == {}


def test_an_iterable_that_knows_epochs_is_told():
    class Stream:
        def __init__(self):
            self.told = None

        def set_epoch(self, *address):
            self.told = address

        def __iter__(self):
            return iter([1, 2])

        def __len__(self):
            return 2

    stream = Stream()
    loader = DeviceDataLoader(stream, "cpu")
    loader.set_epoch(4, 5, 1)
    list(loader)
    assert stream.told == (4, 5, 1)


def test_the_items_of_a_batch_have_names():
    class Files(TensorDataset):
        items = [f"{i}.png" for i in range(10)]

    loader = DeviceDataLoader.create(Files(torch.arange(10)), bs=3)
    loader.set_epoch(1, 0)
    list(loader)
    assert loader.batch_items(1) == [3, 4, 5]
    assert loader.batch_names(1) == ["3.png", "4.png", "5.png"]
    assert DeviceDataLoader.create(tensors(), bs=3).batch_names(0, seed=1, epoch=0) == [
        "item 0",
        "item 1",
        "item 2",
    ]


def test_new_changes_some_settings():
    loader = DeviceDataLoader.create(tensors(), bs=3, shuffle=True, drop_last=True)
    plain = loader.new(shuffle=False, drop_last=False, bs=4)
    assert labels(plain) == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]
    assert loader.new(dataset=tensors(6)).dl.shuffle
    assert loader.new(sampler=[5, 6, 7]).one_batch()[1].tolist() == [5, 6, 7]
    assert labels(loader.new(batch_sampler=[[1], [2, 3]])) == [[1], [2, 3]]
    assert loader.new(device="cpu").dl is loader.dl
    with pytest.raises(ArgumentTypeError, match="Did you mean 'shuffle'"):
        loader.new(shufle=True)


def test_new_changes_a_users_loader():
    loader = DeviceDataLoader(DataLoader(tensors(), batch_size=3, shuffle=True, drop_last=True), "cpu")
    assert labels(loader.new(shuffle=False, drop_last=False)) == [[0, 1, 2], [3, 4, 5], [6, 7, 8], [9]]
    assert isinstance(loader.new(batch_size=5).dl.sampler, RandomSampler)
    assert loader.new(num_workers=1).num_workers == 1
    assert len(loader.new(dataset=tensors(6))) == 2


def test_ready_batches_have_no_settings_to_change():
    with pytest.raises(ArgumentError, match="bs|batch_size cannot be changed.*Make a new list"):
        DeviceDataLoader([1, 2], "cpu").new(bs=3)


def test_one_batch_of_nothing_says_why():
    with pytest.raises(DataError, match="its 3 items are fewer than one whole batch of 5"):
        DeviceDataLoader.create(tensors(3), bs=5, drop_last=True).one_batch()
    with pytest.raises(DataError, match="its dataset is empty"):
        DeviceDataLoader.create(tensors(0), bs=5).one_batch()


def test_a_collate_function_is_taken_over():
    loader = DeviceDataLoader.create(Subset(tensors(), [0, 1]), bs=2, collate_fn=lambda samples: len(samples))
    assert list(loader) == [2]
    given = DeviceDataLoader(DeviceDataLoader.create(tensors(), bs=2).dl, "cpu", collate_fn=max)
    assert given.dl.collate_fn is max


def test_a_loader_prints_its_size():
    assert repr(DeviceDataLoader.create(tensors(), bs=4)) == "DeviceDataLoader(3 batches of 4 on cpu)"


def test_workers_can_be_set():
    loader = DeviceDataLoader.create(tensors(), bs=4)
    loader.num_workers = 2
    assert loader.num_workers == 2
    assert labels(loader) == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]


def test_x_and_y_are_those_of_the_dataset(labelled):
    loader = DeviceDataLoader.create(labelled.train)
    assert loader.x is labelled.train.x
    assert loader.y is labelled.train.y


def test_the_sets_have_numbers():
    assert [member.value for member in DatasetType] == [1, 2, 3, 4, 5]
    assert DatasetType.Fix.value == 5


def test_one_batch_in_the_middle_of_an_epoch_changes_no_name():
    loader = DeviceDataLoader.create(tensors(100), bs=10, shuffle=True)
    loader.set_epoch(1, 0)
    batches = iter(loader)
    first = next(batches)[1].tolist()
    loader.one_batch()
    assert loader.batch_items(0) == first
    assert next(batches)[1].tolist() == loader.batch_items(1)


def test_an_iteration_can_be_closed():
    batches = iter(DeviceDataLoader.create(tensors(), 4))
    assert next(batches)[1].tolist() == [0, 1, 2, 3]
    batches.close()
    assert next(batches, None) is None
