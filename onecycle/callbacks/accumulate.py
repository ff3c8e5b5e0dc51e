"""Gradients gathered over several batches before a step."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from onecycle.errors import ArgumentError, explain
from onecycle.training.callback import LearnerCallback

__all__ = ["AccumulateScheduler"]


class AccumulateScheduler(LearnerCallback):
    """Step once every `n_step` batches, with the gradient of all their items together.

    The gradient is the mean over the items, the same as that of one large batch, whether the loss returns the
    mean over a batch or the sum (`reduction='sum'`).

    Args:
        learn: The learner.
        n_step: How many batches make a step, at least 1.
        drop_last: Forget what was gathered when an epoch ends short of `n_step` batches.

    Raises:
        ArgumentError: n_step is below 1.
    """

    _order = -5  # before whatever looks at the gradients of a step

    def __init__(self, learn: Any, n_step: int = 1, drop_last: bool = False) -> None:
        super().__init__(learn)
        if n_step < 1:
            raise ArgumentError(explain("AccumulateScheduler", "n_step", "must be at least 1", n_step))
        self.n_step, self.drop_last = n_step, drop_last

    def on_train_begin(self, **kwargs: Any) -> None:
        """See whether the loss sums."""
        self._sums = getattr(self.learn.loss_func, "reduction", "mean") == "sum"

    def on_epoch_begin(self, **kwargs: Any) -> None:
        """Begin with nothing gathered."""
        self.acc_samples, self.acc_batches = 0, 0

    def on_batch_begin(self, last_input: Any, last_target: Any, train: bool = True, **kwargs: Any) -> None:
        """Count the batch."""
        if train:
            first = last_input[0] if isinstance(last_input, (list, tuple)) else last_input
            self._size = len(first)
            self.acc_samples += self._size
            self.acc_batches += 1

    def on_backward_begin(self, last_loss: Tensor, **kwargs: Any) -> dict[str, Tensor]:
        """Weigh the batch by its items."""
        return {"last_loss": last_loss if self._sums else last_loss * self._size}

    def on_backward_end(self, **kwargs: Any) -> dict[str, bool] | None:
        """Wait for the last batch of a step, then take the mean."""
        if self.acc_batches < self.n_step:
            return {"skip_step": True, "skip_zero": True}
        self._take_mean()
        return None

    def _take_mean(self) -> None:
        grads = [p.grad for p in self.learn.model.parameters() if p.grad is not None]
        if grads:
            torch._foreach_div_(grads, float(self.acc_samples))
        self.acc_samples, self.acc_batches = 0, 0

    def on_epoch_end(self, **kwargs: Any) -> None:
        """Step with what is left over, or forget it."""
        if not self.acc_batches:
            return
        if not self.drop_last:
            self._take_mean()
            self.learn.opt.step()
        self.learn.opt.zero_grad()
