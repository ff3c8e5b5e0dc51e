"""MobileNetV2: depthwise convolutions between thin layers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from torch import Tensor, nn

from onecycle.nn.init import init_cnn
from onecycle.nn.layers import conv2d
from onecycle.vision.models.spec import register_model
from onecycle.vision.models.weights import with_weights

__all__ = ["InvertedResidual", "MobileNetV2", "mobilenet_v2"]

# Expansion, channels out, blocks, stride of the first block (the paper's table 2).
_STAGES = (
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)
_STEM, _LAST = 32, 1280


def _conv_bn_relu6(n_in: int, n_out: int, side: int, stride: int = 1, groups: int = 1) -> nn.Sequential:
    conv = nn.Conv2d(n_in, n_out, side, stride, padding=side // 2, groups=groups, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(n_out), nn.ReLU6(inplace=True))


class InvertedResidual(nn.Module):
    """Widen the channels, convolve each on its own, narrow them again, and add the input where it fits.

    Args:
        n_in: Channels in.
        n_out: Channels out.
        stride: 2 halves height and width.
        expansion: Channels between, as a multiple of `n_in`.
    """

    def __init__(self, n_in: int, n_out: int, stride: int, expansion: int) -> None:
        super().__init__()
        wide = n_in * expansion
        layers = [] if expansion == 1 else [_conv_bn_relu6(n_in, wide, 1)]
        layers.append(_conv_bn_relu6(wide, wide, 3, stride, groups=wide))
        self.conv = nn.Sequential(*layers, conv2d(wide, n_out, 1, init=None), nn.BatchNorm2d(n_out))
        self.adds_input = stride == 1 and n_in == n_out

    def forward(self, x: Tensor) -> Tensor:
        return x + self.conv(x) if self.adds_input else self.conv(x)


def _features() -> Iterator[nn.Module]:
    yield _conv_bn_relu6(3, _STEM, 3, stride=2)
    channels = _STEM
    for expansion, width, count, stride in _STAGES:
        for i in range(count):
            yield InvertedResidual(channels, width, stride if i == 0 else 1, expansion)
            channels = width
    yield _conv_bn_relu6(channels, _LAST, 1)


class MobileNetV2(nn.Module):
    """Seventeen inverted residual blocks between two convolutions.

    Args:
        num_classes: Length of the output.

    Shape: `(N, 3, H, W) -> (N, num_classes)`

    Reference:
        Sandler et al. 2018, "MobileNetV2: inverted residuals and linear bottlenecks", table 2.
    """

    def __init__(self, num_classes: int = 1000) -> None:
        super().__init__()
        self.features = nn.Sequential(*_features())
        self.classifier = nn.Sequential(nn.Dropout(0.2), nn.Linear(_LAST, num_classes))
        init_cnn(self, linear_std=0.01)

    def forward(self, x: Tensor) -> Tensor:
        return self.classifier(self.features(x).mean((2, 3)))


def _split(model: Any) -> tuple[nn.Module, ...]:
    """Make three layer groups: ten blocks, nine blocks, head."""
    return model[0][0][10], model[1]


@register_model("mobilenet_v2-b0353104.pth", cut=-1, split=_split)
def mobilenet_v2(pretrained: bool = False, num_classes: int = 1000) -> MobileNetV2:
    """Return MobileNetV2 of width 1, 3.5 million parameters."""
    return with_weights(MobileNetV2(num_classes), "mobilenet_v2", pretrained)
