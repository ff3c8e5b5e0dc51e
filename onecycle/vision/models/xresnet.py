"""Residual networks with the tricks that came after them: deep stem, pooled shortcuts, zero-started branches."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from typing import Any

from torch import Tensor, nn

from onecycle.nn.init import init_default
from onecycle.nn.layers import Flatten, conv2d
from onecycle.nn.module import Module
from onecycle.nn.norm import NormType, norm_layer
from onecycle.vision.models.spec import register_model
from onecycle.vision.models.weights import with_weights

__all__ = [
    "XResNet",
    "xresnet18",
    "xresnet18_deep",
    "xresnet34",
    "xresnet34_deep",
    "xresnet50",
    "xresnet50_deep",
    "xresnet101",
    "xresnet152",
]

_STEM = (32, 32, 64)  # channels of the three first convolutions
_WIDTHS = (64, 128, 256, 512)  # of the first four stages; further ones have the last but one's
_DEEPER = 256


def conv(ni: int, nf: int, ks: int = 3, stride: int = 1, bias: bool = False) -> nn.Conv2d:
    """Return a padded convolution as torch starts it."""
    return conv2d(ni, nf, ks, stride=stride, bias=bias, init=None)


def noop(x: Tensor) -> Tensor:
    """Return the input."""
    return x


def filt_sz(recep: int) -> int:
    """Return the power of two below three quarters of a receptive field's values, at most 64.

    Example:
        >>> filt_sz(27)
        16
    """
    return min(64, 2 ** math.floor(math.log2(recep * 0.75)))


def init_cnn(m: nn.Module) -> None:
    """Start convolutions and linear layers by fan-in (He et al. 2015), biases at zero."""
    for layer in m.modules():
        if isinstance(layer, (nn.Conv2d, nn.Linear)):
            init_default(layer)


def conv_layer(
    ni: int, nf: int, ks: int = 3, stride: int = 1, zero_bn: bool = False, act: bool = True
) -> nn.Sequential:
    """Return convolution, batch norm and ReLU.

    Args:
        zero_bn: Start the scale of the batch norm at zero.
        act: With the ReLU.
    """
    norm = norm_layer(nf, NormType.BatchZero if zero_bn else NormType.Batch)
    return nn.Sequential(conv(ni, nf, ks, stride=stride), norm, *([nn.ReLU(inplace=True)] if act else []))


def _branch(expansion: int, n_in: int, width: int, n_out: int, stride: int) -> nn.Sequential:
    if expansion == 1:
        return nn.Sequential(conv_layer(n_in, width, stride=stride), _last(width, n_out, 3))
    middle = conv_layer(width, width, stride=stride)
    return nn.Sequential(conv_layer(n_in, width, 1), middle, _last(width, n_out, 1))


def _last(width: int, n_out: int, side: int) -> nn.Sequential:
    return conv_layer(width, n_out, side, zero_bn=True, act=False)


def _shortcut(n_in: int, n_out: int, stride: int) -> nn.Sequential:
    """Return what brings the input to the shape of the output: average first, so that no value is dropped."""
    pool = [] if stride == 1 else [nn.AvgPool2d(2, ceil_mode=True)]
    return nn.Sequential(*pool, *([] if n_in == n_out else [conv_layer(n_in, n_out, 1, act=False)]))


class ResBlock(Module):
    """A residual block whose branch starts at zero.

    Args:
        expansion: 1 for two 3x3 convolutions, 4 for a bottleneck.
        ni: Channels in, as a multiple of expansion.
        nh: Channels between; `expansion * nh` come out.
        stride: 2 halves height and width.
    """

    def __init__(self, expansion: int, ni: int, nh: int, stride: int = 1) -> None:
        n_in, n_out = expansion * ni, expansion * nh
        self.convs = _branch(expansion, n_in, nh, n_out, stride)
        self.shortcut = _shortcut(n_in, n_out, stride)
        self.act = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        return self.act(self.convs(x) + self.shortcut(x))


class XResNet(nn.Sequential):
    """A residual network with a stem of three convolutions and averaged shortcuts.

    Args:
        expansion: 1 for basic blocks, 4 for bottlenecks.
        layers: Blocks in each stage; stages beyond the fourth are 256 wide.
        c_in: Channels of the pictures.
        c_out: Length of the output.

    Shape: `(N, c_in, H, W) -> (N, c_out)`

    Reference:
        He et al. 2018, "Bag of tricks for image classification with convolutional neural networks", section 4
        (ResNet-C and -D) and 3.1 (zero-started batch norm).
    """

    def __init__(self, expansion: int, layers: Sequence[int], c_in: int = 3, c_out: int = 1000) -> None:
        sizes = (c_in, *_STEM)
        stem = [conv_layer(sizes[i], sizes[i + 1], stride=2 if i == 0 else 1) for i in range(len(_STEM))]
        widths = [_STEM[-1] // expansion, *_WIDTHS, *[_DEEPER] * (len(layers) - len(_WIDTHS))]
        stages = [
            _stage(expansion, widths[i], widths[i + 1], depth, stride=1 if i == 0 else 2)
            for i, depth in enumerate(layers)
        ]
        head = [nn.AdaptiveAvgPool2d(1), Flatten(), nn.Linear(expansion * widths[-1], c_out)]
        super().__init__(*stem, nn.MaxPool2d(3, stride=2, padding=1), *stages, *head)
        init_cnn(self)


def _stage(expansion: int, n_in: int, width: int, depth: int, stride: int) -> nn.Sequential:
    blocks = (
        ResBlock(expansion, n_in if i == 0 else width, width, stride if i == 0 else 1) for i in range(depth)
    )
    return nn.Sequential(*blocks)


def xresnet(
    expansion: int,
    n_layers: Sequence[int],
    name: str,
    c_out: int = 1000,
    pretrained: bool = False,
    **kwargs: Any,
) -> XResNet:
    """Return an XResNet by its plan; `name` is the one it is registered under."""
    return with_weights(XResNet(expansion, n_layers, c_out=c_out, **kwargs), name, pretrained)


def _split(model: Any) -> tuple[nn.Module, ...]:
    """Make three layer groups: stem and two stages, the other stages, head."""
    return model[0][6], model[1]


def _registered(name: str, expansion: int, n_layers: list[int]) -> Any:
    build = partial(xresnet, expansion=expansion, n_layers=n_layers, name=name)
    return register_model(cut=-3, split=_split, name=name)(build)


xresnet18 = _registered("xresnet18", 1, [2, 2, 2, 2])
xresnet34 = _registered("xresnet34", 1, [3, 4, 6, 3])
xresnet50 = _registered("xresnet50", 4, [3, 4, 6, 3])
xresnet101 = _registered("xresnet101", 4, [3, 4, 23, 3])
xresnet152 = _registered("xresnet152", 4, [3, 8, 36, 3])
xresnet18_deep = _registered("xresnet18_deep", 1, [2, 2, 2, 2, 1, 1])
xresnet34_deep = _registered("xresnet34_deep", 1, [3, 4, 6, 3, 1, 1])
xresnet50_deep = _registered("xresnet50_deep", 4, [3, 4, 6, 3, 1, 1])
