"""The items that a list hands out: what a sample is, how it prints and how it shows itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from onecycle.errors import ArgumentTypeError, explain
from onecycle.utils.figure_text import fit_titles, make_readable

__all__ = ["Category", "EmptyLabel", "FloatItem", "ItemBase", "MixedItem", "MultiCategory"]


def _as_array(data: Any) -> Any:
    return data.detach().cpu().numpy() if isinstance(data, torch.Tensor) else data


def same_data(a: Any, b: Any) -> bool:
    """Compare two values that may be arrays, tensors, or nested sequences and dicts of these."""
    a, b = _as_array(a), _as_array(b)
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same_data(a[key], b[key]) for key in a)
    if isinstance(a, (list, tuple)) and isinstance(b, (list, tuple)):
        return len(a) == len(b) and all(same_data(x, y) for x, y in zip(a, b, strict=True))
    if isinstance(a, np.ndarray) or isinstance(b, np.ndarray):
        return np.array_equal(a, b)
    return bool(a == b)


def data_hash(data: Any) -> int:
    """Return a hash that is equal where `same_data` is true."""
    if isinstance(data, (list, tuple)):
        return hash(tuple(map(data_hash, data)))
    plain = _as_array(data)
    if not isinstance(plain, (np.ndarray, np.generic)):
        return hash(plain)
    return hash(plain.item()) if plain.ndim == 0 else hash((plain.shape, tuple(plain.flatten().tolist())))


def _hashed(item: ItemBase) -> int:
    """Hash an item as it is compared, so that labels may be counted and be the keys of a dict."""
    return data_hash(item.data)


class ItemBase:
    """Hold one sample: `data` goes into the batch, `obj` is what a person reads.

    A subclass may also define a classmethod `pack(items)` that packs a column of items for the way to the
    device (see `onecycle.types.Packed`); a loader then calls it in place of stacking `data`.

    Args:
        data: What the model will see, most often a tensor.

    Example:
        >>> ItemBase(3)
        ItemBase 3
    """

    def __init__(self, data: Any) -> None:
        self.data: Any = data
        self.obj: Any = data

    def __repr__(self) -> str:
        return f"{type(self).__name__} {self}"

    def __str__(self) -> str:
        return str(self.obj)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ItemBase) and same_data(self.data, other.data)

    __hash__ = None  # type: ignore[assignment]

    def apply_tfms(self, tfms: Any, **kwargs: Any) -> ItemBase:
        """Return the transformed item; an item that cannot be transformed accepts an empty list only.

        Args:
            tfms: The transforms, or None.
            **kwargs: Settings for transforms, such as `size`.

        Raises:
            ArgumentTypeError: there are transforms, and this kind of item has no way to apply them.
        """
        if tfms:
            raise ArgumentTypeError(
                explain(
                    type(self).__name__,
                    "apply_tfms",
                    f"is not defined for {type(self).__name__}, so it accepts no transforms",
                    tfms,
                    "Define apply_tfms in the item's class, or leave the transforms (or tfm_y) out.",
                )
            )
        return self

    def show(self, ax: Any, **kwargs: Any) -> None:
        """Show the item as the title of a matplotlib axis."""
        ax.set_title(str(self))
        fit_titles([ax])
        make_readable(ax)


class EmptyLabel(ItemBase):
    """Stand where there is no label; its data is 0."""

    __hash__ = _hashed  # type: ignore[assignment]

    def __init__(self) -> None:
        super().__init__(0)

    def __str__(self) -> str:
        return ""

    def apply_tfms(self, tfms: Any = None, **kwargs: Any) -> EmptyLabel:
        """Return itself: there is nothing to transform."""
        return self


class Category(ItemBase):
    """Hold one class of several.

    Args:
        data: Index of the class.
        obj: Its name.

    Example:
        >>> c = Category(1, "leonberger"); c
        Category leonberger
        >>> int(c)
        1
    """

    __hash__ = _hashed  # type: ignore[assignment]

    def __init__(self, data: int, obj: Any) -> None:
        self.data, self.obj = data, obj.item() if isinstance(obj, np.generic) else obj  # '3', not np.str_('3')

    def __int__(self) -> int:
        return int(self.data)

    __index__ = __int__


class MultiCategory(ItemBase):
    """Hold any number of classes at once.

    Args:
        data: One-hot vector of the classes, shape `(num_classes,)`.
        obj: The names of the classes that are on.
        raw: Their indices.

    Example:
        >>> MultiCategory(torch.tensor([1., 0., 1.]), ["clear", "road"], [0, 2])
        MultiCategory clear;road
    """

    __hash__ = _hashed  # type: ignore[assignment]

    def __init__(self, data: Any, obj: Sequence[Any], raw: Sequence[int]) -> None:
        self.data, self.obj, self.raw = data, obj, raw

    def __str__(self) -> str:
        return ";".join(str(name) for name in self.obj)


class FloatItem(ItemBase):
    """Hold a number, or a vector of numbers, as float32.

    Args:
        obj: The number, as a person reads it.
        data: What the model sees of it, such as its logarithm; default: the number itself.

    Example:
        >>> FloatItem(2.5)
        FloatItem 2.5
    """

    __hash__ = _hashed  # type: ignore[assignment]

    def __init__(self, obj: Any, data: Any = None) -> None:
        self.obj = obj
        self.data = np.array(obj if data is None else data, dtype=np.float32)


class MixedItem(ItemBase):
    """Hold several items as one sample.

    Args:
        items: The items; `data` is the list of their data.

    Example:
        >>> MixedItem([Category(0, "cat"), FloatItem(1.5)])
        MixedItem cat; 1.5
    """

    __hash__ = _hashed  # type: ignore[assignment]

    def __init__(self, items: Sequence[ItemBase]) -> None:
        self.obj = list(items)
        self.data = [getattr(item, "data", item) if isinstance(item, ItemBase) else item for item in items]

    def __str__(self) -> str:
        return "; ".join(str(item) for item in self.obj)

    def apply_tfms(self, tfms: Any, **kwargs: Any) -> MixedItem:
        """Return the item with each part transformed.

        Args:
            tfms: One list of transforms for every part that knows transforms, or a list with one list a part.
            **kwargs: Settings for transforms; they go to every part.
        """
        parts = self._a_list_each(tfms)
        pairs = zip(self.obj, parts, strict=True)
        return MixedItem([item.apply_tfms(part, **kwargs) for item, part in pairs])

    def _a_list_each(self, tfms: Any) -> list[Any]:
        tfms = [] if tfms is None else tfms
        nested = len(tfms) == len(self.obj) and all(isinstance(part, (list, tuple)) for part in tfms)
        if tfms and nested:
            return list(tfms)
        return [tfms if _knows_transforms(item) else [] for item in self.obj]


def _knows_transforms(item: ItemBase) -> bool:
    return type(item).apply_tfms is not ItemBase.apply_tfms
