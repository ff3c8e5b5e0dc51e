"""The balance of classes: their counts, weights for a loss, and orders in which they come equally often."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Subset, TensorDataset

from onecycle.errors import ArgumentError, DataError, explain
from onecycle.utils.checks import check_numbers
from onecycle.utils.seeding import mix, run_seed

__all__ = ["OverSampler", "UnderSampler", "class_weights", "pos_weights"]

_BALANCE = 6  # keeps these orders apart from the other kinds of address


def labels_of(dataset: Any) -> np.ndarray:
    """Return the class of each item as a whole number.

    Args:
        dataset: A `LabelList`, a `TensorDataset` with the classes last, a `Subset` of these, or a set with an
            attribute `targets`.

    Shape:
        -> (items,)

    Raises:
        DataError: the classes are not known, or an item has several.
    """
    if isinstance(dataset, Subset):
        return labels_of(dataset.dataset)[np.asarray(dataset.indices)]
    labels = np.asarray(_raw_labels(dataset))
    if labels.ndim != 1 or not np.issubdtype(labels.dtype, np.integer):
        raise DataError(
            f"labels: must be one class an item; got {labels.dtype} of shape {labels.shape}. "
            f"There are no classes to balance."
        )
    return labels


def _raw_labels(dataset: Any) -> Any:
    if isinstance(dataset, TensorDataset):
        return dataset.tensors[-1].cpu()
    labels: Any = getattr(dataset, "y", None)
    found = getattr(dataset, "targets", None) if labels is None else getattr(labels, "items", None)
    if found is None or callable(found):
        kind = "ready batches" if dataset is None else f"a {type(dataset).__name__}"
        raise DataError(
            f"labels: the training set must tell its classes; it is {kind}. Use a LabelList or a TensorDataset, "
            f"or give the set an attribute `targets`: one class an item."
        )
    _refuse_several(found)
    return found


def _refuse_several(labels: Any) -> None:
    first: Any = labels[0] if len(labels) else 0
    if hasattr(first, "__len__"):
        raise DataError(
            "labels: must be one class an item; an item has several. Several labels an item cannot be balanced; "
            "BCEWithLogitsFlat(pos_weight=pos_weights(data)) weighs them in the loss."
        )


def class_weights(data: Any, power: float = 1.0) -> Tensor:
    """Return a weight for each class, so that all count the same in a loss.

    The weight is `items / (classes · items of the class)`: 1 where all classes are equally frequent. A class
    without items gets 1. For masks it is pixels that are counted, in all training masks as they are in their files;
    pixels of the value to ignore are left out.

    Args:
        data: A `DataBunch`, or a training set; see `labels_of`.
        power: The weights are raised to it, 0 to 1. Below 1 rare classes weigh less: 0.5 suits masks in which a class
            has a thousandth of the pixels.

    Shape:
        -> (classes,), on the data's device

    Raises:
        ArgumentError: power is out of its range.
        DataError: the classes are not known, or the training set is empty.

    Example:
        >>> rows = TensorDataset(torch.zeros(4, 2), torch.tensor([0, 0, 0, 1]))
        >>> class_weights(rows)
        tensor([0.6667, 2.0000])
    """
    check_numbers("class_weights", "power", power, "must be from 0 to 1", lambda number: 0 <= number <= 1)
    counts = _class_counts(data)
    if not counts.sum():
        raise DataError("class_weights: the training set must hold an item; it is empty.")
    present = np.count_nonzero(counts)
    weights = np.where(counts > 0, counts.sum() / (present * np.maximum(counts, 1)), 1.0) ** power
    return torch.tensor(weights, dtype=torch.float32, device=getattr(data, "device", None))


def _class_counts(data: Any) -> np.ndarray:
    """Return how many items, or pixels of masks, of the training set each class has."""
    dataset = data.train_ds if hasattr(data, "train_ds") else data
    count = getattr(getattr(dataset, "y", None), "class_counts", None)
    if count is not None:
        return count()
    return np.bincount(labels_of(dataset), minlength=getattr(data, "c", None) or 0)


def pos_weights(data: Any) -> Tensor:
    """Return for each of several labels how many items lack it for one that has it: `pos_weight` of a binary loss.

    A label that no item has gets 1.

    Args:
        data: A `DataBunch` of items with several labels, or a training set of them.

    Shape:
        -> (classes,), on the data's device

    Raises:
        DataError: the items do not have several labels, or there are none.

    Example:
        loss = BCEWithLogitsFlat(pos_weight=pos_weights(data))
    """
    dataset = data.train_ds if hasattr(data, "train_ds") else data
    count = getattr(getattr(dataset, "y", None), "label_counts", None)
    if count is None:
        raise DataError(
            "pos_weights: the items must have several labels each (label_from_df with label_delim=, or one column per "
            "label). Use class_weights(data) for one class per item, and for masks."
        )
    having, items = count(), len(dataset)
    if not items:
        raise DataError("pos_weights: the training set must hold an item; it is empty.")
    weights = np.where(having > 0, (items - having) / np.maximum(having, 1), 1.0)
    return torch.tensor(weights, dtype=torch.float32, device=getattr(data, "device", None))


class Sampler:
    """Order items so that classes come equally often: a pure function of (seed of the run, epoch).

    Args:
        labels: The class of each item.
        weights: How likely each item is to be drawn; by its class when None.

    Raises:
        ArgumentError: there is not one weight an item, or one is below 0.
    """

    def __init__(self, labels: Sequence[int] | np.ndarray, weights: Any = None) -> None:
        self.labels = np.asarray(labels)
        owner = type(self).__name__
        if not len(self.labels):
            raise DataError(f"{owner}: the set must hold an item; it is empty.")
        self.groups = [np.flatnonzero(self.labels == label) for label in np.unique(self.labels)]
        self.weights = None if weights is None else _checked_weights(owner, weights, len(self.labels))

    def size(self) -> int:
        """Return how many items of each class an epoch holds."""
        raise NotImplementedError

    def of_class(self, group: np.ndarray, draw: np.random.Generator) -> np.ndarray:
        """Return the items of one class for an epoch."""
        raise NotImplementedError

    def weighted(self, weights: np.ndarray, draw: np.random.Generator) -> np.ndarray:
        """Return the items of an epoch where each has a weight."""
        raise NotImplementedError

    def order(self, seed: int, epoch: int) -> np.ndarray:
        """Return the items of an epoch, in order."""
        draw = np.random.default_rng(mix(seed, _BALANCE, epoch))
        if self.weights is not None:
            return self.weighted(self.weights, draw)
        return draw.permutation(np.concatenate([self.of_class(group, draw) for group in self.groups]))

    def __len__(self) -> int:
        return self.size() * len(self.groups)

    def __iter__(self) -> Iterator[int]:
        """Yield an order drawn from torch's global generator, for loaders that are not onecycle's."""
        return iter(self.order(run_seed(), 0).tolist())


def _checked_weights(owner: str, weights: Any, count: int) -> np.ndarray:
    values = np.asarray(weights, dtype=np.float64)
    if values.shape != (count,):
        raise ArgumentError(explain(owner, "weights", f"must be one number an item, {count} in all", weights))
    check_numbers(owner, "weights", values, "must be at least 0", lambda number: number >= 0)
    if not values.sum():
        raise ArgumentError(f"{owner}: weights must not all be 0. Leave them out for equally frequent classes.")
    return values / values.sum()


class OverSampler(Sampler):
    """Show items of rare classes several times an epoch, so that every class comes as often as the largest.

    Every item comes at least once. With weights, as many items are drawn, with replacement.

    Args:
        labels: The class of each item.
        weights: How likely each item is to be drawn; by its class when None.

    Example:
        >>> order = OverSampler([0, 0, 0, 1]).order(seed=1, epoch=0)
        >>> sorted(order.tolist())
        [0, 1, 2, 3, 3, 3]
    """

    def size(self) -> int:
        """Return the number of items of the largest class."""
        return max(map(len, self.groups))

    def of_class(self, group: np.ndarray, draw: np.random.Generator) -> np.ndarray:
        """Return all items of the class as often as they fit, and some once more."""
        whole, rest = divmod(self.size(), len(group))
        return np.concatenate([np.tile(group, whole), draw.permutation(group)[:rest]])

    def weighted(self, weights: np.ndarray, draw: np.random.Generator) -> np.ndarray:
        """Draw with replacement."""
        return draw.choice(len(weights), len(self), p=weights)


class UnderSampler(Sampler):
    """Show only some items of frequent classes each epoch, so that every class comes as often as the smallest.

    Each epoch draws others. With weights, as many items are drawn, without replacement.

    Args:
        labels: The class of each item.
        weights: How likely each item is to be drawn; by its class when None.

    Example:
        >>> len(UnderSampler([0, 0, 0, 1]).order(seed=1, epoch=0))
        2
    """

    def size(self) -> int:
        """Return the number of items of the smallest class."""
        return min(map(len, self.groups))

    def of_class(self, group: np.ndarray, draw: np.random.Generator) -> np.ndarray:
        """Return some items of the class, none twice."""
        return draw.permutation(group)[: self.size()]

    def weighted(self, weights: np.ndarray, draw: np.random.Generator) -> np.ndarray:
        """Draw without replacement."""
        count = min(len(self), int(np.count_nonzero(weights)))
        return draw.choice(len(weights), count, replace=False, p=weights)
