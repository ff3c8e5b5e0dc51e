"""Wide residual networks, for small pictures."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from onecycle.nn.layers import Flatten, conv2d
from onecycle.nn.module import Module
from onecycle.utils.checks import check_share
from onecycle.vision.models.spec import register_model

__all__ = ["BasicBlock", "WideResNet", "wrn_22"]


def bn_relu_conv(ni: int, nf: int, ks: int, stride: int, init_zero: bool = False) -> nn.Sequential:
    """Return batch norm, ReLU and convolution, in this order.

    Args:
        init_zero: Start the convolution at zero.
    """
    start = nn.init.zeros_ if init_zero else nn.init.kaiming_normal_
    conv = conv2d(ni, nf, ks, stride=stride, init=start)
    return nn.Sequential(nn.BatchNorm2d(ni), nn.ReLU(inplace=True), conv)


class BasicBlock(Module):
    """A residual block that normalises before it convolves.

    Args:
        ni: Channels in.
        nf: Channels out.
        stride: 2 halves height and width.
        drop_p: Dropout between the convolutions, 0 to 1.
    """

    def __init__(self, ni: int, nf: int, stride: int, drop_p: float = 0.0) -> None:
        self.bn = nn.BatchNorm2d(ni)
        self.conv1 = conv2d(ni, nf, 3, stride=stride)
        self.conv2 = bn_relu_conv(nf, nf, 3, 1)
        check_share("BasicBlock", "drop_p", drop_p)
        self.drop = nn.Dropout(drop_p) if drop_p else None
        self.shortcut = conv2d(ni, nf, 1, stride=stride) if ni != nf or stride != 1 else None

    def forward(self, x: Tensor) -> Tensor:
        ready = F.relu(self.bn(x), inplace=True)
        shortcut = x if self.shortcut is None else self.shortcut(ready)
        out = self.conv1(ready)
        out = out if self.drop is None else self.drop(out)
        return shortcut + self.conv2(out)


def _group(count: int, n_in: int, n_out: int, stride: int, drop_p: float) -> list[nn.Module]:
    first = BasicBlock(n_in, n_out, stride, drop_p)
    return [first, *(BasicBlock(n_out, n_out, 1, drop_p) for _ in range(count - 1))]


class WideResNet(Module):
    """Groups of wide residual blocks; each group doubles the channels of the one before.

    Args:
        num_groups: Number of groups; all but the first halve height and width.
        N: Blocks in a group.
        num_classes: Length of the output.
        k: How many times wider than the thin network.
        drop_p: Dropout within the blocks, 0 to 1.
        start_nf: Channels of the first convolution.
        n_in_channels: Channels of the pictures.

    Shape: `(N, n_in_channels, H, W) -> (N, num_classes)`

    Reference:
        Zagoruyko & Komodakis 2016, "Wide residual networks", table 1.
    """

    def __init__(
        self,
        num_groups: int,
        N: int,
        num_classes: int,
        k: int = 1,
        drop_p: float = 0.0,
        start_nf: int = 16,
        n_in_channels: int = 3,
    ) -> None:
        widths = [start_nf, *(start_nf * 2**i * k for i in range(num_groups))]
        layers: list[nn.Module] = [conv2d(n_in_channels, start_nf, 3)]
        for i in range(num_groups):
            layers += _group(N, widths[i], widths[i + 1], stride=1 if i == 0 else 2, drop_p=drop_p)
        layers += [nn.BatchNorm2d(widths[-1]), nn.ReLU(inplace=True)]
        layers += [nn.AdaptiveAvgPool2d(1), Flatten(), nn.Linear(widths[-1], num_classes)]
        self.features = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        return self.features(x)


@register_model()
def wrn_22() -> WideResNet:
    """Return a wide residual network for CIFAR-10: 22 layers, 6 times wider, 9.7 million parameters."""
    return WideResNet(num_groups=3, N=3, num_classes=10, k=6)
