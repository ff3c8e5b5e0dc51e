"""Names for things in files."""

from __future__ import annotations

import enum
import json
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch

from onecycle.data.bunch import DataBunch
from onecycle.data.item_list import ItemList
from onecycle.errors import ArgumentError, NotRegisteredError
from onecycle.utils import registry
from onecycle.utils.registry import decode, encode, encode_name, lookup, name_of, names, register


@pytest.fixture(autouse=True)
def own_registry(monkeypatch):
    things, ids = registry._things, registry._names
    monkeypatch.setattr(registry, "_things", {kind: dict(known) for kind, known in things.items()})
    monkeypatch.setattr(registry, "_names", dict(ids))
    yield
    for key, (kind, name, thing) in registry._names.items():  # what the library registered while a test imported it
        if getattr(thing, "__module__", "").startswith("onecycle."):
            things[kind].setdefault(name, thing)
            ids.setdefault(key, (kind, name, thing))


def there_and_back(value):
    return decode(json.loads(json.dumps(encode(value))))


def test_register_and_lookup():
    @register("function")
    def my_halve(x):
        return x / 2

    register("transform", "other")(my_quarter)
    assert lookup("function", "my_halve") is my_halve
    assert name_of("function", my_halve) == "my_halve"
    assert name_of("transform", my_quarter) == "other"
    assert name_of("function", my_quarter) is None
    assert name_of("function", len) is None
    assert "my_halve" in names("function")


def my_quarter(x):
    return x / 4


def test_a_name_has_one_owner():
    register("function", "taken")(my_quarter)
    register("function", "taken")(my_quarter)
    with pytest.raises(
        ArgumentError, match=r"function 'taken' is taken by .*my_quarter.*Register .* under another name"
    ):
        register("function", "taken")(there_and_back)


def test_unknown_kind():
    with pytest.raises(
        ArgumentError, match=r"kind must be one of .*got 'transfrom'\. Did you mean 'transform'"
    ):
        register("transfrom")


def test_unknown_name():
    register("function", "known_name")(my_quarter)
    with pytest.raises(
        NotRegisteredError, match=r"no function is named 'known_nam'\. Did you mean 'known_name'\?.*register"
    ):
        lookup("function", "known_nam")


def test_built_in_names_are_found_through_their_home(monkeypatch):
    monkeypatch.setitem(registry.HOMES["function"], "far_away", "onecycle.utils.functions")
    with pytest.raises(NotRegisteredError, match="far_away"):  # the leaf is imported and does not register it
        lookup("function", "far_away")
    assert "far_away" in names("function")


def test_every_home_registers_its_names():
    for kind, homes in registry.HOMES.items():
        for name in homes:
            assert lookup(kind, name) is not None


class Shape:
    def __init__(self, size):
        self.size = size

    def get_state(self):
        return {"size": self.size}

    @classmethod
    def from_state(cls, state):
        return cls(**state)


class Colour(enum.Enum):
    RED = 1


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        3,
        -2.5,
        "text",
        [1, [2, None]],
        (1, (2, "x")),
        {"a": {"b": (1,)}},
        {1: "one", (1, 2): "pair"},
        {"$": "a key of our own"},
        {1, 2},
        slice(1, None, 2),
        slice(1e-3, 1e-2),
        Path("a") / "b",
        torch.device("cpu"),
        torch.float16,
    ],
)
def test_plain_values_go_there_and_back(value):
    back = there_and_back(value)
    assert back == value
    assert type(back) is type(value) or isinstance(value, Path)


def test_arrays_and_tensors_go_there_and_back():
    array = np.array([[1.5, 2]], dtype=np.float32)
    back = there_and_back(array)
    assert back.dtype == array.dtype
    assert (back == array).all()
    tensor = torch.tensor([1, 2], dtype=torch.int16)
    back = there_and_back({"t": tensor})["t"]
    assert back.dtype == tensor.dtype
    assert torch.equal(back, tensor)
    assert there_and_back(np.float32(0.5)) == 0.5


def test_infinite_numbers_go_there_and_back():
    assert there_and_back(float("inf")) == float("inf")


def test_registered_things_go_there_and_back():
    register("function")(my_quarter)
    register("function")(Shape)
    register("function")(Colour)
    assert there_and_back(my_quarter) is my_quarter
    assert there_and_back([Shape]) == [Shape]
    assert there_and_back(Shape((2, 3))).size == (2, 3)
    assert there_and_back(Colour.RED) is Colour.RED
    back = there_and_back(partial(my_quarter, 8))
    assert back() == 2


def test_what_has_no_name_is_refused_with_the_cure():
    with pytest.raises(
        ArgumentError, match=r"encode: .*<lambda> \(function\) cannot be written.*registry\.register"
    ):
        encode({"f": lambda x: x})
    with pytest.raises(ArgumentError, match="Shape object"):
        encode(Shape(1))
    with pytest.raises(ArgumentError, match="array of 70000 elements is too large"):
        encode(np.zeros(70_000))
    with pytest.raises(ArgumentError, match="tensor of 70000 elements is too large"):
        encode(torch.zeros(70_000))


def test_decode_builds_only_what_is_registered():
    with pytest.raises(NotRegisteredError, match="no function is named 'os.system'"):
        decode({"$": "name", "kind": "function", "name": "os.system"})
    with pytest.raises(ArgumentError, match="decode: 'code' is no form"):
        decode({"$": "code", "text": "import os"})
    with pytest.raises(ArgumentError, match="decode: 'load' is no dtype of torch"):
        decode({"$": "dtype", "text": "load"})


class MyList(ItemList):
    pass


class MyBunch(DataBunch):
    pass


@pytest.mark.parametrize(("kind", "thing"), [("item_list", MyList), ("data_bunch", MyBunch)])
def test_a_writer_asks_for_the_kind_of_its_reader(kind, thing):
    with pytest.raises(ArgumentError, match=rf"{thing.__name__} has no registered name.*register\('{kind}'\)\(it\)"):
        encode_name(kind, thing)
    with pytest.raises(ArgumentError, match=rf"Give it a name first: .*register\('{kind}'\)\(it\)"):
        encode(thing)
    register("function")(thing)
    with pytest.raises(ArgumentError, match=rf"is registered as a 'function', where no reader .*register\('{kind}'\)"):
        encode_name(kind, thing)
    registry._names.pop(id(thing))
    register(kind)(thing)
    assert lookup(kind, encode_name(kind, thing)) is thing


def test_a_list_of_one_s_own_goes_there_and_back(tmp_path):
    data = MyList([1, 2, 3, 4], path=tmp_path).split_by_idx([3]).label_from_func(lambda number: number % 2)
    with pytest.raises(ArgumentError, match=r"MyList has no registered name.*register\('item_list'\)"):
        data.train.get_state()
    register("item_list")(MyList)
    assert data.train.get_state()["x"]["cls"] == "MyList"
