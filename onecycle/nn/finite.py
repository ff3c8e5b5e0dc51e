"""Find where in a network numbers stop being numbers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from onecycle.nn.calling import call_model
from onecycle.utils.seeding import global_rng_kept

__all__: list[str] = []


def is_finite(value: Any) -> bool:
    """Say whether every number in nested tensors is finite; what holds none counts as finite."""
    if isinstance(value, Tensor):
        return not value.is_floating_point() or bool(torch.isfinite(value).all())
    if isinstance(value, dict):
        return all(map(is_finite, value.values()))
    return all(map(is_finite, value)) if isinstance(value, (list, tuple)) else True


def first_not_finite(model: nn.Module, xb: Any) -> str:
    """Run a batch once more and say where the first number that is not finite comes up.

    Buffers such as the statistics of batch norm, and the random generators, stay as they were.

    Args:
        model: The network.
        xb: The input, or a list of inputs.

    Returns:
        E.g. `the weights of layer 2 (Linear)`, `the input`, `the output of layer 4 (Linear)`; `the loss` where
        the whole forward pass is finite.

    Example:
        >>> first_not_finite(nn.Sequential(nn.ReLU()), torch.tensor([float("nan")]))
        'the input'
    """
    if not is_finite(xb):
        return "the input"
    for name, layer in model.named_modules():
        if not is_finite(list(layer.parameters(recurse=False))):
            return f"the weights of {_said(name, layer)}"
    found: list[str] = []
    with _watched(model, found), _buffers_kept(model), global_rng_kept(), torch.no_grad():
        call_model(model, xb)
    return found[0] if found else "the loss"


def _said(name: str, layer: nn.Module) -> str:
    return f"layer {name} ({type(layer).__name__})" if name else f"the model ({type(layer).__name__})"


@contextmanager
def _watched(model: nn.Module, found: list[str]) -> Iterator[None]:
    """Note each module whose output is not finite, in the order in which they end."""

    def look(name: str) -> Any:
        def hook(layer: nn.Module, args: Any, output: Any) -> None:
            if not is_finite(output):
                found.append(f"the output of {_said(name, layer)}")

        return hook

    handles = [layer.register_forward_hook(look(name)) for name, layer in model.named_modules()]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


@contextmanager
def _buffers_kept(model: nn.Module) -> Iterator[None]:
    before = {name: buffer.clone() for name, buffer in model.named_buffers()}
    try:
        yield
    finally:
        for name, buffer in model.named_buffers():
            buffer.copy_(before[name])
