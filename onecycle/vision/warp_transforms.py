"""Perspective transforms, as if the camera had stood elsewhere, and jitter.

A corner of the picture moved by a magnitude of 0.5 moves by half of half the picture's side, since the picture
runs from -1 to 1.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Annotated, Any

import numpy as np
import torch

from onecycle.errors import ArgumentError, explain
from onecycle.utils.registry import register
from onecycle.utils.seeding import uniform, uniform_int
from onecycle.vision.flow import FlowField
from onecycle.vision.geometry import CORNERS, Matrix, corners_to
from onecycle.vision.geometry import invert as undo
from onecycle.vision.transform_base import TfmCoord, composes

__all__ = ["jitter", "perspective_warp", "skew", "symmetric_warp", "tilt"]

draw_seed = partial(uniform_int, 0, 2**31 - 1)
Corners = Sequence[Sequence[float]]


def _draw_many(count: int) -> Callable[..., list[float]]:
    """Return a function that draws `count` numbers from a range, or repeats the one it is given."""

    def draw_magnitudes(low: float, high: float | None = None) -> list[float]:
        return [float(uniform(low, high)) for _ in range(count)]

    return draw_magnitudes


def _numbers(magnitude: Any, count: int, owner: str) -> list[float]:
    """Return `count` numbers: those given, or the one given for all."""
    values = magnitude.flatten().tolist() if isinstance(magnitude, (torch.Tensor, np.ndarray)) else magnitude
    values = list(values) if isinstance(values, (list, tuple)) else [values]
    if len(values) == 1:
        values = values * count
    if len(values) != count:
        rule = f"must be one number or {count} numbers"
        raise ArgumentError(explain(owner, "magnitude", rule, magnitude))
    return [float(v) for v in values]


def _warp(targets: Corners, invert: bool) -> Matrix:
    """Return the map that shows the picture's corners at `targets`, or what is at `targets` in the corners."""
    shown = corners_to(targets)
    return shown if invert else undo(shown)


@register("transform")
@TfmCoord
@composes
def perspective_warp(magnitude: Annotated[Any, _draw_many(8)] = 0, invert: bool = False) -> Matrix:
    """Move each corner by its own two numbers (x, y), in the order top left, bottom left, top right, bottom right."""
    moves = _numbers(magnitude, 8, "perspective_warp")
    return _warp([(x + moves[2 * i], y + moves[2 * i + 1]) for i, (x, y) in enumerate(CORNERS)], invert)


@register("transform")
@TfmCoord
@composes
def symmetric_warp(magnitude: Annotated[Any, _draw_many(4)] = 0, invert: bool = False) -> Matrix:
    """Lengthen the sides right, left, bottom and top by `magnitude`, each around its middle."""
    right, left, bottom, top = _numbers(magnitude, 4, "symmetric_warp")
    targets = [(-1 - top, -1 - left), (-1 - bottom, 1 + left), (1 + top, -1 - right), (1 + bottom, 1 + right)]
    return _warp(targets, invert)


@register("transform")
@TfmCoord
@composes
def tilt(
    direction: Annotated[int, partial(uniform_int, 0, 3)],
    magnitude: Annotated[float, uniform] = 0,
    invert: bool = False,
) -> Matrix:
    """Tilt the picture to the left (`direction` 0), right (1), top (2) or bottom (3), away from the reader."""
    moved_sides: dict[int, Corners] = {
        0: [(-1, -1), (-1, 1), (1, -1 - magnitude), (1, 1 + magnitude)],
        1: [(-1, -1 - magnitude), (-1, 1 + magnitude), (1, -1), (1, 1)],
        2: [(-1, -1), (-1 - magnitude, 1), (1, -1), (1 + magnitude, 1)],
        3: [(-1 - magnitude, -1), (-1, 1), (1 + magnitude, -1), (1, 1)],
    }
    return _warp(moved_sides[_direction(direction, 4, "tilt")], invert)


@register("transform")
@TfmCoord
@composes
def skew(
    direction: Annotated[int, partial(uniform_int, 0, 7)],
    magnitude: Annotated[float, uniform] = 0,
    invert: bool = False,
) -> Matrix:
    """Pull one corner out along one axis.

    `direction` // 2 is the corner (top left, bottom left, top right, bottom right); even numbers pull it
    sideways, odd ones up or down.
    """
    corner, axis = divmod(_direction(direction, 8, "skew"), 2)
    targets = [list(place) for place in CORNERS]
    targets[corner][axis] *= 1 + magnitude
    return _warp(targets, invert)


def _direction(direction: Any, count: int, owner: str) -> int:
    if int(direction) != direction or not 0 <= direction < count:
        raise ArgumentError(
            explain(owner, "direction", f"must be a whole number from 0 to {count - 1}", direction)
        )
    return int(direction)


@register("transform")
@TfmCoord
def jitter(c: FlowField, magnitude: Annotated[float, uniform], seed: Annotated[int, draw_seed]) -> FlowField:
    """Move every place on its own by up to `magnitude` each way.

    The noise follows from `seed`, drawn with the other values, so a mask is moved as its picture is.
    """
    noise = np.random.Generator(np.random.PCG64(int(seed))).random(tuple(c.flow.shape), dtype=np.float32)
    moved = c.flow + torch.from_numpy(noise).to(c.flow).sub_(0.5).mul_(2 * magnitude)
    return FlowField(c.size, moved)
