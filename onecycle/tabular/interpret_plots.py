"""Drawings of what a learner of a table makes of its columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from onecycle.utils.figure_text import make_readable

__all__: list[str] = []


def _axes(ax: Any, **size: Any) -> Any:
    import matplotlib.pyplot as plt

    return plt.figure(**{"layout": "constrained", **size}).add_subplot() if ax is None else ax


def draw_importance(frame: Any, measure: str, ax: Any) -> None:
    """Draw importances as bars, the largest above."""
    ax = _axes(ax, figsize=(6, 0.6 + 0.28 * len(frame)))
    rows = frame.iloc[::-1]
    ax.barh([str(name) for name in rows["feature"]], rows["importance"], xerr=rows["std"], color="#4c72b0")
    ax.axvline(0, color="black", linewidth=0.8)
    ax.set_xlabel(f"rise of {measure} when the column is exchanged")
    make_readable(ax)


def draw_dependence(frame: Any, name: Any, is_category: bool, label: str, ax: Any) -> None:
    """Draw the mean of predictions over the values of a column: a line for numbers, points for categories."""
    ax = _axes(ax, figsize=(6, 0.6 + 0.28 * len(frame)) if is_category else (6, 4))
    if is_category:
        rows = frame.iloc[::-1]
        places = range(len(rows))
        ax.hlines(places, rows["low"], rows["high"], color="#4c72b0", linewidth=5, alpha=0.35)
        ax.plot(rows["mean"], places, "o", color="#4c72b0")
        ax.set_yticks(places, [str(value) for value in rows["value"]])
        ax.set_xlabel(label)
        ax.set_ylabel(str(name))
        make_readable(ax)
        return
    ax.fill_between(frame["value"], frame["low"], frame["high"], color="#4c72b0", alpha=0.25, linewidth=0)
    ax.plot(frame["value"], frame["mean"], color="#4c72b0")
    ax.set_xlabel(str(name))
    ax.set_ylabel(label)
    make_readable(ax)


def draw_categories(frame: Any, name: Any, ax: Any) -> None:
    """Draw categories as named points in their first two directions."""
    ax = _axes(ax, figsize=(7, 6))
    across = np.asarray(frame[0], dtype=float)
    up = np.asarray(frame[1], dtype=float) if 1 in frame.columns else np.zeros(len(frame))
    ax.scatter(across, up, s=_DOT, color="#4c72b0")
    ax.margins(0.12)
    ax.set_aspect("equal", adjustable="datalim")
    ax.set_title(str(name))
    ax.set_xlabel("component 0")
    ax.set_ylabel("component 1" if 1 in frame.columns else "")
    write_names(ax, np.stack([across, up], axis=1), [str(category) for category in frame["category"]])
    make_readable(ax)


_DOT = 18  # points², the area of a point's mark
_NAME_SIZES = (8.0, 6.5, 5.0)  # of the letters, points
_ROUNDED = 1.06  # letters do not shrink quite as their size does
_AROUND = [(1, 0.4), (1, -0.4), (-1, 0.4), (-1, -0.4), (0, 1), (0, -1), (0.7, 1), (-0.7, 1), (0.7, -1), (-0.7, -1)]
_REACH = (5.0, 12.0, 22.0, 36.0, 52.0, 70.0)  # how far from its point a name may stand, points
_EDGE = 3.0  # pixels
_APART = 2.0  # pixels, between names
_LEADER = 12.0  # from here on a line leads from the name to its point


def write_names(ax: Any, points: np.ndarray, names: Sequence[str]) -> None:
    """Write a name beside each point, all of them inside the axes and none over another.

    Smaller letters, and places farther off with a line to the point, are tried in turn. A name for which there is no
    room is left out, and the axes say how many are.

    Args:
        ax: The axes, with limits that stay.
        points: Where the points are, `(N, 2)`.
        names: One a point.
    """
    ax.figure.draw_without_rendering()  # settles layout and limits
    texts = [ax.text(*point, name, fontsize=_NAME_SIZES[0], in_layout=False) for point, name in zip(points, names)]
    make_readable(ax)  # before they are measured
    unit = ax.figure.dpi / 72  # pixels a point
    centers = ax.transData.transform(points)  # (N, 2), pixels
    extents = [text.get_window_extent() for text in texts]
    largest = np.array([(extent.width, extent.height) for extent in extents]).reshape(-1, 2)
    best: list[_Place | None] = []
    for size in _NAME_SIZES:
        share = 1.0 if size == _NAME_SIZES[0] else _ROUNDED * size / _NAME_SIZES[0]
        best = _places(centers, largest * share + _APART, _inner(ax), unit)
        if None not in best:
            break
    _put(ax, texts, size, centers, best, unit)


_Place = tuple[float, float, float]  # left, bottom in pixels; distance from the point in points


def _inner(ax: Any) -> np.ndarray:
    """Return left, bottom, right, top of the axes in pixels, a little within their frame."""
    box = ax.get_window_extent()
    return np.array([box.x0 + _EDGE, box.y0 + _EDGE, box.x1 - _EDGE, box.y1 - _EDGE])


def _places(centers: np.ndarray, sizes: np.ndarray, inner: np.ndarray, unit: float) -> list[_Place | None]:
    """Return a place for each name, or None where there is no room; points with few neighbors choose last."""
    half = np.sqrt(_DOT) / 2 * unit
    taken = np.concatenate([centers - half, centers + half], axis=1)  # (N, 4): the marks
    near = (np.abs(centers[:, None] - centers[None]).max(axis=2) < 40 * unit).sum(axis=1)
    found: list[_Place | None] = [None] * len(centers)
    for i in np.argsort(-near, kind="stable").tolist():
        for reach in _REACH:
            boxes = _boxes_around(centers[i], sizes[i], reach * unit)  # (len(_AROUND), 4)
            free = (boxes[:, :2] >= inner[:2]).all(axis=1) & (boxes[:, 2:] <= inner[2:]).all(axis=1)
            free &= ~_overlap(boxes, taken).any(axis=1)
            if free.any():
                box = boxes[int(free.argmax())]
                taken = np.concatenate([taken, box[None]])
                found[i] = (float(box[0]), float(box[1]), reach)
                break
    return found


def _boxes_around(center: np.ndarray, size: np.ndarray, reach: float) -> np.ndarray:
    """Return boxes (left, bottom, right, top) of a size on all sides of a point, at a distance."""
    sides = np.array(_AROUND)
    middle = center + sides * (reach + size / 2)
    return np.concatenate([middle - size / 2, middle + size / 2], axis=1)


def _overlap(boxes: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Return which of `(A, 4)` boxes overlap which of `(B, 4)`, `(A, B)`."""
    low = np.maximum(boxes[:, None, :2], others[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], others[None, :, 2:])
    return (low < high).all(axis=2)


def _put(
    ax: Any, texts: list[Any], size: float, centers: np.ndarray, places: Sequence[_Place | None], unit: float
) -> None:
    """Move the names to their places, as distances from their points, and say how many have none."""
    for text, center, place in zip(texts, centers, places, strict=True):
        words, families = text.get_text(), text.get_fontfamily()
        text.remove()
        if place is None:
            continue
        offset = (np.array(place[:2]) - center) / unit
        line = {"arrowstyle": "-", "linewidth": 0.5, "color": "#888888", "shrinkA": 0, "shrinkB": 2}
        ax.annotate(
            words, ax.transData.inverted().transform(center), xytext=offset, textcoords="offset points", fontsize=size,
            family=families, va="bottom", ha="left", in_layout=False, arrowprops=line if place[2] >= _LEADER else None,
        )  # fmt: skip
    left_out = sum(place is None for place in places)
    if left_out:
        ax.set_title(f"{ax.get_title()} ({left_out} of {len(places)} names have no room; pass a larger ax)")
