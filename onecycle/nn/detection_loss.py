"""The loss of detectors: focal loss of the classes and a smooth distance of the boxes."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from onecycle.errors import ArgumentError, explain
from onecycle.nn.box_matching import Matches, match_anchors
from onecycle.nn.focal import sigmoid_focal_loss
from onecycle.nn.losses import thins_out
from onecycle.nn.module import Module
from onecycle.utils.box_ops import encode_boxes
from onecycle.utils.checks import check_numbers, check_share
from onecycle.utils.detections import detect, split_rows
from onecycle.utils.registry import register

__all__ = ["RetinaNetFocalLoss"]

_BEND = 1.0  # where the distance of an offset goes from square to straight

_PICTURES = 16  # at a time where each picture's loss is asked for


@register("loss")
class RetinaNetFocalLoss(Module):
    """Add up the focal loss of each anchor's classes and the smooth L1 distance of each found box's offsets.

    Both are divided by the number of anchors that have a box, picture by picture. Its `activation` turns a model's
    output into boxes, so `get_preds` and `predict` give boxes.

    Args:
        gamma: How little what is easy counts; 0 is the cross-entropy.
        alpha: Weight of the classes that are there, against 1 - alpha of those that are not.
        box_weight: Weight of the boxes' part.
        match: An anchor learns a box that it overlaps at least so much (intersection over union).
        background: It learns that nothing is there where it overlaps less with every box.
        pad_idx: Class index of the background and of padding.
        score_thresh: `activation` leaves out boxes of a lower score.
        nms_thresh: Of boxes of one class that overlap more, `activation` keeps the surest.
        max_boxes: Boxes a picture that `activation` returns, at most.
        reduction: 'mean' over the pictures, 'sum', or 'none' for one loss a picture.

    Shape: outputs `(N, A, K + 8)` (class logits, offsets, anchors), boxes `(N, P, 4)`, classes `(N, P)` -> `()`

    Raises:
        ArgumentError: a setting is out of its range.

    Reference:
        Lin et al. 2017, "Focal loss for dense object detection", sections 3 and 4.
    """

    metric_names = ("focal_loss", "box_loss")  # for LossMetrics

    def __init__(
        self,
        gamma: float = 2.0,
        alpha: float = 0.25,
        box_weight: float = 1.0,
        match: float = 0.5,
        background: float = 0.4,
        pad_idx: int = 0,
        score_thresh: float = 0.05,
        nms_thresh: float = 0.5,
        max_boxes: int = 100,
        reduction: str = "mean",
    ) -> None:
        owner = type(self).__name__
        for name, share in (
            ("alpha", alpha), ("match", match), ("background", background), ("score_thresh", score_thresh),
            ("nms_thresh", nms_thresh),
        ):  # fmt: skip
            check_share(owner, name, share)
        for name, number in (("gamma", gamma), ("box_weight", box_weight)):
            check_numbers(owner, name, number, "must be a number of at least 0", lambda x: x >= 0)
        check_numbers(owner, "max_boxes", max_boxes, "must be at least 1", lambda x: x >= 1)
        if background > match:
            raise ArgumentError(explain(owner, "background", f"must not be above match, {match}", background))
        self.gamma, self.alpha, self.box_weight = gamma, alpha, box_weight
        self.match, self.background, self.pad_idx = match, background, pad_idx
        self.score_thresh, self.nms_thresh, self.max_boxes = score_thresh, nms_thresh, max_boxes
        self.reduction = reduction
        self.metrics: dict[str, Tensor] = {}

    def forward(self, output: Tensor, boxes: Tensor, classes: Tensor) -> Tensor:
        if self.reduction == "none":  # maybe a whole set: its overlaps need not be in memory together
            parts = zip(output.split(_PICTURES), boxes.split(_PICTURES), classes.split(_PICTURES), strict=True)
            return torch.cat([self._of_each(*part) for part in parts])
        losses = self._of_each(output, boxes, classes)
        return losses.sum() if self.reduction == "sum" else losses.mean()

    def _of_each(self, output: Tensor, boxes: Tensor, classes: Tensor) -> Tensor:
        logits, offsets, anchors = (part.float() for part in split_rows(output))
        found = match_anchors(anchors, boxes, classes != self.pad_idx, self.match, self.background)
        if boxes.shape[1] == 0:  # no picture of the batch has a box
            boxes, classes = F.pad(boxes, (0, 0, 0, 1)), F.pad(classes, (0, 1), value=self.pad_idx)
        count = found.positive.sum(dim=1).clamp(min=1)  # (N,)
        focal = self._of_classes(logits, classes, found) / count
        box = self._of_boxes(offsets, anchors, boxes, found) / count
        self.metrics = {"focal_loss": focal.detach().mean(), "box_loss": box.detach().mean()}
        return focal + self.box_weight * box

    def _of_classes(self, logits: Tensor, classes: Tensor, found: Matches) -> Tensor:
        own = classes.gather(1, found.box)  # (N, A)
        column = own - (own > self.pad_idx).long()  # the background has no logit
        column = torch.where(found.positive, column, 0)
        targets = torch.zeros_like(logits).scatter_(2, column[..., None], 1.0)
        targets = targets * found.positive[..., None]
        asked = (found.positive | found.background)[..., None]
        return (sigmoid_focal_loss(logits, targets, self.gamma, self.alpha) * asked).sum(dim=(1, 2))

    def _of_boxes(self, offsets: Tensor, anchors: Tensor, boxes: Tensor, found: Matches) -> Tensor:
        own = boxes.float().gather(1, found.box[..., None].expand(-1, -1, 4))  # (N, A, 4)
        wanted = encode_boxes(torch.where(found.positive[..., None], own, anchors), anchors)
        distance = F.smooth_l1_loss(offsets, wanted, reduction="none", beta=_BEND).sum(dim=2)
        return (distance * found.positive).sum(dim=1)

    @thins_out
    def activation(self, output: Tensor) -> Tensor:
        """Return the boxes that an output stands for, rows (top, left, bottom, right, class, score), padded.

        Shape: `(N, A, K + 8) -> (N, at most max_boxes, 6)`
        """
        return detect(output, self.pad_idx, self.score_thresh, self.nms_thresh, self.max_boxes)

    def extra_repr(self) -> str:
        return ", ".join(f"{name}={value}" for name, value in self.get_state().items())

    def get_state(self) -> dict[str, Any]:
        """Return the settings, for files."""
        names = (
            "gamma", "alpha", "box_weight", "match", "background", "pad_idx", "score_thresh", "nms_thresh",
            "max_boxes", "reduction",
        )  # fmt: skip
        return {name: getattr(self, name) for name in names}

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> RetinaNetFocalLoss:
        """Make a loss from what `get_state` returned."""
        return cls(**state)
