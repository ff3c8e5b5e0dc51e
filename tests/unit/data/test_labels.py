"""Labelling: which class of labels is taken, where labels come from, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from onecycle.data.categories import CategoryList, EmptyLabelList, FloatList, MultiCategoryList
from onecycle.data.item_list import ItemList
from onecycle.data.items import EmptyLabel
from onecycle.errors import ArgumentError, ArgumentTypeError, DataError


@pytest.fixture
def files():
    return ItemList(
        [Path(f"images/{name}_{i}.jpg") for name in ("pug", "boxer") for i in range(3)], path="images"
    )


def split(items):
    return items.split_by_idx([len(items) - 1])


@pytest.mark.parametrize(
    ("labels", "kind"),
    [
        (["a", "b"], CategoryList),
        ([1, 2], CategoryList),
        ([True, False], CategoryList),
        (np.array([1, 2]), CategoryList),
        ([torch.tensor(1), torch.tensor(2)], CategoryList),
        ([0.5, 1.5], FloatList),
        (np.array([0.5], dtype=np.float32), FloatList),
        ([["a"], ["a", "b"]], MultiCategoryList),
        ([("a", "b"), ("a",)], MultiCategoryList),
        ([EmptyLabel()], EmptyLabelList),
        ([object()], ItemList),
        ([], CategoryList),
    ],
)
def test_the_first_label_tells_the_class_of_labels(labels, kind):
    assert ItemList([]).get_label_cls(labels) is kind


def test_the_class_of_labels_can_be_given():
    assert ItemList([]).get_label_cls(["a"], label_cls=FloatList) is FloatList
    assert ItemList([], label_cls=FloatList).get_label_cls(["a"]) is FloatList
    assert ItemList([]).get_label_cls(["a b"], label_delim=" ") is MultiCategoryList


def test_labels_from_a_regular_expression(files):
    made = split(files).label_from_re(r"/([^/]+)_\d+.jpg$")
    assert made.classes == ["boxer", "pug"]
    assert made.train.y.items.tolist() == [1, 1, 1, 0, 0]
    assert str(made.train.y[0]) == "pug"


def test_the_whole_path_can_be_searched():
    items = ItemList(["cat_1.jpg", "cat_2.jpg"], path="pets/images")
    made = items.label_from_re(r"images/([^/]+)_\d", full_path=True)
    assert made.classes == ["cat"]


def test_a_pattern_that_does_not_match_is_shown_with_the_files(files):
    with pytest.raises(
        DataError, match=r"pat '\(\\\\d\+\).png\$' does not match 5 of 5 file names: 'images/pug_0.jpg'"
    ):
        split(files).label_from_re(r"(\d+).png$")
    with pytest.raises(DataError, match="and 1 more. Change the pattern"):
        files.label_from_re("(cat)")


def test_a_pattern_must_be_one(files):
    with pytest.raises(ArgumentError, match=r"pat must be a regular expression; got '\(': missing"):
        split(files).label_from_re("(")
    with pytest.raises(ArgumentError, match="pat must have a group; got .*in parentheses"):
        split(files).label_from_re("pug")


def test_labels_from_folders(rows):
    made = rows.split_by_folder().label_from_folder()
    assert made.classes == ["cat", "dog"]
    assert made.c == 2


def test_labels_from_a_function(files):
    made = split(files).label_from_func(lambda file: len(file.name) / 2)
    assert isinstance(made.y, FloatList)
    assert made.train.y[0].data == 4.5


def test_a_function_that_fails_names_the_item(files):
    with pytest.raises(ZeroDivisionError) as caught:
        split(files).label_from_func(lambda file: 1 / 0)
    assert "item: images/pug_0.jpg" in caught.value.__notes__


@pytest.mark.parametrize("nothing", [None, float("nan")])
def test_items_without_a_label_are_named(files, nothing):
    with pytest.raises(
        DataError, match=r"label_from_func: 3 of 6 items have no label: images/boxer_0.jpg, .*filter_by"
    ):
        files.label_from_func(lambda file: nothing if "boxer" in file.name else "pug")
    with pytest.raises(DataError, match="and 1 more"):
        files.label_from_func(lambda file: None)


def test_the_same_label_for_all_and_no_label(files):
    made = split(files).label_const("x")
    assert made.classes == ["x"]
    empty = split(files).label_empty()
    assert isinstance(empty.y, EmptyLabelList)
    assert isinstance(empty.train[0][1], EmptyLabel)
    assert isinstance(files.label_empty().y, EmptyLabelList)
    assert files.label_const(2).classes == [2]


def test_labels_from_lists(files):
    made = split(files).label_from_lists(["a", "b", "a", "b", "a"], ["b"])
    assert made.classes == ["a", "b"]
    assert made.valid.y.items.tolist() == [1]
    with pytest.raises(
        DataError, match=r"label_from_lists \(valid\): must have one label for each of the 1 items; got 2"
    ):
        split(files).label_from_lists(["a"] * 5, ["a", "b"])


@pytest.fixture
def table():
    return ItemList.from_df(
        pd.DataFrame(
            {
                "name": ["1.png", "2.png", "3.png"],
                "tag": ["clear road", "road", ""],
                "clear": [1, 0, 1],
                "road": [1, 1, 0],
                "x": [0.5, 1.5, 2.5],
                "y": [1.0, 2.0, 3.0],
                "kind": [3, 7, 3],
            }
        )
    )


def test_labels_from_a_column(table):
    made = table.split_none().label_from_df("kind")
    assert made.classes == [3, 7]
    assert [type(label) for label in made.classes] == [int, int]
    assert isinstance(table.label_from_df("x").y, FloatList)


def test_several_labels_in_one_text(table):
    made = table.split_none().label_from_df("tag", label_delim=" ")
    assert made.classes == ["clear", "road"]
    assert made.train[0][1].data.tolist() == [1.0, 1.0]
    assert str(made.train[0][1]) == "clear;road"
    assert made.train[2][1].data.tolist() == [0.0, 0.0]


def test_several_columns_of_zeros_and_ones(table):
    made = table.split_none().label_from_df(["clear", "road"])
    assert made.classes == ["clear", "road"]
    assert made.train[1][1].obj == ["road"]
    assert made.train[1][1].data.tolist() == [0.0, 1.0]


def test_several_columns_of_numbers(table):
    made = table.split_none().label_from_df(["x", "y"], label_cls=FloatList)
    assert made.c == 2
    assert made.train[0][1].data.tolist() == [0.5, 1.0]
    with pytest.raises(DataError, match="labels must be 0 and 1"):
        table.split_none().label_from_df(["x", "y"])


def test_labels_that_are_no_numbers_are_refused(table):
    with pytest.raises(DataError, match="FloatList: items must be numbers; got 'clear road'"):
        table.split_none().label_from_df("tag", label_cls=FloatList)


def test_an_unknown_keyword_is_refused(files):
    with pytest.raises(
        ArgumentTypeError, match="label_from_folder .train.: unknown keyword 'clases'. Did you mean 'classes'"
    ):
        split(files).label_from_folder(clases=["a"])


def test_keywords_that_are_none_are_as_if_not_given(files):
    assert split(files).label_from_re("(pug|boxer)", classes=None).classes == ["boxer", "pug"]


def test_classes_can_be_given_in_an_order(files):
    assert split(files).label_from_re("(pug|boxer)", classes=["pug", "boxer"]).classes == ["pug", "boxer"]


def test_labels_without_a_split_are_processed(files):
    made = files.label_from_re("(pug|boxer)")
    assert made.classes == ["boxer", "pug"]
    assert len(made) == 6


def test_numbers_in_tensors_are_numbers():
    lists = ItemList(range(4)).split_by_idx([3]).label_from_func(lambda item: torch.tensor(item % 2))
    assert lists.classes == [0, 1] and lists.train.y.items.tolist() == [0, 1, 0]
    assert isinstance(ItemList([1]).label_from_func(lambda item: np.float64(0.5)).y, FloatList)


def test_numbers_that_cannot_be_learnt():
    lists = ItemList([5, 6, 7]).split_none()
    with pytest.raises(DataError, match="a finite number; 1 of 3 have another label; the first is that of 6: inf"):
        lists.label_from_lists([1.0, float("inf"), 2.0], [])
    with pytest.raises(DataError, match="number above 0, as log=True takes logarithms; 2 of 3 .* that of 5: 0.0"):
        lists.label_from_lists([0.0, 1.0, -1.0], [], label_cls=FloatList, log=True)
    with pytest.raises(DataError, match=r"the first is that of 7: \[ ?1. inf\]"):
        lists.label_from_lists([[0.0, 1.0], [1.0, 2.0], [1.0, float("inf")]], [], label_cls=FloatList)


def test_what_is_missing_for_pandas_is_no_label():
    with pytest.raises(DataError, match="2 of 3 items have no label: 1, 2"):
        ItemList([0, 1, 2]).label_from_func(lambda item: ["a", pd.NA, pd.NaT][item])


@pytest.mark.parametrize("kind", ["FloatList", int, 3])
def test_classes_of_labels_that_are_none(kind):
    with pytest.raises(ArgumentTypeError, match="label_cls must be a class of labels; .* Pass the class itself"):
        ItemList([0, 1]).label_from_func(lambda item: item, label_cls=kind)


def test_labels_that_are_no_class():
    with pytest.raises(DataError, match=r"that of 0: \[0\] \(list\).*label_cls=MultiCategoryList"):
        ItemList([0]).label_from_func(lambda item: [0], label_cls=CategoryList)
    with pytest.raises(DataError, match="for some of the 2 training items; no item has one. Pass classes="):
        ItemList([0, 1]).label_from_func(lambda item: [])


def test_names_of_what_is_no_file_and_patterns_that_are_none():
    with pytest.raises(DataError, match=r"label_from_folder: needs items that are files; got 3 \(int\)"):
        ItemList([3]).label_from_folder()
    with pytest.raises(ArgumentTypeError, match="label_from_re: pat must be a regular expression; got 3"):
        ItemList(["a"]).label_from_re(3)


def test_columns_of_several_levels():
    frame = pd.DataFrame([["x", "a"], ["y", "b"]], columns=pd.MultiIndex.from_tuples([("in", "x"), ("out", "y")]))
    assert ItemList.from_df(frame, cols=("in", "x")).split_none().label_from_df(("out", "y")).classes == ["a", "b"]
