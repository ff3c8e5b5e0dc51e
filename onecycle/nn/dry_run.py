"""Measure a model by a dry run: send a made-up item through it."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from onecycle.errors import ArgumentError, explain
from onecycle.nn.entrance import in_channels, sizes_to_try
from onecycle.nn.hooks import Hooks
from onecycle.nn.surgery import one_param
from onecycle.nn.turns import eval_mode

__all__ = ["dummy_batch", "dummy_eval", "dummy_output", "model_sizes", "num_features_model"]


def dummy_batch(m: nn.Module, size: tuple[int, ...] = (64, 64)) -> Tensor:
    """Return one random item with the channels, device and dtype of the model's first layer.

    The values lie between -1 and 1 and are the same at each call; torch's generator is left alone.

    Shape: `(1, in_channels, *size)`
    """
    start = torch.Generator().manual_seed(0)
    values = torch.rand(1, in_channels(m), *size, generator=start, device="cpu") * 2 - 1
    return values.to(one_param(m))


def dummy_eval(m: nn.Module, size: tuple[int, ...] = (64, 64)) -> Any:
    """Return what the model makes of a dummy batch, in eval mode and without gradients."""
    with eval_mode(m), torch.no_grad():
        return m(dummy_batch(m, size))


def model_sizes(m: nn.Module, size: tuple[int, ...] = (64, 64)) -> list[torch.Size]:
    """Return the output shape of each direct child for one item of this height and width.

    Example:
        >>> model_sizes(nn.Sequential(nn.Conv2d(3, 4, 3), nn.MaxPool2d(2)), (8, 8))
        [torch.Size([1, 4, 6, 6]), torch.Size([1, 4, 3, 3])]
    """
    with Hooks(m.children(), lambda module, i, o: o.shape) as hooks:
        dummy_eval(m, size)
        return hooks.stored


def num_features_model(m: nn.Module) -> int:
    """Return how many channels come out of a model, found by a dry run.

    Raises:
        ArgumentError: as `dummy_output`.
    """
    return int(dummy_output(m).shape[1])


def dummy_output(m: nn.Module) -> Any:
    """Return what the model makes of one item of the size that one of its layers names, of 64 by 64, or larger.

    Raises:
        ArgumentError: no size up to 512 goes through.
    """
    problem: Exception | None = None
    for size in sizes_to_try(m):
        try:
            return dummy_eval(m, size)
        except (RuntimeError, ValueError, AssertionError) as error:
            problem = error
    rule = f"must take one item of 64x64 up to 512x512; the model says: {problem}"
    raise ArgumentError(explain("dry run", "m", rule))
