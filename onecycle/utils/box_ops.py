"""Arithmetic of boxes (top, left, bottom, right): overlap, and a box as the change of an anchor."""

from __future__ import annotations

import math

import torch
from torch import Tensor

__all__ = ["box_areas", "box_overlaps", "decode_boxes", "encode_boxes"]

# Offsets are divided by these, so that those of shifts and those of sizes are of about the same size.
# Liu et al. 2016, "SSD: Single shot multibox detector", in the authors' code.
_SHIFT, _SIZE = 0.1, 0.2
_LARGEST = math.log(1000 / 16)  # a box is at most so many times (e^) its anchor: no overflow at the start
_TINY = 1e-12


def box_areas(boxes: Tensor) -> Tensor:
    """Return the area of each box.

    Shape: `(*, P, 4) -> (*, P)`
    """
    return (boxes[..., 2:] - boxes[..., :2]).clamp(min=0).prod(dim=-1)


def box_overlaps(a: Tensor, b: Tensor) -> Tensor:
    """Return the intersection over union of each box of `a` with each of `b`.

    Args:
        a: Boxes.
        b: Boxes in the same coordinates, of as many pictures as `a` or of one.

    Shape: `(*, P, 4)`, `(*, T, 4)` -> `(*, P, T)`

    Example:
        >>> box_overlaps(torch.tensor([[0.0, 0, 2, 2]]), torch.tensor([[0.0, 0, 2, 1], [2.0, 2, 3, 3]]))
        tensor([[0.5000, 0.0000]])
    """
    a, b = a.unsqueeze(-2), b.unsqueeze(-3)  # (*, P, 1, 4), (*, 1, T, 4)
    sides = torch.minimum(a[..., 2:], b[..., 2:]) - torch.maximum(a[..., :2], b[..., :2])
    both = sides.clamp(min=0).prod(dim=-1)  # (*, P, T)
    return both / (box_areas(a) + box_areas(b) - both).clamp(min=_TINY)


def _middles_and_sizes(boxes: Tensor) -> tuple[Tensor, Tensor]:
    return (boxes[..., :2] + boxes[..., 2:]) / 2, boxes[..., 2:] - boxes[..., :2]


def encode_boxes(boxes: Tensor, anchors: Tensor) -> Tensor:
    """Return what turns each anchor into its box: shift of the middle in sizes of the anchor, log of the growth.

    Args:
        boxes: Boxes with an area.
        anchors: As many anchors.

    Shape: `(*, A, 4)`, `(*, A, 4)` -> `(*, A, 4)`

    Reference:
        Girshick et al. 2014, "Rich feature hierarchies", appendix C.
    """
    middles, sizes = _middles_and_sizes(boxes)
    anchor_middles, anchor_sizes = _middles_and_sizes(anchors)
    shift = (middles - anchor_middles) / anchor_sizes / _SHIFT
    return torch.cat([shift, (sizes / anchor_sizes).log() / _SIZE], dim=-1)


def decode_boxes(offsets: Tensor, anchors: Tensor) -> Tensor:
    """Return the boxes that offsets make of anchors; undoes `encode_boxes`.

    Shape: `(*, A, 4)`, `(*, A, 4)` -> `(*, A, 4)`

    Example:
        >>> anchors = torch.tensor([[-1.0, -1, 0, 0]])
        >>> decode_boxes(torch.zeros(1, 4), anchors)
        tensor([[-1., -1.,  0.,  0.]])
    """
    anchor_middles, anchor_sizes = _middles_and_sizes(anchors)
    middles = anchor_middles + offsets[..., :2] * _SHIFT * anchor_sizes
    half = (offsets[..., 2:] * _SIZE).clamp(max=_LARGEST).exp() * anchor_sizes / 2
    return torch.cat([middles - half, middles + half], dim=-1)
