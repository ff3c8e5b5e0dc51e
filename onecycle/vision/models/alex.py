"""AlexNet, in the form for one device."""

from __future__ import annotations

from typing import Any

import torch.nn.functional as F
from torch import Tensor, nn

from onecycle.vision.models.spec import register_model
from onecycle.vision.models.weights import with_weights

__all__ = ["AlexNet", "alexnet"]

_GRID = 6  # side of the map that the classifier reads
_HIDDEN = 4096

# Channels out, side, stride, padding, and whether a max pooling follows.
_CONVOLUTIONS = (
    (64, 11, 4, 2, True),
    (192, 5, 1, 2, True),
    (384, 3, 1, 1, False),
    (256, 3, 1, 1, False),
    (256, 3, 1, 1, True),
)


def _features() -> nn.Sequential:
    layers: list[nn.Module] = []
    channels = 3
    for width, side, stride, padding, pooled in _CONVOLUTIONS:
        layers += [nn.Conv2d(channels, width, side, stride, padding), nn.ReLU(inplace=True)]
        layers += [nn.MaxPool2d(3, stride=2)] if pooled else []
        channels = width
    return nn.Sequential(*layers)


def _hidden(n_in: int) -> list[nn.Module]:
    return [nn.Dropout(), nn.Linear(n_in, _HIDDEN), nn.ReLU(inplace=True)]


class AlexNet(nn.Module):
    """Five convolutions and three linear layers.

    Args:
        num_classes: Length of the output.

    Shape: `(N, 3, H, W) -> (N, num_classes)`, height and width at least 63

    Reference:
        Krizhevsky 2014, "One weird trick for parallelizing convolutional neural networks".
    """

    def __init__(self, num_classes: int = 1000) -> None:
        super().__init__()
        self.features = _features()
        flat = _CONVOLUTIONS[-1][0] * _GRID**2
        self.classifier = nn.Sequential(*_hidden(flat), *_hidden(_HIDDEN), nn.Linear(_HIDDEN, num_classes))

    def forward(self, x: Tensor) -> Tensor:
        x = F.adaptive_avg_pool2d(self.features(x), _GRID)  # (N, 256, 6, 6)
        return self.classifier(x.flatten(1))


def _split(model: Any) -> tuple[nn.Module, ...]:
    """Make three layer groups: two convolutions, three convolutions, head."""
    return model[0][0][6], model[1]


@register_model("alexnet-owt-7be5be79.pth", cut=-1, split=_split)
def alexnet(pretrained: bool = False, num_classes: int = 1000) -> AlexNet:
    """Return AlexNet, 61.1 million parameters."""
    return with_weights(AlexNet(num_classes), "alexnet", pretrained)
