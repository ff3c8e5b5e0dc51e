"""Pictures labelled by boxes, each with a class."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from onecycle.data.categories import MultiCategoryList
from onecycle.data.collate import data_collate
from onecycle.data.items import EmptyLabel
from onecycle.data.processors import MultiCategoryProcessor
from onecycle.errors import DataError
from onecycle.utils.registry import register
from onecycle.vision.boxes import ImageBBox
from onecycle.vision.image_list import ImageList
from onecycle.vision.points_list import size_of

__all__ = ["ObjectCategoryList", "ObjectCategoryProcessor", "ObjectItemList", "bb_pad_collate"]

_BACKGROUND = "background"


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
        """Return `[boxes, indices]` of `[boxes, names]`; names that are no class are left out.

        Raises:
            DataError: there are not as many names as boxes.
        """
        if isinstance(item, EmptyLabel):
            return item
        boxes, names = item
        if len(boxes) != len(names):
            raise DataError(
                f"{type(self).__name__}: an item must have a class for each box; got {len(boxes)} boxes and "
                f"{len(names)} classes, {list(names)[:5]}. Return [boxes, names] of one length."
            )
        known = [(box, self.c2i[name]) for box, name in zip(boxes, names) if name in self.c2i]
        return [[box for box, _ in known], [index for _, index in known]]

    def generate_classes(self, items: Any) -> list[Any]:
        """Return the classes found in the labels, sorted, the background first."""
        found = super().generate_classes([names for _, names in items])
        found.insert(self.pad_idx, _BACKGROUND)
        return found

    def get_state(self) -> dict[str, Any]:
        """Return the settings as values that JSON knows."""
        return {**super().get_state(), "pad_idx": self.pad_idx}


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
            empty = bottom <= top or right <= left
            if empty or bottom <= 0 or right <= 0 or top >= height or left >= width:
                box = [round(float(edge), 2) for edge in (top, left, bottom, right)]
                what = "empty" if empty else "outside"
                raise DataError(
                    f"{type(self).__name__}: a box (top, left, bottom, right) must have an area and lie in its "
                    f"picture, here {height} x {width} pixels; got {box}, which is {what}, for "
                    f"{self.x.items[i]}. Correct it (is it x first, or width and height?) or leave it out."
                )

    def analyze_pred(self, pred: Any, thresh: float = 0.5) -> Any:
        """Return a prediction as it is: what a model says of boxes depends on the model."""
        return pred

    def reconstruct(self, t: Any, x: Any = None) -> Any:
        """Make boxes of `(boxes, labels)` in the frame of picture `x`; None where all is padding."""
        boxes, labels = t
        real = labels != self.pad_idx
        if not real.any():
            return None
        height, width = x.size
        kept = {"labels": labels[real], "classes": self.classes, "pad_idx": self.pad_idx}
        return ImageBBox.create(height, width, boxes[real], **kept, scale=False)


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
