"""Mean average precision of detectors, as COCO measures it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from onecycle.errors import ArgumentError, DataError, explain
from onecycle.metrics.average_precision import precisions
from onecycle.metrics.base import Metric
from onecycle.metrics.counting import register_metric
from onecycle.utils.detections import BOX_COLUMNS, candidates, check_share, suppress

__all__ = ["MeanAveragePrecision", "mean_average_precision"]

# From half an overlap to nearly all: cocodataset.org/#detection-eval.
_COCO = (0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95)


def _checked_ious(owner: str, iou: Any) -> Tensor:
    """Return the overlaps from which a box is found, in double precision."""
    chosen = _COCO if iou is None else iou if isinstance(iou, Sequence) else (iou,)
    return torch.tensor([check_share(owner, "iou", one) for one in chosen], dtype=torch.float64)


def mean_average_precision(
    preds: Sequence[tuple[Tensor, Tensor, Tensor]],
    targets: Sequence[tuple[Tensor, Tensor]],
    iou: float | Sequence[float] | None = None,
    max_boxes: int = 100,
) -> Tensor:
    """Return the mean over classes and overlaps of the average precision, over the boxes of a set of pictures.

    Precision is read at 101 recalls. A class that is in no target does not count; without any target it is NaN.

    Args:
        preds: For each picture boxes `(D, 4)` (top, left, bottom, right), class indices `(D,)`, scores `(D,)` above 0.
        targets: For each picture boxes `(P, 4)` in the same coordinates and class indices `(P,)`.
        iou: The overlap (intersection over union) from which a box counts as found, or several, 0 to 1; COCO's
            0.5, 0.55 … 0.95 when left out.
        max_boxes: The surest boxes of a picture that count.

    Raises:
        ArgumentError: there are not as many predictions as targets, or `iou` is out of its range.

    Example:
        >>> box, cat = torch.tensor([[0.0, 0, 4, 4]]), torch.tensor([1])
        >>> mean_average_precision([(box, cat, torch.tensor([0.9]))], [(box, cat)])
        tensor(1.)
    """
    overlaps = _checked_ious("mean_average_precision", iou)
    if len(preds) != len(targets):
        raise ArgumentError(
            f"mean_average_precision: preds and targets must have one entry a picture; got {len(preds)} and "
            f"{len(targets)}. Pass empty tensors for a picture without boxes."
        )
    found = [_surest(_row(*picture), max_boxes) for picture in preds]
    actual = [_row(*picture) for picture in targets]
    return _mean(_stacked(found, BOX_COLUMNS, 0), _stacked(actual, BOX_COLUMNS - 1, -1), overlaps)


def _row(boxes: Any, *columns: Any) -> Tensor:
    """Return boxes (P, 4) and what is known of each (P,) side by side, on the CPU."""
    edges, *rest = (torch.as_tensor(part).detach().cpu().double() for part in (boxes, *columns))
    return torch.cat([edges.reshape(-1, 4), *[column.reshape(-1, 1) for column in rest]], dim=1)


def _surest(rows: Tensor, max_boxes: int) -> Tensor:
    return rows[rows[:, -1].argsort(descending=True, stable=True)[:max_boxes]]


def _stacked(rows: Sequence[Tensor], width: int, empty: float) -> Tensor:
    """Return rows of pictures (D, width) as one tensor (N, most, width), filled up behind with `empty`."""
    most = max((len(part) for part in rows), default=0)
    if not most:
        return torch.zeros(len(rows), 0, width)
    return torch.stack([F.pad(part, (0, 0, 0, most - len(part)), value=empty) for part in rows])


def _mean(found: Tensor, actual: Tensor, ious: Tensor) -> Tensor:
    of_classes = precisions(found, actual, ious)
    if not of_classes:
        return torch.tensor(float("nan"))
    return torch.tensor([one.mean() for one in of_classes.values()]).mean().float()


@register_metric
class MeanAveragePrecision(Metric):
    """Measure a detector over a set: the mean over classes and overlaps of the average precision.

    It reads what a model of `detection_learner` gives out, or boxes that are found already.

    Args:
        iou: The overlap (intersection over union) from which a box counts as found, or several, 0 to 1; COCO's
            0.5, 0.55 … 0.95 when left out.
        score_thresh: Boxes of a lower score do not count, 0 to 1.
        nms_thresh: Of boxes of one class that overlap more, only the surest counts, 0 to 1.
        max_boxes: The surest boxes of a picture that count.
        pad_idx: Class index of the background and of padding.

    Shape: outputs `(N, A, K + 8)`, or boxes `(N, D, 6)` as (4 edges, class, score), the surest first and padded with
        zeros; targets boxes `(N, P, 4)` and classes `(N, P)`, or both in one `(N, P, 5)`.

    Raises:
        ArgumentError: a setting is out of its range.

    Reference:
        Lin et al. 2014, "Microsoft COCO: Common objects in context"; the evaluation at cocodataset.org/#detection-eval,
        over all sizes of boxes.

    Example:
        >>> m = MeanAveragePrecision(iou=0.5)
        >>> m.update(torch.tensor([[[0.0, 0, 1, 1, 1, 0.9]]]), torch.tensor([[[0.0, 0, 1, 0.9]]]), torch.tensor([[1]]))
        >>> float(m.compute())
        1.0
    """

    def __init__(
        self,
        iou: float | Sequence[float] | None = None,
        score_thresh: float = 0.05,
        nms_thresh: float = 0.5,
        max_boxes: int = 100,
        pad_idx: int = 0,
    ) -> None:
        owner = type(self).__name__
        self._ious, self.iou = _checked_ious(owner, iou), iou
        self.score_thresh = check_share(owner, "score_thresh", score_thresh)
        self.nms_thresh = check_share(owner, "nms_thresh", nms_thresh)
        if not isinstance(max_boxes, int) or max_boxes < 1:
            raise ArgumentError(explain(owner, "max_boxes", "must be a whole number of at least 1", max_boxes))
        self.max_boxes, self.pad_idx = max_boxes, pad_idx
        super().__init__()
        self.name = "mAP" if not isinstance(iou, (int, float)) else f"mAP{100 * iou:.0f}"

    def update(self, output: Tensor, target: Tensor, classes: Tensor | None = None) -> None:  # type: ignore[override]
        """Keep what may be a box, and the targets; nothing is thinned out before the set is whole."""
        found = output if output.shape[-1] == BOX_COLUMNS else candidates(output, self.pad_idx, self.score_thresh)
        actual = target if classes is None else torch.cat([target, classes[..., None].to(target)], dim=2)
        if actual.ndim != 3 or actual.shape[2] != BOX_COLUMNS - 1 or len(actual) != len(found):
            rule = f"must be boxes (N, P, 4) and classes (N, P) of the {len(found)} pictures"
            raise DataError(explain(type(self).__name__, "target", rule, target))
        self._keep("found", found)
        self._keep("actual", actual)

    def _keep(self, name: str, rows: Tensor) -> None:
        """Keep rows of pictures one after the other, and how many each has: so any batches can be put together."""
        counts = torch.full((len(rows),), rows.shape[1], device=rows.device)
        self.keep(**{name: rows.flatten(0, 1), f"{name}_of_each": counts})

    def _pictures(self, name: str) -> list[Tensor]:
        return list(self.kept(name).cpu().split(self.kept(f"{name}_of_each").tolist()))

    @property
    def per_class(self) -> dict[int, float]:
        """The average precision of each class that is in the targets, by its index."""
        found = suppress(_stacked(self._pictures("found"), BOX_COLUMNS, 0), self.nms_thresh, self.max_boxes)
        actual = _stacked([self._real(rows) for rows in self._pictures("actual")], BOX_COLUMNS - 1, -1)
        return {k: float(one.mean()) for k, one in precisions(found, actual, self._ious).items()}

    def _real(self, rows: Tensor) -> Tensor:
        return rows[(rows[:, 4] != self.pad_idx) & (rows[:, 2] > rows[:, 0])]

    def compute(self) -> Tensor:
        """Return the mean over the classes that are in the targets; NaN where none is."""
        of_classes = self.per_class
        device = self.rows["found"][0].device
        return torch.tensor(list(of_classes.values()) or [float("nan")], device=device).mean()

    def get_state(self, minimal: bool = True) -> dict[str, Any]:
        """Return the settings."""
        names = ("iou", "score_thresh", "nms_thresh", "max_boxes", "pad_idx")
        return {name: getattr(self, name) for name in names}
