"""Average precision of found boxes as COCO defines it: who found whom, then the area under precision and recall."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from onecycle.utils.box_ops import box_areas, box_overlaps

__all__: list[str] = []

RECALLS = np.linspace(0, 1, 101)
_CELLS = 2**22  # overlaps worked on at a time


def find_hits(found: Tensor, actual: Tensor, ious: Tensor, counted: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """Say which found boxes find which: the surest first takes the actual box of its class that it overlaps most.

    An actual box that does not count is taken only where none that counts overlaps enough.

    Args:
        found: Rows (4 edges, class, score), the surest first; padding has score 0.
        actual: Rows (4 edges, class); padding has class -1.
        ious: Overlaps from which on a box counts as found.
        counted: Whether each actual box counts; all do when left out.

    Returns:
        Truth values: which found boxes took an actual box that counts, and which took one that does not.

    Shape: `(N, D, 6)`, `(N, P, 5)`, `(T,)`, `(N, P)` -> `(N, D, T), (N, D, T)`

    Reference:
        Lin et al. 2014, "Microsoft COCO", and the evaluation at cocodataset.org/#detection-eval.
    """
    pictures = max(1, _CELLS // max(1, found.shape[1] * actual.shape[1]))
    counted = torch.ones(actual.shape[:2], dtype=torch.bool) if counted is None else counted
    parts = zip(*(whole.split(pictures) for whole in (found, actual, counted)), strict=True)
    hits, vain = zip(*[_hits(some, truth, ious, counts) for some, truth, counts in parts])
    return torch.cat(hits), torch.cat(vain)


def _hits(found: Tensor, actual: Tensor, ious: Tensor, counted: Tensor) -> tuple[Tensor, Tensor]:
    overlaps = box_overlaps(found[..., :4].double(), actual[..., :4].double())
    overlaps = torch.where(found[..., 4, None] == actual[:, None, :, 4], overlaps, -1.0)  # (N, D, P)
    n, d, p = overlaps.shape
    hits, vain = (torch.zeros(n, d, len(ious), dtype=torch.bool) for _ in range(2))
    if p == 0:
        return hits, vain
    kinds = [(took, kind) for took, kind in ((hits, counted), (vain, ~counted)) if kind.any()]  # those that count first
    free = torch.ones(n, len(ious), p, dtype=torch.bool)
    for i in range(d):
        real = found[:, i, None, 5] > 0
        for took, kind in kinds:
            best, which = torch.where(free & kind[:, None], overlaps[:, i, None], -1.0).max(dim=2)  # (N, T)
            took[:, i] = (best >= ious) & real & ~hits[:, i]
            free &= ~(took[:, i, :, None] & torch.nn.functional.one_hot(which, p).bool())
    return hits, vain


def precisions(
    found: Tensor, actual: Tensor, ious: Tensor, areas: tuple[float, float] | None = None
) -> dict[int, np.ndarray]:
    """Return for each class that is there the average precision at each overlap, `(T,)`.

    Args:
        found: As for `find_hits`, like the rest.
        areas: Only actual boxes of an area from the first to the second (both included) count. A found box does not
            count where it takes another one, or where it takes none and is itself of an area outside.
    """
    counted = None if areas is None else _within(actual, areas)
    hits, vain = find_hits(found, actual, ious, counted)
    told = torch.ones_like(hits) if areas is None else ~vain & (hits | _within(found, areas)[..., None])  # (N, D, T)
    real = (found[..., 5] > 0).numpy()
    classes, scores = found[..., 4].numpy()[real], found[..., 5].numpy()[real]
    hits_of, told_of = hits.numpy()[real], told.numpy()[real]  # told: what counts, for or against
    wanted = actual[..., 4][slice(None) if counted is None else counted].numpy()
    of_each = {int(k): int((wanted == k).sum()) for k in np.unique(wanted) if k >= 0}
    return {
        k: _of_class(scores[classes == k], hits_of[classes == k], told_of[classes == k], count)
        for k, count in of_each.items()
    }


def _within(boxes: Tensor, areas: tuple[float, float]) -> Tensor:
    """Say which boxes have an area from the first to the second; to two decimals, so that 32 by 32 is 1024."""
    area = box_areas(boxes[..., :4].double()).round(decimals=2)
    return (area >= areas[0]) & (area <= areas[1])


def _of_class(scores: np.ndarray, hits: np.ndarray, told: np.ndarray, count: int) -> np.ndarray:
    """Return the mean over 101 recalls of the best precision at that recall or beyond, for each overlap."""
    order = np.argsort(-scores, kind="stable")
    right, said = np.cumsum(hits[order], axis=0), np.cumsum(told[order], axis=0)  # (D, T)
    recall, precision = right / count, right / np.maximum(said, 1)
    best = np.maximum.accumulate(precision[::-1], axis=0)[::-1]
    return np.array([_at_recalls(recall[:, t], best[:, t]) for t in range(hits.shape[1])])


def _at_recalls(recall: np.ndarray, best: np.ndarray) -> float:
    reached = np.searchsorted(recall, RECALLS, side="left")
    return float(np.append(best, 0.0)[reached].mean())
