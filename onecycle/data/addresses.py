"""The address of a batch: which items it holds, as a pure function of (seed of the run, epoch, step)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from onecycle.utils.seeding import epoch_permutation, global_rng_kept, mix, set_all_seed

__all__: list[str] = []

_LOOK = 4  # keeps the seed of looks apart from the other kinds of address
_SAMPLER = 5  # likewise for samplers that draw from the global generators


@dataclass(frozen=True, slots=True)
class BatchAddress:
    """Say where a batch is and which items it holds.

    Args:
        seed: Seed of the run.
        epoch: Number of the epoch, from 0.
        step: Number of the batch in the epoch, from 0.
        indices: The items.
    """

    seed: int
    epoch: int
    step: int
    indices: list[int]


def look_seed() -> int:
    """Return the seed of looks at the data: it follows `torch.manual_seed` and draws nothing."""
    return mix(torch.initial_seed(), _LOOK)


class BatchOrder:
    """Cut the items of a set into batches, in an order that the address alone decides.

    Args:
        count: Number of items.
        batch_size: Items in a batch.
        shuffle: Draw a new order each epoch.
        drop_last: Leave the last batch out when it is not whole.
        sampler: Yields indices; in place of `shuffle`. One with a method `order(seed, epoch)` is asked for
            the whole order; another is iterated with the global generators put at the address and put back.
        batch_sampler: Yields lists of indices, in place of all the others.
    """

    def __init__(
        self,
        count: int,
        batch_size: int,
        shuffle: bool = False,
        drop_last: bool = False,
        sampler: Any = None,
        batch_sampler: Any = None,
    ) -> None:
        self.count, self.batch_size = count, batch_size
        self.shuffle, self.drop_last = shuffle, drop_last
        self.sampler, self.batch_sampler = sampler, batch_sampler
        self._known: tuple[int, int] | None = None
        self._batches: Sequence[Any] = []

    def __len__(self) -> int:
        if self.batch_sampler is not None:
            return len(self.batch_sampler)
        count = self.count if self.sampler is None else len(self.sampler)
        return count // self.batch_size if self.drop_last else -(-count // self.batch_size)

    def indices(self, seed: int, epoch: int, step: int) -> list[int]:
        """Return the items of one batch."""
        return [int(i) for i in self._at(seed, epoch)[step]]

    def addresses(self, seed: int, epoch: int, start_step: int = 0) -> Iterator[BatchAddress]:
        """Yield the batches of an epoch from a step on."""
        batches = self._at(seed, epoch)
        for step in range(start_step, len(batches)):
            yield BatchAddress(seed, epoch, step, np.asarray(batches[step]).tolist())

    def _at(self, seed: int, epoch: int) -> Sequence[Any]:
        if self._known != (seed, epoch):
            self._known, self._batches = (seed, epoch), self._cut(seed, epoch)
        return self._batches

    def _cut(self, seed: int, epoch: int) -> Sequence[Any]:
        if self.batch_sampler is not None:
            return drawn_at(self.batch_sampler, seed, epoch)
        return _Parts(self.order(seed, epoch), self.batch_size, self.drop_last)

    def order(self, seed: int, epoch: int) -> Any:
        """Return all items of an epoch in their order, before it is cut into batches."""
        if self.sampler is not None:
            return drawn_at(self.sampler, seed, epoch)
        return epoch_permutation(seed, epoch, self.count) if self.shuffle else np.arange(self.count)


class _Parts(Sequence[Any]):
    """Be an order in parts of one size, each cut when it is asked for."""

    def __init__(self, order: Any, size: int, drop_last: bool) -> None:
        end = len(order) // size * size if drop_last else len(order)
        self._order, self._size, self._starts = order, size, range(0, end, size)

    def __len__(self) -> int:
        return len(self._starts)

    def __getitem__(self, step: Any) -> Any:
        start = self._starts[step]
        return self._order[start : start + self._size]


def drawn_at(sampler: Any, seed: int, epoch: int) -> Any:
    """Return all that a sampler yields in an epoch, as a function of the address."""
    if hasattr(sampler, "order"):
        order = sampler.order(seed, epoch)
        return order if isinstance(order, (Sequence, np.ndarray)) else list(order)  # a sequence may draw when asked
    with global_rng_kept():
        set_all_seed(mix(seed, _SAMPLER, epoch) >> 1)
        return list(sampler)


def passed_over(batches: Iterator[Any], start_step: int) -> Iterator[Any]:
    """Pass over the first batches of an iterator."""
    for _ in range(start_step):
        next(batches, None)
    return batches
