from collections import Counter, deque
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from onecycle.optim.schedules import annealing_cos
from onecycle.utils.frozen_values import freeze, thaw


@pytest.mark.parametrize(
    "value",
    [
        None, True, 3, 2.5, "text", b"bytes", (1, 2.0), [1, [2]], {1, 2}, {"a": (1,), 2: None}, slice(1, None, 2),
        Path("a/b"),
    ],
    ids=str,
)  # fmt: skip
def test_plain_values_come_back_as_they_were(value):
    kept, copy = freeze(value)
    back = thaw(copy)
    assert kept and back == value and type(back) is type(value)


@pytest.mark.parametrize("kind", ["int8", "uint32", "uint64", "float16", "float64", "bool"])
def test_arrays_come_back_with_type_and_shape(kind):
    array = np.arange(6).reshape(2, 3).astype(kind)
    back = thaw(freeze(array)[1])
    assert back.dtype == array.dtype and (back == array).all()
    back[0, 0] = 1  # writable, and no view of the file


def test_a_long_list_of_floats_comes_back_exactly():
    values = [1 / (n + 1) for n in range(100)]
    assert thaw(freeze(values)[1]) == values


def test_tensors_are_copied():
    tensor = torch.ones(3, requires_grad=True)
    copy = freeze(tensor)[1]
    with torch.no_grad():
        tensor.mul_(2)
    assert copy.tolist() == [1, 1, 1] and not copy.requires_grad


def test_what_holds_someone_elses_tensor_is_left_out_whole():
    weight = torch.ones(2)
    kept, _ = freeze({"mine": 1, "theirs": [weight]}, lambda tensor: tensor is weight)
    assert not kept


@pytest.mark.parametrize("value", [annealing_cos, object(), [1, object()], nn.Linear, np.array(["a"], dtype=object)])
def test_what_cannot_be_kept_is_said(value):
    assert freeze(value) == (False, None)


def test_what_is_there_takes_a_state_over():
    scale = torch.optim.SGD([nn.Parameter(torch.ones(1))], lr=0.5)
    copy = freeze({"inner": scale})[1]
    assert copy["v"][0][1]["$"] == "load_state_dict"
    other = torch.optim.SGD([nn.Parameter(torch.ones(1))], lr=0.1)
    assert thaw(freeze(scale)[1], other) is other and other.param_groups[0]["lr"] == 0.5


def test_containers_with_a_nature_of_their_own_are_filled_anew():
    counter = Counter(a=1)
    assert thaw(freeze(Counter(b=2))[1], counter) is counter and counter == {"b": 2}
    back = thaw(freeze(deque([1, 2], maxlen=2))[1], deque(maxlen=2))
    back.append(3)
    assert list(back) == [2, 3]
