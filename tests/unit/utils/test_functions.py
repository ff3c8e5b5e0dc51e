"""Helpers around functions."""

from __future__ import annotations

import functools

from onecycle.utils.functions import (
    compose,
    extract_kwargs,
    func_args,
    has_arg,
    ifnone,
    noop,
    split_kwargs_by_func,
)


def example(a, b=1, *args, c, d=2, **kwargs):
    inside = [a]
    return inside[0]


class Example:
    def __init__(self, x, y=2):
        pass


def test_plain_helpers():
    assert noop([1]) == [1]
    assert ifnone(None, 3) == 3
    assert ifnone(0, 3) == 0
    assert compose([])(4) == 4
    assert compose(f for f in (abs, str))(-4) == "4"
    twice = compose(iter([abs]))
    assert twice(-1) == twice(-1) == 1


def test_func_args():
    assert func_args(example) == ("a", "b", "c", "d")
    assert func_args(Example) == ("self", "x", "y")
    assert func_args(functools.partial(example, c=2)) == ("a", "b", "c", "d")
    assert has_arg(example, "c")
    assert not has_arg(example, "inside")
    assert not has_arg(example, "kwargs")


def test_func_args_sees_through_wrappers():
    @functools.wraps(example)
    def wrapper(*args, **kwargs):
        return example(*args, **kwargs)

    assert has_arg(wrapper, "b")


def test_splitting_keywords():
    assert split_kwargs_by_func({"b": 1, "z": 2}, example) == ({"b": 1}, {"z": 2})
    assert extract_kwargs(["z", "missing"], {"b": 1, "z": 2}) == ({"z": 2}, {"b": 1})
