"""Pictures labelled by masks: a class for each pixel."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from onecycle.data.categories import checked_classes
from onecycle.data.processors import PreProcessor
from onecycle.errors import ArgumentError, DataError, explain
from onecycle.nn.losses import CrossEntropyFlat
from onecycle.types import PathOrStr
from onecycle.utils.registry import register
from onecycle.vision.geometry import invert
from onecycle.vision.image_list import ImageList
from onecycle.vision.mask_files import MaskValues
from onecycle.vision.mask_memory import MaskMemory
from onecycle.vision.opening import open_indices
from onecycle.vision.picture import Image
from onecycle.vision.segment import ImageSegment
from onecycle.vision.tta_pixels import nearest_in_place, traced

_CURE = (
    "Name every class in classes=, pass ignore= for the index of pixels without a class, or say what other values "
    "stand for: values={0: 'background', 255: 'car'}."
)
_SEEN_ENOUGH = 0.005  # a row or column at an edge, by rounding, is no part that was cut away
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
        values: What the values in the files stand for, where they are not the indices: a dict from a value, or a
            colour (red, green, blue), to the name or index of its class (None for no class, with `ignore`), e.g.
            `{0: "background", 255: "car"}`; or a list of values, the first of class 0. Masks that are predicted are
            saved with these values.
        channel: The channel of colour files that holds the indices: `R`, `G`, `B` or `A`.
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
        values: Any = None,
        channel: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(items, **kwargs)
        self.copy_new = [*self.copy_new, "classes", "ignore", "keep_mb", "values", "channel"]
        self.classes, self.ignore, self.keep_mb = checked_classes(type(self).__name__, classes), ignore, keep_mb
        self.channel = _checked_channel(channel)
        self._values = None if values is None else MaskValues(values, self.classes, ignore)
        self.values = None if self._values is None else self._values.given
        if self._values is not None:
            self.classes = self._values.classes
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
        """Open one mask; where it is a picture of a palette, its pixels are the places in the palette.

        Raises:
            DataError: the file is lossy or its channels differ, and neither `values` nor `channel` says how to read
                it, or it has a value that is not in `values`.
        """
        return open_indices(fn, self.after_open, self.channel, self._values)

    def get(self, i: int) -> Any:
        """Open the mask at position `i`.

        Raises:
            DataError: it has an index that is no class.
        """
        mask = self._memory.read(self.items[i], partial(super().get, i))
        self._named(mask)
        if self.c is not None:
            self._check_ids(mask, i, self.c)
        return mask

    def _named(self, mask: ImageSegment) -> ImageSegment:
        """Tell a mask how many classes there are, and which values stand for them in a file."""
        mask.n_classes = self.c
        mask.file_values = None if self._values is None else self._values.of_index()
        return mask

    def _check_ids(self, mask: ImageSegment, i: int, count: int) -> None:
        unknown = [index for index in mask.ids_from(count) if index != self.ignore]
        if unknown:
            found = ", ".join(map(str, unknown[:5])) + (" …" if len(unknown) > 5 else "")
            raise DataError(
                f"{type(self).__name__}: the indices in a mask must lie in 0..{count - 1}, one for "
                f"each of the {count} classes; got {found} in {self.items[i]}. {_CURE}"
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

    def put_back(self, pred: Tensor, picture: Any, dataset: Any) -> Any:
        """Return a predicted mask in the frame of the image itself; pixels that the model did not see are no class.

        Args:
            pred: The classes `(1, h, w)` in the image as the model saw it, as `analyze_pred` returns them.
            picture: The image as it was given to `predict`.
            dataset: It has the transforms through which the model saw the image.

        Returns:
            The mask `(1, H, W)` of the image's size; None where the transforms cannot be undone. Where they cut a part
            away, its pixels have the index `ignore`, or 255, and a warning says how much.
        """
        if tuple(pred.shape[-2:]) == tuple(picture.size) and not dataset.tfms:
            return None
        seen_from = traced(picture.size, dataset.tfms, dataset.tfmargs, do_resolve=False)
        if seen_from is None:
            return None
        nearest = nearest_in_place(pred, torch.tensor(invert(seen_from)).view(3, 3), tuple(picture.size))
        return self._named(ImageSegment(self._filled(*nearest)))

    def _filled(self, mask: Tensor, seen: Tensor) -> Tensor:
        unseen = 1 - float(seen.float().mean())
        if unseen > _SEEN_ENOUGH:
            warnings.warn(
                f"predict: the transforms cut away {unseen:.0%} of the image; those pixels have no class "
                f"({self._void}) in the mask. Pass resize_method=ResizeMethod.SQUISH or PAD to transform(), so that "
                f"the model sees all of it.",
                UserWarning,
                stacklevel=5,
            )
        return mask.masked_fill(~seen, self._void)

    @property
    def _void(self) -> int:
        return 255 if self.ignore is None else self.ignore

    def reconstruct(self, t: Tensor, *args: Any) -> Any:
        """Make a mask of a tensor `(1, H, W)`."""
        return self._named(ImageSegment(t))


def _checked_channel(channel: Any) -> str | None:
    if channel is None or channel in ("R", "G", "B", "A"):
        return channel
    raise ArgumentError(explain("SegmentationLabelList", "channel", "must be 'R', 'G', 'B' or 'A'", channel))


@register("item_list")
class SegmentationItemList(ImageList):
    """Pictures labelled by mask files: `.label_from_func(mask_of, classes=codes)`."""

    _label_cls = SegmentationLabelList
    _square_show_res = False
