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
        kwargs: As for `matplotlib.pyplot.subplots`.

    Returns:
        An array of axes, always of shape (rows, cols).
    """
    import matplotlib.pyplot as plt

    size = figsize if figsize is not None else (imgsize * cols, imgsize * rows)
    figure, axes = plt.subplots(rows, cols, figsize=size, squeeze=False, **kwargs)
    if title is not None:
        figure.suptitle(title)
        make_readable(figure)
    return axes
