"""What layers compute, against formulas written out and torch's own functions."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from onecycle.nn.attention import PooledSelfAttention2d, SelfAttention
from onecycle.nn.blocks import MergeLayer, PixelShuffle_ICNR, SequentialEx, conv_layer, res_block
from onecycle.nn.init import icnr
from onecycle.nn.layers import AdaptiveConcatPool2d, conv1d, sigmoid_range
from onecycle.nn.losses import BCEWithLogitsFlat, CrossEntropyFlat, MSELossFlat, NoopLoss, WassersteinLoss
from onecycle.nn.norm import NormType


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(0)


def awakened(model: nn.Module) -> nn.Module:
    """Return the model with no scale left at zero."""
    for p in model.parameters():
        if not p.any():
            nn.init.normal_(p)
    return model


# --- kinds of normalisation


def largest_singular_value(weight: torch.Tensor) -> float:
    return float(torch.linalg.matrix_norm(weight.detach().flatten(1), ord=2))


def test_a_spectral_norm_brings_the_largest_singular_value_to_one():
    layer, x = conv_layer(6, 10, norm_type=NormType.Spectral), torch.randn(2, 6, 5, 5)
    with torch.no_grad():
        layer[0].parametrizations.weight.original.mul_(7)
    for _ in range(30):  # a step of the power iteration at each forward pass of training
        layer(x)
    assert largest_singular_value(layer.eval()[0].weight) == pytest.approx(1, abs=0.01)
    assert largest_singular_value(conv1d(6, 10).eval().weight) == pytest.approx(1, abs=0.2)


def test_a_weight_norm_parts_length_from_direction():
    layer = conv_layer(3, 4, norm_type=NormType.Weight)[0]
    length, direction = layer.parametrizations.weight.original0, layer.parametrizations.weight.original1
    expected = length * direction / direction.flatten(1).norm(dim=1)[:, None, None, None]
    torch.testing.assert_close(layer.weight, expected)
    torch.testing.assert_close(layer.weight.flatten(1).norm(dim=1), length.flatten())
    before = layer.weight.detach().clone()
    with torch.no_grad():
        length.mul_(2)
    torch.testing.assert_close(layer.weight, 2 * before)


@pytest.mark.parametrize(("norm_type", "groups"), [(NormType.Group, 4), (NormType.Instance, 8)])
def test_group_and_instance_norm_by_hand(norm_type, groups):
    layer = conv_layer(3, 8, norm_type=norm_type, use_activ=False)
    if norm_type is NormType.Group:
        layer[1].num_groups = groups
    x = torch.randn(2, 3, 6, 6)
    parts = layer[0](x).view(2, groups, -1)
    centred = parts - parts.mean(-1, keepdim=True)
    expected = centred / (parts.var(-1, correction=0, keepdim=True) + 1e-5).sqrt()
    torch.testing.assert_close(layer(x), expected.view(2, 8, 6, 6))


@pytest.mark.parametrize("norm_type", list(NormType))
def test_every_kind_goes_through_a_state_dict(norm_type):
    one, two = awakened(res_block(8, norm_type=norm_type)), res_block(8, norm_type=norm_type)
    x = torch.randn(2, 8, 4, 4)
    for _ in range(3):
        one(x)
    two.load_state_dict(one.state_dict())
    torch.testing.assert_close(two.eval()(x), one.eval()(x))


@pytest.mark.parametrize("norm_type", list(NormType))
def test_every_kind_learns(norm_type):
    block, x = awakened(res_block(8, norm_type=norm_type)), torch.randn(4, 8, 4, 4)
    block(x).pow(2).sum().backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in block.parameters())


# --- upsampling without a checkerboard


def checkerboard(picture: torch.Tensor, scale: int) -> float:
    """Return the largest difference of sub-pixels that come from one pixel."""
    cells = picture.unfold(2, scale, scale).unfold(3, scale, scale)  # (N, C, h, w, scale, scale)
    return float((cells.amax((-1, -2)) - cells.amin((-1, -2))).max())


@pytest.mark.parametrize("scale", [2, 3])
@pytest.mark.parametrize("norm_type", [NormType.Weight, NormType.Spectral, NormType.Batch, NormType.Group, None])
def test_a_pixel_shuffle_starts_without_a_checkerboard(norm_type, scale):
    layer = PixelShuffle_ICNR(6, 4, scale=scale, norm_type=norm_type).eval()
    if norm_type is NormType.Group:  # a group that is one feature's sub-pixels keeps them equal
        layer.conv[1].num_groups = 4
    made = layer(torch.randn(2, 6, 5, 5))
    assert made.std() > 0
    assert checkerboard(made.detach(), scale) < 1e-6
    plain = PixelShuffle_ICNR(6, 4, scale=scale, norm_type=None)
    nn.init.kaiming_normal_(plain.conv[0].weight)
    assert checkerboard(plain(torch.randn(2, 6, 5, 5)).detach(), scale) > 0.1


def test_icnr_is_nearest_neighbour_upsampling_of_a_small_convolution():
    x, weight = torch.randn(2, 3, 4, 4), icnr(torch.empty(5 * 9, 3, 1, 1), scale=3)
    small = F.conv2d(x, weight[::9])
    torch.testing.assert_close(F.pixel_shuffle(F.conv2d(x, weight), 3), F.interpolate(small, scale_factor=3))


def test_icnr_keeps_the_spread_of_its_initialisation():
    weight = icnr(torch.empty(4 * 256, 64, 3, 3), init=nn.init.kaiming_normal_)
    assert float(weight.std()) == pytest.approx((2 / (64 * 9)) ** 0.5, rel=0.02)


# --- blocks


def test_a_res_block_adds_its_input():
    block, x = awakened(res_block(8)).eval(), torch.randn(2, 8, 5, 5)
    branch = nn.Sequential(*block.layers[:2])
    torch.testing.assert_close(block(x), branch(x) + x)
    assert (block(x) - x).abs().max() > 0.1


def test_a_dense_block_puts_its_input_beside():
    block, x = awakened(res_block(8, dense=True)).eval(), torch.randn(2, 8, 5, 5)
    branch = nn.Sequential(*block.layers[:2])
    torch.testing.assert_close(block(x), torch.cat([branch(x), x], 1))


@pytest.mark.parametrize(("options", "expected"), [({}, 2 * (8 * 8 * 9 + 16)), ({"bottle": True}, 2 * 8 * 4 * 9 + 24)])
def test_parameters_of_a_block(options, expected):
    assert sum(p.numel() for p in res_block(8, **options).parameters()) == expected


def test_merging_in_the_middle_of_a_block():
    first, last = nn.Linear(3, 3), nn.Linear(6, 2)
    block, x = SequentialEx(first, MergeLayer(dense=True), last), torch.randn(4, 3)
    torch.testing.assert_close(block(x), last(torch.cat([first(x), x], 1)))


@pytest.mark.parametrize("kind", [SelfAttention, PooledSelfAttention2d])
def test_attention_does_not_depend_on_the_order_of_items(kind):
    layer, x = awakened(kind(8)).eval(), torch.randn(3, 8, 4, 4)
    torch.testing.assert_close(layer(x)[[2, 0, 1]], layer(x[[2, 0, 1]]))


def test_self_attention_follows_a_permutation_of_places():
    layer, x = awakened(SelfAttention(8)).eval(), torch.randn(2, 8, 7)
    order = torch.randperm(7)
    torch.testing.assert_close(layer(x)[..., order], layer(x[..., order]))


# --- pooling, ranges, losses


@pytest.mark.parametrize("sz", [1, 2, 3])
def test_concat_pool_of_uneven_maps(sz):
    x = torch.randn(2, 4, 5, 7)
    expected = torch.cat([F.adaptive_max_pool2d(x, sz), F.adaptive_avg_pool2d(x, sz)], 1)
    torch.testing.assert_close(AdaptiveConcatPool2d(sz)(x), expected)


def test_sigmoid_range_is_half_a_hyperbolic_tangent():
    x = torch.linspace(-4, 4, 9, dtype=torch.float64, requires_grad=True)
    y = sigmoid_range(x, -2.0, 5.0)
    torch.testing.assert_close(y, 1.5 + 3.5 * torch.tanh(x / 2))
    y.sum().backward()
    assert float(x.grad[4]) == pytest.approx(7 / 4)  # the slope in the middle: a quarter of the range


def test_gradients_of_a_critics_losses():
    real, fake = torch.randn(4, requires_grad=True), torch.randn(5, requires_grad=True)
    WassersteinLoss()(real, fake).backward()
    torch.testing.assert_close(real.grad, torch.full((4,), 1 / 4))
    torch.testing.assert_close(fake.grad, torch.full((5,), -1 / 5))
    real.grad = None
    NoopLoss()(real).backward()
    torch.testing.assert_close(real.grad, torch.full((4,), 1 / 4))


@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_flattened_losses_of_four_axes(reduction):
    x, y = torch.randn(2, 3, 4, 5), torch.randint(3, (2, 4, 5))
    weight = torch.tensor([1.0, 2.0, 0.5])
    loss = CrossEntropyFlat(axis=1, weight=weight, reduction=reduction)
    torch.testing.assert_close(loss(x, y), F.cross_entropy(x, y, weight, reduction=reduction))
    z = torch.rand(2, 3, 4, 5)
    torch.testing.assert_close(MSELossFlat(reduction=reduction)(x, z), F.mse_loss(x, z, reduction=reduction))
    both = BCEWithLogitsFlat(reduction=reduction)(x, z), F.binary_cross_entropy_with_logits(x, z, reduction=reduction)
    torch.testing.assert_close(*both)


def test_a_flattened_loss_of_each_item():
    x, y = torch.randn(2, 5, 3), torch.randint(3, (2, 5))
    each = CrossEntropyFlat(reduction="none")(x, y)
    torch.testing.assert_close(each, F.cross_entropy(x.transpose(1, 2), y, reduction="none").flatten())
