"""The item loader: settings, workers, broken items."""

from __future__ import annotations

import errno
import os

import pytest
import torch
from torch.utils.data import TensorDataset

from onecycle.data.item_loader import ItemLoader, suggested_workers
from onecycle.errors import ArgumentError, ArgumentTypeError, DataError, OutOfMemoryError


class Numbers:
    """Numbers, some of which are broken."""

    def __init__(self, count, broken=(), error=DataError):
        self.items = [f"file_{i}.txt" for i in range(count)]
        self.broken, self.error = set(broken), error

    def __len__(self):
        return len(self.items)

    def __getitem__(self, i):
        if i in self.broken:
            raise self.error(f"{self.items[i]} is cut off")
        return torch.tensor(float(i)), i


def labels(loader, seed=1, epoch=0, **how):
    return [batch[1].tolist() for batch in loader.batches(seed, epoch, **how)]


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"batch_size": 0}, "bs must be a whole number of at least 1; got 0"),
        ({"batch_size": 2.5}, "bs must be a whole number"),
        ({"num_workers": -1}, "num_workers must be a whole number of at least 0"),
        ({"num_workers": "2"}, "num_workers must be a whole number of at least 0.*; got '2'"),
        ({"on_error": "ignore"}, "on_error must be 'raise' or 'skip'; got 'ignore'"),
    ],
)
def test_settings_that_cannot_be_used_are_refused(settings, said):
    with pytest.raises(ArgumentError, match=said):
        ItemLoader(Numbers(4), **settings)


def test_an_unknown_keyword_is_refused():
    with pytest.raises(ArgumentTypeError, match="Did you mean 'prefetch_factor'"):
        ItemLoader(Numbers(4), prefetch_facter=3)


@pytest.mark.parametrize("workers", [0, 2])
def test_a_broken_item_is_named_with_its_file_and_index(workers):
    loader = ItemLoader(Numbers(6, broken=[4]), 2, num_workers=workers)
    with pytest.raises(DataError, match="file_4.txt is cut off") as caught:
        labels(loader)
    assert any("item: 4, file: file_4.txt" in note for note in caught.value.__notes__)


def test_a_file_that_cannot_be_read_is_a_data_error():
    loader = ItemLoader(Numbers(6, broken=[4], error=PermissionError), 2)
    with pytest.raises(DataError, match=r"item 4 \(file_4.txt\) could not be read: file_4.txt is cut off"):
        labels(loader)


@pytest.mark.parametrize("workers", [0, 2])
def test_an_error_of_the_program_keeps_its_class(workers):
    loader = ItemLoader(Numbers(6, broken=[4], error=ZeroDivisionError), 2, num_workers=workers)
    with pytest.raises(ZeroDivisionError, match="cut off") as caught:
        labels(loader)
    assert any("item: 4" in note for note in caught.value.__notes__)
    if workers:
        assert any("worker_traceback" in note for note in caught.value.__notes__)


@pytest.mark.parametrize("workers", [0, 2])
def test_broken_items_can_be_left_out_and_are_counted(workers):
    loader = ItemLoader(Numbers(6, broken=[1, 4, 5]), 2, num_workers=workers, on_error="skip")
    with pytest.warns(
        UserWarning, match=r"3 items could not be loaded and had to be left out; the first: file_1.txt"
    ):
        assert labels(loader) == [[0], [2, 3]]
    assert loader.skipped == {"file_1.txt": 1, "file_4.txt": 1, "file_5.txt": 1}


class Lazy(Numbers):
    """Numbers whose faults show only when a batch is made of them."""

    def __getitem__(self, i):
        return i


def stacked(samples):
    if 4 in samples:
        raise DataError("file_4.txt is cut off")
    return None, torch.tensor(samples)


@pytest.mark.parametrize("workers", [0, 2])
def test_items_that_turn_out_broken_in_the_batch_are_left_out_too(workers):
    settings = {"collate_fn": stacked, "num_workers": workers, "on_error": "skip"}
    loader = ItemLoader(Lazy(6), 2, **settings)
    with pytest.warns(UserWarning, match="1 item could not be loaded and had to be left out; the first: file_4.txt"):
        assert labels(loader) == [[0, 1], [2, 3], [5]]
    assert loader.skipped == {"file_4.txt": 1}
    with pytest.raises(DataError, match="file_4.txt is cut off"):
        labels(ItemLoader(Lazy(6), 2, collate_fn=stacked))


def test_errors_of_the_program_are_not_left_out():
    with pytest.raises(ZeroDivisionError):
        labels(ItemLoader(Numbers(6, broken=[4], error=ZeroDivisionError), 2, on_error="skip"))


@pytest.mark.parametrize(("code", "workers"), [(errno.EMFILE, 0), (errno.ENOMEM, 2), (errno.ESTALE, 0)])
def test_faults_of_the_machine_are_not_left_out_as_if_items_were_broken(code, workers):
    numbers = Numbers(6, broken=[4], error=lambda said: OSError(code, os.strerror(code)))
    with pytest.raises(OSError, match=os.strerror(code)):
        labels(ItemLoader(numbers, 2, num_workers=workers, on_error="skip"))


