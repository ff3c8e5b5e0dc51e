"""Labels of every kind that a user may pass: one class for equal values, a sentence for what cannot be learned."""

import datetime as dt
import decimal
import enum
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from onecycle.data.categories import CategoryList, FloatList, MultiCategoryList
from onecycle.data.item_list import ItemList
from onecycle.errors import ArgumentError, ArgumentTypeError, DataError

Kind = enum.Enum("Kind", "A B")


def labelled(labels, **settings):
    split = ItemList(range(len(labels))).split_by_idx([len(labels) - 1])
    return split.label_from_lists(labels[:-1], labels[-1:], **settings)


@pytest.mark.parametrize(
    ("labels", "classes"),
    [
        ([Kind.B, Kind.A, Kind.B], ["A", "B"]),
        ([Path("x"), Path("w"), Path("x")], ["w", "x"]),
        ([b"x", b"w", np.bytes_(b"x")], ["w", "x"]),
        ([dt.date(2024, 2, 1), pd.Timestamp("2024-01-01"), np.datetime64("2024-02-01")], ["2024-01-01", "2024-02-01"]),
        ([torch.tensor(2), np.int8(1), 2], [1, 2]),
        ([torch.tensor(True), np.bool_(False), True], [False, True]),
        ([pd.Period(month, "M") for month in ("2024-02", "2024-01", "2024-02")], ["2024-01", "2024-02"]),
        (list(pd.cut([50, 1, 50], [0, 5, 100])), ["(0, 5]", "(5, 100]"]),
        (torch.tensor([1, 0, 1]), [0, 1]),
        (pd.Series(["x", "w", "x"], index=[7, 8, 9], dtype="string"), ["w", "x"]),
        (pd.Categorical(["x", "w", "x"]), ["w", "x"]),
        (np.array([0, -1, 0]), [-1, 0]),
    ],
)
def test_one_class_of_every_kind(labels, classes):
    lists = labelled(labels)
    assert type(lists.train.y) is CategoryList
    assert lists.classes == classes
    assert [str(y) for y in lists.train.y] == [str(classes[1]), str(classes[0])]
    assert [str(y) for y in lists.valid.y] == [str(classes[1])]


@pytest.mark.parametrize(
    "several",
    [np.array, torch.tensor, list, tuple, set, frozenset, pd.Series, pd.Index, pd.Categorical, iter,
     lambda values: [torch.tensor(value) for value in values], lambda values: dict.fromkeys(values).keys(),
     lambda values: pd.array(values, dtype="Int64")],
)  # fmt: skip
def test_several_classes_of_every_kind(several):
    lists = labelled([several([0, 2]), several([1, 2]), several([2])], label_cls=MultiCategoryList)
    assert lists.classes == [0, 1, 2]
    assert [y.data.tolist() for y in lists.train.y] == [[1, 0, 1], [0, 1, 1]]


def test_one_text_among_several_labels_is_one_label():
    lists = labelled(["cat", ["cat", "dog"], "dog"], label_cls=MultiCategoryList)
    assert lists.classes == ["cat", "dog"]


@pytest.mark.parametrize(
    "labels",
    [
        [decimal.Decimal("1.5"), decimal.Decimal(2), decimal.Decimal(3)],
        [torch.tensor(1.5), torch.tensor(2.0), torch.tensor(3.0)],
        [np.float16(1.5), np.float16(2), np.float16(3)],
        [2, decimal.Decimal("1.5"), 3],
        torch.tensor([1.5, 2, 3], dtype=torch.bfloat16),
    ],
)
def test_numbers_to_predict(labels):
    lists = labelled(labels)
    assert type(lists.train.y) is FloatList
    assert sorted(float(y.data) for y in lists.train.y) == [1.5, 2.0]


@pytest.mark.parametrize(
    "label", [dt.timedelta(1), np.timedelta64(1, "D"), 1j, object(), {"a": 1}, ItemList],
    ids=["timedelta", "timedelta64", "complex", "object", "dict", "class"],
)  # fmt: skip
def test_a_label_that_cannot_be_learned_is_named_with_its_item(label):
    with pytest.raises(DataError, match=r"label_from_lists \(train\): the label of an item must be a text, a number"):
        labelled([label, label, label])


def test_an_odd_label_among_others_is_named():
    with pytest.raises(DataError, match=r"1 of 2 are not; the first is that of 1: 1j \(complex\)"):
        labelled(["a", 1j, "a"])
    with pytest.raises(DataError, match=r"a collection of labels.*that of 1: \['a', nan\]"):
        labelled([["a"], ["a", float("nan")], ["a"]])


@pytest.mark.parametrize("label", [dt.date(2024, 1, 1), "a", 1j, np.timedelta64(1, "D")])
def test_what_is_no_number_to_predict(label):
    with pytest.raises(DataError, match="FloatList: items must be numbers"):
        labelled([label, label, label], label_cls=FloatList)


@pytest.mark.parametrize(
    "classes",
    [np.array([0, 1]), torch.tensor([0, 1]), pd.Series([0, 1], index=[4, 5]), pd.Index([0, 1]), (0, 1), range(2),
     [np.int64(0), torch.tensor(1)], pd.Categorical([0, 1]), [False, True]],
)  # fmt: skip
def test_classes_of_every_collection(classes):
    lists = labelled([0, 1, 0], classes=classes)
    assert len(lists.train) == 2
    assert [int(y) for y in lists.train.y] == [0, 1]


def test_no_label_among_the_classes_says_why():
    none = "no label of the training set is among classes"
    with pytest.raises(DataError, match=rf"{none}.*'0' is a text and the known one a whole number. Pass the labels"):
        labelled(["0", "1", "0"], classes=[0, 1])
    with pytest.raises(DataError, match=rf"{none}.*1 is a whole number and the known one a text. Pass the labels"):
        labelled([[1], [1], [1]], classes=["1", "2"])


def test_classes_that_are_none():
    with pytest.raises(ArgumentTypeError, match="classes must be a list of classes; got {0: 'a'}"):
        labelled([0, 1, 0], classes={0: "a"})
    with pytest.raises(ArgumentError, match="must name each class once; got 'a'"):
        labelled(["a", "a", "a"], classes=np.array(["a", "a"]))


def test_folders_and_classes_as_numbers(tmp_path):
    for name in ("0", "1"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.txt").write_text("x")
    split = ItemList.from_folder(tmp_path).split_none()
    with pytest.raises(DataError, match="'0' is a text and the known one a whole number"):
        split.label_from_folder(classes=[0, 1])
    assert len(split.label_from_folder(classes=np.array(["0", "1"])).train) == 2


@pytest.mark.parametrize(
    "group",
    [
        lambda n: Path(f"g{n % 3}"),
        lambda n: (Kind.A, Kind.B)[n % 2],
        lambda n: dt.date(2024, 1, 1 + n % 3),
        lambda n: torch.tensor(n % 3),
        lambda n: pd.Period(f"2024-0{1 + n % 3}", "M"),
        lambda n: f"g{n % 3}".encode(),
        lambda n: (n % 2, Path(f"g{n % 3}")),
    ],
)
def test_groups_and_strata_of_every_kind(group):
    items = ItemList(range(12))
    split = items.split_by_group(group, valid_pct=0.3, seed=0)
    train, valid = ({str(group(int(n))) for n in part.items} for part in (split.train, split.valid))
    assert train and valid and not train & valid
    assert len(items.split_by_rand_pct(0.5, seed=0, stratify=group).valid) == 6
