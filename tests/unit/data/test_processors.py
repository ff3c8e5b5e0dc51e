"""Processors: classes, unknown labels, state."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from onecycle.data.categories import CategoryList, FloatList, MultiCategoryList
from onecycle.data.item_list import ItemList
from onecycle.data.items import EmptyLabel
from onecycle.data.processors import (
    CategoryProcessor,
    MixedProcessor,
    MultiCategoryProcessor,
    PreProcessor,
    as_items,
    sorted_classes,
)
from onecycle.errors import DataError
from onecycle.utils.registry import decode, encode


class Upper(PreProcessor):
    def process_one(self, item):
        return item.upper()


def test_as_items_keeps_arrays_and_wraps_the_rest():
    array = np.zeros((2, 3))
    assert as_items(array) is array
    tensor = torch.zeros(2)
    assert as_items(tensor) is tensor
    assert as_items([1, 2]).dtype == np.int64
    assert as_items([1, 2.5]).dtype == np.float64
    assert as_items(["a", "b"]).dtype == object
    assert as_items([[1], [2, 3]]).shape == (2,)
    assert as_items(i for i in range(3)).tolist() == [0, 1, 2]
    assert len(as_items([])) == 0


def test_as_items_takes_a_column():
    import pandas as pd

    assert as_items(pd.Series(["a", "b"])).tolist() == ["a", "b"]


def test_a_processor_changes_each_item():
    items = ItemList(["a", "b"])
    processor = Upper()
    processor.process(items)
    assert items.items.tolist() == ["A", "B"]
    assert processor.get_state() == {}
    assert PreProcessor().process_one(3) == 3


def test_classes_are_sorted_and_plain():
    assert sorted_classes(["b", "a", "b", None]) == ["a", "b"]
    assert [type(label) for label in sorted_classes(np.array([2, 1]))] == [int, int]
    assert sorted_classes(["b", 1]) == [1, "b"]


def test_categories_become_indices():
    labels = CategoryList(["b", "a", "b"])
    processor = CategoryProcessor(labels)
    processor.process(labels)
    assert labels.classes == ["a", "b"]
    assert labels.c2i == {"a": 0, "b": 1}
    assert labels.items.tolist() == [1, 0, 1]


def test_classes_can_be_given_in_an_order():
    labels = CategoryList(["b", "a"], classes=["b", "a"])
    labels.process([CategoryProcessor(labels)])
    assert labels.items.tolist() == [0, 1]


def test_unknown_labels_are_none_and_remembered():
    processor = CategoryProcessor(CategoryList([], classes=["a"]))
    assert processor.process_one("z") is None
    assert processor.warns == ["z"]
    empty = EmptyLabel()
    assert processor.process_one(empty) is empty


def test_several_labels_become_lists_of_indices():
    labels = MultiCategoryList([["road", "clear"], [], ["road"]])
    processor = MultiCategoryProcessor(labels)
    processor.process(labels)
    assert labels.classes == ["clear", "road"]
    assert labels.items.tolist() == [[1, 0], [], [1]]
    assert processor.process_one(["clear", "fog"]) == [0]
    assert processor.warns == ["fog"]
    empty = EmptyLabel()
    assert processor.process_one(empty) is empty


def test_rows_of_zeros_and_ones_become_lists_of_indices():
    labels = MultiCategoryList(np.array([[1, 0, 1], [0, 0, 0]]), one_hot=True)
    labels.process([MultiCategoryProcessor(labels)])
    assert labels.classes == [0, 1, 2]
    assert labels.items.tolist() == [[0, 2], []]
    assert not labels.one_hot


@pytest.mark.parametrize("row", [[0.5, 1.0], ["x", "y"]])
def test_other_rows_are_refused(row):
    with pytest.raises(DataError, match="labels must be 0 and 1; got .*label_cls=FloatList"):
        MultiCategoryProcessor(one_hot=True).process_one(row)


def test_state_travels_as_json():
    processor = CategoryProcessor(CategoryList([], classes=["b", "a"]))
    read = decode(encode(processor))
    assert read.classes == ["b", "a"]
    assert read.process_one("a") == 1
    many = decode(encode(MultiCategoryProcessor(MultiCategoryList([], classes=["x"]), one_hot=True)))
    assert many.one_hot
    assert many.classes == ["x"]


def test_a_mixed_processor_processes_each_part():
    class Both:
        def __init__(self):
            self.item_lists = [ItemList(["a"]), FloatList([1.0])]

    both = Both()
    processor = MixedProcessor([[Upper()], []])
    processor.process(both)
    assert both.item_lists[0].items.tolist() == ["A"]
    assert processor.process_one(["b", 2.0]) == ["B", 2.0]


def test_a_mixed_processor_has_a_state():
    processor = MixedProcessor([[CategoryProcessor(CategoryList([], classes=["a"]))], []])
    read = decode(encode(processor))
    assert read.process_one(["a", 3]) == [0, 3]
