"""The drawings of ActivationStats."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from onecycle.utils.defaults import defaults

__all__: list[str] = []

_NAMED = 8  # layers: up to here a legend names them, beyond colours run from first to last
_COLUMNS = 4
_FLOOR = 1e-4  # share of values below which a cell of a histogram is as good as empty


def lines(
    table: np.ndarray, steps: Sequence[int], names: Sequence[str], near: float, return_fig: bool | None
) -> Any:
    """Draw three panels: mean, standard deviation, share near zero.

    Args:
        table: `(3, layers, records)`.
        steps: Training step of each record.
        names: One a layer.
        near: What counted as near zero.
        return_fig: Whether to return the figure; `defaults.return_fig` when None.
    """
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, 3, figsize=(13, 3.6), layout="constrained")
    colours = plt.get_cmap("viridis")(np.linspace(0, 0.9, len(names)))
    titles = ("mean", "standard deviation", f"share with |x| ≤ {near:g}")
    for ax, rows, title in zip(axes, table, titles, strict=True):
        for values, name, colour in zip(rows, names, colours, strict=True):
            ax.plot(steps, values, color=colour, label=name, linewidth=1)
        ax.set(title=title, xlabel="training step")
    axes[2].set_ylim(0, 1)
    if len(names) <= _NAMED:
        figure.legend(*axes[0].get_legend_handles_labels(), loc="outside right upper", fontsize="small")
    else:
        _depth_bar(figure, axes, len(names))
    return _finish(figure, return_fig)


def _depth_bar(figure: Any, axes: Any, count: int) -> None:
    """Say by a bar of colours which line is which layer."""
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize

    colours = ScalarMappable(Normalize(0, (count - 1) / 0.9), cmap="viridis")
    bar = figure.colorbar(colours, ax=axes, label="layer", shrink=0.9)
    bar.ax.set_ylim(0, count - 1)


def histograms(
    hists: np.ndarray,
    steps: Sequence[int],
    names: Sequence[str],
    hist_range: tuple[float, float],
    return_fig: bool | None,
) -> Any:
    """Draw one panel a layer: steps to the right, values upwards, the share of values as brightness.

    Args:
        hists: Shares, `(layers, bins, records)`.
        steps: Training step of each record.
        names: One a layer.
        hist_range: The values at the lower and upper edge.
        return_fig: Whether to return the figure; `defaults.return_fig` when None.
    """
    import matplotlib.pyplot as plt

    columns = min(_COLUMNS, len(names))
    rows = math.ceil(len(names) / columns)
    size = (3.2 * columns, 2.4 * rows)
    figure, axes = plt.subplots(rows, columns, figsize=size, squeeze=False, layout="constrained")
    edges = (steps[0], steps[-1] + 1, *hist_range)
    for ax in axes.flat[len(names) :]:
        ax.axis("off")
    for ax, shares, name in zip(axes.flat, hists, names, strict=False):
        brightness = np.log10(np.maximum(shares, _FLOOR))
        ax.imshow(brightness, origin="lower", aspect="auto", extent=edges, vmin=np.log10(_FLOOR), vmax=0, cmap="magma")
        ax.set_title(name, fontsize="small")
    return _finish(figure, return_fig)


def _finish(figure: Any, return_fig: bool | None) -> Any:
    wanted = defaults.return_fig if return_fig is None else return_fig
    return figure if wanted else None
