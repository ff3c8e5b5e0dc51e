"""Gradients gathered over several batches before a step."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from onecycle.training.callback import LearnerCallback
from onecycle.utils.checks import check_whole

__all__ = ["AccumulateScheduler"]

_COUNTS_CLASSES = (nn.CrossEntropyLoss, nn.NLLLoss)  # their mean leaves out and weighs classes


class AccumulateScheduler(LearnerCallback):
    """Step once every `n_step` batches, with the gradient of all their items together.

    The gradient is the one of the mean over the items, as of one large batch, also where the batches differ in
    size, the loss weighs its classes, or it returns the sum (`reduction='sum'`: then it is divided by the items).
    The last step of an epoch takes what is left. Batch norm still sees the small batches.

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
        self.n_step, self.drop_last = check_whole("AccumulateScheduler", "n_step", n_step), drop_last
        self.acc_samples: float | Tensor = 0
        self.acc_batches = 0

    def on_train_begin(self, **kwargs: Any) -> None:
        """Begin with nothing gathered."""
        self._forget()

    def on_epoch_begin(self, **kwargs: Any) -> None:
        """Count the batches of the epoch, so that the last step takes what is left."""
        self._last = len(self.learn.data.train_dl) - 1

    def on_batch_begin(self, last_input: Any, last_target: Any, train: bool = True, **kwargs: Any) -> None:
        """Count the batch."""
        if train:
            first = last_input[0] if isinstance(last_input, (list, tuple)) else last_input
            self._items = len(first)
            self.acc_batches += 1

    def on_backward_begin(
        self, last_loss: Tensor, last_target: Any = None, **kwargs: Any
    ) -> dict[str, Tensor] | None:
        """Weigh the batch by what its mean was taken over."""
        loss_func = self.learn.loss_func
        if getattr(loss_func, "reduction", "mean") == "sum":
            self.acc_samples = self.acc_samples + self._items
            return None
        share = _share(loss_func, last_target, self._items)
        self.acc_samples = self.acc_samples + share
        return {"last_loss": last_loss * share}

    def on_backward_end(self, num_batch: int = -1, **kwargs: Any) -> dict[str, bool] | None:
        """Wait for the last batch of a step, then take the mean."""
        ends = num_batch == self._last and not self.drop_last
        if self.acc_batches < self.n_step and not ends:
            return {"skip_step": True, "skip_zero": True}
        grads = [p.grad for p in self.learn.model.parameters() if p.grad is not None]
        if grads:
            _divide(grads, self.acc_samples)
        self._forget()
        return None

    def _forget(self) -> None:
        self.acc_samples, self.acc_batches = 0, 0

    def on_epoch_end(self, **kwargs: Any) -> None:
        """Forget what is left over, if so wished; what an epoch cut short leaves goes into the next step."""
        if self.drop_last and self.acc_batches:
            self._forget()
            self.learn.opt.zero_grad()


def _divide(grads: list[Tensor], by: float | Tensor) -> None:
    """Divide the gradients in place; a divisor on the device is not waited for."""
    torch._foreach_div_(grads, by if isinstance(by, Tensor) else float(by))


def _share(loss_func: Any, target: Any, items: int) -> float | Tensor:
    """Return what the loss's mean over a batch was divided by: the items, or the weights of their classes."""
    inner = getattr(loss_func, "func", loss_func)
    if not isinstance(inner, _COUNTS_CLASSES) or not isinstance(target, Tensor) or target.is_floating_point():
        return items
    counted = target != inner.ignore_index
    if inner.weight is None:
        return counted.sum()
    return inner.weight[target[counted]].sum()
