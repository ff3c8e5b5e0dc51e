"""How much memory things take."""

from __future__ import annotations

from typing import Any

import torch

__all__ = ["b2mb", "preload_pytorch"]


def b2mb(num: float) -> int:
    """Return bytes as whole mebibytes.

    Example:
        >>> b2mb(3 * 2**20 + 5)
        3
    """
    return int(num / 2**20)


def preload_pytorch() -> None:
    """Make the first use of the GPU happen now, so that its own memory is not counted later."""
    if torch.cuda.is_available():
        torch.ones(1, device="cuda")


def tensor_bytes(value: Any) -> int:
    """Return how many bytes the tensors in nested lists, tuples and dicts take."""
    if isinstance(value, torch.Tensor):
        return value.numel() * value.element_size()
    if isinstance(value, dict):
        return sum(map(tensor_bytes, value.values()))
    return sum(map(tensor_bytes, value)) if isinstance(value, (list, tuple)) else 0
