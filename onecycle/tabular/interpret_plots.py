"""Drawings of what a learner of a table makes of its columns."""

from __future__ import annotations

from typing import Any

import numpy as np

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
        return
    ax.fill_between(frame["value"], frame["low"], frame["high"], color="#4c72b0", alpha=0.25, linewidth=0)
    ax.plot(frame["value"], frame["mean"], color="#4c72b0")
    ax.set_xlabel(str(name))
    ax.set_ylabel(label)


def draw_categories(frame: Any, name: Any, ax: Any) -> None:
    """Draw categories as named points in their first two directions."""
    ax = _axes(ax, figsize=(7, 6))
    across = np.asarray(frame[0], dtype=float)
    up = np.asarray(frame[1], dtype=float) if 1 in frame.columns else np.zeros(len(frame))
    ax.scatter(across, up, s=18, color="#4c72b0")
    for x, y, category in zip(across, up, frame["category"], strict=True):
        ax.annotate(str(category), (x, y), xytext=(4, 3), textcoords="offset points", fontsize=8)
    ax.margins(0.12)
    ax.set_aspect("equal", adjustable="datalim")
    ax.set_title(str(name))
    ax.set_xlabel("component 0")
    ax.set_ylabel("component 1" if 1 in frame.columns else "")