@pytest.mark.parametrize("lazy", [False, True])
def test_too_little_memory_is_not_left_out(lazy):
    def fail(samples):
        raise OutOfMemoryError("there is not enough memory")

    numbers = Numbers(6) if lazy else Numbers(6, broken=[4], error=OutOfMemoryError)
    with pytest.raises(MemoryError):
        labels(ItemLoader(numbers, 2, on_error="skip", **({"collate_fn": fail} if lazy else {})))


def test_a_locked_item_is_left_out_by_the_name_of_its_fault():
    numbers = Numbers(6, broken=[4], error=lambda said: PermissionError(13, "Permission denied"))
    with pytest.warns(UserWarning, match="Permission denied"):
        labels(ItemLoader(numbers, 2, on_error="skip"))


def test_a_set_of_broken_items_only_is_an_error():
    with pytest.raises(DataError, match="None was left: look at the files"):
        labels(ItemLoader(Numbers(2, broken=[0, 1]), 2, on_error="skip"))


def test_a_batch_that_cannot_be_collated_keeps_its_message():
    class Growing(Numbers):
        def __getitem__(self, i):
            return torch.zeros(i)

    with pytest.raises(DataError, match="must have one size"):
        list(ItemLoader(Growing(4), 2).batches(1, 0))


def test_a_tensor_dataset_is_indexed_once_a_batch():
    class Counting(TensorDataset):
        pass

    loader = ItemLoader(Counting(torch.arange(5.0), torch.arange(5)), 2)
    assert labels(loader) == [[0, 1], [2, 3], [4]]


def test_a_dataset_can_give_whole_batches():
    class Whole(Numbers):
        def get_batch(self, indices):
            return [torch.zeros(len(indices)), torch.tensor(indices) * 10]

    assert labels(ItemLoader(Whole(3), 2)) == [[0, 10], [20]]
    assert labels(ItemLoader(Whole(3), 2, num_workers=2)) == [[0, 10], [20]]


def test_a_dataset_with_getitems_gives_many_items_at_once():
    class Many(Numbers):
        def __getitems__(self, indices):
            return [(0.0, -i) for i in indices]

    assert labels(ItemLoader(Many(3), 2)) == [[0, -1], [-2]]


def test_the_order_follows_a_set_that_grows():
    dataset = Numbers(3)
    loader = ItemLoader(dataset, 2)
    assert len(loader) == 2
    dataset.items += ["x", "y"]
    assert len(loader) == 3


def test_workers_are_suggested_by_the_cost_of_an_item(monkeypatch):
    assert suggested_workers(TensorDataset(torch.zeros(10))) == 0
    assert suggested_workers(Numbers(10)) == 0
    assert suggested_workers(Numbers(10, broken=[0])) == 0
    monkeypatch.setattr("onecycle.data.item_loader._seconds_an_item", lambda dataset: 1.0)
    monkeypatch.setattr("onecycle.data.item_loader.defaults.cpus", 3)
    monkeypatch.setattr("multiprocessing.get_start_method", lambda: "fork")
    assert suggested_workers(Numbers(10)) == 3
    assert ItemLoader(Numbers(10), num_workers=None).num_workers == 3
    monkeypatch.setattr("multiprocessing.get_start_method", lambda: "spawn")
    assert suggested_workers(Numbers(10)) == 0


def test_the_number_of_workers_can_be_set():
    loader = ItemLoader(Numbers(4), 2)
    loader.num_workers = 2
    assert labels(loader) == [[0, 1], [2, 3]]
    assert loader.num_workers == 2


def test_a_worker_start_function_of_the_users_is_called(tmp_path):
    def start(worker):
        (tmp_path / f"worker_{worker}").touch()

    list(ItemLoader(Numbers(4), 2, num_workers=2, worker_init_fn=start).batches(1, 0))
    assert sorted(file.name for file in tmp_path.iterdir()) == ["worker_0", "worker_1"]


def test_a_users_transform_that_draws_from_global_generators_repeats_with_the_address():
    import numpy as np

    class Noisy(Numbers):
        def __getitem__(self, i):
            return np.random.rand() + torch.rand(()), i

    here, there = (ItemLoader(Noisy(6), 2, num_workers=n) for n in (0, 2))
    first = [x for x, _ in here.batches(3, 1)]
    assert all(torch.equal(a, b) for a, (b, _) in zip(first, there.batches(3, 1), strict=True))
    assert not torch.equal(first[0], next(here.batches(3, 2))[0])


class Streams:
    """A dataset whose batches are more than their items: they know the address and the batch size."""

    def __init__(self, size=2):
        self.size = size

    def __len__(self):
        return 6

    def __getitem__(self, index):
        return index

    def batch_at(self, address):
        return [address.seed, address.epoch, address.step, self.size]

    def at_batch_size(self, size):
        return Streams(size)


def test_a_dataset_may_make_its_batches_from_their_addresses():
    loader = ItemLoader(Streams(), batch_size=3, num_workers=None)
    assert loader.num_workers == 0
    assert list(loader.batches(7, 1)) == [[7, 1, 0, 3], [7, 1, 1, 3]]
    assert list(loader.batches(7, 1, start_step=1)) == [[7, 1, 1, 3]]
