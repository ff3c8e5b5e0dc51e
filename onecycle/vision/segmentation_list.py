"""Pictures labelled by masks: a class for each pixel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import Tensor

from onecycle.data.processors import PreProcessor
from onecycle.errors import DataError, explain
from onecycle.nn.losses import CrossEntropyFlat
from onecycle.types import PathOrStr
from onecycle.utils.registry import register
from onecycle.vision.image_list import ImageList
from onecycle.vision.opening import open_mask
from onecycle.vision.segment import ImageSegment

__all__ = ["SegmentationItemList", "SegmentationLabelList", "SegmentationProcessor"]


@register("processor")
class SegmentationProcessor(PreProcessor):
    """Pass the classes of the training masks on to every other list.

    Args:
        ds: The list of masks that has the classes.
    """

    def __init__(self, ds: Any) -> None:
        super().__init__(ds)
        self.classes = getattr(ds, "classes", None)

    def process(self, ds: Any) -> None:
        """Give a list the classes."""
        ds.classes = self.classes

    def get_state(self) -> dict[str, Any]:
        """Return the settings as values that JSON knows."""
        return {"classes": self.classes}


@register("item_list")
class SegmentationLabelList(ImageList):
    """A list of mask files, whose pixels are the indices of classes.

    Args:
        items: The files.
        classes: Name of each class; their number is that of the model's outputs.
        **kwargs: What `ImageList` takes.
    """

    _processor = SegmentationProcessor

    def __init__(self, items: Any, classes: Sequence[Any] | None = None, **kwargs: Any) -> None:
        super().__init__(items, **kwargs)
        self.copy_new = [*self.copy_new, "classes"]
        self.classes = classes
        self.loss_func = CrossEntropyFlat(axis=1)

    @property
    def c(self) -> int | None:
        """Return the number of classes."""
        return None if self.classes is None else len(self.classes)

    @c.setter
    def c(self, value: int | None) -> None:
        raise DataError(explain(type(self).__name__, "c", "follows from classes and cannot be set", value))

    def open(self, fn: PathOrStr) -> Any:
        """Open one mask."""
        return open_mask(fn, after_open=self.after_open)

    def analyze_pred(self, pred: Tensor, thresh: float = 0.5) -> Tensor:
        """Return the class of the highest score at each pixel.

        Shape: `(num_classes, H, W) -> (1, H, W)`
        """
        return pred.argmax(dim=0)[None]

    def reconstruct(self, t: Tensor, *args: Any) -> Any:
        """Make a mask of a tensor `(1, H, W)`."""
        return ImageSegment(t)


@register("item_list")
class SegmentationItemList(ImageList):
    """Pictures labelled by mask files: `.label_from_func(mask_of, classes=codes)`."""

    _label_cls = SegmentationLabelList
    _square_show_res = False
