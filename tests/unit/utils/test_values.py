"""Values of every library made plain: scalars, collections, labels, lists of classes."""

import datetime as dt
import enum
import uuid
from decimal import Decimal
from fractions import Fraction
from pathlib import Path, PureWindowsPath

import numpy as np
import pandas as pd
import pytest
import torch

from onecycle.errors import ArgumentTypeError
from onecycle.utils.values import (
    is_empty,
    is_label,
    is_missing,
    name_list,
    nearest,
    or_empty,
    sort_labels,
    to_label,
    to_labels,
    to_list,
    to_scalar,
)

Kind = enum.Enum("Kind", "CAT DOG")


class Colour(str, enum.Enum):
    RED = "red"


class Level(enum.IntEnum):
    LOW = 3


LABELS = {
    "cat": ["cat", np.str_("cat"), b"cat", np.bytes_(b"cat"), bytearray(b"cat"), np.array("cat")],
    3: [3, np.int8(3), np.uint64(3), torch.tensor(3), np.array(3), Decimal(3), Fraction(6, 2), Level.LOW],
    True: [True, np.bool_(True), torch.tensor(True)],
    0.5: [0.5, np.float32(0.5), np.float16(0.5), torch.tensor(0.5), Decimal("0.5"), Fraction(1, 2)],
    "2024-01-31": [
        dt.date(2024, 1, 31), dt.datetime(2024, 1, 31), pd.Timestamp("2024-01-31"), np.datetime64("2024-01-31"),
        np.datetime64("2024-01-31T00:00:00", "ns"), "2024-01-31", pd.Period("2024-01-31", "D"),
    ],
    "2024-01-31 06:30:00": [dt.datetime(2024, 1, 31, 6, 30), np.datetime64("2024-01-31T06:30")],
    "06:30:00": [dt.time(6, 30)],
    "a/b": [Path("a/b"), PureWindowsPath("a\\b"), "a/b"],
    "CAT": [Kind.CAT],
    "red": [Colour.RED],
    "(0.5, 2.0]": [pd.Interval(0.5, 2.0)],
    (1, "a"): [(np.int64(1), b"a")],
    "12345678-1234-5678-1234-567812345678": [uuid.UUID("12345678123456781234567812345678")],
}  # fmt: skip


@pytest.mark.parametrize(("wanted", "value"), [(w, v) for w, values in LABELS.items() for v in values])
def test_a_label_of_every_library_is_one_class(wanted, value):
    label = to_label(value)
    assert label == wanted
    assert type(label) is type(wanted)
    assert is_label(label)


NO_LABELS = [
    1j, dt.timedelta(1), np.timedelta64(1, "D"), pd.Timedelta("1D"), {"a": 1}, object(), [1], None, np.nan
]  # fmt: skip
MISSING = [
    None, float("nan"), np.float32("nan"), pd.NA, pd.NaT, np.datetime64("NaT"), Decimal("nan"), torch.tensor(torch.nan)
]  # fmt: skip


@pytest.mark.parametrize("value", NO_LABELS)
def test_what_is_no_label(value):
    assert not is_label(to_label(value))


def test_a_moment_keeps_its_nanoseconds_and_its_zone():
    assert to_label(pd.Timestamp("2024-01-31") + pd.Timedelta(1, "ns")) == "2024-01-31 00:00:00.000000001"
    assert to_label(pd.Timestamp("2024-01-31", tz="UTC")) == "2024-01-31 00:00:00+00:00"
    assert to_label(np.datetime64("12024-01-31")) == "12024-01-31"


@pytest.mark.parametrize("value", MISSING)
def test_missing_values(value):
    assert is_missing(value)


@pytest.mark.parametrize("value", [0, "", False, np.inf, "nan", [None], np.array([np.nan])])
def test_values_that_are_there(value):
    assert not is_missing(value)


