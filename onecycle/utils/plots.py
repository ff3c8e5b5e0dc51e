"""Small helpers for figures."""

from __future__ import annotations

from typing import Any

from onecycle.utils.figure_text import make_readable

__all__ = ["subplots"]


def subplots(
    rows: int,
    cols: int,
    imgsize: float = 4,
    figsize: tuple[float, float] | None = None,
    title: str | None = None,
    **kwargs: Any,
) -> Any:
    """Make a figure with a grid of axes.

    Args:
        rows: Rows of the grid.
        cols: Columns of the grid.
        imgsize: Width and height of one cell, inches.
        figsize: Width and height of the whole, inches; overrides `imgsize`.
        title: Text above it.
        kwargs: Settings of the title, as for `matplotlib.text.Text` (`weight`, `size` …), and else as for
            `matplotlib.pyplot.subplots`.

    Returns:
        An array of axes, always of shape (rows, cols).
    """
    import matplotlib.pyplot as plt
    from matplotlib.text import Text

    of_title = {name: value for name, value in kwargs.items() if hasattr(Text, f"set_{name}")}
    of_figure = {name: value for name, value in kwargs.items() if name not in of_title}
    area = figsize if figsize is not None else (imgsize * cols, imgsize * rows)
    figure, axes = plt.subplots(rows, cols, figsize=area, squeeze=False, **of_figure)
    if title is not None:
        figure.suptitle(title, **of_title)
        make_readable(figure)
    return axes
