"""Samplers that put texts of like length into one batch."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sized
from typing import Any

import numpy as np
from torch.utils.data import Sampler

from onecycle.errors import ArgumentError, explain
from onecycle.utils.seeding import Stream, epoch_permutation, mix

__all__ = ["SortSampler", "SortishSampler"]

Key = Callable[[int], float]

_BATCHES = 8  # keeps the order of batches apart from the other kinds of address
_POOL = 50  # batches that are sorted together: large enough for like lengths, small enough to mix


def _sizes(data_source: Sized, key: Key | np.ndarray) -> np.ndarray:
    """Return the size of every item."""
    if callable(key):
        return np.array([key(i) for i in range(len(data_source))])
    return np.asarray(key)


class SortSampler(Sampler[int]):
    """Go through the items from the longest to the shortest.

    Args:
        data_source: The items.
        key: Tells the length of item `i`; or an array of all lengths.

    Example:
        >>> list(SortSampler("abc", key=[1, 3, 2].__getitem__))
        [1, 2, 0]
    """

    def __init__(self, data_source: Sized, key: Key | np.ndarray) -> None:
        self.data_source, self.key = data_source, key
        self._order = np.argsort(-_sizes(data_source, key), kind="stable")

    def __len__(self) -> int:
        return len(self._order)

    def __iter__(self) -> Iterator[int]:
        return iter(self._order.tolist())

    def order(self, seed: int = 0, epoch: int = 0) -> np.ndarray:
        """Return all indices in their order, the same in every epoch."""
        return self._order

    def inverse(self) -> np.ndarray:
        """Return where each item comes: `predictions[sampler.inverse()]` are in the order of the items."""
        return np.argsort(self._order, kind="stable")


class SortishSampler(Sampler[int]):
    """Go through the items in random order, with items of like length in one batch and the longest first.

    The items are shuffled, then sorted within pools of 50 batches, and the batches are shuffled. The batch with
    the longest item comes first, so that memory that does not suffice is noticed at once. A batch that is not
    whole comes last.

    Args:
        data_source: The items.
        key: Tells the length of item `i`; or an array of all lengths.
        bs: Batch size.

    Raises:
        ArgumentError: `bs` is not at least 1.
    """

    def __init__(self, data_source: Sized, key: Key | np.ndarray, bs: int) -> None:
        if bs < 1:
            raise ArgumentError(explain("SortishSampler", "bs", "must be at least 1", bs))
        self.data_source, self.key, self.bs = data_source, key, bs
        self._lengths = _sizes(data_source, key)
        self._looks = 0

    def __len__(self) -> int:
        return len(self._lengths)

    def at_batch_size(self, batch_size: int) -> SortishSampler:
        """Return the sampler for batches of another size."""
        return self if batch_size == self.bs else SortishSampler(self.data_source, self._lengths, batch_size)

    def __iter__(self) -> Iterator[int]:
        self._looks += 1
        return iter(self.order(0, self._looks).tolist())

    def order(self, seed: int, epoch: int) -> np.ndarray:
        """Return all indices in the order of an epoch.

        Args:
            seed: Seed of the run.
            epoch: Number of the epoch.
        """
        shuffled = epoch_permutation(seed, epoch, len(self))
        whole = len(self) // self.bs * self.bs
        if not whole:
            return self._sorted(shuffled)
        pooled = self._sorted_in_pools(shuffled[:whole])
        batches = pooled.reshape(-1, self.bs)[self._of_batches(pooled, seed, epoch)]
        return np.concatenate([batches.reshape(-1), self._sorted(shuffled[whole:])])

    def _sorted(self, indices: np.ndarray) -> np.ndarray:
        return indices[np.argsort(-self._lengths[indices], kind="stable")]

    def _sorted_in_pools(self, indices: np.ndarray) -> np.ndarray:
        pool = self.bs * _POOL
        parts = [self._sorted(indices[start : start + pool]) for start in range(0, len(indices), pool)]
        return np.concatenate(parts)

    def _of_batches(self, pooled: np.ndarray, seed: int, epoch: int) -> np.ndarray:
        """Return the order of the batches: the one with the longest item, then the others shuffled."""
        longest = int(self._lengths[pooled].argmax()) // self.bs
        drawn = Stream(mix(seed, _BATCHES, epoch)).permutation(len(pooled) // self.bs)
        return np.concatenate([[longest], drawn[drawn != longest]])


def lengths_of(items: Any) -> np.ndarray:
    """Return the number of tokens of each text of a list."""
    known = getattr(items, "lengths", None)
    return np.array([len(item) for item in items], dtype=np.int64) if known is None else known
