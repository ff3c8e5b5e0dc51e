"""Metrics of one class an item: accuracy, error rate, top-k accuracy."""

from __future__ import annotations

from torch import Tensor

from onecycle.errors import ArgumentError, explain
from onecycle.metrics.counting import Counts, check_outputs, class_targets, counted, fraction
from onecycle.utils.values import to_scalar

__all__ = ["accuracy", "error_rate", "top_k_accuracy"]


def _hits(input: Tensor, targs: Tensor, ignore: int | None = None, owner: str = "accuracy") -> Counts:
    num_classes = check_outputs(owner, input)
    guessed = input.argmax(dim=-1)  # (N, ..., K) -> (N, ...)
    actual, known = class_targets(owner, targs, guessed.shape, num_classes, ignore)
    return {"hits": ((guessed == actual) & known).sum(), "n": known.sum()}


def _hits_for_errors(input: Tensor, targs: Tensor, ignore: int | None = None) -> Counts:
    return _hits(input, targs, ignore, "error_rate")


@counted(_hits, fraction)
def accuracy(input: Tensor, targs: Tensor, ignore: int | None = None) -> Tensor:
    """Return the share of items whose largest output is that of the target's class.

    Args:
        input: Outputs, one a class along the last axis.
        targs: Class indices; -100 does not count.
        ignore: Another index that does not count; a learner takes that of its loss (`ignore_index`).

    Shape: `(N, ..., K)`, `(N, ...)` -> `()`

    Raises:
        DataError: there is one column of outputs only, or a target is no class.

    Example:
        >>> import torch
        >>> float(accuracy(torch.tensor([[2., 1.], [0., 3.]]), torch.tensor([0, 0])))
        0.5
    """
    return fraction(**_hits(input, targs, ignore))


def _miss_share(hits: Tensor, n: Tensor) -> Tensor:
    return (n - hits) / n


@counted(_hits_for_errors, _miss_share)
def error_rate(input: Tensor, targs: Tensor, ignore: int | None = None) -> Tensor:
    """Return 1 - `accuracy`.

    Shape: `(N, ..., K)`, `(N, ...)` -> `()`

    Raises:
        DataError: as for `accuracy`.
    """
    return _miss_share(**_hits_for_errors(input, targs, ignore))


def _top_k_hits(input: Tensor, targs: Tensor, k: int, ignore: int | None = None) -> Counts:
    num_classes = check_outputs("top_k_accuracy", input)
    k = to_scalar(k)
    _check_k(k, num_classes)
    best = input.topk(k, dim=-1).indices  # (N, ..., K) -> (N, ..., k)
    actual, known = class_targets("top_k_accuracy", targs, best.shape[:-1], num_classes, ignore)
    return {"hits": ((best == actual.unsqueeze(-1)).any(dim=-1) & known).sum(), "n": known.sum()}


def _check_k(k: int, num_classes: int) -> None:
    if not isinstance(k, int) or not 1 <= k <= num_classes:
        rule = f"must lie in 1..{num_classes}, the classes there are"
        cure = f"Pass functools.partial(top_k_accuracy, k={min(3, num_classes)})."
        raise ArgumentError(explain("top_k_accuracy", "k", rule, k, cure))


@counted(_top_k_hits, fraction)
def top_k_accuracy(input: Tensor, targs: Tensor, k: int = 5, ignore: int | None = None) -> Tensor:
    """Return the share of items whose target's class is among the k largest outputs.

    Shape: `(N, ..., K)`, `(N, ...)` -> `()`

    Raises:
        ArgumentError: k is less than 1 or more than the classes.
        DataError: as for `accuracy`.
    """
    return fraction(**_top_k_hits(input, targs, k, ignore))
