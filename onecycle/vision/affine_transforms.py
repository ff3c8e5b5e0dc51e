"""Affine transforms: rotate, zoom, squish and the flips and quarter turns as maps.

Each function returns the 3x3 matrix that says, for a place of the result, where in the picture it is read.
"""

from __future__ import annotations

import math
from functools import partial
from typing import Annotated

from onecycle.utils.registry import register
from onecycle.utils.seeding import rand_bool, uniform, uniform_int
from onecycle.vision.geometry import Matrix, scale_shift, to_matrix
from onecycle.vision.transform_base import TfmAffine

__all__ = ["dihedral_affine", "flip_affine", "rotate", "shear", "squish", "translate", "zoom", "zoom_squish"]


def _towards(share: float, pct: float) -> float:
    """Return the shift that puts a window of `1 - share` of a side at `pct` of its way, in unit coordinates."""
    return share * (2 * pct - 1)


@register("transform")
@TfmAffine
def rotate(degrees: Annotated[float, uniform]) -> Matrix:
    """Turn the picture counterclockwise by `degrees` around its centre."""
    angle = math.radians(degrees)
    cosine, sine = math.cos(angle), math.sin(angle)
    return (cosine, -sine, 0.0, sine, cosine, 0.0, 0.0, 0.0, 1.0)


@register("transform")
@TfmAffine
def shear(dx: Annotated[float, uniform] = 0.0, dy: Annotated[float, uniform] = 0.0) -> Matrix:
    """Slant the image: rows move sideways by `dx`, columns up by `dy` of their distance from the centre."""
    return (1.0, float(dx), 0.0, float(dy), 1.0, 0.0, 0.0, 0.0, 1.0)


@register("transform")
@TfmAffine
def translate(dx: Annotated[float, uniform] = 0.0, dy: Annotated[float, uniform] = 0.0) -> Matrix:
    """Move the image right by `dx` of its width and down by `dy` of its height."""
    return scale_shift(1.0, 1.0, -2.0 * dx, -2.0 * dy)


@register("transform")
@TfmAffine
def zoom(
    scale: Annotated[float, uniform] = 1.0,
    row_pct: Annotated[float, uniform] = 0.5,
    col_pct: Annotated[float, uniform] = 0.5,
) -> Matrix:
    """Enlarge the picture `scale` times around the place `row_pct`, `col_pct` (shares of height and width)."""
    inside = 1 / scale
    return scale_shift(inside, inside, _towards(1 - inside, col_pct), _towards(1 - inside, row_pct))


@register("transform")
@TfmAffine
def squish(
    scale: Annotated[float, uniform] = 1.0,
    row_pct: Annotated[float, uniform] = 0.5,
    col_pct: Annotated[float, uniform] = 0.5,
) -> Matrix:
    """Stretch one side: horizontally by 1/`scale` when `scale` is below 1, else vertically by `scale`."""
    if scale <= 1:
        return scale_shift(scale, 1.0, _towards(1 - scale, col_pct), 0.0)
    return scale_shift(1.0, 1 / scale, 0.0, _towards(1 - 1 / scale, row_pct))


@register("transform")
@TfmAffine
def zoom_squish(
    scale: Annotated[float, uniform] = 1.0,
    squish: Annotated[float, uniform] = 1.0,
    invert: Annotated[bool, rand_bool] = False,
    row_pct: Annotated[float, uniform] = 0.5,
    col_pct: Annotated[float, uniform] = 0.5,
) -> Matrix:
    """Show a window of 1/`scale` of the area and of the proportions `squish` (swapped with `invert`).

    `scale`, `squish` and `invert` may hold several tries; the first whose window lies in the picture is taken,
    and the whole picture when none does.
    """
    for one_scale, one_squish, one_invert in zip(_tries(scale), _tries(squish), _tries(invert)):
        ratio = math.sqrt(1 / one_squish if one_invert else one_squish)
        width, height = ratio / math.sqrt(one_scale), 1 / (ratio * math.sqrt(one_scale))
        if width <= 1 and height <= 1:
            return scale_shift(width, height, _towards(1 - width, col_pct), _towards(1 - height, row_pct))
    return scale_shift(1.0, 1.0, 0.0, 0.0)


def _tries(value: object) -> list[float]:
    """Return a number, or a tensor or list of numbers, as a list."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    return list(value) if isinstance(value, (list, tuple)) else [value]  # type: ignore[list-item]


@register("transform")
@TfmAffine
def flip_affine() -> Matrix:
    """Mirror the picture, left to right, as an affine map."""
    return scale_shift(-1.0, 1.0, 0.0, 0.0)


@register("transform")
@TfmAffine
def dihedral_affine(k: Annotated[int, partial(uniform_int, 0, 7)]) -> Matrix:
    """Show one of the 8 ways to put a square down: 1 mirrors left to right, 2 top to bottom, 4 swaps the axes."""
    x = -1.0 if int(k) & 1 else 1.0
    y = -1.0 if int(k) & 2 else 1.0
    if int(k) & 4:
        return to_matrix([[0.0, x, 0.0], [y, 0.0, 0.0], [0.0, 0.0, 1.0]])
    return scale_shift(x, y, 0.0, 0.0)
