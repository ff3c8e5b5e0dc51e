"""Mean average precision of detectors, as COCO measures it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from onecycle.errors import ArgumentError, DataError, did_you_mean, explain
from onecycle.metrics.average_precision import precisions
from onecycle.metrics.base import Metric
from onecycle.metrics.counting import check_no_nan, register_metric
from onecycle.utils.checks import check_share, check_whole, is_real
from onecycle.utils.detections import BOX_COLUMNS, candidates, suppress

__all__ = ["MeanAveragePrecision", "mean_average_precision"]

# Least and greatest area in square pixels, two decimals: below 32², from there to 96², above; same source as below.
_AREAS = {"small": (0.0, 32**2 - 0.01), "medium": (32.0**2, 96.0**2), "large": (96**2 + 0.01, math.inf)}
# From half an overlap to nearly all: cocodataset.org/#detection-eval.
_COCO = (0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95)


def _checked_ious(owner: str, iou: Any) -> Tensor:
    """Return the overlaps from which a box is found, in double precision."""
    iou = iou.tolist() if isinstance(iou, (Tensor, np.ndarray)) else iou
    chosen = _COCO if iou is None else iou if isinstance(iou, Sequence) and not isinstance(iou, str) else (iou,)
    if not len(chosen):
        raise ArgumentError(explain(owner, "iou", "must be a number between 0 and 1, or several", iou))
    return torch.tensor([check_share(owner, "iou", one) for one in chosen], dtype=torch.float64)


def _checked_area(owner: str, area: Any) -> tuple[float, float] | None:
    """Return the least and the greatest area that counts, in square pixels."""
    if area is None:
        return None
    if isinstance(area, str):
        if area not in _AREAS:
            cure = f"Known: {', '.join(_AREAS)}.{did_you_mean(area, _AREAS)}"
            raise ArgumentError(explain(owner, "area", "must be the name of a range of areas", area, cure))
        return _AREAS[area]
    area = area.tolist() if isinstance(area, (Tensor, np.ndarray)) else area
    if not isinstance(area, Sequence) or len(area) != 2 or not _is_range(*area):
        cure = "Pass e.g. 'small', or (0, 400)."
        raise ArgumentError(explain(owner, "area", "must be a name, or the least and the greatest area", area, cure))
    return float(area[0]), float(area[1])


def _is_range(least: Any, greatest: Any) -> bool:
    return is_real(least) and (is_real(greatest) or greatest == math.inf) and 0 <= least <= greatest


def mean_average_precision(
    preds: Sequence[tuple[Tensor, Tensor, Tensor]],
    targets: Sequence[tuple[Tensor, Tensor]],
    iou: float | Sequence[float] | None = None,
    max_boxes: int = 100,
    area: str | tuple[float, float] | None = None,
) -> Tensor:
    """Return the mean over classes and overlaps of the average precision, over the boxes of a set of pictures.

    Precision is read at 101 recalls. A class that is in no target does not count; without any target it is NaN.

    Args:
        preds: For each picture boxes `(D, 4)` (top, left, bottom, right), class indices `(D,)`, scores `(D,)` of at
            least 0.
        targets: For each picture boxes `(P, 4)` in the same coordinates and class indices `(P,)`.
        iou: The overlap (intersection over union) from which a box counts as found, or several, 0 to 1; COCO's
            0.5, 0.55 … 0.95 when left out.
        max_boxes: The surest boxes of a class that count in a picture, as COCO counts.
        area: Count only boxes of a size, as `MeanAveragePrecision` does; boxes are in pixels then. All when left out.

    Raises:
        ArgumentError: there are not as many predictions as targets, or a setting is out of its range.
        DataError: a number is not finite, a score is below 0, a class is no index, or an actual box has no area.

    Example:
        >>> box, cat = torch.tensor([[0.0, 0, 4, 4]]), torch.tensor([1])
        >>> mean_average_precision([(box, cat, torch.tensor([0.9]))], [(box, cat)])
        tensor(1.)
    """
    owner = "mean_average_precision"
    overlaps, areas = _checked_ious(owner, iou), _checked_area(owner, area)
    max_boxes = check_whole(owner, "max_boxes", max_boxes)
    preds, targets = _pictures_of("preds", preds, 3), _pictures_of("targets", targets, 2)
    if len(preds) != len(targets):
        raise ArgumentError(
            f"{owner}: preds and targets must have one entry a picture; got {len(preds)} and "
            f"{len(targets)}. Pass empty tensors for a picture without boxes."
        )
    found = [_surest(_found_rows(*picture), max_boxes) for picture in preds]
    actual = [_actual_rows(*picture) for picture in targets]
    return _mean(precisions(_stacked(found, BOX_COLUMNS, 0), _stacked(actual, BOX_COLUMNS - 1, -1), overlaps, areas))


_PARTS = ("boxes", "classes", "scores")


def _pictures_of(name: str, given: Any, count: int) -> list[Any]:
    """Return the parts of each picture.

    Raises:
        DataError: they are no pictures, or have other parts than boxes, classes and, of predictions, scores.
    """
    pictures = list(given) if hasattr(given, "__iter__") and not isinstance(given, (str, bytes, dict)) else None
    odd = [given] if pictures is None else [one for one in pictures if not _has_parts(one, count)]
    if pictures is None or odd:
        rule = f"must have {', '.join(_PARTS[:count])} of each picture, as a tuple"
        raise DataError(explain(_OWNER, name, rule, odd[0]))
    return pictures


def _has_parts(picture: Any, count: int) -> bool:
    return isinstance(picture, (tuple, list)) and len(picture) == count


def _found_rows(boxes: Any, classes: Any, scores: Any) -> Tensor:
    """Return found boxes as rows (4 edges, class, score), each score one higher than given: padding has 0."""
    rows = _row("preds", boxes, classes, scores)
    if not bool((rows[:, 5] >= 0).all()):
        cure = "Pass probabilities, and no padding."
        raise DataError(explain(_OWNER, "preds", "must have scores of at least 0", _first(rows[:, 5], 0), cure))
    rows[:, 5] += 1
    return rows


def _actual_rows(boxes: Any, classes: Any) -> Tensor:
    rows = _row("targets", boxes, classes)
    has_area = (rows[:, 2] > rows[:, 0]) & (rows[:, 3] > rows[:, 1])
    if not bool(has_area.all()):
        cure = "Leave it out: nothing can find it. Is it top, left, bottom, right?"
        raise DataError(explain(_OWNER, "targets", "must be boxes with an area", rows[~has_area][0, :4].tolist(), cure))
    return rows


_OWNER = "mean_average_precision"


def _first(values: Tensor, least: float) -> float:
    """Return the first value that is not at least so large."""
    return float(values[~(values >= least)][0])


def _row(name: str, boxes: Any, *columns: Any) -> Tensor:
    """Return boxes (P, 4) and what is known of each (P,) side by side, on the CPU.

    Raises:
        DataError: there is not one value for each box, a number is not finite, or a class is no index.
    """
    try:
        edges, *rest = (torch.as_tensor(part).detach().cpu().double() for part in (boxes, *columns))
    except (TypeError, ValueError, RuntimeError) as error:
        said = str(error).partition("\n")[0]
        raise DataError(explain(_OWNER, name, f"must be numbers ({said})", boxes)) from None
    count = edges.numel() // 4
    if edges.numel() % 4 or (edges.numel() and edges.shape[-1] != 4) or any(part.numel() != count for part in rest):
        shapes = ", ".join(str(tuple(part.shape)) for part in (edges, *rest))
        raise DataError(explain(_OWNER, name, "must have boxes (P, 4), and a class (and score) for each", shapes))
    rows = torch.cat([edges.reshape(-1, 4), *[column.reshape(-1, 1) for column in rest]], dim=1)
    if not bool(rows.isfinite().all()):
        raise DataError(explain(_OWNER, name, "must be finite numbers", rows[~rows.isfinite().all(1)][0].tolist()))
    if not bool(((rows[:, 4] >= 0) & (rows[:, 4] == rows[:, 4].round())).all()):
        rule = "must have class indices, whole numbers of at least 0"
        raise DataError(explain(_OWNER, name, rule, rows[:, 4].tolist()[:5], "Leave padding out."))
    return rows


def _surest(rows: Tensor, max_boxes: int) -> Tensor:
    """Return the rows of a picture, the surest first, of each class no more than so many."""
    rows = rows[rows[:, 5].argsort(descending=True, stable=True)]
    return rows[_rank_in_class(rows) < max_boxes]


def _rank_in_class(rows: Tensor) -> Tensor:
    """Return how many rows of its class stand before each."""
    order = rows[:, 4].argsort(stable=True)
    _, counts = rows[order, 4].unique_consecutive(return_counts=True)
    starts = (counts.cumsum(0) - counts).repeat_interleave(counts)
    rank = torch.empty(len(rows), dtype=torch.long)
    rank[order] = torch.arange(len(rows)) - starts
    return rank


def _stacked(rows: Sequence[Tensor], width: int, empty: float) -> Tensor:
    """Return rows of pictures (D, width) as one tensor (N, most, width), filled up behind with `empty`."""
    most = max((len(part) for part in rows), default=0)
    if not most:
        return torch.zeros(len(rows), 0, width)
    return torch.stack([F.pad(part, (0, 0, 0, most - len(part)), value=empty) for part in rows])


def _mean(of_classes: dict[int, Any]) -> Tensor:
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
        max_boxes: The surest boxes of a class that count in a picture, as COCO counts.
        pad_idx: Class index of the background and of padding.
        area: Count only boxes of this area in square pixels: "small" (below 32²), "medium" (32² to 96²), "large" (above
            96²), or (least, greatest), both included; all when left out. Actual boxes of another area, and boxes that
            find one of them, count neither for nor against; nor do boxes of another area that find nothing.
        size: (height, width) of a picture in pixels, by which areas are measured; that of the pictures as the model
            sees them when left out.

    Shape: outputs `(N, A, K + 8)`, or boxes `(N, D, 6)` as (4 edges, class, score), the surest first and padded with
        zeros; targets boxes `(N, P, 4)` and classes `(N, P)`, or both in one `(N, P, 5)`.

    Raises:
        ArgumentError: a setting is out of its range.

    Reference:
        Lin et al. 2014, "Microsoft COCO: Common objects in context"; the evaluation at cocodataset.org/#detection-eval.
        There the area is that of the object's outline where one is known, here that of its box.

    Example:
        >>> m = MeanAveragePrecision(iou=0.5)
        >>> m.update(torch.tensor([[[0.0, 0, 1, 1, 1, 0.9]]]), torch.tensor([[[0.0, 0, 1, 0.9]]]), torch.tensor([[1]]))
        >>> float(m.compute())
        1.0
    """

    _seen: tuple[int, int] | None = None  # height and width of the batch's pictures

    def __init__(
        self,
        iou: float | Sequence[float] | None = None,
        score_thresh: float = 0.05,
        nms_thresh: float = 0.5,
        max_boxes: int = 100,
        pad_idx: int = 0,
        area: str | tuple[float, float] | None = None,
        size: tuple[int, int] | None = None,
    ) -> None:
        owner = type(self).__name__
        self._ious, self.iou = _checked_ious(owner, iou), iou
        self.score_thresh = check_share(owner, "score_thresh", score_thresh)
        self.nms_thresh = check_share(owner, "nms_thresh", nms_thresh)
        self.max_boxes = check_whole(owner, "max_boxes", max_boxes)
        self.pad_idx = check_whole(owner, "pad_idx", pad_idx, least=0)
        self._areas, self.area = _checked_area(owner, area), area
        self.size = None if size is None else _checked_size(owner, size)
        super().__init__()
        self.name = "mAP" if not isinstance(iou, (int, float)) else f"mAP{100 * iou:.0f}"
        if area is not None:
            self.name += f"_{area}" if isinstance(area, str) else "_{:g}_{:g}".format(*area)

    def on_batch_end(self, last_output: Any, last_target: Any, train: bool = False, **kwargs: Any) -> None:
        """Count a batch of the validation set, in pixels of its pictures."""
        self._seen = _size_of(kwargs.get("last_input"))
        super().on_batch_end(last_output, last_target, train, **kwargs)

    def update(self, output: Tensor, target: Tensor, classes: Tensor | None = None) -> None:  # type: ignore[override]
        """Keep what may be a box, and the targets; nothing is thinned out before the set is whole."""
        check_no_nan(type(self).__name__, "output", output)
        check_no_nan(type(self).__name__, "target", target)
        if output.ndim != 3:
            raise DataError(explain(type(self).__name__, "output", "must be (N, D, 6) or (N, A, K + 8)", output))
        found = output if output.shape[-1] == BOX_COLUMNS else candidates(output, self.pad_idx, self.score_thresh)
        actual = _joined(target, classes)
        if actual.ndim != 3 or actual.shape[2] != BOX_COLUMNS - 1 or len(actual) != len(found):
            rule = f"must be boxes (N, P, 4) and classes (N, P) of the {len(found)} pictures"
            raise DataError(explain(type(self).__name__, "target", rule, target))
        self._keep("found", found)
        self._keep("actual", actual)
        if self._areas is not None:
            self.keep(pixels=torch.tensor([self._measure()] * len(found), device=found.device))

    def _measure(self) -> tuple[int, int]:
        size = self.size or self._seen
        if size is None:
            rule = "must be (height, width) in pixels where areas are asked for and no pictures are seen"
            raise ArgumentError(explain(type(self).__name__, "size", rule, None))
        return size

    def _keep(self, name: str, rows: Tensor) -> None:
        """Keep rows of pictures one after the other, and how many each has: so any batches can be put together."""
        counts = torch.full((len(rows),), rows.shape[1], device=rows.device)
        self.keep(**{name: rows.flatten(0, 1), f"{name}_of_each": counts})

    def _pictures(self, name: str) -> list[Tensor]:
        return list(self.kept(name).cpu().split(self.kept(f"{name}_of_each").tolist()))

    @property
    def per_class(self) -> dict[int, float]:
        """The average precision of each class that is in the targets, by its index."""
        every = _stacked(self._pictures("found"), BOX_COLUMNS, 0)
        thinned = suppress(every, self.nms_thresh, every.shape[1])
        found = _stacked([_surest(rows[rows[:, 5] > 0], self.max_boxes) for rows in thinned], BOX_COLUMNS, 0)
        actual = _stacked([self._real(rows) for rows in self._pictures("actual")], BOX_COLUMNS - 1, -1)
        if self._areas is not None:
            pixels = self.kept("pixels").cpu()
            found, actual = _in_pixels(found, pixels), _in_pixels(actual, pixels)
        return {k: float(one.mean()) for k, one in precisions(found, actual, self._ious, self._areas).items()}

    def _real(self, rows: Tensor) -> Tensor:
        """Return the boxes that are no padding and have an area; transforms may press a box into a line.

        Raises:
            DataError: a class is no index, or a box ends before it begins.
        """
        rows = rows[rows[:, 4] != self.pad_idx]
        owner = type(self).__name__
        if not bool(((rows[:, 4] >= 0) & (rows[:, 4] == rows[:, 4].round())).all()):
            rule = "must have class indices, whole numbers of at least 0"
            raise DataError(explain(owner, "target", rule, rows[:, 4].tolist()[:5]))
        height, width = rows[:, 2] - rows[:, 0], rows[:, 3] - rows[:, 1]
        if not bool(((height >= 0) & (width >= 0)).all()):
            odd = rows[~((height >= 0) & (width >= 0))][0, :4].tolist()
            raise DataError(explain(owner, "target", "must be boxes: top, left, bottom, right", odd))
        return rows[(height > 0) & (width > 0)]

    def compute(self) -> Tensor:
        """Return the mean over the classes that are in the targets; NaN where none is."""
        of_classes = self.per_class
        device = self.rows["found"][0].device
        return torch.tensor(list(of_classes.values()) or [float("nan")], device=device).mean()

    def get_state(self, minimal: bool = True) -> dict[str, Any]:
        """Return the settings."""
        names = ("iou", "score_thresh", "nms_thresh", "max_boxes", "pad_idx")
        of_areas = [name for name in ("area", "size") if getattr(self, name) is not None]
        return {name: getattr(self, name) for name in (*names, *of_areas)}


