"""Metrics of masks: Dice and intersection over union, accuracy without void pixels."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from onecycle.errors import DataError
from onecycle.metrics.base import Metric
from onecycle.metrics.counting import (
    Counts,
    check_outputs,
    class_targets,
    counted,
    fraction,
    register_metric,
    wide,
)

__all__ = ["MeanIoU", "dice", "foreground_acc", "jaccard"]


def _overlap(input: Tensor, targs: Tensor, ignore: int | None = None) -> Counts:
    return {"cm": count_pixels(input, targs, ignore, "dice")}


def _overlap_share(cm: Tensor, iou: bool, eps: float) -> Tensor:
    cm = wide(cm)
    both, sizes = cm.diagonal()[1:], (cm.sum(dim=0) + cm.sum(dim=1))[1:]  # (K - 1,), of the classes but the background
    share = both / (sizes - both + eps) if iou else 2 * both / (sizes + eps)
    mean = share.masked_fill(sizes == 0, float("nan")).nanmean()
    return torch.where(cm.sum() > 0, mean.nan_to_num(nan=1.0), torch.full_like(mean, float("nan"))).float()


@counted(_overlap, _overlap_share)
def dice(
    input: Tensor, targs: Tensor, iou: bool = False, eps: float = 1e-8, ignore: int | None = None
) -> Tensor:
    """Return the Dice coefficient 2 |A and B| / (|A| + |B|) of a mask, or |A and B| / |A or B|.

    Pixels are counted over the set: the figure is the F1 score (or the Jaccard index) of its pixels, and
    a picture with little in it weighs little. Class 0 is the background; of several other classes it is the mean over
    those that are in the masks or predicted. Where none is, both agree: 1. Where no pixel
    counts it is NaN.

    Args:
        input: Outputs, one a class.
        targs: Class indices; -100 does not count.
        iou: Whether to return intersection over union.
        eps: Keeps the division possible.
        ignore: The index that stands for "unknown": its pixels are left out. A learner takes that of its loss.

    Shape: `(N, K, H, W)`, `(N, 1, H, W)` or `(N, H, W)` -> `()`

    Raises:
        DataError: there is one channel of outputs only, or a target is no class.
    """
    return _overlap_share(**_overlap(input, targs, ignore), iou=iou, eps=eps)


def _foreground_hits(input: Tensor, target: Tensor, void_code: int) -> Counts:
    num_classes = check_outputs("foreground_acc", input, axis=1)
    guessed = input.argmax(dim=1)  # (N, K, H, W) -> (N, H, W)
    actual, known = class_targets("foreground_acc", target, guessed.shape, num_classes, void_code)
    return {"hits": ((guessed == actual) & known).sum(), "n": known.sum()}


@counted(_foreground_hits, fraction)
def foreground_acc(input: Tensor, target: Tensor, void_code: int) -> Tensor:
    """Return the share of pixels with the right class, leaving out those whose class is unknown.

    Args:
        input: Outputs, one a class.
        target: Class indices.
        void_code: The index that stands for "unknown". Give it beforehand to a Learner:
            `metrics=partial(foreground_acc, void_code=30)`.

    Shape: `(N, K, H, W)`, `(N, 1, H, W)` or `(N, H, W)` -> `()`
    """
    return fraction(**_foreground_hits(input, target, void_code))


def count_pixels(input: Tensor, target: Tensor, ignore: int | None = None, owner: str = "count_pixels") -> Tensor:
    """Count how many pixels of each class were taken for each; rows are actual classes, columns predicted ones.

    Args:
        input: Outputs, one a class.
        target: Class indices.
        ignore: Pixels of this index are left out, as those of -100; it need not be one of the classes.
        owner: Who asks, for errors.

    Shape: `(N, K, H, W)`, `(N, 1, H, W)` or `(N, H, W)` -> `(K, K)`

    Raises:
        DataError: there is one channel only, or a class index does not lie in 0..K-1 (on an accelerator the device
            reports it).
    """
    num_classes = check_outputs(owner, input, axis=1)
    predicted = input.argmax(dim=1)  # (N, K, H, W) -> (N, H, W)
    actual, known = class_targets(owner, target, predicted.shape, num_classes, ignore)
    cell = (actual * num_classes + predicted).flatten()
    counts = torch.zeros(num_classes * num_classes, dtype=torch.int64, device=cell.device)
    return counts.index_add_(0, cell, known.long().flatten()).view(num_classes, num_classes)


def iou_of_classes(cm: Tensor, ignore: int | None = None) -> Tensor:
    """Return |A and B| / |A or B| of each class; NaN for a class that nobody saw, and for `ignore`.

    Shape: `(K, K)` -> `(K,)`
    """
    cm = wide(cm)
    both = cm.diagonal()
    share = both / (cm.sum(dim=0) + cm.sum(dim=1) - both)
    place = torch.arange(len(share), device=share.device)
    return share if ignore is None else share.masked_fill(place == ignore, float("nan"))


def _pixel_counts(input: Tensor, targs: Tensor, ignore: int | None) -> Counts:
    return {"cm": count_pixels(input, targs, ignore, "jaccard")}


def _mean_iou(cm: Tensor, ignore: int | None) -> Tensor:
    return iou_of_classes(cm, ignore).nanmean().float()


@counted(_pixel_counts, _mean_iou)
def jaccard(input: Tensor, targs: Tensor, ignore: int | None = None) -> Tensor:
    """Return the mean over classes of |A and B| / |A or B|, counted over the pixels of the set.

    Classes that are neither in the masks nor predicted do not count. `MeanIoU` has the figure of each class too.

    Args:
        input: Outputs, one a class.
        targs: Class indices.
        ignore: The index that stands for "unknown": its pixels are left out, and so is its own class.

    Shape: `(N, K, H, W)`, `(N, 1, H, W)` or `(N, H, W)` -> `()`
    """
    return _mean_iou(count_pixels(input, targs, ignore, "jaccard"), ignore)


@register_metric
class MeanIoU(Metric):
    """Average |A and B| / |A or B| over classes, counted over the pixels of the set; `per_class` has each of them.

    Args:
        ignore: The index that stands for "unknown": its pixels are left out, and so is its own class.

    Shape: outputs `(N, K, H, W)`, targets `(N, 1, H, W)` or `(N, H, W)`.

    Example:
        >>> m = MeanIoU(ignore=255)
        >>> m.update(torch.eye(2).view(1, 2, 1, 2), torch.tensor([[[0, 255]]]))
        >>> float(m.compute())
        1.0
    """

    def __init__(self, ignore: int | None = None) -> None:
        self.ignore = ignore
        super().__init__()
        self.name = "mean_iou"

    @property
    def cm(self) -> Tensor:
        """How many pixels of each class (rows) were taken for each (columns), `(K, K)`."""
        if "cm" not in self.sums:
            raise DataError("MeanIoU: cm is there once a batch was counted. Validate first.")
        return self.sums["cm"]

    @property
    def per_class(self) -> Tensor:
        """The figure of each class, `(K,)`; NaN where a class was not seen."""
        return iou_of_classes(self.cm, self.ignore)

    def update(self, output: Tensor, target: Tensor) -> None:
        """Count a batch."""
        self.add(cm=count_pixels(output, target, self.ignore, "MeanIoU"))

    def compute(self) -> Tensor:
        """Return the mean over the classes that were seen."""
        return self.per_class.nanmean().float()

    def get_state(self, minimal: bool = True) -> dict[str, Any]:
        """Return the settings."""
        return {"ignore": self.ignore}
