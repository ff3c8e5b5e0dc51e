"""Darknet, the backbone of YOLOv3."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from onecycle.nn.layers import Flatten, conv2d
from onecycle.nn.module import Module

__all__ = ["Darknet", "ResLayer"]

_SLOPE = 0.1  # of the leaky ReLU below zero


def conv_bn_lrelu(ni: int, nf: int, ks: int = 3, stride: int = 1) -> nn.Sequential:
    """Return convolution, batch norm and leaky ReLU."""
    conv = conv2d(ni, nf, ks, stride=stride, init=None)
    return nn.Sequential(conv, nn.BatchNorm2d(nf), nn.LeakyReLU(_SLOPE, inplace=True))


class ResLayer(Module):
    """Halve the channels, double them again, and add the input.

    Args:
        ni: Channels in and out.
    """

    def __init__(self, ni: int) -> None:
        self.conv1 = conv_bn_lrelu(ni, ni // 2, ks=1)
        self.conv2 = conv_bn_lrelu(ni // 2, ni, ks=3)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.conv2(self.conv1(x))


class Darknet(Module):
    """Groups of residual layers; each doubles the channels.

    Args:
        num_blocks: Residual layers in each group, e.g. `[1, 2, 8, 8, 4]` for Darknet-53.
        num_classes: Length of the output.
        nf: Channels of the first convolution.

    Shape: `(N, 3, H, W) -> (N, num_classes)`

    Reference:
        Redmon & Farhadi 2018, "YOLOv3: an incremental improvement", table 1; the second group keeps height and
        width, for small pictures.
    """

    def __init__(self, num_blocks: Sequence[int], num_classes: int, nf: int = 32) -> None:
        layers: list[nn.Module] = [conv_bn_lrelu(3, nf)]
        for i, count in enumerate(num_blocks):
            layers += self.make_group_layer(nf * 2**i, count, stride=1 if i == 1 else 2)
        last = nf * 2 ** len(num_blocks)
        self.layers = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), Flatten(), nn.Linear(last, num_classes))

    def make_group_layer(self, ch_in: int, num_blocks: int, stride: int = 1) -> list[nn.Module]:
        """Return a convolution that doubles the channels and the residual layers behind it."""
        first = conv_bn_lrelu(ch_in, ch_in * 2, stride=stride)
        return [first, *(ResLayer(ch_in * 2) for _ in range(num_blocks))]

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)
