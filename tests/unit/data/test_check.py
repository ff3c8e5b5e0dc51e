"""The look before training: what it finds and what it leaves alone."""

from __future__ import annotations

import pytest
import torch

from onecycle.data.item_list import ItemList
from onecycle.errors import DataError


class Vectors(ItemList):
    """Vectors of a length; a negative length cannot be read."""

    def get(self, i):
        if self.items[i] < 0:
            raise OSError(f"{self.items[i]} is cut off")
        return torch.zeros(int(self.items[i]))


def data(train, valid=(2, 2), **how):
    items = Vectors(list(train) + list(valid)).split_by_idx(range(len(train), len(train) + len(valid)))
    return items.label_const(0.5).databunch(bs=len(train), device="cpu", **how)


def test_good_data_passes():
    data([2, 2, 2]).sanity_check()


def test_an_empty_training_set_is_refused():
    items = Vectors([2, 2]).split_by_idx([0, 1]).label_const(0.5)
    with pytest.raises(DataError, match="the training set is empty.*no_check=True"):
        items.databunch(bs=2, device="cpu")
    assert items.databunch(bs=2, device="cpu", no_check=True).train_ds is not None


def test_an_empty_list_that_is_meant_passes():
    items = Vectors([], ignore_empty=True).split_none().label_const(0.5)
    assert items.databunch(device="cpu").is_empty


def test_samples_that_cannot_be_read_are_all_named():
    with pytest.raises(DataError) as caught:
        data([-1, 2, -3], valid=[-7, 2])
    said = str(caught.value)
    assert "3 things are wrong" in said
    assert "a sample of the training set cannot be read: Vectors: item 0 (-1) could not be loaded" in said
    assert "of the validation set cannot be read" in said
    assert "on_error='skip'" in said


def test_samples_that_cannot_be_read_are_left_alone_when_skipping():
    assert data([-1, 2, -3], on_error="skip", drop_last=False).skipped == {}


def test_samples_that_do_not_fit_are_refused_with_their_sizes():
    with pytest.raises(
        DataError, match=r"samples of the training set do not make a batch.*got \(2,\), \(3,\)"
    ):
        data([2, 3, 2])
    data([2, 3, 2], collate_fn=lambda samples: samples)


def test_a_batch_of_one_needs_no_common_size():
    Vectors([2, 3, 2]).split_none().label_const(0.5).databunch(bs=1, device="cpu")


def test_errors_of_the_program_are_not_hidden():
    class Wrong(ItemList):
        def __getitem__(self, i):
            raise ZeroDivisionError("wrong")

        def _part(self, positions):
            return self

    from onecycle.data.bunch import DataBunch

    with pytest.raises(ZeroDivisionError):
        DataBunch.create(Wrong([1, 2]), None, bs=2, device="cpu")


def test_a_class_with_a_single_item_is_told():
    items = ItemList(range(5)).split_by_idx([4])
    with pytest.warns(
        UserWarning, match="classes with a single item: b, c. Such a class can be learnt or checked"
    ):
        items.label_from_lists(["a", "a", "b", "c"], ["a"]).databunch(bs=2, device="cpu")
    many = ItemList(range(8)).split_by_idx([])
    with pytest.warns(UserWarning, match="and 3 more"):
        many.label_from_lists(list("abcdefgh"), []).databunch(bs=2, device="cpu")


def test_one_class_for_all_is_told():
    lists = ItemList(list(range(6))).split_none().label_const("cat")
    with pytest.warns(UserWarning, match="all items have one class, 'cat': there is nothing to tell apart"):
        lists.databunch(bs=2, num_workers=0, device="cpu")
