"""A forward pass in half precision."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from onecycle.errors import ArgumentError, explain
from onecycle.training.callback import LearnerCallback

__all__ = ["Autocast"]

_HALVES = (torch.float16, torch.bfloat16)


class Autocast(LearnerCallback):
    """Compute the forward pass in half precision; the weights and their gradients stay in single.

    bfloat16 has the range of single precision, so the loss needs no scale and the CPU can do it as well.

    Args:
        learn: The learner.
        dtype: `torch.bfloat16`, or `torch.float16`, whose gradients need the scale of `MixedPrecision`.
        loss_fp32: Compute the loss in single precision.

    Raises:
        ArgumentError: dtype is no half precision.

    Reference: Kalamkar et al., "A study of bfloat16 for deep learning training" (2019), section 3.
    """

    _order = 999  # the forward pass comes right after; the loss is in single precision for all who follow

    def __init__(self, learn: Any, dtype: torch.dtype = torch.bfloat16, loss_fp32: bool = True) -> None:
        super().__init__(learn)
        if dtype not in _HALVES:
            owner = type(self).__name__
            raise ArgumentError(explain(owner, "dtype", "must be torch.bfloat16 or torch.float16", dtype))
        self.dtype, self.loss_fp32 = dtype, loss_fp32
        self._training = False
        self._context: Any = None

    def on_train_begin(self, **kwargs: Any) -> None:
        """Begin to listen; a look at the model outside training is in single precision."""
        self._training = True

    def on_batch_begin(self, **kwargs: Any) -> None:
        """Enter half precision for the forward pass."""
        if self._training:
            self._leave()
            self._context = torch.autocast(device_of(self.learn).type, self.dtype)
            self._context.__enter__()

    def on_loss_begin(self, last_output: Any, **kwargs: Any) -> dict[str, Any] | None:
        """Leave it; bring the output to single precision."""
        self._leave()
        return {"last_output": _single(last_output)} if self._training and self.loss_fp32 else None

    def _leave(self) -> None:
        if self._context is not None:
            self._context.__exit__(None, None, None)
            self._context = None

    def on_train_end(self, **kwargs: Any) -> None:
        """Leave half precision, also where a forward pass broke off."""
        self._leave()
        self._training = False


def device_of(learn: Any) -> torch.device:
    """Return the device on which a learner computes."""
    first = next(learn.model.parameters(), None)
    return torch.device(learn.data.device) if first is None else first.device


def _single(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return type(value)(_single(entry) for entry in value)
    return value.float() if isinstance(value, Tensor) and value.is_floating_point() else value
