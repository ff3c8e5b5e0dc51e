"""Kinds of labels: items, batches, predictions and losses."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from onecycle.data.categories import CategoryList, EmptyLabelList, FloatList, MultiCategoryList
from onecycle.data.items import EmptyLabel, ItemBase
from onecycle.errors import ArgumentError, ArgumentTypeError, DataError


def processed(labels):
    return labels.process(labels.fitted_processors())


def test_a_category_of_several():
    labels = processed(CategoryList(["b", "a"]))
    assert repr(labels[0]) == "Category b"
    assert labels.c == 2
    assert labels.get_batch([1, 0]).tolist() == [0, 1]
    assert labels.get_batch([1]).dtype == torch.int64
    assert repr(labels.reconstruct(torch.tensor(1))) == "Category b"
    assert int(labels.analyze_pred(torch.tensor([0.1, 0.9]))) == 1
    assert repr(labels) == "CategoryList (2 items)\nb,a\nPath: ."


def test_labels_that_are_not_processed_are_shown_as_they_are():
    assert CategoryList(["b"])[0] == ItemBase("b")
    assert MultiCategoryList([["b"]])[0] == ItemBase(["b"])
    assert CategoryList(["b"]).c == 0


def test_no_class_has_this_index():
    with pytest.raises(DataError, match="index must be below 2 classes; got 5"):
        processed(CategoryList(["b", "a"])).reconstruct(torch.tensor(5))


def test_the_number_of_classes_cannot_be_set():
    with pytest.raises(DataError, match="c follows from classes and cannot be set; got 3"):
        CategoryList([]).c = 3


def test_any_number_of_categories():
    labels = processed(MultiCategoryList([["b", "c"], ["a"]]))
    assert labels[0].data.tolist() == [0.0, 1.0, 1.0]
    assert labels[0].raw == [1, 2]
    assert labels.get_batch([0, 1]).tolist() == [[0.0, 1.0, 1.0], [1.0, 0.0, 0.0]]
    on = labels.analyze_pred(torch.tensor([0.6, 0.2, 0.4]), thresh=0.3)
    assert on.tolist() == [1.0, 0.0, 1.0]
    assert repr(labels.reconstruct(on)) == "MultiCategory a;c"


def test_texts_are_cut_at_the_delimiter():
    assert processed(MultiCategoryList(["a b", "", "b"], label_delim=" ")).items.tolist() == [[0, 1], [], [1]]


def test_numbers():
    labels = FloatList([1, 2.5])
    assert labels[1].data == np.float32(2.5)
    assert labels.c == 1
    assert labels.get_batch([0, 1]).tolist() == [1.0, 2.5]
    assert labels.reconstruct(torch.tensor(3.0)).data == 3.0
    assert FloatList(np.zeros((3, 4))).c == 4
    assert FloatList([[1, 2], [3, 4]]).get_batch([1]).tolist() == [[3.0, 4.0]]


def test_logarithms():
    labels = FloatList([math.e, 1.0], log=True)
    assert labels[0].data == pytest.approx(1.0)
    assert labels.get_batch([1]).tolist() == [0.0]
    assert labels[[0]].log


def test_logarithms_are_learned_and_numbers_are_shown():
    labels = FloatList([1234.5, 0.25], log=True)
    assert str(labels[0]) == "1234.5" and labels[0].data == pytest.approx(math.log(1234.5))
    batch = labels.get_batch([0, 1])
    assert [str(labels.reconstruct(row)) for row in batch] == ["1234.5", "0.25"]
    assert labels.reconstruct(batch[0]).data == batch[0].numpy() and labels.reconstruct(batch[0]) == labels[0]
    torch.testing.assert_close(labels.amounts(batch), torch.tensor([1234.5, 0.25]))
    np.testing.assert_allclose(labels.amounts(batch.numpy()), [1234.5, 0.25], rtol=1e-6)
    several = FloatList([[10.0, 1000.0]], log=True)
    assert several.reconstruct(several.get_batch([0])[0]).obj.tolist() == [10.0, 1000.0]
    plain = FloatList([3.0])
    assert plain.amounts(batch) is batch and str(plain.reconstruct(torch.tensor(7.25))) == "7.25"


def test_no_labels():
    labels = EmptyLabelList([0, 0])
    assert isinstance(labels[1], EmptyLabel)
    assert labels.get_batch([0, 1]).tolist() == [0, 0]
    assert isinstance(labels.reconstruct(torch.tensor(0)), EmptyLabel)
    assert len(list(labels)) == 2
    with pytest.raises(IndexError):
        labels[2]


def test_labels_know_their_loss():
    target = torch.tensor([1, 0])
    output = torch.tensor([[0.0, 2.0], [1.0, 0.0]])
    expected = torch.nn.functional.cross_entropy(output, target)
    assert torch.allclose(CategoryList([]).loss_func(output, target), expected)
    assert float(FloatList([]).loss_func(torch.ones(2, 1), torch.zeros(2))) == 1.0
    many = MultiCategoryList([]).loss_func(torch.zeros(1, 2), torch.ones(1, 2))
    assert float(many) == pytest.approx(math.log(2))
    assert EmptyLabelList([]).loss_func is None


def test_the_loss_can_be_set():
    labels = FloatList([1.0])
    labels.loss_func = "mine"
    assert labels.loss_func == "mine"
    assert labels[[0]].loss_func == "mine"


def test_classes_that_are_none():
    with pytest.raises(ArgumentTypeError, match="CategoryList: classes must be a list of classes; got 2"):
        CategoryList(["a"], classes=2)
    with pytest.raises(ArgumentError, match="classes must name each class once; got 'a'"):
        CategoryList(["a"], classes=["a", "b", "a"])
    for delimiter in (3, ""):
        with pytest.raises(ArgumentError, match="label_delim must be a text; got"):
            MultiCategoryList(["a b"], label_delim=delimiter)
