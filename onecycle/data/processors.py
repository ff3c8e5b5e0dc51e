"""Processors: what is learnt from the training items once, such as the classes, and done to every item."""

from __future__ import annotations

import numbers
from collections.abc import Hashable, Iterable, Sequence
from typing import Any

import numpy as np

from onecycle.data.items import EmptyLabel
from onecycle.errors import DataError, explain
from onecycle.types import JsonDict
from onecycle.utils.frozen_values import check_attribute
from onecycle.utils.registry import register
from onecycle.utils.values import name_list, or_empty, sort_labels, to_label, to_labels

__all__ = [
    "CategoryProcessor",
    "MixedProcessor",
    "MultiCategoryProcessor",
    "PreProcessor",
]


def as_items(values: Any) -> Any:
    """Return values as an array of items: plain numbers become a numeric array, the rest one of objects.

    Example:
        >>> as_items([[1, 2], [3]]).shape
        (2,)
    """
    if isinstance(values, np.ndarray) or hasattr(values, "index_select"):  # an array or a tensor
        return values
    if hasattr(values, "to_numpy"):
        return values.to_numpy()
    values = list(values)
    if values and all(type(value) in (int, float, bool) or isinstance(value, np.number) for value in values):
        return np.array(values)
    items = np.empty(len(values), dtype=object)
    for i, value in enumerate(values):
        items[i] = value
    return items


def is_number(index: Any) -> bool:
    """Say whether an index is one whole number, of Python, NumPy or torch."""
    return isinstance(index, numbers.Integral) or getattr(index, "ndim", None) == 0


class PreProcessor:
    """Change the items of a list once, before training.

    A subclass overrides `process_one`, and `process` where it learns something from the training items. What
    it learns goes into `get_state`, so that a saved learner has it.

    Args:
        ds: The list of training items, for processors that take settings from it.
    """

    def __init__(self, ds: Any = None) -> None:
        self.warns: list[Any] = []

    def process_one(self, item: Any) -> Any:
        """Return the processed item."""
        return item

    def process(self, ds: Any) -> None:
        """Process the items of a list that was made for it; called on the training list first."""
        ds.items = as_items([self.process_one(item) for item in ds.items])

    def get_state(self) -> JsonDict:
        """Return the settings that rebuild the processor."""
        return {}

    @classmethod
    def from_state(cls, state: JsonDict) -> PreProcessor:
        """Rebuild the processor from `get_state`."""
        processor = cls.__new__(cls)
        processor.warns = []
        for name, value in state.items():
            check_attribute(processor, name)
            setattr(processor, name, value)
        return processor


def sorted_classes(labels: Iterable[Any]) -> list[Any]:
    """Return the different labels in order; labels that do not compare are ordered by their text."""
    return sort_labels({to_label(label) for label in labels if label is not None})


def _classes_of(labels: Iterable[Any]) -> list[Any]:
    labels = [to_label(label) for label in labels]
    odd = next((label for label in labels if not isinstance(label, Hashable)), None)
    if odd is not None:
        cure = "For several labels an item pass label_cls=MultiCategoryList, for numbers label_cls=FloatList."
        raise DataError(explain("CategoryList", "labels", "must each be one class", odd, cure))
    return sorted_classes(labels)


