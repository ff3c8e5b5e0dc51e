"""Showing pictures with matplotlib, one or a grid of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from torch import Tensor

__all__ = ["image2np", "plot_flat", "plot_multi", "show_all", "show_image", "show_multi"]


def image2np(image: Tensor) -> np.ndarray:
    """Return a picture (C, H, W) as an array (H, W, C), or (H, W) when it has one channel."""
    array = image.detach().cpu().permute(1, 2, 0).numpy()
    return array[..., 0] if array.shape[-1] == 1 else array


def show_image(
    img: Any,
    ax: Any = None,
    figsize: tuple[float, float] = (3, 3),
    hide_axis: bool = True,
    cmap: Any = "binary",
    alpha: float | None = None,
    **kwargs: Any,
) -> Any:
    """Show a picture and return the matplotlib axis.

    Args:
        img: An `Image` or a tensor (C, H, W).
        ax: The axis; a new figure when None.
        figsize: Width and height of a new figure in inches.
        hide_axis: Show no ticks.
        cmap: Colours of a picture with one channel.
        alpha: 0 is invisible, 1 hides what lies below.
        **kwargs: What `imshow` takes.
    """
    if ax is None:
        import matplotlib.pyplot as plt

        ax = plt.subplots(figsize=figsize)[1]
    data = img if isinstance(img, Tensor) else img.data
    array = image2np(data[None] if data.ndim == 2 else data)
    if array.dtype.kind == "f" and array.ndim == 3:
        array = array.clip(0, 1)  # interpolation may leave the range by a rounding error
    ax.imshow(array, cmap=cmap, alpha=alpha, **kwargs)
    if hide_axis:
        ax.axis("off")
    return ax


def plot_multi(
    func: Callable[[int, int, Any], Any], r: int = 1, c: int = 1, figsize: tuple[float, float] = (12, 6)
) -> None:
    """Call `func(row, column, axis)` for each cell of a grid of `r` rows and `c` columns."""
    import matplotlib.pyplot as plt

    axes = plt.subplots(r, c, figsize=figsize, squeeze=False)[1]
    for i in range(r):
        for j in range(c):
            func(i, j, axes[i][j])


def plot_flat(r: int, c: int, figsize: tuple[float, float]) -> Any:
    """Return pairs (number, axis) of a grid of `r` rows and `c` columns, row by row."""
    import matplotlib.pyplot as plt

    return enumerate(plt.subplots(r, c, figsize=figsize, squeeze=False)[1].flatten())


def show_multi(
    func: Callable[[int, int], Any], r: int = 1, c: int = 1, figsize: tuple[float, float] = (9, 9)
) -> None:
    """Show the picture that `func(row, column)` returns in each cell of a grid."""
    plot_multi(lambda i, j, ax: func(i, j).show(ax), r, c, figsize=figsize)


def show_all(
    imgs: Sequence[Any], r: int = 1, c: int | None = None, figsize: tuple[float, float] = (12, 6)
) -> None:
    """Show pictures in a grid of `r` rows and `c` columns, as many columns as needed when None."""
    columns = c or math.ceil(len(imgs) / r)
    for i, ax in plot_flat(r, columns, figsize):
        if i < len(imgs):
            imgs[i].show(ax)
        else:
            ax.axis("off")
