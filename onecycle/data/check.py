"""The look at the data before training: can samples be read, do they fit together, is a set too small."""

from __future__ import annotations

import warnings
from collections import Counter
from typing import Any

from onecycle.data.batch_parts import as_pair
from onecycle.data.collate import data_collate, pack_samples
from onecycle.data.fetch import item_name
from onecycle.data.item_loader import ItemLoader
from onecycle.errors import DataError, ErrorList, describe
from onecycle.utils.seeding import global_rng_kept, item_stream

__all__: list[str] = []

_LOOKED_AT = 3  # samples of a set: the first, the middle and the last one
_SHOWN = 5


def check_bunch(data: Any) -> None:
    """Look at a few samples of the training and validation sets and say all that is wrong at once.

    No random draw of a run or of the global generators is used up.

    Args:
        data: The bunch.

    Raises:
        DataError: the training set is empty, samples cannot be read, or they do not make a batch.
    """
    errors = ErrorList("data")
    _check_train(data, errors)
    for name, loader in (("training", data.train_dl), ("validation", data.valid_dl)):
        if loader is not None and isinstance(loader.dl, ItemLoader) and len(loader.dataset):
            _check_samples(name, loader, errors)
    errors.raise_if_any(DataError)
    _warn_of_lonely_classes(data)
    _warn_of_one_class(data)


def _check_train(data: Any, errors: ErrorList) -> None:
    dataset = data.train_dl.dataset
    if getattr(getattr(dataset, "x", None), "ignore_empty", False):
        return
    if dataset is not None and hasattr(dataset, "__len__") and len(dataset) == 0:
        errors.add(
            "the training set is empty: look at the split, or at what the filters left. "
            "Pass no_check=True if it is meant to be."
        )


def _check_samples(name: str, loader: Any, errors: ErrorList) -> None:
    dataset = loader.dataset
    skipping = loader.dl.on_error == "skip"
    samples = []
    for index in sorted({0, len(dataset) // 2, len(dataset) - 1})[:_LOOKED_AT]:
        try:
            with global_rng_kept(), item_stream(0, 0, index):
                samples.append(dataset[index])
        except (DataError, OSError) as error:
            if not skipping:
                errors.add(_cannot_read(name, item_name(dataset, index), error))
    pairs = [as_pair(sample) for sample in samples]
    odd = [pair for pair in pairs if not isinstance(pair, (tuple, list)) or len(pair) != 2]
    if odd:
        errors.add(
            f"a sample of the {name} set must be a pair (input, target); got {describe(odd[0])}. Return both in the "
            f"dataset's __getitem__; where there are no targets, (input, 0)."
        )
    if len(samples) > 1 and not skipping and len(errors) == 0:
        _check_batch(name, loader, samples, errors)


def _cannot_read(name: str, item: str, error: Exception) -> str:
    said = str(error)
    where = "" if item in said else f" ({item})"
    return f"a sample of the {name} set cannot be read{where}: {said} With on_error='skip' it is left out."


def _check_batch(name: str, loader: Any, samples: list[Any], errors: ErrorList) -> None:
    if loader.batch_size == 1:
        return
    collate = pack_samples if loader.dl.collate_fn is data_collate else loader.dl.collate_fn
    try:
        collate(samples)
    except DataError as error:
        errors.add(f"samples of the {name} set do not make a batch: {error}")


def _warn_of_lonely_classes(data: Any) -> None:
    """Say which classes have one item in all: they can be learnt or checked, not both."""
    counts = _class_counts(data.train_dl) + _class_counts(data.valid_dl)
    classes = getattr(data.train_dl.dataset, "classes", None) or []
    lonely = [str(classes[index]) for index, count in sorted(counts.items()) if count == 1]
    if lonely:
        shown = ", ".join(lonely[:_SHOWN]) + (
            f" and {len(lonely) - _SHOWN} more" if len(lonely) > _SHOWN else ""
        )
        warnings.warn(
            f"data: classes with a single item: {shown}. Such a class can be learnt or checked, not both. "
            f"Add items, or leave the class out.",
            UserWarning,
            stacklevel=6,
        )


def _warn_of_one_class(data: Any) -> None:
    """Say that nothing can be learnt where all items have one class: often the folder is one too deep."""
    dataset = data.train_dl.dataset
    classes = getattr(dataset, "classes", None) or []
    if len(classes) == 1 and _class_counts(data.train_dl) and len(dataset) > 1:
        warnings.warn(
            f"data: all items have one class, {str(classes[0])!r}: there is nothing to tell apart. Look at the labels; "
            f"with one folder a class, pass the folder that holds those folders.",
            UserWarning,
            stacklevel=6,
        )


def _class_counts(loader: Any) -> Counter[int]:
    """Return how many items each class has, where each item has one class."""
    labels = getattr(getattr(loader, "dataset", None), "y", None)
    items: Any = getattr(labels, "items", None)
    one_class_each = getattr(items, "dtype", None) is not None and items.dtype.kind in "iu"
    return Counter(items.tolist() if one_class_each and getattr(labels, "classes", None) else [])