def _joined(target: Tensor, classes: Tensor | None) -> Tensor:
    """Return boxes and classes side by side, (N, P, 5), where they fit; else the boxes alone."""
    if classes is None or classes.ndim != 2 or target.ndim != 3 or classes.shape != target.shape[:2]:
        return target
    return torch.cat([target, classes[..., None].to(target)], dim=2)


def _checked_size(owner: str, size: Any) -> tuple[int, int]:
    if not isinstance(size, Sequence) or len(size) != 2 or not all(is_real(side) and side > 0 for side in size):
        raise ArgumentError(explain(owner, "size", "must be (height, width) in pixels", size))
    return size[0], size[1]


def _size_of(pictures: Any) -> tuple[int, int] | None:
    return tuple(pictures.shape[-2:]) if isinstance(pictures, Tensor) and pictures.ndim == 4 else None  # type: ignore[return-value]


def _in_pixels(rows: Tensor, pixels: Tensor) -> Tensor:
    """Return boxes of -1 to 1 in pixels of pictures of these (height, width), `(N, D, *), (N, 2) -> (N, D, *)`."""
    edges = (rows[..., :4].double() + 1) / 2 * pixels.repeat(1, 2)[:, None]
    return torch.cat([edges, rows[..., 4:].double()], dim=2)
