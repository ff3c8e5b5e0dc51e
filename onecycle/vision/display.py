"""How a picture shows itself: on a matplotlib axis, in a notebook, in a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor

__all__: list[str] = []


class Display:
    """Give a class with pixels `px` (C, H, W) the ways to be looked at."""

    px: Tensor

    def save(self, fn: Path | str) -> None:
        """Write the picture to a file; its ending says the format."""
        self._as_pillow().save(fn)

    def _as_pillow(self) -> Any:
        from PIL import Image as PILImage

        from onecycle.vision.show import image2np

        array = image2np(self.px.detach().clamp(0, 1) * 255 + 0.5).astype(np.uint8)
        return PILImage.fromarray(array)

    def _repr_png_(self) -> bytes:
        """Return the picture as notebooks show it."""
        import io

        stream = io.BytesIO()
        self._as_pillow().save(stream, format="png")
        return stream.getvalue()

    def show(
        self,
        ax: Any = None,
        figsize: tuple[float, float] = (3, 3),
        title: str | None = None,
        hide_axis: bool = True,
        cmap: str | None = None,
        y: Any = None,
        **kwargs: Any,
    ) -> None:
        """Show the picture on a matplotlib axis, with its target `y` on top.

        Args:
            ax: The axis; a new figure when None.
            figsize: Width and height of a new figure in inches.
            title: What stands above it.
            hide_axis: Show no ticks.
            cmap: Colours of a picture with one channel; `defaults.cmap` when None.
            y: A target that shows itself on the same axis, such as a mask or boxes.
            **kwargs: What `imshow` takes.
        """
        from onecycle.utils.defaults import defaults
        from onecycle.utils.figure_text import make_readable
        from onecycle.vision.show import show_image

        ax = show_image(
            self, ax=ax, hide_axis=hide_axis, cmap=cmap or defaults.cmap, figsize=figsize, **kwargs
        )
        if y is not None:
            y.show(ax=ax)
        if title is not None:
            ax.set_title(title)
            make_readable(ax)