@register("processor")
class CategoryProcessor(PreProcessor):
    """Turn labels into indices of sorted classes.

    Args:
        ds: The list of labels; its `classes`, where it has some, are used in their order.
    """

    classes: list[Any] | None
    c2i: dict[Any, int]

    def __init__(self, ds: Any = None) -> None:
        super().__init__(ds)
        self.create_classes(getattr(ds, "classes", None))

    def create_classes(self, classes: Sequence[Any] | None) -> None:
        """Take over the classes and number them."""
        self.classes = name_list(type(self).__name__, "classes", classes)
        self.c2i = {label: i for i, label in enumerate(or_empty(self.classes))}

    def generate_classes(self, items: Iterable[Any]) -> list[Any]:
        """Return the sorted classes of the labels.

        Raises:
            DataError: a label is none that a class can be, such as a list.
        """
        return _classes_of(items)

    def process_one(self, item: Any) -> Any:
        """Return the index of a label; None, remembered in `warns`, where there is no such class."""
        if isinstance(item, EmptyLabel):
            return item
        label = to_label(item)
        index = self.c2i.get(label)
        if index is None:
            self.warns.append(label)
        return index

    def process(self, ds: Any) -> None:
        """Process the labels of a list and give it the classes."""
        if self.classes is None:
            self.create_classes(self.generate_classes(ds.items))
        ds.classes, ds.c2i = self.classes, self.c2i
        super().process(ds)

    def get_state(self) -> JsonDict:
        """Return the classes."""
        return {"classes": self.classes}

    @classmethod
    def from_state(cls, state: JsonDict) -> CategoryProcessor:
        """Rebuild the processor from its classes."""
        processor = super().from_state({key: value for key, value in state.items() if key != "classes"})
        assert isinstance(processor, CategoryProcessor)
        processor.create_classes(state["classes"])
        return processor


@register("processor")
class MultiCategoryProcessor(CategoryProcessor):
    """Turn collections of labels into lists of indices of sorted classes.

    Args:
        ds: The list of labels.
        one_hot: The items are rows of zeros and ones, one column a class.
    """

    def __init__(self, ds: Any = None, one_hot: bool = False) -> None:
        super().__init__(ds)
        self.one_hot = bool(getattr(ds, "one_hot", False) or one_hot)

    def generate_classes(self, items: Iterable[Any]) -> list[Any]:
        """Return the sorted classes that any item has; for rows of zeros and ones the column numbers.

        Raises:
            DataError: no item has a label, or one is none that a class can be.
        """
        if self.one_hot:
            return list(range(max((len(row) for row in items), default=0)))
        items = list(items)
        classes = _classes_of(label for labels in items for label in to_labels(labels))
        if items and not classes:
            rule = f"must be there for some of the {len(items)} training items; no item has one"
            raise DataError(explain("MultiCategoryList", "labels", rule, cure="Pass classes=[…] if that is meant."))
        return classes

    def process_one(self, item: Any) -> Any:
        """Return the indices of an item's labels; labels of no class are left out and remembered."""
        if isinstance(item, EmptyLabel):
            return item
        if self.one_hot:
            return _columns_that_are_one(item)
        found = [CategoryProcessor.process_one(self, label) for label in to_labels(item)]
        return [index for index in found if index is not None]

    def process(self, ds: Any) -> None:
        """Process the labels of a list and give it the classes."""
        super().process(ds)
        ds.one_hot = False

    def get_state(self) -> JsonDict:
        """Return the classes, and whether labels come as rows of zeros and ones."""
        return {**super().get_state(), "one_hot": self.one_hot}


def _columns_that_are_one(row: Any) -> list[int]:
    try:
        values = np.asarray(row, dtype=float)
    except (TypeError, ValueError):
        values = np.array([np.nan])
    if not np.isin(values, (0, 1)).all():
        cure = "For numbers to predict pass label_cls=FloatList."
        shown = row.tolist() if hasattr(row, "tolist") else list(row)
        raise DataError(explain("MultiCategoryList", "one_hot", "labels must be 0 and 1", shown, cure))
    return [int(i) for i in np.flatnonzero(values)]


@register("processor")
class MixedProcessor(PreProcessor):
    """Process each part of a mixed list with processors of its own.

    Args:
        procs: For each part its list of processors.
    """

    def __init__(self, procs: Sequence[Sequence[PreProcessor]]) -> None:
        super().__init__()
        self.procs = [list(part) for part in procs]

    def process_one(self, item: Sequence[Any]) -> list[Any]:
        """Return the parts of an item, each processed."""
        return [_through(part, processors) for part, processors in zip(item, self.procs, strict=True)]

    def process(self, ds: Any) -> None:
        """Process each part of a mixed list."""
        for part, processors in zip(ds.item_lists, self.procs, strict=True):
            part.process(processors)

    def get_state(self) -> JsonDict:
        """Return the processors."""
        return {"procs": self.procs}


def _through(item: Any, processors: Sequence[PreProcessor]) -> Any:
    for processor in processors:
        item = processor.process_one(item)
    return item
