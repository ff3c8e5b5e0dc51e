"""Blocks: order of layers, known parameter counts, shortcuts that start as nothing."""

import pytest
import torch
from torch import nn
from torch.nn.utils.parametrize import is_parametrized

from onecycle.errors import ArgumentError
from onecycle.nn.blocks import MergeLayer, PixelShuffle_ICNR, SequentialEx, conv_layer, res_block, simple_cnn
from onecycle.nn.layers import Flatten
from onecycle.nn.norm import NormType


def names(layers) -> list[str]:
    return [type(layer).__name__ for layer in layers]


def count(model: nn.Module) -> int:
    return sum(p.numel() for p in model.parameters())


def test_conv_layer_is_conv_relu_norm():
    layer = conv_layer(3, 8, stride=2)
    assert names(layer) == ["Conv2d", "ReLU", "BatchNorm2d"]
    assert layer[0].bias is None
    assert layer(torch.zeros(2, 3, 8, 8)).shape == (2, 8, 4, 4)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"norm_type": None}, ["Conv2d", "ReLU"]),
        ({"use_activ": False}, ["Conv2d", "BatchNorm2d"]),
        ({"leaky": 0.1}, ["Conv2d", "LeakyReLU", "BatchNorm2d"]),
        ({"is_1d": True}, ["Conv1d", "ReLU", "BatchNorm1d"]),
        ({"transpose": True}, ["ConvTranspose2d", "ReLU", "BatchNorm2d"]),
        ({"transpose": True, "is_1d": True}, ["ConvTranspose1d", "ReLU", "BatchNorm1d"]),
        ({"norm_type": NormType.Group}, ["Conv2d", "ReLU", "GroupNorm"]),
        ({"norm_type": NormType.Instance}, ["Conv2d", "ReLU", "InstanceNorm2d"]),
        ({"norm_type": NormType.Instance, "is_1d": True}, ["Conv1d", "ReLU", "InstanceNorm1d"]),
        ({"self_attention": True}, ["Conv2d", "ReLU", "BatchNorm2d", "SelfAttention"]),
    ],
)
def test_conv_layer_options(options, expected):
    layer = conv_layer(4, 8, **options)
    assert names(layer) == expected
    assert layer(torch.randn(2, 4, *([9] if "is_1d" in options else [9, 9]))).shape[1] == 8


@pytest.mark.parametrize("norm_type", [NormType.Weight, NormType.Spectral])
def test_conv_layer_with_reparametrised_weight_has_a_bias(norm_type):
    layer = conv_layer(4, 8, norm_type=norm_type)
    assert names(layer) == ["ParametrizedConv2d", "ReLU"]
    assert is_parametrized(layer[0], "weight")
    assert layer[0].bias is not None


def test_conv_layer_batch_zero_starts_at_zero():
    assert conv_layer(3, 8, norm_type=NormType.BatchZero)(torch.randn(2, 3, 4, 4)).abs().max() == 0


def test_conv_layer_bias_can_be_forced():
    assert conv_layer(3, 8, bias=True)[0].bias is not None
    assert conv_layer(3, 8, bias=False, norm_type=None)[0].bias is None


def test_res_block_starts_as_the_identity():
    x = torch.randn(2, 8, 6, 6)
    assert torch.equal(res_block(8)(x), x)


def test_res_block_dense_and_bottle():
    x = torch.randn(2, 8, 6, 6)
    assert torch.equal(res_block(8, dense=True)(x)[:, 8:], x)
    bottle = res_block(8, bottle=True)
    assert bottle[0][0].out_channels == 4
    assert bottle(x).shape == x.shape


def test_res_block_is_sequential_ex_of_two_convolutions_and_merge():
    assert names(res_block(4)) == ["Sequential", "Sequential", "MergeLayer"]
    assert list(res_block(4).state_dict())[0] == "layers.0.0.weight"


def test_sequential_ex_edits_like_a_list():
    block = SequentialEx(nn.ReLU())
    block.append(MergeLayer())
    block.extend([nn.Identity()])
    block.insert(0, nn.Identity())
    assert names(block) == ["Identity", "ReLU", "MergeLayer", "Identity"]
    assert len(block) == 4
    assert block(torch.tensor([-1.0, 2.0])).tolist() == [-1.0, 4.0]


def test_nested_blocks_merge_their_own_input():
    inner = SequentialEx(nn.Identity(), MergeLayer())
    assert SequentialEx(inner, MergeLayer())(torch.ones(1, 1)).item() == 3.0


def test_own_layer_may_ask_for_the_input():
    class Difference(nn.Module):
        takes_input = True

        def forward(self, x, orig):
            return x - orig

    assert SequentialEx(nn.ReLU(), Difference())(torch.tensor([-3.0])).tolist() == [3.0]


def test_merge_layer_reads_the_tensor_attribute():
    x = torch.ones(1, 2)
    x.orig = torch.full((1, 2), 2.0)
    assert MergeLayer()(x).tolist() == [[3.0, 3.0]]


def test_merge_layer_alone_says_what_to_do():
    with pytest.raises(ArgumentError, match="MergeLayer: the block has no input to merge. Use SequentialEx"):
        MergeLayer()(torch.ones(1))


def test_mnist_nets_have_the_known_parameter_counts():
    def plain(n_in, n_out):
        return nn.Conv2d(n_in, n_out, kernel_size=3, stride=2, padding=1)

    def conv2(n_in, n_out):
        return conv_layer(n_in, n_out, stride=2)

    def conv_and_res(n_in, n_out):
        return nn.Sequential(conv2(n_in, n_out), res_block(n_out))

    sizes = [1, 8, 16, 32, 16, 10]
    steps = list(zip(sizes, sizes[1:], strict=False))
    layers = [layer for a, b in steps for layer in (plain(a, b), nn.BatchNorm2d(b), nn.ReLU())]
    assert count(nn.Sequential(*layers[:-1], Flatten())) == 12_126
    residual = nn.Sequential(*(conv_and_res(a, b) for a, b in steps[:-1]), conv2(16, 10), Flatten())
    assert count(residual) == 41_132
    assert residual(torch.randn(2, 1, 28, 28)).shape == (2, 10)


def test_simple_cnn():
    model = simple_cnn([3, 8, 4], bn=True)
    assert names(model[0]) == ["Conv2d", "ReLU", "BatchNorm2d"]
    assert names(model[1]) == ["Conv2d", "ReLU"]
    assert model(torch.randn(2, 3, 16, 16)).shape == (2, 4)
    assert simple_cnn((1, 2), kernel_szs=[5], strides=[1])[0][0].kernel_size == (5, 5)


@pytest.mark.parametrize("norm_type", [NormType.Weight, None, NormType.Batch])
def test_pixel_shuffle_starts_as_nearest_neighbour(norm_type):
    layer = PixelShuffle_ICNR(4, 3, scale=2, norm_type=norm_type).eval()
    made = layer(torch.randn(2, 4, 5, 5))
    assert made.shape == (2, 3, 10, 10)
    corners = made.unfold(2, 2, 2).unfold(3, 2, 2)  # (N, C, 5, 5, 2, 2)
    torch.testing.assert_close(corners, corners[..., :1, :1].expand_as(corners))


def test_pixel_shuffle_blur_keeps_the_size():
    assert PixelShuffle_ICNR(4, blur=True, scale=3)(torch.randn(1, 4, 5, 5)).shape == (1, 4, 15, 15)
