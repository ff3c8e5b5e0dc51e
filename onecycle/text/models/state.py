"""What a recurrent model remembers of a batch: without its history, and fitted to the batch that comes next."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

__all__: list[str] = []


def forget(module: Any) -> None:
    """Let a module forget what it keeps between batches, where it keeps anything."""
    reset = getattr(module, "reset", None)
    if reset is not None:
        reset()


def without_history(state: Any) -> Any:
    """Return a state (a tensor, or tuples and lists of tensors) cut off from the graph that made it."""
    if isinstance(state, Tensor):
        return state.detach()
    return type(state)(without_history(part) for part in state)


def select_rows(state: Any, rows: Any, dim: int) -> Any:
    """Return the given streams of a state; `dim` is the axis along which streams lie."""
    if isinstance(state, Tensor):
        return state.index_select(dim, torch.as_tensor(rows, device=state.device).long())
    return type(state)(select_rows(part, rows, dim) for part in state)


def fit_rows(state: Any, rows: int, dim: int, like: Tensor) -> Any:
    """Return a state of `rows` streams on the device and in the dtype of `like`.

    Streams beyond `rows` are dropped; those that are new begin at zero.
    """
    if not isinstance(state, Tensor):
        return type(state)(fit_rows(part, rows, dim, like) for part in state)
    state = _usable(state.to(device=like.device, dtype=like.dtype))
    missing = rows - state.shape[dim]
    if missing <= 0:
        return state.narrow(dim, 0, rows).contiguous()
    shape = list(state.shape)
    shape[dim] = missing
    return torch.cat([state, state.new_zeros(shape)], dim=dim)


def _usable(state: Tensor) -> Tensor:
    """Return a state that autograd takes: one made in inference mode is copied outside of it."""
    return state.clone() if state.is_inference() and not torch.is_inference_mode_enabled() else state


def roll_rows(x: Tensor, by: Tensor) -> Tensor:
    """Move each row's steps back by a number of its own; what falls off the end comes in front.

    Args:
        x: Steps of features, `(N, T, C)`.
        by: How many steps, `(N,)`; less than 0 moves to the front.
    """
    steps = x.shape[1]
    places = (torch.arange(steps, device=x.device) - by.unsqueeze(1)) % steps  # (N, T)
    return x.gather(1, places.unsqueeze(2).expand_as(x))
