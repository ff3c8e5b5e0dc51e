"""From what a detector says of its anchors to a few boxes a picture, each with class and score."""

from __future__ import annotations

import torch
from torch import Tensor

from onecycle.errors import ArgumentError, explain
from onecycle.utils.box_ops import box_overlaps, decode_boxes
from onecycle.utils.checks import check_share

__all__ = ["candidates", "detect", "nms", "split_rows", "suppress"]

# A found box is a row of top, left, bottom, right (-1..1), class index, score (0..1); padding has score 0.
BOX_COLUMNS = 6
_CANDIDATES = 500  # of the surest boxes of a picture, those that overlap are thinned out
_PICTURES = 16  # thinned out at a time: a table of overlaps has candidates² numbers a picture


def split_rows(output: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return the three parts of a detector's output: class logits, offsets of boxes, anchors.

    Shape: `(N, A, K + 8) -> (N, A, K), (N, A, 4), (N, A, 4)`

    Raises:
        ArgumentError: the output has another shape.
    """
    if output.ndim != 3 or output.shape[2] < 9:
        rule = "must be of shape (N, anchors, K + 8): K class logits, 4 offsets and the anchor's 4 edges"
        raise ArgumentError(explain("split_rows", "output", rule, output))
    logits, offsets, anchors = output.split([output.shape[2] - 8, 4, 4], dim=2)
    return logits, offsets, anchors


def candidates(output: Tensor, pad_idx: int = 0, score_thresh: float = 0.05, count: int = _CANDIDATES) -> Tensor:
    """Return the surest boxes of each picture, the surest first, those that overlap among them.

    Nothing waits for the device: a picture with fewer boxes has rows of score 0.

    Args:
        output: What a detector returned.
        pad_idx: Class index of the background, for which there is no logit.
        score_thresh: Boxes at or below are padding.
        count: How many a picture, at most.

    Shape: `(N, A, K + 8) -> (N, min(count, A K), 6)`
    """
    logits, offsets, anchors = (part.float() for part in split_rows(output))
    num_classes = logits.shape[2]
    scores = logits.sigmoid().flatten(1)  # (N, A, K) -> (N, A K)
    scores, places = scores.topk(min(count, scores.shape[1]), dim=1)
    column = places % num_classes
    anchor = (places // num_classes)[..., None].expand(-1, -1, 4)  # (N, D, 4)
    boxes = decode_boxes(offsets.gather(1, anchor), anchors.gather(1, anchor)).clamp(-1, 1)
    classes = column + (column >= pad_idx)
    scores = scores * (scores > score_thresh)
    return torch.cat([boxes, classes[..., None].float(), scores[..., None]], dim=2)


def suppress(found: Tensor, nms_thresh: float = 0.5, max_boxes: int = 100) -> Tensor:
    """Keep of boxes of one class that overlap only the surest; non-maximum suppression.

    Args:
        found: Boxes, the surest first.
        nms_thresh: Boxes that overlap more (intersection over union) are the same.
        max_boxes: How many a picture are kept, at most.

    Returns:
        The kept boxes first and the surest first, then rows of zeros, as many as the fullest picture needs.

    Shape: `(N, D, 6) -> (N, at most max_boxes, 6)`
    """
    parts = [_thinned(part, nms_thresh, max_boxes) for part in found.split(_PICTURES)]
    most = max((part.shape[1] for part in parts), default=0)
    return torch.cat([torch.nn.functional.pad(part, (0, 0, 0, most - part.shape[1])) for part in parts])


def _thinned(found: Tensor, nms_thresh: float, max_boxes: int) -> Tensor:
    real = found[..., 5] > 0
    found = found[:, : int(real.sum(1).max())]
    keep = found[..., 5] > 0
    same = found[..., None, 4] == found[:, None, :, 4]
    beaten = (box_overlaps(found[..., :4], found[..., :4]) > nms_thresh) & same  # (N, D, D)
    beaten = beaten.triu(diagonal=1)
    for i in range(found.shape[1]):  # the surest first: what it beats beats nothing itself
        keep &= ~(beaten[:, i] & keep[:, i : i + 1])
    order = keep.long().argsort(dim=1, descending=True, stable=True)
    kept = (found * keep[..., None]).gather(1, order[..., None].expand_as(found))
    return kept[:, : min(max_boxes, int(keep.sum(1).max()))]


def nms(boxes: Tensor, scores: Tensor, classes: Tensor | None = None, thresh: float = 0.5) -> Tensor:
    """Return the indices of the boxes that stay when of those that overlap only the surest is kept.

    Args:
        boxes: (top, left, bottom, right).
        scores: How sure each is, above 0.
        classes: Boxes of different classes do not touch each other; all are of one class when left out.
        thresh: Boxes that overlap more (intersection over union) are the same, 0 to 1.

    Shape: `(D, 4)`, `(D,)`, `(D,)` -> `(kept,)`, the surest first

    Raises:
        ArgumentError: `thresh` is out of its range.

    Example:
        >>> nms(torch.tensor([[0.0, 0, 2, 2], [0.0, 0, 2, 1.9], [3.0, 3, 4, 4]]), torch.tensor([0.5, 0.9, 0.1]))
        tensor([1, 2])
    """
    check_share("nms", "thresh", thresh)
    order = scores.argsort(descending=True, stable=True)
    classes = torch.zeros_like(scores) if classes is None else classes.float()
    beaten = (box_overlaps(boxes[order], boxes[order]) > thresh) & (classes[order, None] == classes[order])
    keep, beaten = torch.ones_like(order, dtype=torch.bool), beaten.triu(diagonal=1)
    for i in range(len(order)):
        keep &= ~(beaten[i] & keep[i])
    return order[keep]


def detect(
    output: Tensor,
    pad_idx: int = 0,
    score_thresh: float = 0.05,
    nms_thresh: float = 0.5,
    max_boxes: int = 100,
) -> Tensor:
    """Return the boxes that a detector's output stands for.

    Args:
        output: What the detector returned.
        pad_idx: Class index of the background.
        score_thresh: Boxes of a lower score are left out.
        nms_thresh: Boxes of one class that overlap more are the same.
        max_boxes: How many a picture, at most.

    Returns:
        For each picture rows (top, left, bottom, right, class index, score), the surest first, then zeros.

    Shape: `(N, A, K + 8) -> (N, at most max_boxes, 6)`
    """
    with torch.no_grad():
        parts = output.split(_PICTURES)  # what is sorted and gathered stays small
        found = torch.cat([candidates(part, pad_idx, score_thresh) for part in parts])
        return suppress(found, nms_thresh, max_boxes)
