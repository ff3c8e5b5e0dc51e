"""Pictures labelled by masks: a class for each pixel."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
from torch import Tensor

from onecycle.data.processors import PreProcessor
from onecycle.errors import DataError, explain
from onecycle.nn.losses import CrossEntropyFlat
from onecycle.types import PathOrStr
from onecycle.utils.registry import register
from onecycle.vision.image_list import ImageList
from onecycle.vision.mask_memory import MaskMemory
from onecycle.vision.opening import open_indices
from onecycle.vision.picture import Image
from onecycle.vision.segment import ImageSegment

_CURE = (
    "Name every class in classes=, pass ignore= for the index of pixels without a class, or open masks of black and "
    "white with open_mask(file, div=True)."
)
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
        ignore: An index that masks may have beside the classes and that is no class: the loss leaves it out.
        keep_mb: Keep up to this many megabytes of decoded masks in memory, as runs (about 0.03 MB for a mask of
            480x360 with 12 classes), so that each file is decoded once; 0 keeps none. For loading without workers:
            each worker keeps its own, until the epoch ends.
        **kwargs: What `ImageList` takes.
    """

    _processor = SegmentationProcessor

    def __init__(
        self,
        items: Any,
        classes: Sequence[Any] | None = None,
        ignore: int | None = None,
        keep_mb: float = 0,
        **kwargs: Any,
    ) -> None:
        super().__init__(items, **kwargs)
        self.copy_new = [*self.copy_new, "classes", "ignore", "keep_mb"]
        self.classes, self.ignore, self.keep_mb = classes, ignore, keep_mb
        self._memory = MaskMemory(keep_mb)
        self.loss_func = CrossEntropyFlat(axis=1, **({} if ignore is None else {"ignore_index": ignore}))

    @property
    def c(self) -> int | None:
        """Return the number of classes."""
        return None if self.classes is None else len(self.classes)

    @c.setter
    def c(self, value: int | None) -> None:
        raise DataError(explain(type(self).__name__, "c", "follows from classes and cannot be set", value))

    def open(self, fn: PathOrStr) -> Any:
        """Open one mask; where it is a picture of a palette, its pixels are the places in the palette."""
        return open_indices(fn, self.after_open)

    def get(self, i: int) -> Any:
        """Open the mask at position `i`.

        Raises:
            DataError: it has an index that is no class.
        """
        mask = self._memory.read(self.items[i], partial(super().get, i))
        mask.n_classes = self.c
        if self.c is not None:
            self._check_ids(mask, i)
        return mask

    def _check_ids(self, mask: ImageSegment, i: int) -> None:
        unknown = [index for index in mask.ids_from(len(self.classes or ())) if index != self.ignore]
        if unknown:
            found = ", ".join(map(str, unknown[:5])) + (" …" if len(unknown) > 5 else "")
            raise DataError(
                f"{type(self).__name__}: the indices in a mask must lie in 0..{len(self.classes or ()) - 1}, one for "
                f"each of the {len(self.classes or ())} classes; got {found} in {self.items[i]}. {_CURE}"
            )

    def class_counts(self) -> np.ndarray:
        """Return how many pixels of all masks each class has, as they are in their files.

        Raises:
            DataError: the classes are not known, or a mask has an index that is no class.
        """
        if self.c is None:
            raise DataError(
                f"{type(self).__name__}: the classes of the masks must be known to be counted. Name them: "
                f"label_from_func(mask_of, classes=codes)."
            )
        counts = np.zeros(self.c, dtype=np.int64)
        for i in range(len(self)):
            indices = self.get(i).data.numpy().ravel()
            counted = indices if self.ignore is None else indices[indices != self.ignore]
            counts += np.bincount(counted, minlength=self.c)
        return counts

    def check_pair(self, x: Any, y: Any, i: int) -> None:
        """Check that a mask has the size of its picture, before either is transformed.

        Raises:
            DataError: it has another; names both files.
        """
        if isinstance(x, Image) and isinstance(y, Image) and tuple(x.size) != tuple(y.size):
            raise DataError(
                f"{type(self).__name__}: a mask must have the size of its picture; got {tuple(y.size)} in "
                f"{self.items[i]} and {tuple(x.size)} in {self.x.items[i]} (height, width). Pair the right files, or "
                f"scale the mask to its picture, taking the nearest pixel."
            )

    def analyze_pred(self, pred: Tensor, thresh: float = 0.5) -> Tensor:
        """Return the class of the highest score at each pixel.

        Shape: `(num_classes, H, W) -> (1, H, W)`
        """
        return pred.argmax(dim=0)[None]

    def reconstruct(self, t: Tensor, *args: Any) -> Any:
        """Make a mask of a tensor `(1, H, W)`."""
        mask = ImageSegment(t)
        mask.n_classes = self.c
        return mask


@register("item_list")
class SegmentationItemList(ImageList):
    """Pictures labelled by mask files: `.label_from_func(mask_of, classes=codes)`."""

    _label_cls = SegmentationLabelList
    _square_show_res = False
