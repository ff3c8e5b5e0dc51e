"""Bunches of data sets that are no lists of items, and of ready loaders: how one input becomes a batch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from torch.utils.data import DataLoader, Dataset, IterableDataset

from onecycle.data.batch_parts import TARGET_NAMES, named_parts
from onecycle.data.collate import data_collate, pack_samples
from onecycle.errors import ArgumentTypeError, DataError, explain
from onecycle.utils.seeding import global_rng_kept

__all__: list[str] = []


class PlainItems(Dataset[Any]):
    """Be a data set of inputs without targets.

    Args:
        items: The inputs, as the data set of the training gives them.
        names: The names of the inputs of a sample, or None where samples are pairs.
    """

    def __init__(self, items: Sequence[Any], names: Sequence[str] | None = None) -> None:
        self.items, self.names = items, names

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, index: int) -> Any:
        return as_sample(self.items[index], self.names)


class EmptySamples(Dataset[Any]):
    """Stand for the sets of a bunch that was read from a file: no samples, but the classes.

    Args:
        classes: The classes, or None.
    """

    def __init__(self, classes: list[Any] | None = None) -> None:
        self.classes = classes

    def __len__(self) -> int:
        return 0

    def __getitem__(self, index: int) -> Any:
        raise IndexError(index)


def as_sample(item: Any, names: Sequence[str] | None) -> Any:
    """Return an input as a sample: beside a target of 0, or under its name."""
    if names is None:
        return item, 0
    if named_parts(item) is not None or len(names) != 1:
        return item
    return {names[0]: item}


def sample_names(dataset: Any, loader: Any) -> list[str] | None:
    """Return the names of the inputs of a sample, or None where samples are pairs or there is none to look at.

    Args:
        dataset: The training set, or None.
        loader: The loader of the training set; asked for a batch only where it is a list of them.
    """
    source = loader if dataset is None and isinstance(loader, Sequence) else dataset
    if source is None or isinstance(source, (IterableDataset, EmptySamples)):
        return None
    try:
        with global_rng_kept():
            parts = named_parts(source[0])
    except Exception:  # the first sample is broken: whoever loads it will say so
        return None
    return None if parts is None else [str(name) for name in parts if name not in TARGET_NAMES]


def item_collate(loader: Any, given: Callable[..., Any]) -> Callable[..., Any]:
    """Return what makes a batch of samples: that of a ready loader of torch, else the one given."""
    ready = isinstance(loader, DataLoader) and loader.batch_sampler is not None
    return loader.collate_fn if ready else given


def batch_of_item(item: Any, names: Sequence[str] | None, collate_fn: Callable[..., Any]) -> Any:
    """Return one input as a batch.

    Raises:
        DataError: no batch can be made of it; says why.
    """
    collate = pack_samples if collate_fn is data_collate else collate_fn
    if names is not None and len(names) != 1 and named_parts(item) is None:
        rule = f"must have the parts that a sample of the data has ({', '.join(names)}), by their names"
        raise DataError(explain("predict", "item", rule, item, "Pass a dict, such as dataset[i]."))
    try:
        return collate([as_sample(item, names)])
    except DataError:
        raise
    except Exception as error:
        name = getattr(collate_fn, "__name__", type(collate_fn).__name__)
        raise DataError(
            f"predict: item must be an input as the data set gives it; {name} could not make a batch of it: "
            f"{type(error).__name__}: {error}. Pass dataset[i][0], or a whole sample where its parts have names."
        ) from error


def samples_of(items: Any, names: Sequence[str] | None) -> Any:
    """Return a data set of items that are given: a data set of torch or samples as they are, inputs without targets.

    Raises:
        ArgumentTypeError: it is nothing that can be gone through.
    """
    if isinstance(items, Dataset):
        return items
    if isinstance(items, (str, bytes, Mapping)) or not isinstance(items, Iterable):
        hint = "Pass a list of inputs as the data set gives them, a tensor (items, …), or a data set."
        raise ArgumentTypeError(explain("items_dl", "items", "must be inputs, or a data set", items, hint))
    listed: Any = items if hasattr(items, "__getitem__") and hasattr(items, "__len__") else list(items)
    first = listed[0] if len(listed) else None
    return listed if isinstance(first, tuple) and len(first) == 2 else PlainItems(listed, names)
