"""Grids of pictures with their labels and predictions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from onecycle.utils.figure_text import fit_titles, make_readable

__all__ = ["show_grid", "show_pairs"]

_RIGHT, _WRONG = "#1a7f37", "#c0392b"


def _axes(rows: int, cols: int, imgsize: float, figsize: tuple[float, float] | None) -> Any:
    """Make a grid of bare axes, always in two dimensions."""
    import matplotlib.pyplot as plt

    figsize = figsize or (imgsize * cols, imgsize * rows)
    _, axes = plt.subplots(rows, cols, figsize=figsize, squeeze=False, layout="constrained")
    for ax in axes.flat:
        ax.axis("off")
    return axes


def show_grid(
    items: Sequence[Any],
    labels: Sequence[Any],
    imgsize: float = 4,
    figsize: tuple[float, float] | None = None,
    predictions: Sequence[Any] | None = None,
    **kwargs: Any,
) -> np.ndarray:
    """Show items in a square grid, each titled by its label.

    Args:
        items: What is shown: pictures.
        labels: One a picture; a label that lives in the picture (mask, points, boxes) is drawn over it.
        imgsize: Width and height of a cell in inches, where `figsize` is not given.
        figsize: Width and height of the whole figure in inches.
        predictions: One a picture; written below the label, green where they agree and red where not.
        **kwargs: Passed to each item's `show`.

    Returns:
        The grid's axes.
    """
    cols = math.ceil(math.sqrt(len(items))) or 1
    axes = _axes(math.ceil(len(items) / cols) or 1, cols, imgsize, figsize)
    for i, (item, ax) in enumerate(zip(items, axes.flat, strict=False)):
        item.show(ax=ax, y=labels[i] if predictions is None else None, **kwargs)
        if predictions is not None:
            colour = _RIGHT if str(predictions[i]) == str(labels[i]) else _WRONG
            ax.set_title(f"{labels[i]}\n{predictions[i]}", color=colour)
    fit_titles(axes.flat)
    make_readable(axes.flat[0].figure)
    if predictions is not None:
        axes.flat[0].figure.suptitle("Ground truth\nPredictions", weight="bold", size=12)
    return axes


def show_pairs(
    pairs: Sequence[Sequence[Any]],
    titles: Sequence[str],
    imgsize: float = 4,
    figsize: tuple[float, float] | None = None,
    over: Sequence[Any] | None = None,
    **kwargs: Any,
) -> np.ndarray:
    """Show one row a sample and one column for each thing to compare.

    Args:
        pairs: For each sample what stands in its columns.
        titles: One a column, written over the first row.
        imgsize: Width and height of a cell in inches, where `figsize` is not given.
        figsize: Width and height of the whole figure in inches.
        over: One picture a sample, over which the columns are drawn as labels; without it they are shown bare.
        **kwargs: Passed to each `show`.

    Returns:
        The grid's axes.
    """
    axes = _axes(len(pairs), len(titles), imgsize, figsize)
    for row, shown in enumerate(pairs):
        for ax, item in zip(axes[row], shown, strict=True):
            if over is None:
                item.show(ax=ax, **kwargs)
            else:
                over[row].show(ax=ax, y=item, **kwargs)
    for ax, title in zip(axes[0], titles, strict=True):
        ax.set_title(title, weight="bold", size=12)
    make_readable(axes.flat[0].figure)
    return axes
