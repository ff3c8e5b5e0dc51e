"""Drawings of interpretation: a confusion matrix that stays readable, and a grid of pictures."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from onecycle.utils.defaults import defaults
from onecycle.utils.figure_text import cell_width, fit_titles, make_readable, text_width

__all__: list[str] = []

_POINTS = 72  # an inch
_LEAST_SIZE = 5.0  # points, of letters that can be read
_SHARE_OF_MATRIX = 0.72  # of the figure's side; the rest is names and margins
_MANY = 20  # classes: from here on zeros are left out


def figure_if(figure: Any, return_fig: bool | None) -> Any:
    """Return the figure where that is wanted (by the call, else by `defaults.return_fig`), else None."""
    if hasattr(figure, "findobj"):
        make_readable(figure)
    wanted = defaults.return_fig if return_fig is None else return_fig
    return figure if wanted else None


def row_shares(matrix: np.ndarray) -> np.ndarray:
    """Return counts as shares of their row; a row without items stays 0."""
    totals = matrix.sum(axis=1, keepdims=True)
    return matrix / np.maximum(totals, 1)


def as_written(
    matrix: np.ndarray, normalize: bool, norm_dec: int, plot_txt: bool
) -> tuple[np.ndarray, Callable[[Any], str] | None]:
    """Return what a confusion matrix shows, counts or shares of each row, and how a cell is written (None: not)."""
    write = (lambda value: f"{value:.{norm_dec}f}") if normalize else str
    return row_shares(matrix) if normalize else matrix, write if plot_txt else None


def draw_confusion(
    matrix: np.ndarray,
    classes: Sequence[Any],
    title: str,
    cmap: str,
    text: Callable[[Any], str] | None,
    ax: Any = None,
    **figure_options: Any,
) -> Any:
    """Draw a matrix of actual (rows) against predicted (columns) classes; letters grow and shrink with its cells.

    Args:
        matrix: Counts or shares, `(K, K)`.
        classes: K names.
        title: Text above.
        cmap: Name of matplotlib's colour map.
        text: Makes the text of a cell; None for no texts.
        ax: Where to draw; a figure of its own when left out.
        **figure_options: As for `matplotlib.pyplot.figure`; by default its size follows the number of classes.

    Returns:
        The figure.
    """
    ax = _axes_for(len(classes), figure_options) if ax is None else ax
    ax.imshow(matrix, interpolation="nearest", cmap=cmap)
    cell = _cell_points(ax, len(classes))
    _name_axes(ax, classes, title, cell)
    if text is not None:
        _write_cells(ax, matrix, text, cell)
    return ax.figure


def _axes_for(num_classes: int, figure_options: dict[str, Any]) -> Any:
    import matplotlib.pyplot as plt

    side = min(16.0, 4.5 + 0.27 * num_classes)
    figure = plt.figure(**{"figsize": (side, side), "layout": "constrained", **figure_options})
    return figure.add_subplot()


def _cell_points(ax: Any, num_classes: int) -> float:
    """Return about how many points a cell is wide."""
    width, height = ax.figure.get_size_inches()
    box = ax.get_position()
    shown = min(width * box.width, height * box.height) / 0.775  # matplotlib's axes fill 0.775 of a figure
    return shown * _SHARE_OF_MATRIX * _POINTS / max(num_classes, 1)


def _name_axes(ax: Any, classes: Sequence[Any], title: str, cell: float) -> None:
    size = float(np.clip(cell * 0.75, 3.5, 10))
    names = [str(name) for name in classes]
    places = range(len(names))
    upright = max(map(len, names), default=0) * size * 0.6 > cell
    ax.set_xticks(places, names, rotation=90 if upright else 0, fontsize=size)
    ax.set_yticks(places, names, fontsize=size)
    ax.set_title(title)
    ax.set_xlabel("Predicted")
    ax.set_ylabel("Actual")


def _write_cells(ax: Any, matrix: np.ndarray, text: Callable[[Any], str], cell: float) -> None:
    longest = max(len(text(value)) for value in matrix.flat)
    size = float(np.clip(1.4 * cell / max(longest, 2), 3, 12))
    middle = matrix.max() / 2
    for (row, column), value in np.ndenumerate(matrix):
        if value or len(matrix) < _MANY:
            colour = "white" if value > middle else "black"
            ax.text(column, row, text(value), ha="center", va="center", color=colour, fontsize=size)


def grid_shape(count: int) -> tuple[int, int]:
    """Return rows and columns of a nearly square grid.

    Example:
        >>> grid_shape(5)
        (2, 3)
    """
    columns = math.ceil(math.sqrt(count))
    return math.ceil(count / columns), columns


def grid(count: int, **options: Any) -> tuple[Any, list[Any]]:
    """Make a figure with a nearly square grid of axes, as many as asked for and none of them framed.

    Args:
        count: How many axes.
        **options: As for `matplotlib.pyplot.subplots`.
    """
    import matplotlib.pyplot as plt

    rows, columns = grid_shape(count)
    figure, axes = plt.subplots(rows, columns, **{"squeeze": False, "layout": "constrained", **options})
    for ax in axes.flat:
        ax.axis("off")
    return figure, list(axes.flat)[:count]


def write_titles(titles: Sequence[Sequence[str]], axes: Sequence[Any], size: float = 10) -> None:
    """Write `a/b / c / d` over each of several axes: all in one line, or all in two or three where one is too long.

    Args:
        titles: The parts of each title; the first two are names.
        axes: Where they belong, all of one size.
        size: Size of the letters, points; smaller, and on more lines, where even three lines are too long.
    """
    room = cell_width(axes[0]) / size
    for layout in (_one_line, _two_lines, _three_lines):
        texts = [layout(parts) for parts in titles]
        longest = max((text_width(line) for text in texts for line in text.split("\n")), default=0)
        if longest <= room:
            break
    fitting = min(size, size * room / max(longest, 1))
    for text, ax in zip(texts, axes, strict=True):
        ax.set_title(text, fontsize=fitting if fitting >= _LEAST_SIZE else size)
    if fitting < _LEAST_SIZE:
        fit_titles(axes)


def _one_line(parts: Sequence[str]) -> str:
    return " / ".join(filter(None, ("/".join(parts[:2]), *parts[2:])))


def _two_lines(parts: Sequence[str]) -> str:
    return "/".join(parts[:2]) + "\n" + " / ".join(parts[2:])


def _three_lines(parts: Sequence[str]) -> str:
    return "/\n".join(parts[:2]) + "\n" + " / ".join(parts[2:])
