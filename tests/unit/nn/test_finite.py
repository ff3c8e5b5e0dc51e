import math

import pytest
import torch
from torch import nn

from onecycle.nn.finite import first_not_finite, is_finite


class Log(nn.Module):
    def forward(self, x):
        return (x - 10).log()


@pytest.mark.parametrize(("value", "expected"), [
    (torch.ones(2), True), (torch.tensor([1.0, math.inf]), False),
    ([torch.ones(1), {"a": torch.tensor(math.nan)}], False),
    (torch.tensor([1]), True), ("text", True), ((), True),
])  # fmt: skip
def test_is_finite(value, expected):
    assert is_finite(value) == expected


def net():
    return nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Dropout(0.5), Log(), nn.Linear(4, 2))


def test_the_first_layer_is_named_and_nothing_changes():
    model, x = net(), torch.randn(8, 3)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    state = torch.get_rng_state()
    assert first_not_finite(model, x) == "the output of layer 3 (Log)"
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert torch.equal(torch.get_rng_state(), state)
    assert not any(layer._forward_hooks for layer in model.modules())


def test_weights_and_inputs():
    model, x = net(), torch.randn(8, 3)
    assert first_not_finite(model, [x.index_fill(0, torch.tensor([0]), math.nan)]) == "the input"
    with torch.no_grad():
        model[4].bias[0] = math.inf
    assert first_not_finite(model, x) == "the weights of layer 4 (Linear)"


def test_the_loss_itself():
    assert first_not_finite(nn.Linear(3, 1), [torch.randn(2, 3)]) == "the loss"


def test_the_model_itself():
    assert first_not_finite(Log(), torch.zeros(2)) == "the output of the model (Log)"
