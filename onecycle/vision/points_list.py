"""Pictures labelled by points: the places of eyes, joints, corners."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from onecycle.data.item_list import ItemList
from onecycle.data.processors import PreProcessor
from onecycle.errors import DataError, explain
from onecycle.nn.losses import MSELossFlat
from onecycle.utils.registry import register
from onecycle.vision.flow import FlowField
from onecycle.vision.image_list import ImageList
from onecycle.vision.points import ImagePoints

__all__ = ["PointsItemList", "PointsLabelList", "PointsProcessor"]


@register("processor")
class PointsProcessor(PreProcessor):
    """Count the numbers that a set of points has: two a point.

    Args:
        ds: The list of points; its first item is counted.
    """

    def __init__(self, ds: Any) -> None:
        super().__init__(ds)
        self.c = _count(ds.items[0]) if ds is not None and len(ds.items) else 0

    def process(self, ds: Any) -> None:
        """Tell a list how many numbers the model has to give."""
        ds.c = self.c

    def get_state(self) -> dict[str, Any]:
        """Return the settings as values that JSON knows."""
        return {"c": self.c}


def _count(points: Any) -> int:
    return int(np.size(_plain(points)))


def _plain(points: Any) -> Any:
    """Return points as an array, whatever holds them: a tensor, a Series, a list of tensors …; else as they are."""
    try:
        if isinstance(points, (list, tuple, set)):
            points = [_plain(point) for point in points]
        return np.asarray(points, dtype=np.float32)
    except (TypeError, ValueError, RuntimeError):
        return points


def size_of(x: Any, i: int) -> tuple[int, int]:
    """Return (height, width) of the picture that a label belongs to."""
    return x[i].size


@register("item_list")
class PointsLabelList(ItemList):
    """A list of sets of points, each `(P, 2)`: rows of (y, x) in pixels.

    Args:
        items: The sets of points.
        outside: Accept points that lie beyond the edges of their picture.
        **kwargs: What `ItemList` takes.
    """

    _processor = PointsProcessor
    targets_in_picture = "places"

    def __init__(self, items: Any, outside: bool = False, **kwargs: Any) -> None:
        super().__init__(items, **kwargs)
        self.copy_new = [*self.copy_new, "outside"]
        self.outside = outside
        self.loss_func = MSELossFlat()

    def get(self, i: int) -> Any:
        """Return the points at position `i` in the frame of their picture.

        Raises:
            DataError: the label is none of points, or a point lies beyond its picture's edges and `outside` is off.
        """
        size, points = size_of(self.x, i), self._as_points(super().get(i), i)
        if not self.outside:
            self._check_inside(points, size, i)
        return ImagePoints(FlowField(size, points), scale=True)

    def _as_points(self, label: Any, i: int) -> Tensor:
        try:
            points = torch.as_tensor(_plain(label), dtype=torch.float32)
        except (TypeError, ValueError, RuntimeError):
            points = torch.full((1,), torch.nan)
        in_rows = points.numel() == 0 or points.ndim == 1 or points.shape[-1:] == (2,)  # not e.g. (y, x, visible)
        if not in_rows or points.numel() % 2 or not points.isfinite().all():
            rule = f"of {self.x.items[i]} must be points, rows of two numbers (y, x) in pixels"
            raise DataError(explain(type(self).__name__, "the label", rule, label, "Return e.g. [[12, 30], [40, 8]]."))
        return points.reshape(-1, 2)

    def _check_inside(self, points: Tensor, size: tuple[int, int], i: int) -> None:
        beyond = ((points < 0) | (points > points.new_tensor(size))).any(dim=1)
        if beyond.any():
            first = tuple(round(value, 2) for value in points[beyond][0].tolist())
            raise DataError(
                f"{type(self).__name__}: points (y, x) must lie in their picture, here {size[0]} x {size[1]} pixels; "
                f"got {first} for {self.x.items[i]}. Correct the label (is it x first?), or pass outside=True and "
                f"remove_out=False to transform()."
            )

    def analyze_pred(self, pred: Tensor, thresh: float = 0.5) -> Tensor:
        """Return the numbers of a prediction as points.

        Shape: `(2 * P,) -> (P, 2)`
        """
        return pred.view(-1, 2)

    def put_back(self, pred: Tensor, picture: Any, dataset: Any) -> Any:
        """Return points, predicted in an image as the model saw it, in the frame of the image itself.

        Args:
            pred: The points `(P, 2)`, as `analyze_pred` returns them.
            picture: The image as it was given to `predict`.
            dataset: It has the transforms through which the model saw the image.
        """
        moved = without_transforms(pred, picture, dataset)
        return ImagePoints(FlowField(tuple(picture.size), moved), scale=False)

    def reconstruct(self, t: Tensor, x: Any = None) -> Any:
        """Make points of a tensor `(P, 2)` in -1..1, in the frame of picture `x`."""
        return ImagePoints(FlowField(x.size, t), scale=False)


def without_transforms(places: Tensor, picture: Any, dataset: Any) -> Tensor:
    """Return where in a picture places (…, 2) are of which its transforms show the place."""
    marks = torch.tensor([[-1.0, -1], [-1, 1], [1, -1], [1, 1]])  # the picture's corners, (y, x)
    item = ImagePoints(FlowField(tuple(picture.size), marks), scale=False)
    if dataset.tfms or dataset.tfmargs:
        item = item.apply_tfms(dataset.tfms, **{**dataset.tfmargs, "do_resolve": False, "remove_out": False})
    shown = torch.cat([item.data, torch.ones(4, 1)], dim=1)
    back = torch.linalg.lstsq(shown, marks).solution  # (3, 2)
    return torch.cat([places, torch.ones_like(places[..., :1])], dim=-1) @ back


@register("item_list")
class PointsItemList(ImageList):
    """Pictures labelled by points: `.label_from_func(points_of)`."""

    _label_cls = PointsLabelList
    _square_show_res = False
