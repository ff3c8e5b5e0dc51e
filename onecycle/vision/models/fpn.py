"""A feature pyramid: maps of one width at every size, each knowing what the smaller ones see."""

from __future__ import annotations

from collections.abc import Sequence

import torch.nn.functional as F
from torch import Tensor, nn

__all__ = ["FeaturePyramid"]


class FeaturePyramid(nn.Module):
    """Add to each map of a body the enlarged smaller one, and go on to smaller maps than the body has.

    Args:
        in_channels: Channels of the body's maps, the largest map first.
        channels: Channels of the pyramid's maps.
        extra: How many maps of half the size of the one before are added.

    Shape: list of `(N, in_channels[i], H_i, W_i)` -> list of `(N, channels, H_i, W_i)`, `extra` longer

    Reference:
        Lin et al. 2017, "Feature pyramid networks for object detection"; the extra maps as in Lin et al. 2017, "Focal
        loss for dense object detection", section 4.

    Example:
        >>> import torch
        >>> pyramid = FeaturePyramid([8, 16], 4, extra=1)
        >>> [tuple(m.shape) for m in pyramid([torch.zeros(1, 8, 6, 6), torch.zeros(1, 16, 3, 3)])]
        [(1, 4, 6, 6), (1, 4, 3, 3), (1, 4, 2, 2)]
    """

    def __init__(self, in_channels: Sequence[int], channels: int = 128, extra: int = 1) -> None:
        super().__init__()
        self.lateral = nn.ModuleList([nn.Conv2d(c, channels, 1) for c in in_channels])
        self.smooth = nn.ModuleList([nn.Conv2d(channels, channels, 3, padding=1) for _ in in_channels])
        widths = [in_channels[-1], *[channels] * extra]
        self.extra = nn.ModuleList([nn.Conv2d(c, channels, 3, stride=2, padding=1) for c in widths[:extra]])

    def forward(self, maps: Sequence[Tensor]) -> list[Tensor]:
        found = [lateral(m) for lateral, m in zip(self.lateral, maps, strict=True)]
        for i in range(len(found) - 1, 0, -1):
            size = found[i - 1].shape[2:]
            found[i - 1] = found[i - 1] + F.interpolate(found[i], size=size, mode="nearest")
        found = [smooth(m) for smooth, m in zip(self.smooth, found, strict=True)]
        last = maps[-1]
        for i, conv in enumerate(self.extra):
            last = conv(F.relu(last) if i else last)
            found.append(last)
        return found
