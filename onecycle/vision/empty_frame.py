"""Where points and boxes are drawn: on the image below them, or on an empty frame of its size."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import Tensor

from onecycle.utils.figure_text import make_readable

__all__: list[str] = []

_GROUND, _EDGE = "#a4acb5", "#6b737c"  # white lines and red points are seen on it
_SIDE = 320  # pixels of the longer side, where it is drawn alone
_DPI = 100
_MARGIN = 0.02  # of the longer side, around what lies outside


def axes_for(ax: Any, figsize: tuple[float, float]) -> Any:
    """Return matplotlib axes to draw on: those given, else those of a new figure."""
    if ax is not None:
        return ax
    import matplotlib.pyplot as plt

    return plt.subplots(figsize=figsize)[1]


def shown_whole(ax: Any, size: Sequence[int], places: Tensor) -> Tensor:
    """Make all places fall inside the axes, with the frame of an image below where there is none yet.

    The axes reach beyond the image for what lies outside it, up to its own size on each side; what lies farther
    out is drawn at their edge.

    Args:
        ax: The axes.
        size: (H, W) of the image in pixels.
        places: In pixels `(N, 2)`, (y, x).

    Returns:
        Where the places are drawn.
    """
    height, width = int(size[0]), int(size[1])
    if not ax.has_data():
        _draw_frame(ax, height, width)
    places = places.detach().cpu()
    farthest = places.new_tensor([height, width])
    drawn = places.clamp(min=-farthest, max=2 * farthest)
    for axis, side in ((0, height), (1, width)):
        known = drawn[:, axis][drawn[:, axis].isfinite()]
        if bool(((known < 0) | (known > side)).any()):
            _reach(ax, "xy"[axis == 0], float(known.min()), float(known.max()), _MARGIN * max(height, width))
    return drawn


def _draw_frame(ax: Any, height: int, width: int) -> None:
    from matplotlib.patches import Rectangle

    look: dict[str, Any] = {"facecolor": _GROUND, "edgecolor": _EDGE, "linewidth": 1.0, "zorder": 0.5}
    ax.add_patch(Rectangle((-0.5, -0.5), width, height, clip_on=False, **look))
    ax.set_xlim(-0.5, width - 0.5)
    ax.set_ylim(height - 0.5, -0.5)  # rows are counted from above
    ax.set_aspect("equal")


def _reach(ax: Any, name: str, low: float, high: float, margin: float) -> None:
    """Widen the limits of an axis, which may run either way."""
    first, last = getattr(ax, f"get_{name}lim")()
    wider = min(first, last, low - margin), max(first, last, high + margin)
    getattr(ax, f"set_{name}lim")(wider if first <= last else wider[::-1])


def finish(ax: Any, title: str | None, hide_axis: bool) -> None:
    """Write the title, take the ticks away, and see that the texts can be read."""
    if hide_axis:
        ax.axis("off")
    if title:
        ax.set_title(title)
    make_readable(ax)


def drawn_alone(item: Any) -> Any:
    """Return an item as a Pillow image: drawn on an empty frame by its `show(ax=…)`."""
    import numpy as np
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from PIL import Image as PILImage

    height, width = (max(int(side), 1) for side in item.size)
    shown = max(height, width) * _DPI / _SIDE
    figure = Figure(figsize=(max(width / shown, 0.4), max(height / shown, 0.4)), dpi=_DPI)
    canvas = FigureCanvasAgg(figure)
    ax = figure.add_axes((0.03, 0.03, 0.94, 0.94))
    item.show(ax=ax)
    canvas.draw()
    return PILImage.fromarray(np.asarray(canvas.buffer_rgba()).copy())
