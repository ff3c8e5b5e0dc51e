"""Helpers for tensors."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from onecycle.utils import tensors
from onecycle.utils.defaults import defaults
from onecycle.utils.tensors import (
    add_metrics,
    batch_to_half,
    grab_idx,
    logit,
    logit_,
    model_type,
    np2model_tensor,
    np_func,
    remove_module_load,
    tensor,
    to_cpu,
    to_data,
    to_detach,
    to_device,
    to_float,
    to_half,
    to_np,
    trange_of,
    try_int,
)


@pytest.mark.parametrize(
    ("made", "values", "dtype"),
    [
        (tensor(1, 2, 3), [1, 2, 3], torch.int64),
        (tensor([1, 2]), [1, 2], torch.int64),
        (tensor(0.5), 0.5, torch.float32),
        (tensor([[1.0], [2.0]]), [[1], [2]], torch.float32),
        (tensor(np.array([1, 2], dtype=np.int32)), [1, 2], torch.int64),
        (tensor(np.array([1.5], dtype=np.float32)), [1.5], torch.float32),
        (tensor(x for x in (1, 2)), [1, 2], torch.int64),
        (tensor(range(2)), [0, 1], torch.int64),
        (tensor([np.ones(2), np.zeros(2)]), [[1, 1], [0, 0]], torch.float64),
        (tensor([torch.ones(2), torch.zeros(2)]), [[1, 1], [0, 0]], torch.float32),
        (tensor([True]), [True], torch.bool),
        (tensor([]), [], torch.float32),
    ],
)
def test_tensor(made, values, dtype):
    assert made.tolist() == values
    assert made.dtype == dtype


class Item:
    data = torch.ones(1)

    def apply_tfms(self, tfms):
        return self


def test_nested_batches():
    x = torch.ones(2, requires_grad=True) * 2
    batch = [x, {"y": torch.tensor([1]), "name": "a"}]
    detached = to_detach(batch)
    assert not detached[0].requires_grad
    assert detached[1]["name"] == "a"
    assert not to_detach(x, cpu=False).requires_grad
    assert to_data([Item(), (Item(), 3)]) == [Item.data, [Item.data, 3]]
    assert to_data(x) is x
    assert to_cpu(batch)[0].device.type == "cpu"
    assert to_half(batch)[0].dtype == torch.float16
    assert to_half(batch)[1]["y"].dtype == torch.int64
    assert to_float(to_half(batch))[0].dtype == torch.float32
    halves = batch_to_half([torch.ones(1), torch.ones(1)])
    assert [t.dtype for t in halves] == [torch.float16, torch.float32]


def test_to_device(monkeypatch):
    monkeypatch.setattr(defaults, "device", torch.device("meta"))
    assert to_device([torch.ones(1)], None)[0].device.type == "meta"
    assert to_device([torch.ones(1), "a"], "cpu")[1] == "a"


def test_to_np_and_grab_idx():
    x = torch.arange(6.0).reshape(3, 2).requires_grad_()
    assert to_np(x).tolist() == [[0, 1], [2, 3], [4, 5]]
    assert isinstance(to_np([x])[0], np.ndarray)
    assert grab_idx([x, {"a": x}], 1)[1]["a"].tolist() == [2, 3]
    assert grab_idx(x, 1, batch_first=False).tolist() == [1, 3, 5]
    assert not grab_idx(x, 0).requires_grad


def test_types():
    assert model_type(np.float64) is torch.float32
    assert model_type(np.uint8) is torch.int64
    assert model_type(str) is None
    assert np2model_tensor(np.array([1.0])).dtype == torch.float32
    assert np2model_tensor(np.array([1], dtype=np.int16)).dtype == torch.int64
    assert np2model_tensor(np.array([True])).dtype == torch.bool


def test_values():
    assert trange_of("abc").tolist() == [0, 1, 2]
    p = torch.tensor([0.1, 0.5, 0.9])
    assert torch.allclose(logit(p).sigmoid(), p)
    expected = logit(p)
    assert logit_(p) is p
    assert torch.allclose(p, expected)
    assert try_int(2.7) == 2
    assert try_int("3") == 3
    assert try_int("x") == "x"
    assert try_int(None) is None
    assert try_int(torch.tensor(4)) == 4
    one = torch.tensor([4])
    assert try_int(one) is one


def test_np_func():
    @np_func
    def mean_error(input, target):
        assert isinstance(input, np.ndarray)
        return np.abs(input - target).mean()

    result = mean_error(torch.tensor([1.0, 3.0]), torch.tensor([1.0, 1.0]))
    assert torch.is_tensor(result) and result == 1
    assert mean_error.__name__ == "mean_error"
    assert np_func(lambda a: "text")(torch.ones(1)) == "text"


def test_remove_module_load():
    assert remove_module_load({"module.a.module.w": 1, "b": 2}) == {"a.module.w": 1, "b": 2}


def test_add_metrics():
    last = [1]
    assert add_metrics(last, 2) == {"last_metrics": [1, 2]}
    assert add_metrics(last, [2, 3]) == {"last_metrics": [1, 2, 3]}
    assert add_metrics(None, 2) == {"last_metrics": [2]}
    assert last == [1]


def test_a_move_to_the_cpu_waits():
    class Spy:
        def to(self, device, non_blocking):
            return device.type, non_blocking

    assert tensors._move(Spy(), torch.device("cpu")) == ("cpu", False)
    assert tensors._move(Spy(), torch.device("cuda")) == ("cuda", True)
