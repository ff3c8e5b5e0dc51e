"""Helpers for lists, tuples, dicts and arrays."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch

from onecycle.errors import ArgumentError
from onecycle.utils.collections import (
    arange_of,
    array,
    arrays_split,
    chunks,
    even_mults,
    first_el,
    float_or_x,
    idx_dict,
    index_row,
    is1d,
    is_dict,
    is_listy,
    is_tuple,
    listify,
    one_hot,
    partition,
    partition_by_cores,
    random_split,
    range_of,
    recurse,
    recurse_eq,
    to_int,
    uniqueify,
)


def test_kinds():
    assert (
        is_listy([])
        and is_listy(())
        and not is_listy("a")
        and not is_listy(np.ones(2))
        and not is_listy(slice(1))
    )
    assert is_tuple(()) and not is_tuple([])
    assert is_dict({}) and not is_dict([])
    assert (
        is1d([1, 2])
        and is1d(np.ones(3))
        and is1d(torch.ones(3))
        and not is1d(np.ones((2, 2)))
        and not is1d([[1]])
    )


def test_recurse():
    assert recurse(lambda v, k, add=0: v * k + add, [1, (2, {"a": 3})], 2, add=1) == [3, [5, {"a": 7}]]


def test_recurse_eq():
    assert recurse_eq([1, [2, np.array([3, 4])]], [1, [2, np.array([3, 4])]])
    assert recurse_eq(torch.ones(2), np.ones(2))
    assert not recurse_eq([1, 2], [1, 2, 3])
    assert not recurse_eq([1, [2]], [1, 2])
    assert not recurse_eq(np.ones(2), np.ones(3))


def test_first_el_and_to_int():
    assert first_el([[{"a": (7, 8)}, 2], 3]) == 7
    assert first_el("word") == "word"
    assert to_int([1.7, [torch.tensor(2), True]]) == [1, [2, 1]]


@pytest.mark.parametrize(
    ("p", "q", "expected"),
    [
        (None, None, []),
        ("ab", None, ["ab"]),
        (3, None, [3]),
        ((1, 2), None, [1, 2]),
        (range(2), None, [0, 1]),
        ((x for x in "ab"), None, ["a", "b"]),
        (1, 3, [1, 1, 1]),
        ([1], [9, 9], [1, 1]),
        ([1, 2], "ab", [1, 2]),
        (torch.tensor(4), None, [torch.tensor(4)]),
        (np.float32(4), 2, [4, 4]),
        (torch.tensor([1, 2]), None, [1, 2]),
    ],
)
def test_listify(p, q, expected):
    assert listify(p, q) == expected


def test_listify_gives_a_list_of_its_own():
    given = [1, 2]
    assert listify(given) is not given


def test_listify_of_the_wrong_length():
    with pytest.raises(
        ArgumentError, match=r"listify: p must have 1 or 3 elements; got \[1, 2\] \(list\)\. Pass one value"
    ):
        listify([1, 2], 3)


def test_lists():
    assert uniqueify([3, 1, 3, 2]) == [3, 1, 2]
    assert uniqueify([3, 1, 3, 2], sort=True) == [1, 2, 3]
    assert idx_dict("ab") == {"a": 0, "b": 1}
    assert list(chunks([1, 2, 3], 2)) == [[1, 2], [3]]
    assert partition((1, 2, 3, 4), 2) == [(1, 2), (3, 4)]
    assert range_of("abc") == [0, 1, 2]
    assert float_or_x("2.5") == 2.5
    assert float_or_x("x") == "x"
    assert float_or_x(None) is None


@pytest.mark.parametrize("n", [1, 7, 8, 9])
def test_partition_by_cores(n):
    pieces = partition_by_cores(list(range(n)), 4)
    assert len(pieces) <= 4
    assert [x for piece in pieces for x in piece] == list(range(n))


def test_array():
    assert array([1, 2]).dtype == np.int64
    assert array(x for x in (1, 2)).tolist() == [1, 2]
    assert array([True]).dtype == bool
    assert array([1, 2], dtype=np.float32).dtype == np.float32
    assert array([1, 2.5]).tolist() == [1, 2.5]
    assert array(range(3)).tolist() == [0, 1, 2]
    assert array([]).shape == (0,)
    assert arange_of("abc").tolist() == [0, 1, 2]


def test_one_hot():
    assert one_hot([1, 3], 4).tolist() == [0, 1, 0, 1]
    assert one_hot([], 2).tolist() == [0, 0]
    assert one_hot([0], 1).dtype == np.float32


def test_index_row():
    df = pd.DataFrame({"a": [1, 2, 3]}, index=[7, 8, 9])
    assert index_row(df, 1)["a"] == 2
    rows = index_row(df, [0, 2])
    rows["a"] = 0
    assert df["a"].tolist() == [1, 2, 3]
    assert index_row(df["a"], 2) == 3
    assert index_row([4, 5], 1) == 5
    assert index_row(np.arange(5), [1, 2]).tolist() == [1, 2]


def test_even_mults():
    assert even_mults(1, 8, 4).tolist() == [1, 2, 4, 8]
    assert even_mults(2, 128, 7).tolist() == [2, 4, 8, 16, 32, 64, 128]
    assert np.allclose(even_mults(1, 1000, 4), [1, 10, 100, 1000])
    assert even_mults(1e-5, 1e-3, 1).tolist() == [1e-3]
    assert even_mults(1e-5, 1e-3, 3)[[0, -1]].tolist() == [1e-5, 1e-3]


def test_arrays_split():
    train, valid = arrays_split([True, False, True], [1, 2, 3], np.array(["a", "b", "c"]))
    assert [a.tolist() for a in train] == [[1, 3], ["a", "c"]]
    assert [a.tolist() for a in valid] == [[2], ["b"]]
    first, rest = arrays_split([0, 3], [1, 2, 3, 4, 5])
    assert (first[0].tolist(), rest[0].tolist()) == ([1, 4], [2, 3, 5])
    with pytest.raises(ArgumentError, match="arrays_split: arrs must have one length; got"):
        arrays_split([True], [1], [1, 2])


def test_random_split():
    np.random.seed(2)
    (train_x, train_y), (valid_x, valid_y) = random_split(0.3, np.arange(1000), -np.arange(1000))
    assert 250 < len(valid_x) < 350
    assert (train_x == -train_y).all() and (valid_x == -valid_y).all()
    assert sorted([*train_x, *valid_x]) == list(range(1000))


@pytest.mark.parametrize("share", [1.1, -0.1, float("nan"), "half"])
def test_a_split_takes_a_share(share):
    with pytest.raises(ArgumentError, match="random_split: valid_pct must be a number between 0 and 1; got"):
        random_split(share, np.arange(4))


def test_all_or_nothing_is_a_share():
    assert [len(part[0]) for part in random_split(0, np.arange(4))] == [4, 0]
    assert [len(part[0]) for part in random_split(1, np.arange(4))] == [0, 4]
