"""The share of a process in a loader: the same order for all, cut into parts of its own for each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from onecycle.data.item_loader import ItemLoader
from onecycle.data.loaders import DeviceDataLoader
from onecycle.errors import DataError

__all__: list[str] = []

Cut = Callable[[Any], Any]


class Share:
    """Be a sampler: the items of one process, out of an order that is the same for all of them.

    Args:
        order: The whole order: has `order(seed, epoch)`.
        cut: Takes the items of the process out of the whole order.
        count: How many items the whole order has.
    """

    def __init__(self, order: Any, cut: Cut, count: int) -> None:
        self._whole, self._cut = order, cut
        self._count = len(cut(np.arange(count)))

    def __len__(self) -> int:
        return self._count

    def order(self, seed: int, epoch: int) -> Any:
        """Return the items of the process in an epoch."""
        return self._cut(np.asarray(self._whole.order(seed, epoch)))


def training_cut(rank: int, processes: int, batch_size: int) -> Cut:
    """Return a cut by which the processes' batches together are those of one process with larger batches.

    Each process has equally many batches of equal sizes: of the last items of the order, fewer than `processes`
    are left out.
    """

    def cut(order: Any) -> Any:
        whole = len(order) // (batch_size * processes) * batch_size * processes
        blocks = order[:whole].reshape(-1, processes, batch_size)[:, rank].reshape(-1)
        tail = order[whole:]
        each = len(tail) // processes
        return np.concatenate([blocks, tail[rank * each : (rank + 1) * each]])

    return cut


def validation_cut(rank: int, processes: int) -> Cut:
    """Return a cut that gives each item to one process, and each process as many but for one."""
    return lambda order: order[rank::processes]


def training_share(loader: DeviceDataLoader, rank: int, processes: int) -> DeviceDataLoader:
    """Return a loader of one process's share of a training set.

    Raises:
        DataError: the set does not fill a batch for each process, or its batches are not made here.
    """
    if hasattr(loader.dataset, "share"):
        share = loader.new(dataset=loader.dataset.share(rank, processes))
    elif isinstance(loader.dl, ItemLoader):
        share = _share_of(loader, training_cut(rank, processes, loader.dl.batch_size))
    else:
        batches = _ready(loader)
        share = _with_batches(loader, batches[rank : len(batches) // processes * processes : processes])
    if not len(share):
        raise DataError(
            f"DistributedTrainer: the training set must fill a batch for each of {processes} processes; "
            f"its loader is {loader!r}. Pass a smaller bs."
        )
    return share


def validation_share(loader: DeviceDataLoader, rank: int, processes: int) -> DeviceDataLoader:
    """Return a loader of one process's share of a validation set, without an item twice.

    A process of which there is no batch has an empty loader.

    Raises:
        DataError: its batches are not made here.
    """
    if hasattr(loader.dataset, "share"):  # a language model's corpus: streams of its own
        return loader.new(dataset=loader.dataset.share(rank, processes))
    if isinstance(loader.dl, ItemLoader):
        return _share_of(loader, validation_cut(rank, processes))
    return _with_batches(loader, _ready(loader)[rank::processes])


def _share_of(loader: DeviceDataLoader, cut: Cut) -> DeviceDataLoader:
    items: ItemLoader = loader.dl
    if items.batch_sampler is not None:
        raise DataError(
            "DistributedTrainer: a loader with a batch_sampler cannot be shared out between processes. "
            "Pass sampler= or shuffle= instead."
        )
    order = items.order
    count = len(order.sampler) if order.sampler is not None else order.count
    return loader.new(shuffle=False, sampler=Share(order, cut, count))


def _ready(loader: DeviceDataLoader) -> Sequence[Any]:
    if not isinstance(loader.dl, Sequence):
        raise DataError(
            f"DistributedTrainer: a loader must be made by DataBunch.create or be a list of batches to be shared "
            f"out; got {type(loader.dl).__name__}. Pass the dataset instead of a loader."
        )
    return loader.dl


def _with_batches(loader: DeviceDataLoader, batches: Sequence[Any]) -> DeviceDataLoader:
    return DeviceDataLoader(batches, loader.device, loader.tfms)
