"""Hooks: what they store, that they leave, that a dry run leaves no trace."""

import numpy as np
import pytest
import torch
from torch import nn

from onecycle.errors import ArgumentError, ArgumentTypeError
from onecycle.nn.hooks import (
    Hook,
    Hooks,
    SaveFeatures,
    dummy_batch,
    dummy_eval,
    dummy_output,
    eval_mode,
    hook_output,
    hook_outputs,
    model_sizes,
    num_features_model,
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


def test_eval_mode_gives_each_module_its_own_mode_back():
    model = net()
    model[1].eval()
    with eval_mode(model):
        assert not model.training
    assert [m.training for m in model.modules()] == [True, True, False, True, True]


def test_dummy_batch_fits_the_model_and_leaves_the_generator_alone():
    model, state = net().double(), torch.get_rng_state()
    batch = dummy_batch(model, (5, 7))
    assert torch.equal(torch.get_rng_state(), state)
    assert batch.shape == (1, 3, 5, 7)
    assert batch.dtype == torch.float64
    assert batch.min() >= -1 and batch.max() <= 1


def test_dry_run_leaves_mode_and_statistics():
    model = net()
    before = {k: v.clone() for k, v in model.state_dict().items()}
    assert dummy_eval(model, (16, 16)).shape == (1, 5, 5, 5)
    assert model.training
    assert all(torch.equal(v, before[k]) for k, v in model.state_dict().items())


def test_model_sizes_of_each_child():
    assert [tuple(s) for s in model_sizes(net(), (8, 8))] == [(1, 4, 3, 3)] * 3 + [(1, 5, 1, 1)]


def test_num_features_grows_the_picture_until_it_fits():
    deep = nn.Sequential(nn.Conv2d(3, 6, 3, stride=16), nn.Conv2d(6, 7, 9))
    assert num_features_model(deep) == 7
    assert dummy_output(deep).shape == (1, 7, 6, 6)  # 224 pixels, the first size that fits


def test_num_features_says_why_nothing_fits():
    stubborn = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Linear(5, 6))
    with pytest.raises(ArgumentError, match=r"dry run: m must take one item .* the model says: mat1 and mat2"):
        num_features_model(stubborn)


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
