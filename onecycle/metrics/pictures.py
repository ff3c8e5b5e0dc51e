"""Metrics of pictures: how close what was made is to what was wanted, in decibels and in structure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from onecycle.errors import DataError
from onecycle.metrics.counting import Counts, counted, fraction, like_shape, wide

__all__ = ["psnr", "ssim"]

Stats = Sequence[Any]  # (means, standard deviations), one value a channel

# Wang et al. 2004, section III.B and C: the window, and what keeps the two divisions possible.
_WINDOW, _SIGMA = 11, 1.5
_K1, _K2 = 0.01, 0.03


def _pictures(
    owner: str, input: Tensor, targs: Tensor, data_range: float, stats: Stats | None
) -> tuple[Tensor, Tensor]:
    """Return what was made and what was wanted as pictures, floats; clipped where they had been normalised."""
    made, wanted = input.float(), like_shape(owner, targs, input.shape).float()
    if stats is None:
        return made, wanted
    mean, std = (_over_pixels(values, made) for values in stats)
    return (made * std + mean).clamp(0, data_range), wanted * std + mean


def _over_pixels(values: Any, like: Tensor) -> Tensor:
    return torch.as_tensor(values, dtype=like.dtype, device=like.device).reshape(-1, 1, 1)  # (C, 1, 1)


# --- decibels


def _squares(input: Tensor, targs: Tensor, data_range: float, stats: Stats | None) -> Counts:
    made, wanted = _pictures("psnr", input, targs, data_range, stats)
    return {"hits": (wide(made) - wide(wanted)).square().sum(), "n": made.numel()}


def _decibels(hits: Tensor, n: int, data_range: float) -> Tensor:
    return 10 * (data_range**2 * n / hits).log10()


@counted(_squares, _decibels)
def psnr(input: Tensor, targs: Tensor, data_range: float = 1.0, stats: Stats | None = None) -> Tensor:
    """Return the peak signal-to-noise ratio in dB, 10 log10(data_range² / mean squared error); more is better.

    Over a set it is that of the set's mean squared error, so that no picture that is met exactly makes it infinite.

    Args:
        input: What the model made.
        targs: What was wanted.
        data_range: What white has more than black: 1, or 255.
        stats: (means, standard deviations) by which both were normalised, e.g. `imagenet_stats`: they are brought
            back first, and what the model made is clipped to 0..data_range, as in a file. Give them beforehand to a
            learner: `metrics=partial(psnr, stats=imagenet_stats)`.

    Shape: any two of equal size -> `()`; with `stats`, `(..., C, H, W)`

    Example:
        >>> psnr(torch.full((1, 3, 8, 8), 0.5), torch.full((1, 3, 8, 8), 0.75))
        tensor(12.0412)
    """
    return _decibels(**_squares(input, targs, data_range, stats), data_range=data_range).float()


# --- structure


def _bell(like: Tensor) -> Tensor:
    """Return the weights of the window along one axis; they sum to 1."""
    places = torch.arange(_WINDOW, dtype=like.dtype, device=like.device) - _WINDOW // 2
    bell = torch.exp(-places.square() / (2 * _SIGMA**2))
    return bell / bell.sum()


def _smoothed(x: Tensor) -> Tensor:
    """Return the weighted mean of every whole window: `(N, H, W) -> (N, H - 10, W - 10)`."""
    bell = _bell(x)
    return F.conv2d(F.conv2d(x[:, None], bell.view(1, 1, -1, 1)), bell.view(1, 1, 1, -1))[:, 0]


def _similarity(x: Tensor, y: Tensor, data_range: float) -> Tensor:
    """Return the similarity at every place of two batches of single channels (equation 13)."""
    c1, c2 = (_K1 * data_range) ** 2, (_K2 * data_range) ** 2
    mean_x, mean_y = _smoothed(x), _smoothed(y)
    var_x, var_y = _smoothed(x * x) - mean_x**2, _smoothed(y * y) - mean_y**2
    both = _smoothed(x * y) - mean_x * mean_y
    light = (2 * mean_x * mean_y + c1) / (mean_x**2 + mean_y**2 + c1)
    return light * (2 * both + c2) / (var_x + var_y + c2)


def _similarities(input: Tensor, targs: Tensor, data_range: float, stats: Stats | None) -> Counts:
    _check_pictures(input)
    made, wanted = _pictures("ssim", input, targs, data_range, stats)
    maps = _similarity(made.flatten(0, 1), wanted.flatten(0, 1), data_range)  # (N * C, h, w)
    of_pictures = wide(maps).mean((1, 2)).view(len(input), -1).mean(1)
    return {"hits": of_pictures.sum(), "n": len(input)}


def _check_pictures(input: Tensor) -> None:
    if input.dim() != 4 or min(input.shape[2:]) < _WINDOW:
        raise DataError(
            f"ssim: pictures must be (N, C, H, W), height and width at least {_WINDOW}, the side of its window; "
            f"got {tuple(input.shape)}. Take larger pictures, or psnr."
        )


@counted(_similarities, fraction)
def ssim(input: Tensor, targs: Tensor, data_range: float = 1.0, stats: Stats | None = None) -> Tensor:
    """Return the structural similarity, 1 for equal pictures: the mean over places, channels and pictures.

    Means, variances and covariance are weighted by a Gaussian of 11x11 pixels and a deviation of 1.5, whole windows
    only. Each channel is compared by itself.

    Args:
        input: What the model made.
        targs: What was wanted.
        data_range: What white has more than black: 1, or 255.
        stats: As for `psnr`: `metrics=partial(ssim, stats=imagenet_stats)`.

    Shape: `(N, C, H, W), (N, C, H, W) -> ()`

    Raises:
        DataError: the pictures are smaller than the window, or not as many as the targets.

    Reference:
        Wang et al. 2004, "Image quality assessment: from error visibility to structural similarity", equation 13.

    Example:
        >>> picture = torch.linspace(0, 1, 256).view(1, 1, 16, 16)
        >>> ssim(picture, picture)
        tensor(1.)
    """
    return fraction(**_similarities(input, targs, data_range, stats)).float()
