"""Metrics of one class an item: accuracy, error rate, top-k accuracy."""

from __future__ import annotations

from torch import Tensor

from onecycle.errors import ArgumentError, explain
from onecycle.metrics.counting import Counts, counted, fraction, like_shape

__all__ = ["accuracy", "error_rate", "top_k_accuracy"]


def _hits(input: Tensor, targs: Tensor) -> Counts:
    guessed = input.argmax(dim=-1)  # (N, ..., K) -> (N, ...)
    hits = guessed == like_shape("accuracy", targs, guessed.shape)
    return {"hits": hits.sum(), "n": guessed.numel()}


@counted(_hits, fraction)
def accuracy(input: Tensor, targs: Tensor) -> Tensor:
    """Return the share of items whose largest output is that of the target's class.

    Args:
        input: Outputs, one a class along the last axis.
        targs: Class indices.

    Shape: `(N, ..., K)`, `(N, ...)` -> `()`

    Example:
        >>> import torch
        >>> float(accuracy(torch.tensor([[2., 1.], [0., 3.]]), torch.tensor([0, 0])))
        0.5
    """
    return fraction(**_hits(input, targs))


def _miss_share(hits: Tensor, n: int) -> Tensor:
    return (n - hits) / n


@counted(_hits, _miss_share)
def error_rate(input: Tensor, targs: Tensor) -> Tensor:
    """Return 1 - `accuracy`.

    Shape: `(N, ..., K)`, `(N, ...)` -> `()`
    """
    return _miss_share(**_hits(input, targs))


def _top_k_hits(input: Tensor, targs: Tensor, k: int) -> Counts:
    _check_k(k, input.shape[-1])
    best = input.topk(k, dim=-1).indices  # (N, ..., K) -> (N, ..., k)
    targs = like_shape("top_k_accuracy", targs, best.shape[:-1])
    return {"hits": (best == targs.unsqueeze(-1)).sum(), "n": targs.numel()}


def _check_k(k: int, num_classes: int) -> None:
    if not 1 <= k <= num_classes:
        rule = f"must lie in 1..{num_classes}, the classes there are"
        cure = f"Pass functools.partial(top_k_accuracy, k={min(3, num_classes)})."
        raise ArgumentError(explain("top_k_accuracy", "k", rule, k, cure))


@counted(_top_k_hits, fraction)
def top_k_accuracy(input: Tensor, targs: Tensor, k: int = 5) -> Tensor:
    """Return the share of items whose target's class is among the k largest outputs.

    Shape: `(N, ..., K)`, `(N, ...)` -> `()`

    Raises:
        ArgumentError: k is less than 1 or more than the classes.
    """
    return fraction(**_top_k_hits(input, targs, k))
