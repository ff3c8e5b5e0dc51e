"""The kinds of labels: one class of several, any number of classes, numbers, none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from onecycle.data.item_list import ItemList
from onecycle.data.items import Category, EmptyLabel, FloatItem, ItemBase, MultiCategory
from onecycle.data.processors import CategoryProcessor, MultiCategoryProcessor
from onecycle.errors import ArgumentError, DataError, describe, explain
from onecycle.utils.registry import lookup, register
from onecycle.utils.values import (
    LABEL_KINDS,
    is_label,
    is_scalar,
    name_list,
    or_empty,
    to_label,
    to_labels,
    to_list,
    to_scalar,
)

__all__ = ["CategoryList", "CategoryListBase", "EmptyLabelList", "FloatList", "MultiCategoryList"]

_AT_ONCE = 4096  # items whose labels are counted in one go


_LABEL_CURE = (
    "For several labels per item pass label_cls=MultiCategoryList, for numbers to predict label_cls=FloatList; make "
    "texts of other values with str, numbers of durations with .dt.total_seconds()."
)


class LabelItems(ItemList):
    """Hold labels, and know the loss that goes with them.

    A subclass names its loss in `_loss_name` (a registered loss); `loss_func` can also be set.
    """

    _loss_name: str | None = None
    _prints_as = staticmethod(str)
    filter_missing_y = False
    _loss_func: Any = None

    @property
    def loss_func(self) -> Any:
        """Return the loss that a learner takes when none is given."""
        if self._loss_func is None and self._loss_name is not None:
            self._loss_func = lookup("loss", self._loss_name)()
        return self._loss_func

    @loss_func.setter
    def loss_func(self, value: Any) -> None:
        self._loss_func = value


class CategoryListBase(LabelItems):
    """Hold labels that are classes.

    Args:
        items: The labels; indices of classes once they are processed.
        classes: The classes in the order wanted; those of the training labels, sorted, when left out.
        **kwargs: What `ItemList` takes.
    """

    filter_missing_y = True
    _label_rule = LABEL_KINDS

    def __init__(self, items: Any, classes: Sequence[Any] | None = None, **kwargs: Any) -> None:
        super().__init__(items, **kwargs)
        self.classes = checked_classes(type(self).__name__, classes)
        self.copy_new = [*self.copy_new, "classes"]

    @property
    def c(self) -> int | None:
        """Return the number of classes."""
        return len(self.classes) if self.classes is not None else 0

    @c.setter
    def c(self, value: int | None) -> None:
        raise DataError(explain(type(self).__name__, "c", "follows from classes and cannot be set", value))

    def check_labels(self, owner: str, names: Any) -> None:
        """Refuse labels that are no class, where the processors of this library are to number them.

        Args:
            owner: Who asks, for the message.
            names: What the items are called, one a label.

        Raises:
            DataError: there are such; names the first.
        """
        if self.processor is not None or self._processor not in (CategoryProcessor, MultiCategoryProcessor):
            return
        plain_array = isinstance(self.items, np.ndarray) and self.items.dtype.kind in "iubU"
        rows = [] if plain_array else [i for i, item in enumerate(self.items) if not self._is_labelled(item)]
        if rows:
            rule = f"the label of an item must be {self._label_rule}; {len(rows)} of {len(self.items)} are not; "
            first = f"the first is that of {names[rows[0]]}: {describe(self.items[rows[0]])}"
            raise DataError(f"{owner}: {rule}{first}. {_LABEL_CURE}")

    def _is_labelled(self, item: Any) -> bool:
        return isinstance(item, EmptyLabel) or is_label(to_label(item))

    def class_name(self, index: int) -> Any:
        """Return the class with this index.

        Raises:
            DataError: there is none.
        """
        classes = list(or_empty(self.classes))
        if not 0 <= index < len(classes):
            raise DataError(
                explain(type(self).__name__, "index", f"must be below {len(classes)} classes", index)
            )
        return classes[index]


def checked_classes(owner: str, classes: Any) -> list[Any] | None:
    """Return classes as a list of plain labels.

    Raises:
        ArgumentTypeError: they are none.
        ArgumentError: one is there twice.
    """
    found = name_list(owner, "classes", classes, "Pass the labels in the order wanted: classes=['no', 'yes'].")
    twice = [name for name, count in Counter(or_empty(found)).items() if count > 1]
    if twice:
        raise ArgumentError(explain(owner, "classes", "must name each class once", twice[0], "Leave the second out."))
    return found


@register("item_list")
class CategoryList(CategoryListBase):
    """Hold one class of several for each item.

    Args:
        items: The labels.
        classes: The classes in the order wanted.
        label_delim: Has no effect here.
        **kwargs: What `ItemList` takes.
    """

    _processor = CategoryProcessor
    _loss_name = "CrossEntropyFlat"

    def __init__(
        self, items: Any, classes: Sequence[Any] | None = None, label_delim: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(items, classes=classes, **kwargs)

    def get(self, i: int) -> Any:
        """Return the `Category` of item `i`."""
        index = self.items[i]
        if isinstance(index, EmptyLabel) or index is None:
            return index
        if self.classes is None:  # not processed yet
            return ItemBase(index)
        return Category(int(index), self.class_name(int(index)))

    def get_batch(self, indices: Sequence[int]) -> Tensor:
        """Return the class indices of many items at once, `(N,)`."""
        return torch.from_numpy(self.items[np.asarray(indices)].astype(np.int64))

    def analyze_pred(self, pred: Tensor, thresh: float = 0.5) -> Tensor:
        """Return the index of the largest activation.

        Args:
            pred: Activations of one item, `(num_classes,)`.
            thresh: Has no effect here.
        """
        return pred.argmax()

    def reconstruct(self, t: Any, x: Any = None) -> Category:
        """Return the `Category` with an index."""
        return Category(t, self.class_name(int(t)))


@register("item_list")
class MultiCategoryList(CategoryListBase):
    """Hold any number of classes for each item.

    Args:
        items: For each item its labels: a list, or one text with a delimiter, or a row of zeros and ones.
        classes: The classes in the order wanted.
        label_delim: What stands between the labels of a text.
        one_hot: The items are rows of zeros and ones, one column a class.
        **kwargs: What `ItemList` takes.
    """

    _processor: Any = MultiCategoryProcessor
    _loss_name: str | None = "BCEWithLogitsFlat"
    _label_rule = f"a collection of labels, each {LABEL_KINDS}"

    def __init__(
        self,
        items: Any,
        classes: Sequence[Any] | None = None,
        label_delim: str | None = None,
        one_hot: bool = False,
        **kwargs: Any,
    ) -> None:
        labels = _drawn(items) if label_delim is None else cut_all(items, label_delim)
        super().__init__(labels, classes=classes, **kwargs)
        self.one_hot = one_hot
        self.copy_new = [*self.copy_new, "one_hot"]

    def _is_labelled(self, item: Any) -> bool:
        if isinstance(item, (EmptyLabel, str, bytes)) or self.one_hot:
            return True
        return not isinstance(item, Mapping) and all(map(is_label, to_labels(item)))

    def get(self, i: int) -> Any:
        """Return the `MultiCategory` of item `i`."""
        labels = self.items[i]
        if isinstance(labels, EmptyLabel):
            return labels
        if self.classes is None:  # not processed yet
            return ItemBase(labels)
        return self._with([int(index) for index in labels])

    def _with(self, on: list[int], data: Any = None) -> MultiCategory:
        names = [self.class_name(index) for index in on]
        return MultiCategory(_one_hot(on, self.c or 0) if data is None else data, names, on)

    def get_batch(self, indices: Sequence[int]) -> Tensor:
        """Return the classes of many items at once as zeros and ones, `(N, num_classes)`."""
        if hasattr(self.items, "one_hot"):  # items that are read as such
            return torch.from_numpy(self.items.one_hot(np.asarray(indices)))
        return torch.stack([_one_hot(self.items[i], self.c or 0) for i in indices])

    def label_counts(self) -> np.ndarray:
        """Return how many items have each class, `(num_classes,)`."""
        counts = np.zeros(self.c or 0, dtype=np.int64)
        for start in range(0, len(self), _AT_ONCE):
            rows = self.get_batch(range(start, min(start + _AT_ONCE, len(self))))
            counts += rows.sum(0).numpy().astype(np.int64)
        return counts

    def analyze_pred(self, pred: Tensor, thresh: float = 0.5) -> Tensor:
        """Return ones where the activation reaches a threshold.

        Args:
            pred: Activations of one item after the sigmoid, `(num_classes,)`.
            thresh: Between 0 and 1.
        """
        return (pred >= thresh).float()

    def reconstruct(self, t: Any, x: Any = None) -> MultiCategory:
        """Return the `MultiCategory` of zeros and ones."""
        return self._with([int(i) for i in torch.as_tensor(t).nonzero().flatten()], t)


def _drawn(items: Any) -> Any:
    """Return the labels of items with those that can be iterated once as lists."""
    once = not isinstance(items, np.ndarray) or items.dtype.kind == "O"
    if once and hasattr(items, "__iter__") and any(isinstance(item, Iterator) for item in items):
        return [list(item) if isinstance(item, Iterator) else item for item in items]
    return items


def cut_all(texts: Iterable[Any], delimiter: str) -> list[list[str]]:
    """Return the labels in each text.

    Raises:
        ArgumentError: the delimiter is no text, or an empty one.
    """
    if not isinstance(delimiter, str) or not delimiter:
        cure = "Pass what stands between the labels, e.g. ' '."
        raise ArgumentError(explain("MultiCategoryList", "label_delim", "must be a text", delimiter, cure))
    return [[part for part in str(to_label(text)).split(delimiter) if part] for text in texts]


def _one_hot(on: Sequence[int], count: int) -> Tensor:
    row = torch.zeros(count)
    row[list(on)] = 1.0
    return row


@register("item_list")
class FloatList(LabelItems):
    """Hold numbers, or vectors of numbers, to be predicted.

    Args:
        items: The numbers.
        log: Learn their natural logarithm. What a batch holds and a model returns are then logarithms, `data` of an
            item; what is shown and predicted are the numbers themselves, `obj` of an item.
        classes: Has no effect; it lets `label_from_df(classes=…)` pass.
        **kwargs: What `ItemList` takes.
    """

    _loss_name = "MSELossFlat"

    def __init__(
        self, items: Any, log: bool = False, classes: Sequence[Any] | None = None, **kwargs: Any
    ) -> None:
        super().__init__(_as_floats(items), **kwargs)
        self.log = log
        self.copy_new = [*self.copy_new, "log"]
        self.c = self.items.shape[1] if self.items.ndim > 1 else 1

    def check_labels(self, owner: str, names: Any) -> None:
        """Refuse numbers that cannot be learnt: infinite ones, with `log` those that are not above 0.

        Args:
            owner: Who asks, for the message.
            names: What the items are called, one a label.

        Raises:
            DataError: there are such; names the first.
        """
        bad = ~np.isfinite(self.items) | (self.items <= 0 if self.log else False)
        rows = np.flatnonzero(bad.any(axis=tuple(range(1, bad.ndim))))
        if len(rows):
            first = f"the first is that of {names[int(rows[0])]}: {self.items[rows[0]]}"
            rule = "a finite number above 0, as log=True takes logarithms" if self.log else "a finite number"
            many = f"{len(rows)} of {len(bad)} have another label"
            cure = "Correct them, or leave them out before the split."
            raise DataError(f"{owner}: the label of an item must be {rule}; {many}; {first}. {cure}")

    def get(self, i: int) -> FloatItem:
        """Return the `FloatItem` of item `i`."""
        number = self.items[i]
        return FloatItem(number, np.log(number)) if self.log else FloatItem(number)

    def get_batch(self, indices: Sequence[int]) -> Tensor:
        """Return many numbers at once, `(N,)` or `(N, size of the vector)`."""
        values = self.items[np.asarray(indices)]
        return torch.from_numpy(np.log(values) if self.log else values)

    def reconstruct(self, t: Any, x: Any = None) -> FloatItem:
        """Return the `FloatItem` of a tensor: with `log` of the number whose logarithm it is, to 6 digits."""
        data = torch.as_tensor(t).detach().cpu().numpy()
        return FloatItem(_six_digits(self.amounts(data)), data) if self.log else FloatItem(data)

    def amounts(self, outputs: Any) -> Any:
        """Return the numbers that outputs of a model (array or tensor) stand for: with `log` their exponentials."""
        if not self.log:
            return outputs
        return outputs.exp() if isinstance(outputs, Tensor) else np.exp(outputs)


def _six_digits(numbers: np.ndarray) -> np.ndarray:
    """Return numbers as exact as single precision knows them through a logarithm."""
    return np.array([float(f"{number:.6g}") for number in numbers.ravel()], np.float32).reshape(numbers.shape)


def _as_floats(items: Any) -> np.ndarray:
    try:
        if isinstance(items, np.ndarray) and items.dtype.kind in "OmM":
            items = [_as_float(item) for item in items]
        return np.array(items, dtype=np.float32)
    except (TypeError, ValueError) as error:
        odd = next((item for item in items if isinstance(item, str) or not _is_real(item)), items)
        cure = "Give each item one number, or vectors of one length."
        raise DataError(explain("FloatList", "items", "must be numbers", odd, cure)) from error


def _as_float(item: Any) -> Any:
    """Return one number of any library, or a collection of them, as Python's.

    Raises:
        TypeError: it is none, such as a date.
    """
    if is_scalar(item):
        return float(to_scalar(item))
    return [_as_float(part) for part in to_list(item)]


def _is_real(item: Any) -> bool:
    try:
        _as_float(item)
    except (TypeError, ValueError):
        return False
    return True


@register("item_list")
class EmptyLabelList(LabelItems):
    """Hold no labels: every item has an `EmptyLabel`."""

    def get(self, i: int) -> EmptyLabel:
        """Return an `EmptyLabel`."""
        self.items[i]  # beyond the end is an IndexError, as for every list
        return EmptyLabel()

    def get_batch(self, indices: Sequence[int]) -> Tensor:
        """Return zeros, `(N,)`."""
        return torch.zeros(len(indices), dtype=torch.int64)

    def reconstruct(self, t: Any, x: Any = None) -> EmptyLabel:
        """Return an `EmptyLabel`."""
        return EmptyLabel()
