"""Passes over large tensors on the CPU that are bound by memory, done by NumPy.

Two things make NumPy the quicker one here. It asks the system for large pages where torch's allocator does not:
filling 40 MB of new memory costs 3 ms in place of 18. And it works in the calling thread: torch would wake all its
threads for a pass that one of them can do at the speed of the memory, and wait for them where the cores are taken by
the workers of a loader.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

__all__: list[str] = []

_NUMPY_TYPES = {torch.float32: np.float32, torch.float64: np.float64, torch.int64: np.int64, torch.uint8: np.uint8}


def _suits(x: Tensor) -> bool:
    return x.device.type == "cpu" and not x.requires_grad and x.dtype in _NUMPY_TYPES


def converted(x: Tensor, dtype: torch.dtype, divisor: float = 1.0) -> Tensor:
    """Return a new tensor of another type, its values divided by `divisor`.

    Example:
        >>> converted(torch.tensor([0, 255], dtype=torch.uint8), torch.float32, 255)
        tensor([0., 1.])
    """
    if not _suits(x) or dtype not in _NUMPY_TYPES:
        new = x.to(dtype, copy=True)
        return new if divisor == 1 else new.div_(divisor)
    array = x.numpy().astype(_NUMPY_TYPES[dtype])
    if divisor != 1:
        array /= divisor
    return torch.from_numpy(array)


def scaled(x: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
    """Return `x * scale + shift` as a new tensor; `scale` and `shift` spread over `x`.

    Example:
        >>> scaled(torch.ones(2), torch.tensor([2.0]), torch.tensor([1.0]))
        tensor([3., 3.])
    """
    if not _suits(x):
        return torch.addcmul(shift, x, scale)
    array = x.numpy() * scale.numpy()
    array += shift.numpy()
    return torch.from_numpy(array)
