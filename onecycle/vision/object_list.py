"""Pictures labelled by boxes, each with a class."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from onecycle.data.categories import MultiCategoryList
from onecycle.data.collate import data_collate
from onecycle.data.items import EmptyLabel
from onecycle.data.processors import MultiCategoryProcessor
from onecycle.errors import DataError, explain
from onecycle.utils.checks import check_share
from onecycle.utils.detections import BOX_COLUMNS
from onecycle.utils.registry import register
from onecycle.utils.values import to_labels, to_list
from onecycle.vision.boxes import ImageBBox
from onecycle.vision.image_list import ImageList
from onecycle.vision.points_list import size_of, without_transforms

__all__ = ["ObjectCategoryList", "ObjectCategoryProcessor", "ObjectItemList", "bb_pad_collate"]

_BACKGROUND = "background"
_LABEL = "Return e.g. [[[10, 20, 40, 60]], ['cat']], edges in pixels; [[], []] where there is nothing."


@register("processor")
class ObjectCategoryProcessor(MultiCategoryProcessor):
    """Turn the class names of boxes into indices; index `pad_idx` is the background.

    Args:
        ds: The list of boxes.
        pad_idx: Index that stands for no object.
    """

    def __init__(self, ds: Any, pad_idx: int = 0) -> None:
        super().__init__(ds)
        self.pad_idx = pad_idx

    def process(self, ds: Any) -> None:
        """Give a list the classes and index its labels."""
        ds.pad_idx = self.pad_idx
        super().process(ds)

    def process_one(self, item: Any) -> Any:
        """Return `[boxes, indices]` of `[boxes, names]`; names that are no class are left out and remembered.

        Raises:
            DataError: it is no such pair, a box has no four edges, or there are not as many names as boxes.
        """
        if isinstance(item, EmptyLabel):
            return item
        boxes, names = self._parts(item)
        if len(boxes) != len(names):
            raise DataError(
                f"{type(self).__name__}: an item must have a class for each box; got {len(boxes)} boxes and "
                f"{len(names)} classes, {list(names)[:5]}. Return [boxes, names] of one length."
            )
        self.warns += [name for name in names if name not in self.c2i]
        known = [(box, self.c2i[name]) for box, name in zip(boxes, names) if name in self.c2i]
        return [[box for box, _ in known], [index for _, index in known]]

    def _parts(self, item: Any) -> tuple[list[Any], list[Any]]:
        """Return the boxes, four edges each, and the names of a label."""
        is_pair = isinstance(item, (list, tuple)) or (isinstance(item, np.ndarray) and item.ndim == 1)
        if not is_pair or len(item) != 2:
            raise DataError(explain(type(self).__name__, "a label", "must be a pair [boxes, names]", item, _LABEL))
        try:
            boxes = np.asarray(_rows(item[0]), dtype=float)
        except (TypeError, ValueError, RuntimeError):
            boxes = np.zeros(1)
        if boxes.size and (boxes.ndim != 2 or boxes.shape[1] != 4):
            rule = "must have four numbers, [top, left, bottom, right]"
            raise DataError(explain(type(self).__name__, "each box", rule, item[0], _LABEL))
        return boxes.reshape(-1, 4).tolist(), to_labels(item[1])

    def generate_classes(self, items: Any) -> list[Any]:
        """Return the classes found in the labels, sorted, the background first.

        Raises:
            DataError: a label is no pair of boxes and names, or a class has the name of the background.
        """
        found = super().generate_classes([self._parts(item)[1] for item in items])
        if _BACKGROUND in found:
            rule = f"must not be called {_BACKGROUND!r}, the name of the places where nothing is"
            raise DataError(explain(type(self).__name__, "a class", rule, found, "Leave such boxes out, or rename it."))
        found.insert(self.pad_idx, _BACKGROUND)
        return found

    def get_state(self) -> dict[str, Any]:
        """Return the settings as values that JSON knows."""
        return {**super().get_state(), "pad_idx": self.pad_idx}


def _rows(boxes: Any) -> Any:
    """Return boxes as lists or an array, whatever holds them."""
    return [to_list(box) for box in boxes] if isinstance(boxes, (list, tuple)) else boxes


@register("item_list")
class ObjectCategoryList(MultiCategoryList):
    """A list of sets of boxes: `[boxes, names]`, a box being `[top, left, bottom, right]` in pixels."""

    _processor = ObjectCategoryProcessor
    _loss_name = None  # what fits depends on the model
    targets_in_picture = "places"
    pad_idx = 0

    def get(self, i: int) -> Any:
        """Return the boxes at position `i` in the frame of their picture.

        Raises:
            DataError: a box is empty or lies outside its picture.
        """
        if isinstance(self.items[i], EmptyLabel) or self.classes is None:
            return super().get(i)
        boxes, labels = self.items[i]
        height, width = size_of(self.x, i)
        self._check_boxes(boxes, height, width, i)
        return ImageBBox.create(height, width, boxes, labels, classes=self.classes, pad_idx=self.pad_idx)

    def _check_boxes(self, boxes: Any, height: int, width: int, i: int) -> None:
        for top, left, bottom, right in boxes:
            finite = all(map(math.isfinite, (top, left, bottom, right)))
            filled = bottom > top and right > left
            if not (finite and filled and bottom > 0 and right > 0 and top < height and left < width):
                box = [round(float(edge), 2) for edge in (top, left, bottom, right)]
                what = "no box of finite numbers" if not finite else "outside" if filled else "empty"
                raise DataError(
                    f"{type(self).__name__}: a box (top, left, bottom, right) must have an area and lie in its "
                    f"picture, here {height} x {width} pixels; got {box}, which is {what}, for "
                    f"{self.x.items[i]}. Correct it (is it x first, or width and height?) or leave it out."
                )

    def analyze_pred(self, pred: Any, thresh: float = 0.5) -> Any:
        """Return the boxes of a prediction that are sure enough: (boxes, labels, scores).

        Args:
            pred: What a model of `detection_learner` found in one picture, `(D, 6)`: edges, class, score. Anything
                else is returned as it is: what a model says of boxes depends on the model.
            thresh: The least score, 0 to 1.

        Raises:
            ArgumentError: `thresh` is out of its range.
        """
        if not isinstance(pred, Tensor) or pred.ndim != 2 or pred.shape[1] != BOX_COLUMNS:
            return pred
        least = check_share("analyze_pred", "thresh", thresh)
        sure = pred[(pred[:, 5] >= least) & (pred[:, 5] > 0)]
        return sure[:, :4], sure[:, 4].long(), sure[:, 5]

    def reconstruct(self, t: Any, x: Any = None) -> Any:
        """Make boxes of `(boxes, labels)` in the frame of picture `x`; None where all is padding.

        With `(boxes, labels, scores)`, as a model found them, an `ImageBBox` without boxes stands for none.
        """
        if len(t) == 3:
            return self._found(t, x.size)
        boxes, labels = t
        real = labels != self.pad_idx
        if not real.any():
            return None
        height, width = x.size
        kept = {"labels": labels[real], "classes": self.classes, "pad_idx": self.pad_idx}
        return ImageBBox.create(height, width, boxes[real], **kept, scale=False)

    def _found(self, found: Any, size: Any) -> ImageBBox:
        boxes, labels, scores = found
        kept = {"labels": labels.tolist(), "classes": self.classes, "pad_idx": self.pad_idx, "scores": scores}
        height, width = size
        return ImageBBox.create(height, width, boxes, **kept, scale=False)

    def put_back(self, pred: Any, picture: Any, dataset: Any) -> Any:
        """Make boxes, found in a picture as the model saw it, in the frame of the picture itself.

        Args:
            pred: (boxes, labels, scores), as `analyze_pred` returns them.
            picture: The picture as it was given to `predict`.
            dataset: It has the transforms through which the model saw the picture.
        """
        if not isinstance(pred, tuple) or len(pred) != 3:
            return None
        boxes, labels, scores = pred
        corners = boxes[:, [0, 1, 0, 3, 2, 1, 2, 3]].reshape(-1, 4, 2)  # as (y, x)
        moved = without_transforms(corners, picture, dataset)
        return self._found((torch.cat([moved.amin(1), moved.amax(1)], dim=1), labels, scores), picture.size)


@register("item_list")
class ObjectItemList(ImageList):
    """Pictures labelled by boxes: `.label_from_func(boxes_of)`, with `collate_fn=bb_pad_collate`."""

    _label_cls = ObjectCategoryList
    _square_show_res = False


@register("function")
def bb_pad_collate(samples: Sequence[Any], pad_idx: int = 0) -> Any:
    """Collate samples of a picture and its boxes, padding each to the largest number of boxes.

    Args:
        samples: Pairs (picture, boxes).
        pad_idx: Class of the padding.

    Returns:
        Pictures `(N, C, H, W)` and `(boxes (N, P, 4), classes (N, P))`; padding comes first.
    """
    pictures = [picture for picture, _ in samples]
    if not hasattr(samples[0][1], "data") or isinstance(samples[0][1].data, int):
        return data_collate(samples)
    targets = [target.data for _, target in samples]
    most = max(len(labels) for _, labels in targets)
    boxes = torch.zeros(len(samples), most, 4)
    classes = torch.full((len(samples), most), pad_idx, dtype=torch.long)
    for row, (found, labels) in enumerate(targets):
        _fill(boxes[row], classes[row], found, labels)
    return data_collate(pictures), (boxes, classes)


def _fill(boxes: Tensor, classes: Tensor, found: Tensor, labels: Tensor) -> None:
    """Write the boxes of one picture to the end of its rows."""
    count = len(labels)
    if count:
        boxes[-count:] = found
        classes[-count:] = torch.as_tensor(labels)
