"""Residual networks with 18 to 152 layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import Tensor, nn

from onecycle.nn.init import init_cnn
from onecycle.nn.layers import conv2d
from onecycle.vision.models.spec import register_model
from onecycle.vision.models.weights import with_weights

__all__ = ["ResNet", "resnet18", "resnet34", "resnet50", "resnet101", "resnet152"]

# One stage a row: width, stride of its first block.
_STAGES = ((64, 1), (128, 2), (256, 2), (512, 2))

# Convolutions of a block, one a row: kernel side, output channels as a multiple of the stage's width,
# whether it carries the block's stride.
Plan = tuple[tuple[int, int, bool], ...]
_BASIC: Plan = ((3, 1, True), (3, 1, False))
_BOTTLENECK: Plan = ((1, 1, False), (3, 1, True), (1, 4, False))


class ResidualBlock(nn.Module):
    """Convolutions by a plan, and the input added before the last ReLU.

    Args:
        n_in: Channels in.
        width: Width of the stage.
        stride: 2 halves height and width.
        plan: The convolutions.
    """

    def __init__(self, n_in: int, width: int, stride: int, plan: Plan) -> None:
        super().__init__()
        self.depth, channels = len(plan), n_in
        for i, (side, multiple, strided) in enumerate(plan, start=1):
            conv = conv2d(channels, width * multiple, side, stride=stride if strided else 1, init=None)
            channels = width * multiple
            self.add_module(f"conv{i}", conv)
            self.add_module(f"bn{i}", nn.BatchNorm2d(channels))
            if i == 1:
                self.relu = nn.ReLU(inplace=True)
        self.downsample = _shortcut(n_in, channels, stride)

    def forward(self, x: Tensor) -> Tensor:
        shortcut = x if self.downsample is None else self.downsample(x)
        for i in range(1, self.depth + 1):
            x = getattr(self, f"bn{i}")(getattr(self, f"conv{i}")(x))
            x = self.relu(x if i < self.depth else x + shortcut)
        return x


def _shortcut(n_in: int, n_out: int, stride: int) -> nn.Module | None:
    """Return what brings the input to the shape of the output; None where it has it."""
    if n_in == n_out and stride == 1:
        return None
    return nn.Sequential(conv2d(n_in, n_out, 1, stride=stride, init=None), nn.BatchNorm2d(n_out))


class ResNet(nn.Module):
    """A residual network; its stride sits on the 3x3 convolution of a bottleneck.

    Args:
        plan: The convolutions of each block.
        depths: Blocks in each of the four stages.
        num_classes: Length of the output.

    Shape: `(N, 3, H, W) -> (N, num_classes)`

    Reference:
        He et al. 2015, "Deep residual learning for image recognition", table 1.
    """

    def __init__(self, plan: Plan, depths: Sequence[int], num_classes: int = 1000) -> None:
        super().__init__()
        self.conv1 = conv2d(3, 64, 7, stride=2)
        self.bn1 = nn.BatchNorm2d(64)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(3, stride=2, padding=1)
        channels = 64
        for i, ((width, stride), depth) in enumerate(zip(_STAGES, depths, strict=True), start=1):
            self.add_module(f"layer{i}", _stage(channels, width, stride, depth, plan))
            channels = width * plan[-1][1]
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(channels, num_classes)
        init_cnn(self)

    def forward(self, x: Tensor) -> Tensor:
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))  # (N, 64, H/4, W/4)
        for i in range(1, len(_STAGES) + 1):
            x = getattr(self, f"layer{i}")(x)
        return self.fc(self.avgpool(x).flatten(1))  # (N, num_classes)


def _stage(n_in: int, width: int, stride: int, depth: int, plan: Plan) -> nn.Sequential:
    first = ResidualBlock(n_in, width, stride, plan)
    rest = (ResidualBlock(width * plan[-1][1], width, 1, plan) for _ in range(depth - 1))
    return nn.Sequential(first, *rest)


def _split(model: Any) -> tuple[nn.Module, ...]:
    """Make three layer groups: stem and two stages, two stages, head."""
    return model[0][6], model[1]


@register_model("resnet18-5c106cde.pth", cut=-2, split=_split)
def resnet18(pretrained: bool = False, num_classes: int = 1000) -> ResNet:
    """Return an 18-layer residual network, 11.7 million parameters."""
    return with_weights(ResNet(_BASIC, (2, 2, 2, 2), num_classes), "resnet18", pretrained)


@register_model("resnet34-333f7ec4.pth", cut=-2, split=_split)
def resnet34(pretrained: bool = False, num_classes: int = 1000) -> ResNet:
    """Return a 34-layer residual network, 21.8 million parameters."""
    return with_weights(ResNet(_BASIC, (3, 4, 6, 3), num_classes), "resnet34", pretrained)


@register_model("resnet50-19c8e357.pth", cut=-2, split=_split)
def resnet50(pretrained: bool = False, num_classes: int = 1000) -> ResNet:
    """Return a 50-layer residual network of bottlenecks, 25.6 million parameters."""
    return with_weights(ResNet(_BOTTLENECK, (3, 4, 6, 3), num_classes), "resnet50", pretrained)


@register_model("resnet101-5d3b4d8f.pth", cut=-2, split=_split)
def resnet101(pretrained: bool = False, num_classes: int = 1000) -> ResNet:
    """Return a 101-layer residual network of bottlenecks, 44.5 million parameters."""
    return with_weights(ResNet(_BOTTLENECK, (3, 4, 23, 3), num_classes), "resnet101", pretrained)


@register_model("resnet152-b121ed2d.pth", cut=-2, split=_split)
def resnet152(pretrained: bool = False, num_classes: int = 1000) -> ResNet:
    """Return a 152-layer residual network of bottlenecks, 60.2 million parameters."""
    return with_weights(ResNet(_BOTTLENECK, (3, 8, 36, 3), num_classes), "resnet152", pretrained)
