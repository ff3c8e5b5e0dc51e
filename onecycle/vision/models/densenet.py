"""Densely connected networks: each layer reads everything before it."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from onecycle.nn.init import init_cnn
from onecycle.nn.layers import conv2d
from onecycle.vision.models.spec import register_model
from onecycle.vision.models.weights import with_weights

__all__ = ["DenseNet", "densenet121", "densenet161", "densenet169", "densenet201"]

_BOTTLENECK = 4  # channels of a layer's 1x1 convolution, as a multiple of the growth
_OLD_KEY = re.compile(r"(denselayer\d+\.(?:norm|conv))\.(\d)\.")


class DenseLayer(nn.Module):
    """Make `growth` new channels from all that there are.

    Args:
        n_in: Channels in; `n_in + growth` come out.
        growth: New channels.
    """

    def __init__(self, n_in: int, growth: int) -> None:
        super().__init__()
        self.norm1 = nn.BatchNorm2d(n_in)
        self.relu1 = nn.ReLU(inplace=True)
        self.conv1 = conv2d(n_in, _BOTTLENECK * growth, 1, init=None)
        self.norm2 = nn.BatchNorm2d(_BOTTLENECK * growth)
        self.relu2 = nn.ReLU(inplace=True)
        self.conv2 = conv2d(_BOTTLENECK * growth, growth, 3, init=None)

    def forward(self, x: Tensor) -> Tensor:
        new = self.conv1(self.relu1(self.norm1(x)))
        new = self.conv2(self.relu2(self.norm2(new)))
        return torch.cat([x, new], dim=1)


def _dense_block(n_in: int, growth: int, depth: int) -> nn.Sequential:
    layers = ((f"denselayer{i + 1}", DenseLayer(n_in + i * growth, growth)) for i in range(depth))
    return nn.Sequential(OrderedDict(layers))


def _transition(n_in: int) -> nn.Sequential:
    """Return what halves channels, height and width."""
    layers = OrderedDict(
        norm=nn.BatchNorm2d(n_in),
        relu=nn.ReLU(inplace=True),
        conv=conv2d(n_in, n_in // 2, 1, init=None),
        pool=nn.AvgPool2d(2),
    )
    return nn.Sequential(layers)


def _stem(width: int) -> dict[str, nn.Module]:
    return {
        "conv0": conv2d(3, width, 7, stride=2, init=None),
        "norm0": nn.BatchNorm2d(width),
        "relu0": nn.ReLU(inplace=True),
        "pool0": nn.MaxPool2d(3, stride=2, padding=1),
    }


class DenseNet(nn.Module):
    """Four dense blocks with transitions between them.

    Args:
        depths: Layers in each block.
        growth: Channels that a layer adds.
        width: Channels of the first convolution.
        num_classes: Length of the output.

    Shape: `(N, 3, H, W) -> (N, num_classes)`, height and width at least 29

    Reference:
        Huang et al. 2016, "Densely connected convolutional networks", table 1 (DenseNet-BC).
    """

    def __init__(
        self, depths: Sequence[int], growth: int = 32, width: int = 64, num_classes: int = 1000
    ) -> None:
        super().__init__()
        parts, channels = _stem(width), width
        for i, depth in enumerate(depths, start=1):
            parts[f"denseblock{i}"] = _dense_block(channels, growth, depth)
            channels += depth * growth
            if i < len(depths):
                parts[f"transition{i}"] = _transition(channels)
                channels //= 2
        parts[f"norm{len(depths) + 1}"] = nn.BatchNorm2d(channels)
        self.features = nn.Sequential(OrderedDict(parts))
        self.classifier = nn.Linear(channels, num_classes)
        nn.init.zeros_(self.classifier.bias)
        init_cnn(self, mode="fan_in")

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.features(x), inplace=True)  # (N, C, H/32, W/32)
        return self.classifier(F.adaptive_avg_pool2d(x, 1).flatten(1))


def _new_key(key: str) -> str:
    """Return today's name of a weight in the published files, which write `norm.1` for `norm1`."""
    return _OLD_KEY.sub(r"\1\2.", key)


def _split(model: Any) -> tuple[nn.Module, ...]:
    """Make three layer groups: two dense blocks with their transitions less one layer, the rest, head."""
    return model[0][0][7], model[1]


@register_model("densenet121-a639ec97.pth", cut=-1, split=_split, rename=_new_key)
def densenet121(pretrained: bool = False, num_classes: int = 1000) -> DenseNet:
    """Return DenseNet-121, 8.0 million parameters."""
    return with_weights(DenseNet((6, 12, 24, 16), num_classes=num_classes), "densenet121", pretrained)


@register_model("densenet161-8d451a50.pth", cut=-1, split=_split, rename=_new_key)
def densenet161(pretrained: bool = False, num_classes: int = 1000) -> DenseNet:
    """Return DenseNet-161 with growth 48, 28.7 million parameters."""
    return with_weights(DenseNet((6, 12, 36, 24), 48, 96, num_classes), "densenet161", pretrained)


@register_model("densenet169-b2777c0a.pth", cut=-1, split=_split, rename=_new_key)
def densenet169(pretrained: bool = False, num_classes: int = 1000) -> DenseNet:
    """Return DenseNet-169, 14.1 million parameters."""
    return with_weights(DenseNet((6, 12, 32, 32), num_classes=num_classes), "densenet169", pretrained)


@register_model("densenet201-c1103571.pth", cut=-1, split=_split, rename=_new_key)
def densenet201(pretrained: bool = False, num_classes: int = 1000) -> DenseNet:
    """Return DenseNet-201, 20.0 million parameters."""
    return with_weights(DenseNet((6, 12, 48, 32), num_classes=num_classes), "densenet201", pretrained)
