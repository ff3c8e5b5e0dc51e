"""Mixed lists: items, slices, processing, batches, state."""

from __future__ import annotations

import json

import pytest
import torch

from onecycle.data.bunch import DataBunch
from onecycle.data.categories import CategoryList, FloatList
from onecycle.data.item_list import ItemList
from onecycle.data.items import MixedItem
from onecycle.data.mixed import MixedItemList
from onecycle.errors import ArgumentTypeError, DataError


@pytest.fixture
def mixed():
    return MixedItemList([CategoryList(["b", "a", "b", "a"]), FloatList([1.0, 2.0, 3.0, 4.0])])


@pytest.fixture
def data(mixed):
    return mixed.split_by_idx([3]).label_from_func(lambda i: float(i)).databunch(bs=3, device="cpu")


def test_an_item_is_made_of_one_item_of_each_list(mixed):
    assert isinstance(mixed[0], MixedItem)
    assert len(mixed) == 4


def test_a_part_is_a_part_of_each_list(mixed):
    part = mixed[[2, 0]]
    assert part.items.tolist() == [0, 1]
    assert [len(each) for each in part.item_lists] == [2, 2]
    assert float(part[0].obj[1].data) == 3.0


def test_lists_have_one_length():
    with pytest.raises(
        DataError, match=r"item_lists must hold lists of one length, and at least one; got \[1, 2\]"
    ):
        MixedItemList([ItemList([1]), ItemList([1, 2])])


def test_each_list_is_processed_and_the_source_stays(mixed, data):
    x, y = data.one_batch()
    assert sorted(x[0].tolist()) == [0, 1, 1]
    assert x[1].shape == (3,)
    assert y.shape == (3,)
    assert mixed.item_lists[0].items.tolist() == ["b", "a", "b", "a"]


def test_a_tensor_becomes_an_item(data):
    item = data.train_ds.x.reconstruct([torch.tensor(1), torch.tensor(2.0)])
    assert repr(item) == "MixedItem b; 2.0"


def test_a_test_set_is_a_mixed_list(data):
    more = MixedItemList([CategoryList(["a"]), FloatList([9.0])])
    data.add_test(more)
    assert [part.tolist() for part in data.test_dl.one_batch()[0]] == [[0], [9.0]]
    with pytest.raises(DataError, match="items must be a mixed list; got"):
        data.add_test([1, 2])


def test_new_takes_lists(mixed):
    assert len(mixed.new([ItemList([1])])) == 1


def test_given_processors_are_copied(mixed):
    lists = mixed.fresh()
    lists.process(lists.fitted_processors())
    assert lists.fitted_processors()[0] is not lists.processor[0]


def test_state_travels_as_json(data, tmp_path):
    read = DataBunch.from_state(json.loads(json.dumps(data.export_state())), tmp_path, "cpu")
    parts = read.single_ds.x.item_lists
    assert [type(part) for part in parts] == [CategoryList, FloatList]
    assert parts[0].classes == ["a", "b"]


def test_one_item_of_several_parts(data):
    parts = data.train_ds.x.process_one(("b", 3.5))
    assert parts.data[0] == 1 and parts.data[1] == 3.5
    whole = data.valid_ds.x[0]
    x, _ = data.single_batch(MixedItem([whole.obj[0].obj, 7.0]))
    assert x[0].tolist() == [int(whole.data[0])] and x[1].tolist() == [7.0]


@pytest.mark.parametrize("item", [("b",), ("b", 1.0, 2.0), "b", 3])
def test_one_item_of_the_wrong_parts(data, item):
    with pytest.raises(DataError, match=r"item must have 2 parts, one for each list.*Pass e.g. predict\(\(picture"):
        data.train_ds.x.process_one(item)


@pytest.mark.parametrize("lists", [[1, 2], 3, FloatList([1.0])])
def test_what_are_no_lists(lists):
    with pytest.raises(ArgumentTypeError, match="item_lists must be several lists; got"):
        MixedItemList(lists)
