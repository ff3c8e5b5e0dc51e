"""VGG networks with batch norm."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import torch.nn.functional as F
from torch import Tensor, nn

from onecycle.nn.init import init_cnn
from onecycle.nn.layers import conv2d
from onecycle.vision.models.spec import register_model
from onecycle.vision.models.weights import with_weights

__all__ = ["VGG", "vgg11_bn", "vgg13_bn", "vgg16_bn", "vgg19_bn"]

_WIDTHS = (64, 128, 256, 512, 512)  # channels of the five stages
_GRID = 7  # side of the map that the classifier reads
_HIDDEN = 4096


def _features(counts: Sequence[int]) -> Iterator[nn.Module]:
    """Yield the layers of the stages: convolutions of 3x3, then halve height and width."""
    channels = 3
    for width, count in zip(_WIDTHS, counts, strict=True):
        for _ in range(count):
            yield from (conv2d(channels, width, bias=True), nn.BatchNorm2d(width), nn.ReLU(inplace=True))
            channels = width
        yield nn.MaxPool2d(2)


def _hidden(n_in: int) -> list[nn.Module]:
    return [nn.Linear(n_in, _HIDDEN), nn.ReLU(inplace=True), nn.Dropout()]


class VGG(nn.Module):
    """Five stages of 3x3 convolutions, then three linear layers.

    Args:
        counts: Convolutions in each stage.
        num_classes: Length of the output.

    Shape: `(N, 3, H, W) -> (N, num_classes)`, height and width at least 32

    Reference:
        Simonyan & Zisserman 2014, "Very deep convolutional networks for large-scale image recognition", table 1;
        batch norm after Ioffe & Szegedy 2015.
    """

    def __init__(self, counts: Sequence[int], num_classes: int = 1000) -> None:
        super().__init__()
        self.features = nn.Sequential(*_features(counts))
        flat = _WIDTHS[-1] * _GRID**2
        self.classifier = nn.Sequential(*_hidden(flat), *_hidden(_HIDDEN), nn.Linear(_HIDDEN, num_classes))
        init_cnn(self, linear_std=0.01)

    def forward(self, x: Tensor) -> Tensor:
        x = F.adaptive_avg_pool2d(self.features(x), _GRID)  # (N, 512, 7, 7)
        return self.classifier(x.flatten(1))


def _split(model: Any) -> tuple[nn.Module, ...]:
    """Make three layer groups: three stages, two stages, head."""
    features = model[0][0]
    pools = [i for i, layer in enumerate(features) if isinstance(layer, nn.MaxPool2d)]
    return features[pools[2] + 1], model[1]


@register_model("vgg11_bn-6002323d.pth", cut=-1, split=_split)
def vgg11_bn(pretrained: bool = False, num_classes: int = 1000) -> VGG:
    """Return VGG configuration A with batch norm, 132.9 million parameters."""
    return with_weights(VGG((1, 1, 2, 2, 2), num_classes), "vgg11_bn", pretrained)


@register_model("vgg13_bn-abd245e5.pth", cut=-1, split=_split)
def vgg13_bn(pretrained: bool = False, num_classes: int = 1000) -> VGG:
    """Return VGG configuration B with batch norm, 133.1 million parameters."""
    return with_weights(VGG((2, 2, 2, 2, 2), num_classes), "vgg13_bn", pretrained)


@register_model("vgg16_bn-6c64b313.pth", cut=-1, split=_split)
def vgg16_bn(pretrained: bool = False, num_classes: int = 1000) -> VGG:
    """Return VGG configuration D with batch norm, 138.4 million parameters."""
    return with_weights(VGG((2, 2, 3, 3, 3), num_classes), "vgg16_bn", pretrained)


@register_model("vgg19_bn-c79401a0.pth", cut=-1, split=_split)
def vgg19_bn(pretrained: bool = False, num_classes: int = 1000) -> VGG:
    """Return VGG configuration E with batch norm, 143.7 million parameters."""
    return with_weights(VGG((2, 2, 4, 4, 4), num_classes), "vgg19_bn", pretrained)
