"""Masks as items: one class index a pixel, moved as its picture is and never mixed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from onecycle.errors import ArgumentError, DataError, explain
from onecycle.utils.figure_text import make_readable
from onecycle.vision.picture import Image
from onecycle.vision.pixel_batch import PixelBatch, pack_pixels
from onecycle.vision.pixels import BytePixels
from onecycle.vision.show import show_image
from onecycle.vision.transform_base import is_recolouring

__all__ = ["ImageSegment"]

_LOSSY = (".jpg", ".jpeg", ".jfif", ".webp", ".avif")
_DEEPEST = 65535
_COLOURS = "tab20"  # matplotlib's name of the colours of classes
_NO_CLASS = 255  # in files, a pixel without a class (Pascal VOC, Cityscapes)


class ImageSegment(Image):
    """Hold a mask: the class index of each pixel.

    Args:
        px: Indices, shape (1, H, W).

    Attributes:
        n_classes: How many classes the indices are of, where it is known: colours are spread over them, so that a
            class has one colour in every mask.
        file_values: The value, or colour, that stands for each class index in a file, where these are not the indices.

    Example:
        >>> mask = ImageSegment(torch.ones(1, 4, 4)); mask.data.dtype
        torch.int64
    """

    _white = 1.0
    n_classes: int | None = None
    file_values: Mapping[int, Any] | None = None

    def _sampling(self) -> tuple[str, str]:
        return "nearest", super()._sampling()[1]

    @property
    def data(self) -> Tensor:
        """The class indices, int64 (1, H, W)."""
        return self.px.long()

    def lighting(self, func: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Return the mask as it is: light does not change what a pixel shows."""
        return self

    def pixel(self, func: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Change the indices by a function that moves pixels; one that only recolours them changes nothing."""
        return self if is_recolouring(func) else super().pixel(func, *args, **kwargs)

    def ids_from(self, first: int) -> list[int]:
        """Return the indices of at least `first` that the mask has, sorted."""
        pixels = self.refresh()._pixels
        values = pixels.array if isinstance(pixels, BytePixels) else pixels.tensor(1.0).long().numpy()
        if values.max(initial=0) < first:
            return []
        return [int(value) for value in np.unique(values[values >= first])]

    def refresh(self) -> Any:
        """Do every move that waits, reading the nearest pixel."""
        return super().refresh()

    def reconstruct(self, t: Tensor) -> Any:
        """Return the mask that a tensor of class indices says."""
        made = type(self)(t)
        made.n_classes, made.file_values = self.n_classes, self.file_values
        return made

    @classmethod
    def pack(cls, items: Sequence[Any]) -> PixelBatch:
        """Return masks of one size as a batch of int64 indices that travels as 8-bit values where it can."""
        return pack_pixels([item.refresh()._pixels for item in items], 1.0, torch.int64)

    def save(self, fn: Path | str) -> None:
        """Write the class indices to a file, or the values that stand for them (`file_values`).

        Args:
            fn: The file; values above 255 need a format of 16 bits such as PNG.

        Raises:
            ArgumentError: the file would be lossy, and would hold other indices.
            DataError: an index is below 0 or above 65535.
        """
        from PIL import Image as PILImage

        if Path(fn).suffix.lower() in _LOSSY and self.file_values is None:
            cure = "Save a PNG."
            raise ArgumentError(explain("save", "fn", "must be of a kind that keeps class indices", str(fn), cure))
        PILImage.fromarray(_for_file(self.data[0].numpy(), self.file_values)).save(fn)

    def _as_pillow(self) -> Any:
        """Return the mask as notebooks show it: in the colours of `show`, clear where a pixel has no class."""
        import matplotlib
        from PIL import Image as PILImage

        indices, highest = self._drawn()
        colours = matplotlib.colormaps[_COLOURS](indices[0].cpu().numpy() / highest)  # (H, W, 4); NaN is clear
        return PILImage.fromarray((colours * 255).round().astype(np.uint8))

    def _drawn(self) -> tuple[Tensor, int]:
        """Return the indices, float (1, H, W), NaN where a pixel has no class, and the one of the last colour."""
        indices = self.data.float()
        count = self.n_classes or _class_count(self.data)
        return indices.masked_fill((indices < 0) | (indices >= count), float("nan")), max(count - 1, 1)

    def show(  # type: ignore[override]
        self,
        ax: Any = None,
        figsize: tuple[float, float] = (3, 3),
        title: str | None = None,
        hide_axis: bool = True,
        cmap: Any = _COLOURS,
        alpha: float = 0.5,
        **kwargs: Any,
    ) -> None:
        """Show the mask in colours, see-through, so that it can lie on its picture.

        Indices beyond the classes, such as 255 for pixels without a class, are not drawn.

        Args:
            ax: The axis; a new figure when None.
            figsize: Width and height of a new figure in inches.
            title: What stands above it.
            hide_axis: Show no ticks.
            cmap: Colours of the classes.
            alpha: 0 is invisible, 1 hides the picture.
            **kwargs: What `imshow` takes.
        """
        indices, highest = self._drawn()
        kwargs = {"interpolation": "nearest", "vmin": 0, "vmax": highest, **kwargs}
        ax = show_image(indices, ax=ax, hide_axis=hide_axis, cmap=cmap, figsize=figsize, alpha=alpha, **kwargs)
        if title:
            ax.set_title(title)
            make_readable(ax)


def _class_count(indices: Tensor) -> int:
    """Return how many classes a mask seems to have; 255 beside few others, more than one, is no class."""
    values = indices.unique()
    first = values[values != _NO_CLASS]
    few = len(first) > 1 and int(first[-1]) < _NO_CLASS // 2
    counted = first if few else values
    return int(counted[-1]) + 1 if len(counted) else 1


def _for_file(indices: np.ndarray, values: Mapping[int, Any] | None) -> np.ndarray:
    """Return what a file holds for class indices (H, W): themselves, or the values or colours that stand for them."""
    if values is None:
        low, high = indices.min(initial=0), indices.max(initial=0)
        if low < 0 or high > _DEEPEST:
            rule = f"must lie in 0..{_DEEPEST} to be saved"
            raise DataError(explain("ImageSegment", "class indices", rule, f"{low} to {high}"))
        return indices.astype(np.uint8 if high < 256 else np.uint16)
    seen, where = np.unique(indices, return_inverse=True)
    unused = next(value for value in (255, 128, *range(256)) if value not in values.values())  # for no class
    found = [values.get(int(index), unused) for index in seen]
    if any(isinstance(value, tuple) for value in found):
        found = [value if isinstance(value, tuple) else (value,) * 3 for value in found]
    table = np.array(found, dtype=np.uint8 if np.max(found, initial=0) < 256 else np.uint16)
    return table[where].reshape(*indices.shape, *table.shape[1:])
