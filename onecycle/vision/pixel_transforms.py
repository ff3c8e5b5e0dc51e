"""Transforms of the frame (flip, crop, margins), of pixels (cut-outs, channel noise) and of light."""

from __future__ import annotations

import math
from functools import partial
from typing import Annotated

import numpy as np
import torch
from torch import Tensor

from onecycle.errors import ArgumentError, did_you_mean, explain
from onecycle.utils.checks import check_numbers
from onecycle.utils.registry import register
from onecycle.utils.seeding import log_uniform, uniform, uniform_int
from onecycle.vision.geometry import View, scale_shift, to_matrix, window
from onecycle.vision.lighting import Light, logit_of
from onecycle.vision.resize import tis2hw
from onecycle.vision.transform_base import TfmCrop, TfmLighting, TfmPixel, composes, on_arrays, recolours
from onecycle.vision.warp_transforms import draw_seed

__all__ = [
    "brightness",
    "contrast",
    "crop",
    "crop_pad",
    "cutout",
    "dihedral",
    "flip_lr",
    "pad",
    "random_erasing",
    "rgb_randomize",
]

PADDING_MODES = ("reflection", "border", "zeros")
Size = tuple[int, int]
Range = Annotated[float, uniform]


def check_padding_mode(mode: str, owner: str) -> str:
    """Return one of the padding modes.

    Raises:
        ArgumentError: it is none of them.
    """
    if mode in PADDING_MODES:
        return mode
    rule = f"must be one of {', '.join(PADDING_MODES)}"
    raise ArgumentError(explain(owner, "padding_mode", rule, mode, did_you_mean(mode, PADDING_MODES).strip()))


@register("transform")
@TfmPixel
@composes
def flip_lr(size: Size) -> View:
    """Mirror the picture, left to right."""
    return View(scale_shift(-1.0, 1.0, 0.0, 0.0), size)


@register("transform")
@TfmPixel
@composes
def dihedral(size: Size, k: Annotated[int, partial(uniform_int, 0, 7)]) -> View:
    """Show one of the 8 ways to put a picture down: `k` & 1 mirrors top to bottom, 2 left to right, 4 swaps axes."""
    x = -1.0 if int(k) & 2 else 1.0
    y = -1.0 if int(k) & 1 else 1.0
    if int(k) & 4:
        return View(to_matrix([[0.0, x, 0.0], [y, 0.0, 0.0], [0.0, 0.0, 1.0]]), (size[1], size[0]))
    return View(scale_shift(x, y, 0.0, 0.0), size)


@register("transform")
@partial(TfmPixel, order=-10)
@composes
def pad(size: Size, padding: int, mode: str = "reflection") -> View:
    """Add a margin of `padding` pixels on all sides, filled by `mode`."""
    check_padding_mode(mode, "pad")
    new_size = size[0] + 2 * padding, size[1] + 2 * padding
    return window(size, -padding, -padding, new_size, mode)


