"""Masks as items: one class index a pixel, moved as its picture is and never mixed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from onecycle.vision.picture import Image
from onecycle.vision.pixel_batch import PixelBatch, pack_pixels
from onecycle.vision.pixels import BytePixels
from onecycle.vision.show import show_image
from onecycle.vision.transform_base import is_recolouring

__all__ = ["ImageSegment"]


class ImageSegment(Image):
    """Hold a mask: the class index of each pixel.

    Args:
        px: Indices, shape (1, H, W).

    Attributes:
        n_classes: How many classes the indices are of, where it is known: colours are spread over them, so that a
            class has one colour in every mask.

    Example:
        >>> mask = ImageSegment(torch.ones(1, 4, 4)); mask.data.dtype
        torch.int64
    """

    _white = 1.0
    n_classes: int | None = None

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
        made.n_classes = self.n_classes
        return made

    @classmethod
    def pack(cls, items: Sequence[Any]) -> PixelBatch:
        """Return masks of one size as a batch of int64 indices that travels as 8-bit values where it can."""
        return pack_pixels([item.refresh()._pixels for item in items], 1.0, torch.int64)

    def save(self, fn: Path | str) -> None:
        """Write the class indices to a file; those above 255 need a format of 16 bits such as PNG."""
        from PIL import Image as PILImage

        indices = self.data[0].numpy()
        PILImage.fromarray(indices.astype(np.uint8 if indices.max(initial=0) < 256 else np.uint16)).save(fn)

    def _as_pillow(self) -> Any:
        from PIL import Image as PILImage

        return PILImage.fromarray(self.data[0].numpy().astype(np.uint8))

    def show(  # type: ignore[override]
        self,
        ax: Any = None,
        figsize: tuple[float, float] = (3, 3),
        title: str | None = None,
        hide_axis: bool = True,
        cmap: Any = "tab20",
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
        kwargs = {"interpolation": "nearest", "vmin": 0, **kwargs}
        indices = self.data.float()
        if self.n_classes is not None:
            kwargs.setdefault("vmax", max(self.n_classes - 1, 1))
            indices = indices.masked_fill(indices >= self.n_classes, float("nan"))
        ax = show_image(indices, ax=ax, hide_axis=hide_axis, cmap=cmap, figsize=figsize, alpha=alpha, **kwargs)
        if title:
            ax.set_title(title)
