"""Labelled lists: samples, transforms, unknown labels, files."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from onecycle.data.categories import CategoryList
from onecycle.data.item_list import ItemList
from onecycle.data.items import EmptyLabel, FloatItem
from onecycle.data.label_list import LabelList
from onecycle.errors import ArgumentTypeError, DataError


def double(data):
    return data * 2


def test_a_sample_is_input_and_label(labelled):
    x, y = labelled.train[0]
    assert x.data.shape == (4,)
    assert str(y) == "cat"
    assert len(labelled.train) == 20
    assert labelled.train[np.int64(0)][1] == y


def test_slices_lists_and_masks_make_labelled_lists(labelled):
    for part in (labelled.train[0:2], labelled.train[[0, 1]], labelled.train[np.arange(20) < 2]):
        assert isinstance(part, LabelList)
        assert [str(y) for _, y in part] == ["cat", "cat"]
        assert part.y.x is part.x


def test_it_passes_on_what_its_lists_know(labelled, folder):
    train = labelled.train
    assert train.items is train.x.items
    assert train.path == folder
    assert train.inner_df is None
    assert (train.c, train.classes) == (2, ["cat", "dog"])
    assert train.loss_func is train.y.loss_func


def test_it_prints_as_promised(labelled, folder):
    lines = repr(labelled.train).splitlines()
    assert lines[:2] == ["LabelList (20 items)", "x: RowList"]
    assert lines[2].startswith("Row tensor([") and lines[2].count("Row tensor") == 5
    assert lines[3:] == ["y: CategoryList", "cat,cat,cat,cat,cat", f"Path: {folder}"]


class Doubles(FloatItem):
    def apply_tfms(self, tfms, **kwargs):
        return Doubles(self.obj * 2) if tfms else self


class DoublesList(ItemList):
    _prints_as = staticmethod(str)

    def get(self, i):
        return Doubles(float(i))


def test_targets_print_as_they_are_transformed(labelled):
    y = DoublesList(list(range(20)))
    assert "0.0,1.0,2.0,3.0,4.0" in repr(LabelList(labelled.train.x, y, tfms=[double]))
    assert "0.0,2.0,4.0,6.0,8.0" in repr(LabelList(labelled.train.x, y, tfms=[double], tfm_y=True))


def test_long_items_print_cut():
    class Long(ItemList):
        def get(self, i):
            return "word " * 1000

    shown = repr(Long([1, 2]))
    assert len(shown) < 600 and "…," in shown


def test_transforms_are_applied_when_a_sample_is_asked_for(labelled):
    plain = labelled.train[0][0].data
    made = labelled.train.transform([double], size=2)
    assert torch.equal(made[0][0].data, plain[:2] * 2)
    assert torch.equal(labelled.train[0][0].data, plain)
    assert torch.equal(labelled.train.transform(None, size=3)[0][0].data, plain[:3])


def test_an_unknown_setting_is_refused(labelled):
    with pytest.raises(ArgumentTypeError, match="transform: unknown keyword 'sise'. Did you mean 'size'"):
        labelled.train.transform([], sise=3)


def test_settings_of_items_that_cannot_be_read_are_not_checked():
    class Broken(ItemList):
        def get(self, i):
            raise OSError("gone")

    assert Broken([1]).label_const(0).transform([], anything=1).tfmargs == {"anything": 1}


def test_labels_can_be_transformed_with_the_inputs(rows):
    lists = rows.split_by_folder().label_from_func(lambda file: file, label_cls=type(rows))
    made = lists.train.transform([double], tfm_y=True, size=2)
    x, y = made[0]
    assert torch.equal(x.data, y.data)
    only_inputs = lists.train.transform([double], size=2).transform_y([])
    assert only_inputs[0][1].data.shape == (4,)
    follows = lists.train.transform([double], size=2).transform_y(size=3)
    assert follows[0][1].data.shape == (3,)
    assert torch.equal(follows[0][1].data[:2], follows[0][0].data)


def test_transforms_not_meant_for_labels_are_left_out(rows):
    def bright(data):
        return data + 1

    bright.use_on_y = False
    lists = rows.label_from_func(lambda file: file, label_cls=type(rows))
    assert lists.transform([bright, double], tfm_y=True).tfms_y == [double]


def test_new_keeps_the_transforms_or_takes_others(labelled):
    made = labelled.train.transform([double], size=2)
    assert made.new(made.x, made.y).tfms == [double]
    assert made.new(made.x, made.y, tfms=[]).tfms == []
    assert made.new(made.x, made.y, size=3).tfmargs == {"size": 3}


def test_one_item_stands_in_for_the_list(labelled, row):
    with labelled.train.set_item(row(torch.ones(4))) as single:
        assert len(single) == 1
        x, y = single[0]
        assert x.data.tolist() == [1.0] * 4
        assert isinstance(y, EmptyLabel)
        assert single.batch_getter() is None
    assert len(labelled.train) == 20


def test_an_item_that_cannot_be_loaded_is_named():
    class Broken(ItemList):
        def get(self, i):
            raise ValueError("not a number")

    with pytest.raises(
        DataError, match=r"Broken: item 1 \(b.txt\) could not be loaded: ValueError: not a number"
    ):
        Broken(["a.txt", "b.txt"]).label_const(0)[1]


def test_activations_become_a_label(labelled):
    assert str(labelled.train.predict(torch.tensor([0.1, 0.9]))) == "dog"


def test_lists_that_give_whole_batches_are_used_so():
    class Whole(ItemList):
        def get_batch(self, indices):
            return torch.tensor(indices) * 10

    made = Whole([1, 2, 3]).label_from_func(str)
    assert [part.tolist() for part in made.batch_getter()([0, 2])] == [[0, 20], [0, 2]]
    assert made.transform([double]).batch_getter() is None


def test_filter_leaves_out_what_is_true(labelled):
    kept = labelled.train.filter_by_func(lambda x, y: y == 0)
    assert len(kept) == 10
    assert set(kept.y.items.tolist()) == {1}
    assert len(labelled.train) == 20


def test_unknown_labels_are_left_out_with_one_warning():
    items = ItemList(range(6)).split_by_idx([3, 4, 5])
    with pytest.warns(
        UserWarning, match="validation set has labels that are no class .* c; leaving out 2 of 3 items"
    ) as said:
        lists = items.label_from_lists(["a", "b", "a"], ["c", "a", "c"])
    assert len(said) == 1
    assert len(lists.valid) == 1
    assert lists.valid.x.items.tolist() == [4]
    assert lists.valid.y.items.tolist() == [0]
    assert lists.valid.y.items.dtype == np.int64


def test_many_unknown_labels_are_counted():
    items = ItemList(range(8)).split_by_idx(range(1, 8))
    with pytest.warns(UserWarning, match="b, c, d, e, f and 2 more"):
        items.label_from_lists(["a"], list("bcdefgh"))


def test_labels_not_among_given_classes_are_left_out():
    with pytest.warns(UserWarning, match="labels that are not in classes: b; leaving out 1 of 3"):
        made = ItemList(range(3)).split_none().label_from_lists(["a", "b", "a"], [], classes=["a"])
    assert len(made.train) == 2


def test_several_labels_lose_only_the_unknown_ones():
    items = ItemList(range(2)).split_by_idx([1])
    with pytest.warns(UserWarning, match="fog; leaving out these labels"):
        made = items.label_from_lists([["clear"]], [["clear", "fog"]])
    assert made.valid.y.items.tolist() == [[0]]


def test_a_labelled_list_is_no_data_yet(labelled):
    with pytest.raises(DataError, match="the items are not split"):
        labelled.train.databunch()


def test_it_becomes_a_table_and_a_csv_file(labelled, folder):
    frame = labelled.train.to_df()
    assert frame.iloc[0].tolist() == ["train/cat/cat_0.npy", "cat"]
    labelled.train.to_csv("train.csv")
    assert (folder / "train.csv").read_text().splitlines()[:2] == ["x,y", "train/cat/cat_0.npy,cat"]
    assert ItemList([1]).label_const("a").to_df().iloc[0].tolist() == [1, "a"]


def test_state_goes_through_a_file(labelled, folder):
    labelled.train.transform(None, size=2).export(folder / "state.json", note="mine")
    read = LabelList.load_empty(folder, "state.json")
    assert len(read) == 0
    assert read.classes == ["cat", "dog"]
    assert read.tfmargs == {"size": 2}
    assert isinstance(read.y, CategoryList)
    assert read.y.c2i == {"cat": 0, "dog": 1}
    assert read.y.process_one("dog") == 1
