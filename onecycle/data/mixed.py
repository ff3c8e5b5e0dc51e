"""Items of several kinds that make up one sample."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from onecycle.data.item_list import ItemList
from onecycle.data.items import MixedItem
from onecycle.data.processors import MixedProcessor, PreProcessor
from onecycle.errors import ArgumentTypeError, DataError, explain
from onecycle.types import JsonDict, PathOrStr
from onecycle.utils.registry import encode_name, register

__all__ = ["MixedItemList"]


@register("item_list")
class MixedItemList(ItemList):
    """Join lists side by side: item `i` is a `MixedItem` of the items `i` of all lists.

    Args:
        item_lists: The lists, all of one length.
        path: The folder where models and exports go; that of the first list when left out.
        label_cls: The class of the labels.
        inner_df: The data frame that the items come from; that of the first list when left out.
        x: For a list of labels, the list of inputs.
        ignore_empty: Accept that there is no item.
        processor: A `MixedProcessor`; one of the lists' own processors when left out.

    Example:
        >>> from onecycle.data.categories import FloatList
        >>> MixedItemList([FloatList([1.0, 2.0]), FloatList([3.0, 4.0])])[1]
        MixedItem 2.0; 4.0
    """

    def __init__(
        self,
        item_lists: Sequence[ItemList],
        path: PathOrStr | None = None,
        label_cls: Any = None,
        inner_df: Any = None,
        x: Any = None,
        ignore_empty: bool = False,
        processor: Any = None,
    ) -> None:
        self.item_lists = _checked_lists(item_lists)
        count = _one_length(self.item_lists)
        first = self.item_lists[0]
        super().__init__(
            np.arange(count),
            path=first.path if path is None else path,
            label_cls=label_cls,
            inner_df=first.inner_df if inner_df is None else inner_df,
            processor=processor,
            x=x,
            ignore_empty=ignore_empty,
        )

    def get(self, i: int) -> MixedItem:
        """Return the items `i` of all lists as one."""
        return MixedItem([part.get(i) for part in self.item_lists])

    def new(self, item_lists: Any, processor: Any = None, **kwargs: Any) -> MixedItemList:  # type: ignore[override]
        """Return a list of other lists with the settings of this one.

        Args:
            item_lists: The lists.
            processor: Their processor; that of this list when left out.
            **kwargs: Settings that differ.
        """
        settings = {name: getattr(self, name) for name in self.copy_new}
        processor = self.processor if processor is None else processor
        return type(self)(item_lists, processor=processor, **{**settings, **kwargs})

    def from_items(self, items: Any) -> MixedItemList:
        """Return a list of other items, as this one treats its own.

        Args:
            items: A mixed list.
        """
        if not isinstance(items, MixedItemList):
            cure = "Pass a MixedItemList of as many lists."
            raise DataError(explain("MixedItemList", "items", "must be a mixed list", items, cure))
        parts = [own.from_items(part) for own, part in zip(self.item_lists, items.item_lists, strict=True)]
        return self.new(parts, inner_df=items.inner_df)

    def fresh(self) -> MixedItemList:
        """Return a copy that can be processed without this list noticing."""
        made = super().fresh()
        made.item_lists = [part.fresh() for part in self.item_lists]
        return made

    def _part(self, positions: Any) -> MixedItemList:
        made = super()._part(positions)
        made.item_lists = [part[positions] for part in self.item_lists]
        made.items = np.arange(len(made.items))
        return made

    def fitted_processors(self) -> list[PreProcessor]:
        """Return one processor that runs those of each list over it."""
        if self.processor is not None:
            return super().fitted_processors()
        return [MixedProcessor([part.fitted_processors() for part in self.item_lists])]

    def process_one(self, item: Any, processor: Any = None) -> MixedItem:
        """Return one item as the processors make it.

        Args:
            item: A `MixedItem`, or its parts, one a list: what each list's own `predict` would take.
            processor: Processors; those of the list when left out.

        Raises:
            DataError: there are more parts than lists, or fewer.
        """
        parts = item.obj if isinstance(item, MixedItem) else item
        if not isinstance(parts, (list, tuple)) or len(parts) != len(self.item_lists):
            cure = "Pass e.g. predict((picture, row))."
            rule = f"must have {len(self.item_lists)} parts, one for each list"
            raise DataError(explain("MixedItemList", "item", rule, item, cure))
        opened = [part.as_item(each) for part, each in zip(self.item_lists, parts, strict=True)]
        return MixedItem(super().process_one(opened, processor))

    def reconstruct(self, t: Any, x: Any = None) -> MixedItem:
        """Return the item that a list of tensors stands for.

        Args:
            t: Data of one item, one entry a list.
            x: Has no effect here.
        """
        return MixedItem([part.reconstruct(each) for part, each in zip(self.item_lists, t, strict=True)])

    def get_state(self) -> JsonDict:
        """Return the states of all lists."""
        return {"cls": encode_name("item_list", type(self)), "parts": [part.get_state() for part in self.item_lists]}

    @classmethod
    def from_state(cls, state: JsonDict, path: PathOrStr = ".") -> MixedItemList:
        """Return an empty list with the settings of `get_state`."""
        return cls([ItemList.from_state(part, path) for part in state["parts"]], path=path, ignore_empty=True)


def _checked_lists(item_lists: Any) -> list[ItemList]:
    several = isinstance(item_lists, (list, tuple)) and all(isinstance(part, ItemList) for part in item_lists)
    if not several:
        cure = "Pass e.g. MixedItemList([pictures, rows])."
        raise ArgumentTypeError(explain("MixedItemList", "item_lists", "must be several lists", item_lists, cure))
    return list(item_lists)


def _one_length(lists: Sequence[ItemList]) -> int:
    lengths = {len(part) for part in lists}
    if len(lengths) != 1:
        rule = "must hold lists of one length, and at least one"
        raise DataError(explain("MixedItemList", "item_lists", rule, [len(part) for part in lists]))
    return lengths.pop()
