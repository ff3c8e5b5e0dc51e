"""RetinaNet: a detector that says of every anchor what it holds and how the box differs from it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from onecycle.errors import ArgumentError, explain
from onecycle.utils.checks import check_numbers
from onecycle.vision.models.anchors import anchor_shapes, make_anchors
from onecycle.vision.models.feature_maps import BodyMaps
from onecycle.vision.models.fpn import FeaturePyramid

__all__ = ["RetinaHead", "RetinaNet"]

_PRIOR = 0.01  # at the start every anchor says that it holds a thing with this probability: Lin et al., section 3.3
_WEIGHTS = 0.01  # standard deviation of the last layers' weights at the start: section 4.1
_GROUP = 8  # channels normalised together: a map of one pixel has several values to normalise


class RetinaHead(nn.Module):
    """Say of each anchor of each map of a body how sure each class is and how the box differs.

    The layers behind the pyramid are the same ones for every map.

    Args:
        in_channels: Channels of the body's maps, the largest map first.
        num_classes: Classes, the background not counted.
        scales: Sides of the square anchors, in cells of their map.
        ratios: Height by width of the anchors.
        channels: Channels of the pyramid, a multiple of 8.
        depth: Convolutions before the last layer, of classes and of boxes.
        extra: Maps smaller than the body's last.

    Shape: list of `(N, C_i, H_i, W_i)` -> `(N, A, num_classes + 8)`
    """

    def __init__(
        self,
        in_channels: Sequence[int],
        num_classes: int,
        scales: Sequence[float],
        ratios: Sequence[float],
        channels: int = 128,
        depth: int = 2,
        extra: int = 1,
    ) -> None:
        super().__init__()
        self.shapes = anchor_shapes(scales, ratios)  # no buffer: in half precision anchors would lie askew
        self.pyramid = FeaturePyramid(in_channels, channels, extra)
        self.classes = _branch(channels, depth, len(self.shapes) * num_classes)
        self.boxes = _branch(channels, depth, len(self.shapes) * 4)
        nn.init.constant_(self.classes[-1].bias, -math.log((1 - _PRIOR) / _PRIOR))  # type: ignore[arg-type]
        self.num_classes = num_classes

    def forward(self, maps: Sequence[Tensor]) -> Tensor:
        maps = self.pyramid(maps)
        logits = torch.cat([_by_anchor(self.classes(m), self.num_classes) for m in maps], dim=1)  # (N, A, K)
        offsets = torch.cat([_by_anchor(self.boxes(m), 4) for m in maps], dim=1)  # (N, A, 4)
        if self.shapes.device != logits.device:
            self.shapes = self.shapes.to(logits.device)
        anchors = make_anchors([m.shape[2:] for m in maps], self.shapes)  # (A, 4)
        return torch.cat([logits, offsets, anchors.expand(len(logits), -1, -1)], dim=2)


def _branch(channels: int, depth: int, outputs: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    for _ in range(depth):
        norm = nn.GroupNorm(channels // _GROUP, channels)
        layers += [nn.Conv2d(channels, channels, 3, padding=1, bias=False), norm, nn.ReLU(inplace=True)]
    last = nn.Conv2d(channels, outputs, 3, padding=1)
    nn.init.normal_(last.weight, std=_WEIGHTS)
    nn.init.zeros_(last.bias)  # type: ignore[arg-type]
    return nn.Sequential(*layers, last)


def _by_anchor(x: Tensor, width: int) -> Tensor:
    """Return the outputs of a map, `(N, anchors * width, H, W)`, anchor by anchor: `(N, H W anchors, width)`."""
    return x.permute(0, 2, 3, 1).reshape(len(x), -1, width)


class RetinaNet(nn.Sequential):
    """Find things on the feature maps of any body; layer 0 is the body, layer 1 the head.

    Args:
        encoder: The body, from pictures to feature maps.
        num_classes: Classes, the background not counted.
        img_size: Height and width of the dry run that finds the body's maps, in pixels.
        levels: How many of the body's maps are used, the smallest; all where it has fewer.
        extra: How many smaller maps are added.
        scales: Sides of the square anchors, in cells of their map.
        ratios: Height by width of the anchors.
        channels: Channels of the pyramid and head, a multiple of 8.
        depth: Convolutions before the last layer of the head.

    Shape: `(N, C, H, W) -> (N, A, num_classes + 8)`: class logits, offsets of the box and the anchor's own edges
        (top, left, bottom, right; the picture goes from -1 to 1).

    Raises:
        ArgumentError: the body has no usable feature maps (lists what was found), or a setting is out of range.

    Reference:
        Lin et al. 2017, "Focal loss for dense object detection". Ours has group norm in the head, which lets it learn
        from scratch, and is smaller: 128 channels and 2 convolutions in place of 256 and 4.

    Example:
        >>> body = nn.Sequential(nn.Conv2d(3, 8, 3, 2, 1), nn.Conv2d(8, 8, 3, 2, 1), nn.Conv2d(8, 16, 3, 2, 1))
        >>> RetinaNet(body, 2, levels=2, extra=0, channels=8)(torch.rand(1, 3, 32, 32)).shape  # 9 (8² + 4²) anchors
        torch.Size([1, 720, 10])
    """

    def __init__(
        self,
        encoder: nn.Module,
        num_classes: int,
        img_size: tuple[int, int] = (256, 256),
        levels: int = 3,
        extra: int = 1,
        scales: Sequence[float] = (4.0, 5.04, 6.35),
        ratios: Sequence[float] = (0.5, 1.0, 2.0),
        channels: int = 128,
        depth: int = 2,
    ) -> None:
        _check_numbers(num_classes=num_classes, levels=levels, extra=extra, channels=channels, depth=depth)
        for name, values in (("scales", scales), ("ratios", ratios)):
            check_numbers("RetinaNet", name, values, "must be numbers above 0", lambda x: x > 0)
        maps = BodyMaps("RetinaNet", encoder, img_size)
        widths = [m.channels for m in [*maps.skips, maps.last][-levels:]]
        super().__init__(encoder, RetinaHead(widths, num_classes, scales, ratios, channels, depth, extra))
        self.maps, self.levels = maps, levels

    def forward(self, x: Tensor) -> Tensor:
        out, skips = self.maps.run(self[0], x)
        return self[1]([*skips, out][-self.levels :])


def _check_numbers(**given: Any) -> None:
    least = {"extra": 0, "depth": 0, "channels": _GROUP}
    for name, value in given.items():
        low = least.get(name, 1)
        if isinstance(value, bool) or not isinstance(value, int) or value < low:
            raise ArgumentError(explain("RetinaNet", name, f"must be a whole number of at least {low}", value))
    if given["channels"] % _GROUP:
        raise ArgumentError(explain("RetinaNet", "channels", f"must be a multiple of {_GROUP}", given["channels"]))
