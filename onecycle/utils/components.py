"""The principal components of rows of numbers, such as the vectors of an embedding."""

from __future__ import annotations

import torch
from torch import Tensor

from onecycle.errors import ArgumentError, explain
from onecycle.utils.values import to_scalar

__all__ = ["pca"]


def pca(x: Tensor, k: int = 2) -> Tensor:
    """Return rows in the `k` directions in which they differ most.

    The directions are in order of how much the rows differ in them. Which end of one is positive is fixed: the
    weight that is largest in it.

    Args:
        x: Rows of numbers.
        k: How many directions, at least 1; no more than there are columns.

    Shape:
        `(N, columns) -> (N, k)`

    Raises:
        ArgumentError: x is no matrix of at least two rows, or k is out of its range.

    References:
        Pearson, "On lines and planes of closest fit to systems of points in space" (1901).

    Example:
        >>> pca(torch.tensor([[0.0, 0.0], [3.0, 4.0], [6.0, 8.0]]), 1).flatten().tolist()
        [-5.0, 0.0, 5.0]
    """
    if not isinstance(x, Tensor) or x.ndim != 2 or len(x) < 2:
        raise ArgumentError(explain("pca", "x", "must be a matrix of at least two rows", x))
    k = to_scalar(k)
    if isinstance(k, bool) or not isinstance(k, int) or not 1 <= k <= x.shape[1]:
        raise ArgumentError(explain("pca", "k", f"must be a whole number from 1 to {x.shape[1]}, the columns", k))
    rows = x.detach().as_subclass(Tensor).double().cpu()
    centred = rows - rows.mean(0)
    _, _, directions = torch.linalg.svd(centred, full_matrices=False)  # (min(N, columns), columns)
    found = _upright(directions[:k])
    moved = centred @ found.T
    if len(found) < k:  # fewer rows than directions: they do not differ in the rest
        moved = torch.cat([moved, moved.new_zeros(len(x), k - len(found))], 1)
    return moved.to(x.dtype) + 0.0  # no minus zero


def _upright(directions: Tensor) -> Tensor:
    """Return directions of which the largest weight is positive."""
    largest = directions.gather(1, directions.abs().argmax(1, keepdim=True))
    return directions * torch.where(largest < 0, -1.0, 1.0)
