"""First values: which layers are filled, with what, and what is left alone."""

import torch
from torch import nn
from torch.nn.utils.parametrizations import weight_norm

from onecycle.nn.init import apply_init, apply_leaf, cond_init, icnr, init_cnn, init_default, trunc_normal_


def test_init_default_fills_weight_and_zeroes_bias():
    layer = init_default(nn.Linear(3, 2), nn.init.ones_)
    assert layer.weight.tolist() == [[1.0] * 3] * 2
    assert layer.bias.tolist() == [0.0, 0.0]


def test_init_default_leaves_vectors_and_weightless_layers_alone():
    assert init_default(nn.LayerNorm(3), nn.init.zeros_).weight.tolist() == [1.0] * 3
    assert isinstance(init_default(nn.ReLU(), nn.init.zeros_), nn.ReLU)
    linear = nn.Linear(3, 2)
    before = linear.weight.clone()
    assert torch.equal(init_default(linear, None).weight, before)


def test_init_default_reaches_a_reparametrised_weight():
    layer = init_default(weight_norm(nn.Linear(3, 2)), nn.init.ones_)
    torch.testing.assert_close(layer.weight, torch.ones(2, 3))


def test_cond_init_passes_over_batch_norm_and_frozen_layers():
    frozen = nn.Linear(2, 2).requires_grad_(False)
    before = frozen.weight.clone()
    cond_init(frozen, nn.init.ones_)
    assert torch.equal(frozen.weight, before)
    norm = nn.BatchNorm1d(2)
    cond_init(norm, nn.init.zeros_)
    assert norm.weight.tolist() == [1.0, 1.0]


def test_apply_init_and_leaf_reach_nested_layers():
    model = nn.Sequential(nn.Sequential(nn.Linear(2, 2)), nn.Linear(2, 1))
    apply_init(model, nn.init.ones_)
    assert model(torch.ones(1, 2)).item() == 4.0
    seen = []
    apply_leaf(model, seen.append)
    assert len(seen) == 4


def test_trunc_normal_stays_within_two_deviations():
    x = trunc_normal_(torch.empty(5000), mean=1.0, std=0.5)
    assert x.min() >= 0.0 and x.max() <= 2.0
    assert abs(x.mean() - 1.0) < 0.05


def test_icnr_repeats_each_filter():
    x = icnr(torch.empty(8, 3, 1, 1), scale=2)
    assert torch.equal(x[:4], x[:1].expand(4, 3, 1, 1))
    assert not torch.equal(x[0], x[4])


def test_init_cnn():
    model = nn.Sequential(nn.Conv2d(3, 64, 3), nn.Linear(64, 100))
    init_cnn(model, linear_std=0.01)
    assert model[0].bias.abs().sum() == 0
    assert abs(model[0].weight.detach().std() - (2 / (64 * 9)) ** 0.5) < 0.005
    assert abs(model[1].weight.detach().std() - 0.01) < 0.001
