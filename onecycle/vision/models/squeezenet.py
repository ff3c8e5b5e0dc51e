"""SqueezeNet: few parameters by narrow layers between wide ones."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from onecycle.nn.init import init_cnn
from onecycle.vision.models.spec import register_model
from onecycle.vision.models.weights import with_weights

__all__ = ["FireBlock", "SqueezeNet", "squeezenet1_0", "squeezenet1_1"]

_POOL = "pool"
# Width of the squeeze of each fire block, and where the maps are halved.
_PLANS: dict[str, tuple[int | str, ...]] = {
    "1_0": (_POOL, 16, 16, 32, _POOL, 32, 48, 48, 64, _POOL, 64),
    "1_1": (_POOL, 16, 16, _POOL, 32, 32, _POOL, 48, 48, 64, 64),
}
_STEMS = {"1_0": (96, 7), "1_1": (64, 3)}  # channels and side of the first convolution
_EXPANSION = 4  # each half of the expansion has this many times the channels of the squeeze


class FireBlock(nn.Module):
    """Squeeze the channels, then expand them by 1x1 and by 3x3 convolutions side by side.

    Args:
        n_in: Channels in.
        squeeze: Channels between; eight times as many come out.
    """

    def __init__(self, n_in: int, squeeze: int) -> None:
        super().__init__()
        half = squeeze * _EXPANSION
        self.squeeze = nn.Conv2d(n_in, squeeze, 1)
        self.squeeze_activation = nn.ReLU(inplace=True)
        self.expand1x1 = nn.Conv2d(squeeze, half, 1)
        self.expand1x1_activation = nn.ReLU(inplace=True)
        self.expand3x3 = nn.Conv2d(squeeze, half, 3, padding=1)
        self.expand3x3_activation = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        x = self.squeeze_activation(self.squeeze(x))
        near = self.expand1x1_activation(self.expand1x1(x))
        wide = self.expand3x3_activation(self.expand3x3(x))
        return torch.cat([near, wide], dim=1)


def _features(version: str) -> nn.Sequential:
    channels, side = _STEMS[version]
    layers: list[nn.Module] = [nn.Conv2d(3, channels, side, stride=2), nn.ReLU(inplace=True)]
    for step in _PLANS[version]:
        if isinstance(step, str):
            layers.append(nn.MaxPool2d(3, stride=2, ceil_mode=True))
        else:
            layers.append(FireBlock(channels, step))
            channels = 2 * _EXPANSION * step
    return nn.Sequential(*layers)


class SqueezeNet(nn.Module):
    """Eight fire blocks between two convolutions.

    Args:
        version: '1_0' or '1_1'; the second pools earlier and costs 2.4 times less.
        num_classes: Length of the output.

    Shape: `(N, 3, H, W) -> (N, num_classes)`

    Reference:
        Iandola et al. 2016, "SqueezeNet: AlexNet-level accuracy with 50x fewer parameters", table 1.
    """

    def __init__(self, version: str, num_classes: int = 1000) -> None:
        super().__init__()
        self.features = _features(version)
        last = nn.Conv2d(512, num_classes, 1)
        self.classifier = nn.Sequential(
            nn.Dropout(), last, nn.ReLU(inplace=True), nn.AdaptiveAvgPool2d(1), nn.Flatten()
        )
        init_cnn(self, mode="fan_in")
        nn.init.normal_(last.weight, std=0.01)

    def forward(self, x: Tensor) -> Tensor:
        return self.classifier(self.features(x))


def _split(model: Any) -> tuple[nn.Module, ...]:
    """Make three layer groups: the early blocks, the last four or five, head."""
    return model[0][0][8], model[1]


@register_model("squeezenet1_0-b66bff10.pth", cut=-1, split=_split)
def squeezenet1_0(pretrained: bool = False, num_classes: int = 1000) -> SqueezeNet:
    """Return SqueezeNet 1.0, 1.25 million parameters."""
    return with_weights(SqueezeNet("1_0", num_classes), "squeezenet1_0", pretrained)


@register_model("squeezenet1_1-b8a52dc0.pth", cut=-1, split=_split)
def squeezenet1_1(pretrained: bool = False, num_classes: int = 1000) -> SqueezeNet:
    """Return SqueezeNet 1.1, 1.24 million parameters."""
    return with_weights(SqueezeNet("1_1", num_classes), "squeezenet1_1", pretrained)
