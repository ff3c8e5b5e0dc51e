"""Helpers around functions."""

from __future__ import annotations

import functools

import pytest

from onecycle.errors import ArgumentTypeError
from onecycle.utils.functions import (
    compose,
    extract_kwargs,
    func_args,
    has_arg,
    ifnone,
    noop,
    passes_keywords_on,
    split_kwargs_by_func,
    takes_any_keyword,
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


def test_keywords_that_are_passed_on_and_nobody_takes():
    def draw(color="red"):
        return color

    @passes_keywords_on("color")
    def plot(rows=1, **kwargs):
        return draw(**kwargs)

    assert plot(color="blue") == "blue"
    with pytest.raises(ArgumentTypeError, match="plot: unknown keyword 'colour'. Did you mean 'color'"):
        plot(colour="blue")


def test_other_errors_of_what_is_called_are_left_alone():
    @passes_keywords_on()
    def plot(rows=1, **kwargs):
        return dict(x=1).update(rows=rows.missing)

    with pytest.raises(AttributeError, match="missing"):
        plot()


def test_takes_any_keyword():
    assert takes_any_keyword(lambda **more: more)
    assert not takes_any_keyword(lambda x: x)
