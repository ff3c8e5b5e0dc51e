"""Xception: residual blocks of separable convolutions."""

from __future__ import annotations

from torch import Tensor, nn

from onecycle.nn.layers import Flatten, conv2d
from onecycle.nn.module import Module
from onecycle.vision.models.spec import register_model

__all__ = ["SeparableBlock", "Xception", "xception"]

_UNIT = 8  # all widths are multiples of `k` times this, so that k=8 gives the paper's


def _separable(n_in: int, n_out: int) -> nn.Sequential:
    """Return a 3x3 convolution of each channel on its own, then a 1x1 one across channels."""
    each = nn.Conv2d(n_in, n_in, 3, padding=1, groups=n_in, bias=False)
    return nn.Sequential(each, conv2d(n_in, n_out, 1))


class SeparableBlock(Module):
    """Separable convolutions around which the input is added.

    Args:
        widths: Channels in, and out of each convolution.
        pooled: Halve height and width at the end.
        first_relu: With a ReLU before the first convolution.
    """

    def __init__(self, *widths: int, pooled: bool = True, first_relu: bool = True) -> None:
        layers: list[nn.Module] = []
        for i in range(len(widths) - 1):
            layers += [nn.ReLU()] if i or first_relu else []
            layers += [_separable(widths[i], widths[i + 1]), nn.BatchNorm2d(widths[i + 1])]
        layers += [nn.MaxPool2d(3, stride=2, padding=1)] if pooled else []
        self.convs = nn.Sequential(*layers)
        fits = widths[0] == widths[-1] and not pooled
        self.shortcut = None if fits else _resize(widths[0], widths[-1], 2 if pooled else 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.convs(x) + (x if self.shortcut is None else self.shortcut(x))


def _resize(n_in: int, n_out: int, stride: int) -> nn.Sequential:
    return nn.Sequential(conv2d(n_in, n_out, 1, stride=stride), nn.BatchNorm2d(n_out))


def _conv_bn_relu(n_in: int, n_out: int, stride: int = 1) -> list[nn.Module]:
    return [conv2d(n_in, n_out, 3, stride=stride), nn.BatchNorm2d(n_out), nn.ReLU()]


def _separable_bn_relu(n_in: int, n_out: int) -> list[nn.Module]:
    return [_separable(n_in, n_out), nn.BatchNorm2d(n_out), nn.ReLU()]


class Xception(nn.Sequential):
    """Entry, middle and exit flow of separable convolutions.

    Args:
        c: Length of the output.
        k: Width; 8 is the paper's.
        n_middle: Blocks of the middle flow.

    Shape: `(N, 3, H, W) -> (N, c)`

    Reference:
        Chollet 2016, "Xception: deep learning with depthwise separable convolutions", figure 5.
    """

    def __init__(self, c: int, k: int = 8, n_middle: int = 8) -> None:
        unit = _UNIT * k  # 64 in the paper
        stem, wide = unit // 2, 728 * k // 8
        entry = [
            SeparableBlock(unit, 2 * unit, 2 * unit, first_relu=False),
            SeparableBlock(2 * unit, 4 * unit, 4 * unit),
            SeparableBlock(4 * unit, wide, wide),
        ]
        middle = [SeparableBlock(wide, wide, wide, wide, pooled=False) for _ in range(n_middle)]
        last = [*_separable_bn_relu(16 * unit, 24 * unit), *_separable_bn_relu(24 * unit, 32 * unit)]
        super().__init__(
            *_conv_bn_relu(3, stem, stride=2),
            *_conv_bn_relu(stem, unit),
            *entry,
            *middle,
            SeparableBlock(wide, wide, 16 * unit),
            *last,
            nn.AdaptiveAvgPool2d(1),
            Flatten(),
            nn.Linear(32 * unit, c),
        )


@register_model()
def xception(c: int = 1000, k: int = 8, n_middle: int = 8) -> Xception:
    """Return Xception, 22.9 million parameters."""
    return Xception(c, k, n_middle)
