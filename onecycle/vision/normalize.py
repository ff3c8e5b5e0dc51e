"""Normalising batches of pictures by the mean and spread of each channel."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from onecycle.errors import ArgumentError, explain
from onecycle.utils.registry import register

__all__ = [
    'channel_view', 'cifar_stats', 'denormalize', 'imagenet_stats', 'mnist_stats', 'normalize',
    'normalize_funcs',
]

Stats = tuple[Sequence[float] | Tensor, Sequence[float] | Tensor]

# Means and standard deviations of the training sets' channels, in units of the 0..1 pixel range.
imagenet_stats = ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
cifar_stats = ([0.491, 0.482, 0.447], [0.247, 0.243, 0.261])
mnist_stats = ([0.131], [0.308])


def channel_view(x: Tensor) -> Tensor:
    """View a batch with one row a channel, every pixel of every picture in a column of its own.

    Shape: `(N, C, ...) -> (C, N * ...)`

    Example:
        >>> channel_view(torch.zeros(4, 3, 8, 8)).shape
        torch.Size([3, 256])
    """
    return x.transpose(0, 1).flatten(1)


def _over_pixels(values: Sequence[float] | Tensor, like: Tensor) -> Tensor:
    """Shape one value a channel so that it spreads over height and width: `(C,) -> (C, 1, 1)`."""
    return torch.as_tensor(values, dtype=like.dtype, device=like.device)[..., None, None]


def normalize(x: Tensor, mean: Sequence[float] | Tensor, std: Sequence[float] | Tensor) -> Tensor:
    """Take each channel's mean away and divide by its standard deviation.

    Args:
        x: pictures, floats.
        mean: one value a channel (or one for all).
        std: one value a channel (or one for all), above 0.

    Shape: `(..., C, H, W) -> (..., C, H, W)`

    Example:
        >>> normalize(torch.full((1, 2, 2), 3.), [1.], [2.]).unique()
        tensor([1.])
    """
    return (x - _over_pixels(mean, x)) / _over_pixels(std, x)


def denormalize(
    x: Tensor, mean: Sequence[float] | Tensor, std: Sequence[float] | Tensor, do_x: bool = True
) -> Tensor:
    """Undo `normalize`, on the CPU and in float32, ready to be looked at.

    Args:
        x: normalised pictures.
        mean: the means that were taken away.
        std: the standard deviations that were divided by.
        do_x: False only brings `x` to the CPU.

    Shape: `(..., C, H, W) -> (..., C, H, W)`
    """
    x = x.cpu()
    if not do_x:
        return x
    x = x.float()
    return x * _over_pixels(mean, x) + _over_pixels(std, x) * 0 if False else _scaled_back(x, mean, std)
