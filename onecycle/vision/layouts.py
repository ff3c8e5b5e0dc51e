"""Feature maps of either layout, brought to `(N, C, H, W)`."""

from __future__ import annotations

import math
from collections.abc import Sequence

from torch import Tensor, nn

__all__: list[str] = []


def channels_first(x: Tensor) -> Tensor:
    """Return a map `(N, H, W, C)` as `(N, C, H, W)`."""
    return x.permute(0, 3, 1, 2)


def is_channels_last(module: nn.Module, shape: Sequence[int], size: tuple[int, int]) -> bool:
    """Return whether a module gives out a map with its channels last.

    That is so where the proportions of the image fit that layout better than the other one, and a linear layer or a
    norm inside works on as many features as the last axis has.

    Args:
        shape: Of the module's map of one image, four numbers.
        size: Height and width of that image.

    Example:
        >>> block = nn.Sequential(nn.LayerNorm(96), nn.Linear(96, 96))
        >>> is_channels_last(block, (1, 56, 56, 96), (224, 224)), is_channels_last(block, (1, 96, 56, 56), (224, 224))
        (True, False)
    """
    first, last = _off(shape[2:], size), _off(shape[1:3], size)
    return last < first and any(_works_on_last_axis(layer, shape[3]) for layer in module.modules())


def _off(sides: Sequence[int], size: tuple[int, int]) -> float:
    """Return how far the proportions of a map are from those of the image: 0 where they are the same."""
    return abs(math.log(sides[0] / sides[1]) - math.log(size[0] / size[1]))


def _works_on_last_axis(layer: nn.Module, features: int) -> bool:
    if isinstance(layer, nn.Linear):
        return layer.out_features == features
    return tuple(getattr(layer, "normalized_shape", ())) == (features,)


class ChannelsFirst(nn.Module):
    """Give the map of a body `(N, H, W, C)` as `(N, C, H, W)`."""

    def __init__(self, body: nn.Module) -> None:
        super().__init__()
        self.body = body

    def forward(self, x: Tensor) -> Tensor:
        return channels_first(self.body(x))
