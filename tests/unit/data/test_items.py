"""Items: what prints, what compares, what can be transformed."""

from __future__ import annotations

from collections import Counter

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch

from onecycle.data.items import Category, EmptyLabel, FloatItem, ItemBase, MixedItem, MultiCategory
from onecycle.errors import ArgumentTypeError


def test_an_item_prints_its_kind_and_its_object():
    assert repr(Category(25, "leonberger")) == "Category leonberger"
    assert str(Category(25, "leonberger")) == "leonberger"
    assert repr(FloatItem(2.5)) == "FloatItem 2.5"
    assert (
        repr(MultiCategory(torch.tensor([1.0, 1.0]), ["clear", "road"], [0, 1])) == "MultiCategory clear;road"
    )
    assert str(EmptyLabel()) == ""


def test_a_class_of_numpy_is_a_plain_one():
    assert repr(Category(0, np.str_("3")).obj) == "'3'"
    assert repr(Category(0, np.int64(3)).obj) == "3"


def test_a_category_is_an_index():
    category = Category(1, "b")
    assert int(category) == 1
    assert ["x", "y"][category] == "y"
    assert category.data == 1


def test_a_category_of_a_tensor_is_an_index_too():
    assert int(Category(torch.tensor(3), "d")) == 3


def test_an_empty_label_has_data_0_and_ignores_transforms():
    label = EmptyLabel()
    assert label.data == 0
    assert label.apply_tfms(["anything"], size=3) is label


def test_float_items_are_float32():
    assert FloatItem(2).data.dtype == np.float32
    assert FloatItem([1.0, 2.0]).data.shape == (2,)


@pytest.mark.parametrize(
    ("a", "b", "same"),
    [
        (ItemBase(torch.tensor([1, 2])), ItemBase(np.array([1, 2])), True),
        (ItemBase(torch.tensor([1, 2])), ItemBase(torch.tensor([1, 3])), False),
        (ItemBase([torch.zeros(2), 1]), ItemBase([torch.zeros(2), 1]), True),
        (ItemBase([1]), ItemBase([1, 2]), False),
        (ItemBase({"a": torch.ones(1)}), ItemBase({"a": torch.ones(1)}), True),
        (ItemBase({"a": 1}), ItemBase({"b": 1}), False),
        (Category(1, "b"), Category(1, "b"), True),
    ],
)
def test_items_compare_by_their_data(a, b, same):
    assert (a == b) is same


def test_an_item_is_not_equal_to_what_is_no_item():
    assert ItemBase(1) != 1


def test_an_item_without_transforms_refuses_them():
    item = ItemBase(1)
    assert item.apply_tfms([], size=3) is item
    with pytest.raises(ArgumentTypeError, match="is not defined for Category.*leave the transforms"):
        Category(0, "a").apply_tfms([abs])


def test_an_item_shows_as_a_title():
    axis = plt.subplots()[1]
    Category(0, "cat").show(axis)
    assert axis.get_title() == "cat"
    plt.close("all")


def test_a_mixed_item_holds_the_data_of_its_parts():
    item = MixedItem([Category(1, "b"), FloatItem(1.5)])
    assert item.data[0] == 1
    assert float(item.data[1]) == 1.5
    assert repr(item) == "MixedItem b; 1.5"


def test_a_mixed_item_transforms_the_parts_that_can_be(row):
    item = MixedItem([row(torch.arange(4.0)), Category(1, "b")])
    doubled = item.apply_tfms([lambda data: data * 2], size=2)
    assert doubled.data[0].tolist() == [0.0, 2.0]
    assert doubled.obj[1] is item.obj[1]
    assert item.data[0].tolist() == [0.0, 1.0, 2.0, 3.0]


def test_a_mixed_item_takes_one_list_of_transforms_a_part(row):
    item = MixedItem([row(torch.ones(2)), row(torch.ones(2))])
    each = item.apply_tfms([[lambda data: data * 2], []])
    assert each.data[0].tolist() == [2.0, 2.0]
    assert each.data[1].tolist() == [1.0, 1.0]
    assert item.apply_tfms(None).data[0].tolist() == [1.0, 1.0]


def test_labels_are_counted_and_are_keys_of_a_dict():
    labels = [Category(0, "cat"), Category(torch.tensor(0), "cat"), Category(1, "dog"), FloatItem(2.5), FloatItem(2.5)]
    assert list(Counter(labels).values()) == [2, 1, 2]
    several = [MultiCategory(torch.tensor([1.0, 0.0]), ["a"], [0]) for _ in range(2)]
    mixed = [MixedItem([Category(1, "dog"), FloatItem([0.5, 1.5])]) for _ in range(2)]
    assert len(set(several)) == len(set(mixed)) == len({EmptyLabel(), EmptyLabel()}) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Category(1, "b"), FloatItem(1.0)),
        (MultiCategory(torch.tensor([1.0, 0.0]), ["a"], [0]), FloatItem([1.0, 0.0])),
        (Category(np.int64(3), "d"), Category(torch.tensor(3), "d")),
        (FloatItem(np.float32(0.1)), FloatItem(0.1)),
        (MixedItem([EmptyLabel()]), MixedItem((Category(0, "a"),))),
    ],
)
def test_labels_that_are_equal_have_one_hash(one, other):
    assert one == other
    assert hash(one) == hash(other)
