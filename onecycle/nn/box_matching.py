"""Which anchor has to learn which box."""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from onecycle.utils.box_ops import box_areas, box_overlaps

__all__ = ["Matches", "match_anchors"]


class Matches(NamedTuple):
    """What each anchor has to learn.

    Args:
        box: Index of its box among the picture's, `(N, A)`; anything where it has none.
        positive: Whether it has one, `(N, A)`.
        background: Whether it has to say that nothing is there, `(N, A)`; the others are asked nothing.
    """

    box: Tensor
    positive: Tensor
    background: Tensor


def match_anchors(
    anchors: Tensor, boxes: Tensor, real: Tensor, match: float = 0.5, background: float = 0.4
) -> Matches:
    """Give each anchor the box that it overlaps most, if it does so enough; each box at least its best anchor.

    Args:
        anchors: Of each picture, (top, left, bottom, right).
        boxes: Of each picture.
        real: Which boxes are no padding.
        match: Intersection over union from which an anchor has a box.
        background: Below, nothing is where the anchor is.

    Shape: `(N, A, 4)`, `(N, P, 4)`, `(N, P)` -> three of `(N, A)`

    Reference:
        Lin et al. 2017, "Focal loss for dense object detection", section 4; each box's best anchor as in
        Ren et al. 2015, "Faster R-CNN", section 3.1.2.
    """
    if boxes.shape[1] == 0:
        boxes, real = F.pad(boxes, (0, 0, 0, 1)), F.pad(real, (0, 1))
    real = real & (box_areas(boxes) > 0)
    overlaps = box_overlaps(anchors, boxes) * real[:, None]  # (N, A, P)
    is_best = (overlaps == overlaps.amax(dim=1, keepdim=True)) & (overlaps > 0)  # each box's best anchors
    most, box = overlaps.max(dim=2)
    has_to, own = (overlaps * is_best).max(dim=2)
    chosen = has_to > 0
    positive = (most >= match) | chosen
    return Matches(torch.where(chosen, own, box), positive, (most < background) & ~positive)
