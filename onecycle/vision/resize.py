"""Sizes: what a size argument means, and to which size a picture is scaled before it is cut."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from typing import Any

import numpy as np

from onecycle.errors import ArgumentError, ArgumentTypeError, explain
from onecycle.utils.registry import register
from onecycle.utils.values import to_scalar

__all__ = ["ResizeMethod", "bb2hw", "tis2hw"]

Size = tuple[int, int]


@register("enum")
class ResizeMethod(IntEnum):
    """Say how a picture is brought to a size.

    CROP scales until the shorter side fits and cuts the rest; PAD scales until the longer side fits and fills
    up; SQUISH scales both sides, changing the proportions; NO leaves the size to the transforms.
    """

    CROP = 1
    PAD = 2
    SQUISH = 3
    NO = 4


def tis2hw(size: int | Sequence[int]) -> list[int]:
    """Return a size as [height, width].

    Args:
        size: One number for a square, (H, W) or (C, H, W).

    Example:
        >>> tis2hw(224), tis2hw((3, 120, 80))
        ([224, 224], [120, 80])
    """
    size = to_scalar(size)
    if isinstance(size, int) and not isinstance(size, bool):
        return [_side(size), _side(size)]
    if isinstance(size, (str, bytes, bool)) or not hasattr(size, "__len__") or len(size) not in (2, 3):
        rule = "must be a whole number, (height, width) or (channels, height, width), in pixels"
        raise ArgumentTypeError(
            explain("tis2hw", "size", rule, size, "Pass e.g. size=224 or size=(240, 320).")
        )
    return [_side(side) for side in list(size)[-2:]]


def _side(side: Any) -> int:
    if int(side) != side or side < 1:
        raise ArgumentError(
            explain("tis2hw", "size", "must be made of whole numbers of at least 1 pixel", side)
        )
    return int(side)


def crop_target(size: int | Sequence[int], mult: int | None = None) -> Size:
    """Return the size of the result, rounded to a multiple of `mult` pixels when given."""
    rows, columns = tis2hw(size)
    if mult is None:
        return rows, columns
    return _round_to(rows, mult), _round_to(columns, mult)


def _round_to(side: int, mult: int) -> int:
    return max(mult, int(side / mult + 0.5) * mult)


def scaled_size(size: Size, target: Size, cover: bool) -> Size:
    """Return a size of the same proportions that just covers a target, or just fits into it.

    Example:
        >>> scaled_size((375, 500), (224, 224), cover=True)
        (224, 299)
    """
    ratios = size[0] / target[0], size[1] / target[1]
    ratio = min(ratios) if cover else max(ratios)
    return max(1, round(size[0] / ratio)), max(1, round(size[1] / ratio))


def bb2hw(a: Sequence[float]) -> np.ndarray:
    """Return a box (top, left, bottom, right) as (left, top, width, height), the order matplotlib draws in.

    Example:
        >>> bb2hw([10, 20, 40, 60]).tolist()
        [20, 10, 40, 30]
    """
    return np.array([a[1], a[0], a[3] - a[1], a[2] - a[0]])
