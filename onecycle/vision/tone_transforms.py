"""Transforms of tone, which join the one look-up, and of colour and sharpness, which take a pass over the pixels."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import numpy as np

from onecycle.utils.checks import check_numbers
from onecycle.utils.registry import register
from onecycle.utils.seeding import uniform, uniform_int
from onecycle.vision.lighting import Tone
from onecycle.vision.opencv import opencv
from onecycle.vision.transform_base import TfmLighting, TfmPixel, composes, on_arrays

__all__ = ["autocontrast", "equalize", "posterize", "saturation", "sharpness", "solarize"]

_LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32)  # ITU-R BT.601
_SMOOTH = np.array([[1, 1, 1], [1, 5, 1], [1, 1, 1]], dtype=np.float32) / 13
_AFTER_CROP = 100  # a pass over the finished pixels costs least when there are few of them


@register("transform")
@TfmLighting
@composes
def posterize(bits: Annotated[int, uniform_int]) -> Tone:
    """Keep the highest `bits` of the 8 bits of a value."""
    check_numbers("posterize", "bits", bits, "must be from 0 to 8", lambda number: 0 <= number <= 8)
    step = 2 ** (8 - int(bits))
    return Tone(lambda levels, counts: np.floor((levels * 255 + 1e-6) / step) * step / 255)


@register("transform")
@TfmLighting
@composes
def solarize(threshold: Annotated[float, uniform]) -> Tone:
    """Invert the values of at least `threshold`, from 0 (all of them) to 1."""
    return Tone(lambda levels, counts: np.where(levels >= threshold, 1 - levels, levels))


@register("transform")
@TfmLighting
@composes
def autocontrast() -> Tone:
    """Spread the values of each channel from 0 to 1."""
    return Tone(_spread, sees_counts=True)


def _spread(levels: np.ndarray, counts: np.ndarray) -> np.ndarray:
    there = counts > 0
    low = np.where(there, levels, np.inf).min(axis=0)
    high = np.where(there, levels, -np.inf).max(axis=0)
    flat = high <= low  # one value, which says nothing of contrast
    spread = (levels - np.where(flat, 0, low)) / np.where(flat, 1, high - low)
    return np.where(flat, levels, np.clip(spread, 0, 1))


@register("transform")
@TfmLighting
@composes
def equalize() -> Tone:
    """Make all values of a channel equally frequent, as far as one curve can.

    Reference: Gonzalez and Woods, "Digital Image Processing", section 3.3 (histogram equalization).
    """
    return Tone(_equalized, sees_counts=True)


def _equalized(levels: np.ndarray, counts: np.ndarray) -> np.ndarray:
    return np.stack([_equalized_channel(*pair) for pair in zip(levels.T, counts.T)], axis=1)


def _equalized_channel(levels: np.ndarray, counts: np.ndarray) -> np.ndarray:
    values = np.rint(levels * 255).astype(np.int64)
    histogram = np.bincount(values, weights=counts, minlength=256)
    below = np.cumsum(histogram)
    first = histogram[np.flatnonzero(histogram)[0]]
    if first == below[-1]:  # one value
        return levels
    return np.clip((below - first) / (below[-1] - first), 0, 1)[values]


@register("transform")
@partial(TfmPixel, order=_AFTER_CROP)
@on_arrays
def saturation(x: np.ndarray, factor: Annotated[float, uniform]) -> np.ndarray:
    """Make colours stronger (`factor` above 1) or greyer (down to 0), where the image has three channels."""
    if x.ndim != 3 or x.shape[2] != len(_LUMA):
        return x
    mix = factor * np.eye(3, dtype=np.float32) + (1 - factor) * np.tile(_LUMA, (3, 1))
    return _in_range(opencv().transform(x, mix))


@register("transform")
@partial(TfmPixel, order=_AFTER_CROP)
@on_arrays
def sharpness(x: np.ndarray, factor: Annotated[float, uniform]) -> np.ndarray:
    """Sharpen (`factor` above 1) or smooth (down to 0) the image."""
    kernel = (1 - factor) * _SMOOTH
    kernel[1, 1] += factor
    return _in_range(opencv().filter2D(x, -1, kernel))


def _in_range(x: np.ndarray) -> np.ndarray:
    """Return an array clipped to what can be shown; 8-bit ones are already."""
    return x if x.dtype == np.uint8 else np.clip(x, 0, 1)
