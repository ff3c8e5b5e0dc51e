"""Metrics of masks: Dice and intersection over union, accuracy without void pixels."""

from __future__ import annotations

from torch import Tensor

from onecycle.metrics.counting import Counts, counted, fraction, like_shape

__all__ = ["dice", "foreground_acc"]


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
