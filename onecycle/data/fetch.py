"""Make the batch of an address, in the main process or in a worker, and say which item was at fault."""

from __future__ import annotations

import random
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch.utils.data import Subset, TensorDataset, get_worker_info

from onecycle.data.addresses import BatchAddress
from onecycle.data.collate import data_collate, pack_samples
from onecycle.errors import DataError, add_context
from onecycle.utils.files import is_fault_of_machine
from onecycle.utils.seeding import item_stream, item_streams, mix

__all__: list[str] = []

Place = tuple[int, int]  # position in the batch, index in the dataset
Sample = tuple[Place, Any]
_GLOBAL_DRAWS = 6  # keeps draws from the global generators apart from the other kinds of address


@dataclass
class Failure:
    """Carry an error from a worker to the main process, with its class and notes."""

    error: Exception


@dataclass
class Partial:
    """Carry a batch together with the items that were left out of it.

    Args:
        batch: The batch; None when no item was left.
        skipped: `(name of the item, what went wrong)` for each.
        places: `(position in the batch, index in the dataset)` for each.
    """

    batch: Any
    skipped: list[tuple[str, str]] = field(default_factory=list)
    places: list[tuple[int, int]] = field(default_factory=list)

    def leave_out(self, place: tuple[int, int], name: str, why: str) -> None:
        """Remember an item that is left out, and why."""
        self.places.append(place)
        self.skipped.append((name, why))


def batch_getter(dataset: Any) -> Callable[[list[int]], Any] | None:
    """Return how to take a whole batch from a dataset at once, or None where items go one by one."""
    if isinstance(dataset, TensorDataset) and type(dataset).__getitem__ is TensorDataset.__getitem__:
        return lambda indices: _rows(dataset.tensors, indices)
    if hasattr(dataset, "batch_getter"):
        return dataset.batch_getter()
    return getattr(dataset, "get_batch", None)


def _rows(tensors: tuple[torch.Tensor, ...], indices: list[int]) -> list[torch.Tensor]:
    rows = torch.tensor(indices)
    return [tensor.index_select(0, rows.to(tensor.device)) for tensor in tensors]


def item_name(dataset: Any, index: int) -> str:
    """Return how a reader finds an item: its file or text where the dataset knows it, else its number."""
    items = getattr(dataset, "items", None)
    if items is None or index >= len(items):
        return f"item {index}"
    name = str(items[index])
    return name if len(name) <= 200 else f"item {index}"


class BatchMaker:
    """Make batches of a dataset from addresses.

    Args:
        dataset: Has `__getitem__` and `__len__`; or `get_batch(indices)`, which gives the whole batch; or
            `batch_at(address)`, where the batch is more than its items.
        collate_fn: Makes the batch from samples; `data_collate` means packed columns where items can pack.
        on_error: `raise`, or `skip` to leave broken items out and tell which.
        items: Which item each worker makes, `(num_workers,)` of int64 in shared memory; written here.
    """

    def __init__(
        self,
        dataset: Any,
        collate_fn: Callable[..., Any] = data_collate,
        on_error: str = "raise",
        items: torch.Tensor | None = None,
    ) -> None:
        self.dataset, self.on_error, self.items = dataset, on_error, items
        self.collate_fn = pack_samples if collate_fn is data_collate else collate_fn

    def __len__(self) -> int:
        return len(self.dataset)

    def __getitems__(self, address: BatchAddress) -> Any:
        """Return the batch of an address; in a worker an error comes back as a `Failure`."""
        if get_worker_info() is None:
            return self.make(address)
        try:
            return self.make(address)
        except Exception as error:
            add_context(error, worker_traceback="\n" + traceback.format_exc())
            return Failure(error)

    def make(self, address: BatchAddress) -> Any:
        """Return the batch of an address.

        Raises:
            DataError: an item could not be loaded; the note names its file and index.
        """
        if hasattr(self.dataset, "batch_at"):
            return self.dataset.batch_at(address)
        get_batch = batch_getter(self.dataset)
        if get_batch is not None:
            with item_stream(address.seed, address.epoch, address.indices[0]):
                return get_batch(address.indices)
        with global_draws_at(mix(address.seed, _GLOBAL_DRAWS, address.epoch, address.step)):
            partial = Partial(None)
            samples = self._samples(address, partial)
            partial.batch = self._collated(samples, partial) if samples else None
            return partial if partial.skipped else partial.batch

    def _samples(self, address: BatchAddress, partial: Partial) -> list[Sample]:
        """Return the samples, each after its place; what is left out goes into `partial`."""
        dataset, seed, epoch = self.dataset, address.seed, address.epoch
        places = list(enumerate(address.indices))
        if hasattr(dataset, "__getitems__") and not isinstance(dataset, Subset):
            with item_stream(seed, epoch, address.indices[0]):
                return list(zip(places, dataset.__getitems__(address.indices), strict=False))
        samples: list[Sample] = []
        now = self._now()
        with item_streams(seed, epoch) as put_at:
            for place in places:
                put_at(place[1])
                now[0] = place[1]
                try:
                    samples.append((place, dataset[place[1]]))
                except Exception as error:
                    self._failed(place, error, partial)
        return samples

    def _now(self) -> Any:
        """Return where this worker notes the item that it makes, so that it is known where the worker died."""
        info = get_worker_info()
        return [0] if info is None or self.items is None else self.items.numpy()[info.id : info.id + 1]

    def _failed(self, place: Place, error: Exception, partial: Partial) -> None:
        index = place[1]
        name = item_name(self.dataset, index)
        if self.on_error == "skip" and is_fault_of_item(error):
            partial.leave_out(place, name, str(error))
            return
        if isinstance(error, OSError) and not is_fault_of_machine(error):
            error = DataError(f"loader: item {index} ({name}) could not be read: {error}.")
        add_context(error, item=index, file=name)
        raise error

    def _collated(self, samples: list[Sample], partial: Partial) -> Any:
        """Return the batch; items that are decoded only now may turn out to be broken too."""
        try:
            return self.collate_fn([sample for _, sample in samples])
        except (DataError, OSError):
            if self.on_error != "skip":
                raise
        whole = [sample for place, sample in samples if self._collates(place, sample, partial)]
        return self.collate_fn(whole) if whole else None

    def _collates(self, place: Place, sample: Any, partial: Partial) -> bool:
        try:
            self.collate_fn([sample])
        except Exception as error:
            self._failed(place, error, partial)
            return False
        return True


def is_fault_of_item(error: Exception) -> bool:
    """Say whether an error is about one item, which may be left out; not too many open files, say, or no memory."""
    if isinstance(error, OSError):
        return not is_fault_of_machine(error)
    return isinstance(error, DataError)


@contextmanager
def global_draws_at(seed: int) -> Iterator[None]:
    """Put the CPU generators of torch, NumPy and Python at an address, and back afterwards.

    Our own transforms draw from `item_stream`; this makes a user's transform that draws from a global
    generator repeatable too, whatever the number of workers.
    """
    kept_torch, kept_numpy, kept_python = torch.get_rng_state(), np.random.get_state(), random.getstate()
    torch.default_generator.manual_seed(seed)
    np.random.seed(seed & 0xFFFFFFFF)
    random.seed(seed)
    try:
        yield
    finally:
        torch.set_rng_state(kept_torch)
        np.random.set_state(kept_numpy)
        random.setstate(kept_python)