@pytest.mark.parametrize(
    "values",
    [
        [1, 2], (1, 2), np.array([1, 2]), torch.tensor([1, 2]), pd.Series([1, 2], index=[5, 9]), pd.Index([1, 2]),
        pd.Categorical([1, 2]), iter([1, 2]), {1: "a", 2: "b"}.keys(), range(1, 3), [np.int64(1), torch.tensor(2)],
        pd.array([1, 2], dtype="Int64"), [np.array(1), 2],
    ],
)  # fmt: skip
def test_collections_are_lists_of_plain_values(values):
    found = to_list(values)
    assert found == [1, 2]
    assert [type(value) for value in found] == [int, int]


def test_one_thing_is_a_list_of_it():
    assert to_list("cat") == ["cat"]
    assert to_list(np.int64(3)) == [3]
    assert to_labels(Path("a")) == ["a"]
    assert to_labels(list(Kind)) == ["CAT", "DOG"]
    assert to_list(np.array(["2024-01-31"], dtype="datetime64[D]")) == [dt.datetime(2024, 1, 31)]


def test_scalars():
    assert to_scalar(np.datetime64("NaT")) is None
    assert to_scalar(np.array(["a"])).tolist() == ["a"]
    assert to_scalar(np.array("2024-01-31", dtype="datetime64[D]")) == dt.datetime(2024, 1, 31)


def test_intervals_are_ordered_by_their_edges_and_mixed_kinds_by_text():
    cut = pd.cut([1, 5, 30], [0, 2, 10, 100])
    assert sort_labels({to_label(v) for v in cut}) == ["(0, 2]", "(2, 10]", "(10, 100]"]
    assert sort_labels(["(-inf, 0.0]", "(-1e-05, 2.0]"]) == ["(-inf, 0.0]", "(-1e-05, 2.0]"]
    assert sort_labels(["(1.2.3, 4]", "(0, 4]"]) == ["(0, 4]", "(1.2.3, 4]"]
    assert sort_labels(["b", 1, "a"]) == [1, "a", "b"]


@pytest.mark.parametrize(
    "classes",
    [["a", "b"], ("a", "b"), np.array(["a", "b"]), np.array(["a", "b"], dtype=object),
     pd.Series(["a", "b"], index=[3, 4]), pd.Index(["a", "b"]), pd.Categorical(["a", "b"]),
     {"b", "a"}, "ab", [b"a", Path("b")], iter("ab")],
)  # fmt: skip
def test_lists_of_classes(classes):
    assert name_list("X", "classes", classes) == ["a", "b"]


def test_classes_of_an_enum():
    assert name_list("X", "classes", Kind) == ["CAT", "DOG"]
    assert name_list("X", "classes", None) is None


@pytest.mark.parametrize("classes", [3, np.array(3), np.array([["a"], ["b"]]), torch.zeros(2, 2)])
def test_what_is_no_list_of_classes(classes):
    with pytest.raises(ArgumentTypeError, match=r"X: classes must be a list of classes; got"):
        name_list("X", "classes", classes)


def test_a_dict_of_classes_and_a_class_that_is_none():
    with pytest.raises(ArgumentTypeError, match=r"Pass the names in their order: classes=list"):
        name_list("X", "classes", {0: "a"})
    with pytest.raises(ArgumentTypeError, match=r"X: each of classes must be a text, a number.*; got nan"):
        name_list("X", "classes", ["a", np.nan])


def test_nothing_is_asked_for_its_truth_value():
    assert is_empty(None)
    assert is_empty(np.array([]))
    assert not is_empty(np.array([0]))
    assert list(or_empty(None)) == []
    assert list(or_empty(np.array([0, 1]))) == [0, 1]


def test_the_nearest_value_and_its_kind():
    assert nearest(1, ["1", "2"]) == " 1 is a whole number and the known one a text: pass '1'."
    assert nearest("cta", ["cat", "dog"]) == " Did you mean 'cat'?"
    assert nearest(0.5, ["0.5"]) == " 0.5 is a number and the known one a text: pass '0.5'."
