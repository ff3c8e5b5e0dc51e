"""Module: attributes before super().__init__(), and still a plain torch module."""

import copy
import inspect
import pickle

import pytest
import torch
from torch import nn

from onecycle.nn.module import Module, ParameterModule


class Scaled(Module):
    def __init__(self, size: int, factor: float = 2.0) -> None:
        self.linear, self.factor = nn.Linear(size, size), factor

    def forward(self, x):
        return self.factor * self.linear(x)


class Polite(Module):
    def __init__(self) -> None:
        self.before = nn.Linear(1, 1)
        super().__init__()
        self.after = nn.Linear(1, 1)


def test_layers_are_registered_without_super_init():
    assert [name for name, _ in Scaled(3).named_parameters()] == ["linear.weight", "linear.bias"]


def test_super_init_called_late_loses_nothing():
    assert [name for name, _ in Polite().named_children()] == ["before", "after"]


def test_pickle_and_deepcopy_give_the_same_outputs():
    model, x = Scaled(3), torch.randn(2, 3)
    for twin in (pickle.loads(pickle.dumps(model)), copy.deepcopy(model)):
        assert torch.equal(twin(x), model(x))
        assert twin.factor == 2.0


@pytest.mark.slow
def test_compiles_to_one_graph():
    model, x = Scaled(3), torch.randn(2, 3)
    compiled = torch.compile(model, backend="eager", fullgraph=True)
    assert torch.equal(compiled(x), model(x))


def test_signature_is_that_of_the_subclass():
    assert list(inspect.signature(Scaled).parameters) == ["size", "factor"]


def test_parameter_module_shares_its_parameter():
    p = nn.Parameter(torch.ones(2))
    holder = ParameterModule(p)
    assert holder.val is p
    assert list(holder.parameters()) == [p]
    assert holder(3) == 3
