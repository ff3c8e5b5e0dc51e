"""Hooks: what they store, that they leave."""

import numpy as np
import pytest
import torch
from torch import nn

from onecycle.errors import ArgumentTypeError
from onecycle.nn.hooks import (
    Hook,
    Hooks,
    SaveFeatures,
    hook_output,
    hook_outputs,
)


def net() -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(3, 4, 3, stride=2), nn.BatchNorm2d(4), nn.ReLU(inplace=True), nn.Conv2d(4, 5, 3))


def test_hook_output_stores_the_last_output_without_its_graph():
    model = net()
    with hook_output(model[0]) as hook:
        model(torch.randn(1, 3, 8, 8))
    assert hook.stored.shape == (1, 4, 3, 3)
    assert not hook.stored.requires_grad
    assert hook.removed
    hook.stored = None
    model(torch.randn(1, 3, 8, 8))
    assert hook.stored is None


def test_hook_output_can_keep_the_graph():
    model = net()
    with hook_output(model[3], detach=False) as hook:
        model(torch.randn(1, 3, 8, 8))
    assert hook.stored.requires_grad


def test_hook_output_grad_stores_a_list_of_gradients():
    model = net()
    with hook_output(model[3], grad=True) as hook:
        model(torch.randn(2, 3, 8, 8)).sum().backward()
    assert isinstance(hook.stored, list)
    assert torch.equal(hook.stored[0], torch.ones(2, 5, 1, 1))


def test_grad_of_a_layer_whose_output_is_overwritten():
    """Batch norm before an in-place ReLU, the case on which torch's own backward hooks fail."""
    model, x = net().eval(), torch.randn(2, 3, 8, 8)
    with hook_output(model[1], grad=True) as hook:
        model(x).sum().backward()
    inner = model[1](model[0](x)).detach().requires_grad_()
    model[3](inner.relu()).sum().backward()
    torch.testing.assert_close(hook.stored[0], inner.grad)


def test_grad_hook_without_gradients_stores_nothing():
    model = net()
    with torch.no_grad(), hook_output(model[0], grad=True) as hook:
        model(torch.randn(1, 3, 8, 8))
    assert hook.stored is None


def test_hook_function_sees_module_input_and_output():
    layer, seen = nn.LSTM(2, 3), []
    with Hook(layer, lambda m, i, o: seen.append((m, i, o))):
        layer(torch.randn(4, 1, 2))
    module, given, made = seen[0]
    assert module is layer
    assert given[0].shape == (4, 1, 2)
    assert not made[1][0].requires_grad


def test_hook_detaches_within_dicts():
    class Named(nn.Module):
        def forward(self, x):
            return {"out": x * 2, "kind": "double"}

    layer = Named()
    with hook_output(layer) as hook:
        layer(torch.ones(1, requires_grad=True))
    assert not hook.stored["out"].requires_grad
    assert hook.stored["kind"] == "double"


def test_hooks_act_as_a_list():
    model = net()
    with hook_outputs(model) as hooks:
        model(torch.randn(1, 3, 8, 8))
        assert len(hooks) == 4
        assert [tuple(s.shape) for s in hooks.stored][-1] == (1, 5, 1, 1)
        assert hooks[0] is next(iter(hooks))
    assert all(hook.removed for hook in hooks)


def test_hook_outputs_grad():
    model = net()
    with hook_outputs([model[0], model[3]], grad=True) as hooks:
        model(torch.randn(1, 3, 8, 8)).sum().backward()
    assert [stored[0].shape for stored in hooks.stored] == [(1, 4, 3, 3), (1, 5, 1, 1)]


def test_removing_twice_is_harmless():
    hooks = Hooks(net(), lambda m, i, o: None)
    hooks.remove()
    hooks.remove()


def test_save_features_keeps_an_array_as_the_2018_lessons_do():
    model, x = net(), torch.randn(1, 3, 8, 8)
    saved = SaveFeatures(model[0])
    model(x)
    saved.remove()
    expected = model[0](x).detach().numpy()
    model(torch.zeros(1, 3, 8, 8))
    assert isinstance(saved.features, np.ndarray)
    np.testing.assert_array_equal(saved.features, expected)
    with SaveFeatures(model[0]) as within:
        model(x)
    assert not model[0]._forward_hooks and within.features.shape == (1, 4, 3, 3)


def test_only_modules_can_be_watched():
    with pytest.raises(ArgumentTypeError, match=r"Hook: m must be a module; got .*Pass a part of a model"):
        hook_output(torch.ones(2))
    with pytest.raises(ArgumentTypeError, match="Hook: m must be a module"):
        hook_outputs([nn.ReLU(), "relu"])
