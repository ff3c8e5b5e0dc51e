"""Anchors: boxes of a few sizes and shapes around each place of a feature map."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

__all__ = ["anchor_shapes", "make_anchors"]


def anchor_shapes(scales: Sequence[float], ratios: Sequence[float]) -> Tensor:
    """Return height and width of each anchor of a place, in cells of its map.

    Args:
        scales: Side of the square one, cells.
        ratios: Height by width of the others, which have its area.

    Returns:
        `(len(scales) * len(ratios), 2)`

    Example:
        >>> anchor_shapes([4], [1, 4])
        tensor([[4., 4.],
                [8., 2.]])
    """
    return torch.tensor([[scale * ratio**0.5, scale / ratio**0.5] for scale in scales for ratio in ratios])


def make_anchors(sizes: Sequence[Sequence[int]], shapes: Tensor) -> Tensor:
    """Return the anchors of feature maps of these sizes, place by place, row by row, the maps in order.

    Args:
        sizes: Height and width of each map, cells.
        shapes: What `anchor_shapes` returned, on the device wanted.

    Returns:
        Boxes (top, left, bottom, right) in unit coordinates: the picture goes from -1 to 1, `(A, 4)`.

    Example:
        >>> make_anchors([(1, 2)], torch.tensor([[1.0, 2.0]]))
        tensor([[-1.0000, -1.5000,  1.0000,  0.5000],
                [-1.0000, -0.5000,  1.0000,  1.5000]])
    """
    return torch.cat([_of_map(int(height), int(width), shapes) for height, width in sizes])


def _of_map(height: int, width: int, shapes: Tensor) -> Tensor:
    cell = shapes.new_tensor([2 / height, 2 / width])
    rows = (torch.arange(height, device=shapes.device) + 0.5) * (2 / height) - 1
    columns = (torch.arange(width, device=shapes.device) + 0.5) * (2 / width) - 1
    middles = torch.stack(torch.meshgrid(rows, columns, indexing="ij"), dim=2).view(-1, 1, 2)
    half = (shapes * cell / 2)[None]  # (1, shapes, 2)
    return torch.cat([middles - half, middles + half], dim=2).view(-1, 4)