def _start(length: int, wanted: int, pct: float) -> int:
    """Return where a window of `wanted` pixels at `pct` of its way starts; centred when it is the longer one."""
    if wanted > length:
        return -((wanted - length + 1) // 2)
    return min(int((length - wanted + 1) * pct), length - wanted)


@register("transform")
@TfmPixel
@composes
def crop(size_now: Size, size: int | tuple[int, int], row_pct: Range = 0.5, col_pct: Range = 0.5) -> View:
    """Cut out a window of `size` pixels at `row_pct`, `col_pct` of its way through the picture (0.5: the middle).

    A side that is shorter than wanted is kept whole.
    """
    rows, columns = (min(a, b) for a, b in zip(tis2hw(size), size_now))
    return window(
        size_now, _start(size_now[0], rows, row_pct), _start(size_now[1], columns, col_pct), (rows, columns)
    )


@register("transform")
@TfmCrop
@composes
def crop_pad(
    size_now: Size,
    size: int | tuple[int, int] | None = None,
    padding_mode: str = "reflection",
    row_pct: Range = 0.5,
    col_pct: Range = 0.5,
) -> View:
    """Cut out a window of `size` pixels as `crop` does; fill up by `padding_mode` where the picture is smaller."""
    check_padding_mode(padding_mode, "crop_pad")
    rows, columns = size_now if size is None else tis2hw(size)
    top, left = _start(size_now[0], rows, row_pct), _start(size_now[1], columns, col_pct)
    return window(size_now, top, left, (rows, columns), padding_mode)


@register("transform")
@partial(TfmPixel, order=20)
@recolours
def cutout(
    x: Tensor,
    n_holes: Annotated[int, uniform_int] = 1,
    length: Annotated[int, uniform_int] = 40,
    *,
    seed: Annotated[int, draw_seed],
) -> Tensor:
    """Blacken `n_holes` squares of `length` pixels a side, somewhere in the picture.

    Reference: DeVries and Taylor, "Improved Regularization of Convolutional Neural Networks with Cutout" (2017).
    """
    height, width = x.shape[1:]
    rng = np.random.Generator(np.random.PCG64(int(seed)))
    for _ in range(int(n_holes)):
        top, left = (int(rng.integers(0, side)) - int(length) // 2 for side in (height, width))
        x[:, max(0, top) : max(0, top + int(length)), max(0, left) : max(0, left + int(length))] = 0
    return x


@register("transform")
@partial(TfmPixel, order=101)  # after the final crop and all colours
@on_arrays
def random_erasing(
    x: np.ndarray,
    area: Annotated[float, partial(uniform, 0.02, 0.4)],
    ratio: Annotated[float, partial(log_uniform, 0.3, 1 / 0.3)],
    fill: float | None = None,
    *,
    seed: Annotated[int, draw_seed],
) -> np.ndarray:
    """Cover one rectangle of the final image by noise, or by the value `fill` from 0 to 1.

    `area` is its share of the image and `ratio` its height over its width; both are drawn from the paper's ranges
    unless others are given.

    Reference: Zhong et al., "Random Erasing Data Augmentation" (AAAI 2020), algorithm 1.
    """
    check_numbers("random_erasing", "area", area, "must be a share from 0 to 1", lambda share: 0 <= share <= 1)
    check_numbers("random_erasing", "ratio", ratio, "must be above 0", lambda number: number > 0)
    if fill is not None:
        check_numbers("random_erasing", "fill", fill, "must be from 0 to 1, or None", lambda value: 0 <= value <= 1)
    rng = np.random.Generator(np.random.PCG64(int(seed)))
    height, width = x.shape[:2]
    rows = _side(math.sqrt(area * height * width * ratio), height)
    columns = _side(math.sqrt(area * height * width / ratio), width)
    top, left = (int(rng.integers(0, room + 1)) for room in (height - rows, width - columns))
    erased = x.copy()
    shape = erased[top : top + rows, left : left + columns].shape
    values = rng.integers(0, 256, shape) if fill is None else np.full(shape, round(255 * fill))
    erased[top : top + rows, left : left + columns] = values if x.dtype == np.uint8 else values / 255
    return erased


def _side(wanted: float, longest: int) -> int:
    return min(max(round(wanted), 1), longest)


@register("transform")
@TfmPixel
@recolours
def rgb_randomize(
    x: Tensor,
    channel: int | None = None,
    thresh: float = 0.3,
    *,
    seed: Annotated[int, draw_seed],
) -> Tensor:
    """Replace one channel by noise of at most `thresh`; a channel by chance when none is named."""
    rng = np.random.Generator(np.random.PCG64(int(seed)))
    which = int(rng.integers(0, x.shape[0])) if channel is None else channel
    noise = rng.random(tuple(x.shape[1:]), dtype=np.float32) * (rng.random() * thresh)
    x[which] = torch.from_numpy(np.asarray(noise, dtype=np.float32)).to(x)
    return x


@register("transform")
@TfmLighting
@composes
def brightness(change: Annotated[float, uniform]) -> Light:
    """Brighten (`change` above 0.5, up to 1) or darken (below 0.5) the picture."""
    return Light(1.0, logit_of(change))


@register("transform")
@TfmLighting
@composes
def contrast(scale: Annotated[float, log_uniform]) -> Light:
    """Raise (`scale` above 1) or lower (between 0 and 1) the contrast."""
    return Light(float(scale), 0.0)
