"""Metrics of masks: Dice and intersection over union, accuracy without void pixels."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from onecycle.errors import DataError, explain
from onecycle.metrics.base import Metric
from onecycle.metrics.counting import Counts, counted, fraction, like_shape, register_metric, wide

__all__ = ["MeanIoU", "dice", "foreground_acc", "jaccard"]


def _overlap(input: Tensor, targs: Tensor) -> Counts:
    predicted = input.argmax(dim=1)  # (N, 2, H, W) -> (N, H, W)
    actual = like_shape("dice", targs, predicted.shape)
    both = (predicted * actual).sum()
    return {"both": both, "sizes": predicted.sum() + actual.sum()}


def _overlap_share(both: Tensor, sizes: Tensor, iou: bool, eps: float) -> Tensor:
    share = both / (sizes - both + eps) if iou else 2 * both / (sizes + eps)
    return share.masked_fill(sizes == 0, 1.0)


@counted(_overlap, _overlap_share)
def dice(input: Tensor, targs: Tensor, iou: bool = False, eps: float = 1e-8) -> Tensor:
    """Return the Dice coefficient 2 |A and B| / (|A| + |B|) of a two-class mask, or |A and B| / |A or B|.

    Pixels are counted over the set: the figure is the F1 score (or the Jaccard index) of its pixels, and
    a picture with little in it weighs little. Two empty masks agree: 1.

    Args:
        input: Outputs for background and object.
        targs: Masks of 0 and 1.
        iou: Whether to return intersection over union.
        eps: Keeps the division possible.

    Shape: `(N, 2, H, W)`, `(N, 1, H, W)` or `(N, H, W)` -> `()`
    """
    return _overlap_share(**_overlap(input, targs), iou=iou, eps=eps)


def _foreground_hits(input: Tensor, target: Tensor, void_code: int) -> Counts:
    guessed = input.argmax(dim=1)  # (N, K, H, W) -> (N, H, W)
    target = like_shape("foreground_acc", target, guessed.shape)
    known = target != void_code
    return {"hits": ((guessed == target) & known).sum(), "n": known.sum()}


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
        ignore: Pixels of this index are left out; it need not be one of the classes.
        owner: Who asks, for errors.

    Shape: `(N, K, H, W)`, `(N, 1, H, W)` or `(N, H, W)` -> `(K, K)`

    Raises:
        DataError: a class index does not lie in 0..K-1 (on an accelerator the device reports it).
    """
    num_classes, predicted = input.shape[1], input.argmax(dim=1)  # (N, K, H, W) -> (N, H, W)
    actual = like_shape(owner, target, predicted.shape).long()
    known = torch.ones_like(actual) if ignore is None else (actual != ignore).long()
    cell = (actual * known * num_classes + predicted).flatten()
    counts = torch.zeros(num_classes * num_classes, dtype=torch.int64, device=cell.device)
    try:
        counts.index_add_(0, cell, known.flatten())
    except (IndexError, RuntimeError) as error:
        if cell.device.type != "cpu":
            raise
        found, rule = actual[known.bool()], f"must hold class indices in 0..{num_classes - 1}, the model's outputs"
        cure = f"Got {int(found.min())}..{int(found.max())}. Pass ignore= for the index of pixels without a class."
        raise DataError(explain(owner, "target", rule, target, cure)) from error
    return counts.view(num_classes, num_classes)


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
