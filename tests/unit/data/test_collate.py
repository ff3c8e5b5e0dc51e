"""Collating samples: columns, dtypes, packing, placing."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from onecycle.data.collate import data_collate, data_of, exact_device, pack_samples, place
from onecycle.data.items import Category, FloatItem, ItemBase, MixedItem
from onecycle.errors import DataError

CPU = torch.device("cpu")


class Doubled:
    """A packed column whose tensor is twice what was packed."""

    def __init__(self, values):
        self.values = values

    def unpack(self, device):
        return self.values.to(device) * 2

    def pin_memory(self):
        return self


class Packing(ItemBase):
    @classmethod
    def pack(cls, items):
        return Doubled(torch.stack([item.data for item in items]))


def test_items_become_columns_of_tensors():
    xs, ys = data_collate([(ItemBase(torch.zeros(3)), Category(i, str(i))) for i in range(2)])
    assert xs.shape == (2, 3)
    assert ys.tolist() == [0, 1]
    assert ys.dtype == torch.int64


def test_double_precision_numbers_become_single_and_tensors_stay():
    assert data_collate([1.5, 2.5]).dtype == torch.float32
    assert data_collate([np.zeros(2), np.ones(2)]).dtype == torch.float32
    assert data_collate([torch.zeros(2, dtype=torch.float64)] * 2).dtype == torch.float64
    assert data_collate([FloatItem(1), FloatItem(2)]).tolist() == [1.0, 2.0]


def test_booleans_and_integers_keep_their_kind():
    assert data_collate([True, False]).dtype == torch.bool
    assert data_collate([np.int64(1), np.int64(2)]).dtype == torch.int64


def test_strings_nones_dicts_and_nested_lists():
    assert data_collate(["a", "b"]) == ["a", "b"]
    assert data_collate([None, None]) == [None, None]
    assert data_collate([{"a": 1}, {"a": 2}])["a"].tolist() == [1, 2]
    nested = data_collate([(MixedItem([FloatItem(1), Category(0, "a")]), 0)] * 2)
    assert [part.tolist() for part in nested[0]] == [[1.0, 1.0], [0, 0]]
    assert data_collate([np.array(["a"]), np.array(["b"])]) == [["a"], ["b"]]


def test_anything_else_goes_to_torch():
    with pytest.raises(DataError, match="must be tensors, arrays, numbers, texts") as told:
        data_collate([object(), object()])
    assert "default_collate" in str(told.value.__cause__)


@pytest.mark.parametrize(
    "samples",
    [
        [torch.zeros(2), torch.zeros(3)],
        [np.zeros(2), np.zeros(3)],
        [(1, 2), (1, 2, 3)],
    ],
)
def test_samples_of_different_sizes_are_refused_with_their_sizes(samples):
    with pytest.raises(DataError, match=r"must have one size; got \(2,\), \(3,\).*transform\(size=224\)"):
        data_collate(samples)


def test_many_sizes_are_counted():
    with pytest.raises(DataError, match="and 2 more"):
        data_collate([torch.zeros(n) for n in range(6)])


def test_data_of_goes_into_dicts_and_items_of_lists():
    assert data_of({"a": Category(2, "c")}) == {"a": 2}
    assert data_of(ItemBase([Category(2, "c"), 3])) == [2, 3]


def test_columns_that_can_pack_are_packed_and_unpacked_on_the_device():
    samples = [(Packing(torch.ones(2)), Category(1, "b")) for _ in range(3)]
    packed = pack_samples(samples)
    assert isinstance(packed[0], Doubled)
    xs, ys = place(packed, CPU)
    assert xs.tolist() == [[2.0, 2.0]] * 3
    assert ys.tolist() == [1, 1, 1]


def test_parts_of_mixed_items_are_packed_one_by_one():
    samples = [MixedItem([Packing(torch.ones(2)), FloatItem(i)]) for i in range(2)]
    packed = pack_samples(samples)
    assert isinstance(packed[0], Doubled)
    assert packed[1].tolist() == [0.0, 1.0]


def test_place_leaves_what_is_there_and_goes_into_dicts():
    tensor = torch.zeros(2)
    placed = place({"a": tensor, "b": "text"}, CPU)
    assert placed["a"] is tensor
    assert placed["b"] == "text"


def test_exact_device_names_devices_as_tensors_do():
    assert exact_device("cpu") == torch.zeros(1).device


def test_samples_of_several_kinds():
    assert data_collate([("a", 1), ("b", "c")]) == [["a", "b"], [1, "c"]]
    mixed = data_collate([(torch.zeros(2), 1), (np.ones(2), 2)])
    assert mixed[0].dtype == torch.float32 and mixed[0].tolist() == [[0, 0], [1, 1]]


@pytest.mark.parametrize(
    ("samples", "said"),
    [
        ([], "the batch has no sample"),
        ([{"a": 1, "b": 2}, {"a": 1}], r"must have the same keys; got \['a', 'b'\] and \['a'\]"),
        ([{"a": 1}, 3], r"got \['a'\] and int"),
        ([torch.zeros(2), None], r"got None \(NoneType\) beside a tensor"),
        ([(1, 2), 3], "got 3 .int. beside a list or tuple"),
        ([object(), object()], r"must be tensors, arrays, numbers, texts.*got <object.*Have the list's get"),
    ],
)
def test_samples_that_make_no_batch(samples, said):
    with pytest.raises(DataError, match=said):
        data_collate(samples)
