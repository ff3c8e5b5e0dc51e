"""Average precision of found boxes as COCO defines it: who found whom, then the area under precision and recall."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from onecycle.utils.box_ops import box_overlaps

__all__: list[str] = []

RECALLS = np.linspace(0, 1, 101)
_CELLS = 2**22  # overlaps worked on at a time


def find_hits(found: Tensor, actual: Tensor, ious: Tensor) -> Tensor:
    """Say which found boxes are right: the surest first takes the actual box of its class that it overlaps most.

    Args:
        found: Rows (4 edges, class, score), the surest first; padding has score 0.
        actual: Rows (4 edges, class); padding has class -1.
        ious: Overlaps from which on a box counts as found.

    Shape: `(N, D, 6)`, `(N, P, 5)`, `(T,)` -> `(N, D, T)` of truth values

    Reference:
        Lin et al. 2014, "Microsoft COCO", and the evaluation at cocodataset.org/#detection-eval.
    """
    pictures = max(1, _CELLS // max(1, found.shape[1] * actual.shape[1]))
    parts = zip(found.split(pictures), actual.split(pictures), strict=True)
    return torch.cat([_hits(some, truth, ious) for some, truth in parts])


def _hits(found: Tensor, actual: Tensor, ious: Tensor) -> Tensor:
    overlaps = box_overlaps(found[..., :4].double(), actual[..., :4].double())
    overlaps = torch.where(found[..., 4, None] == actual[:, None, :, 4], overlaps, -1.0)  # (N, D, P)
    n, d, p = overlaps.shape
    hits = torch.zeros(n, d, len(ious), dtype=torch.bool)
    if p == 0:
        return hits
    free = torch.ones(n, len(ious), p, dtype=torch.bool)
    for i in range(d):
        best, which = torch.where(free, overlaps[:, i, None], -1.0).max(dim=2)  # (N, T)
        hits[:, i] = (best >= ious) & (found[:, i, None, 5] > 0)
        free &= ~(hits[:, i, :, None] & torch.nn.functional.one_hot(which, p).bool())
    return hits


def precisions(found: Tensor, actual: Tensor, ious: Tensor) -> dict[int, np.ndarray]:
    """Return for each class that is there the average precision at each overlap, `(T,)`.

    Args:
        found: As for `find_hits`, like the rest.
    """
    hits = find_hits(found, actual, ious).numpy()
    real = (found[..., 5] > 0).numpy()
    classes, scores, hits = found[..., 4].numpy()[real], found[..., 5].numpy()[real], hits[real]
    wanted = actual[..., 4].numpy()
    of_each = {int(k): int((wanted == k).sum()) for k in np.unique(wanted) if k >= 0}
    return {k: _of_class(scores[classes == k], hits[classes == k], count) for k, count in of_each.items()}


def _of_class(scores: np.ndarray, hits: np.ndarray, count: int) -> np.ndarray:
    """Return the mean over 101 recalls of the best precision at that recall or beyond, for each overlap."""
    order = np.argsort(-scores, kind="stable")
    right = np.cumsum(hits[order], axis=0)  # (D, T)
    recall, precision = right / count, right / np.arange(1, len(order) + 1)[:, None]
    best = np.maximum.accumulate(precision[::-1], axis=0)[::-1]
    return np.array([_at_recalls(recall[:, t], best[:, t]) for t in range(hits.shape[1])])


def _at_recalls(recall: np.ndarray, best: np.ndarray) -> float:
    reached = np.searchsorted(recall, RECALLS, side="left")
    return float(np.append(best, 0.0)[reached].mean())
