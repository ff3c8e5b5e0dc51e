"""Gradients gathered over several batches before a step."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from onecycle.nn.loss_weight import Part, common_weight
from onecycle.training.callback import LearnerCallback
from onecycle.utils.checks import check_whole
from onecycle.utils.collections import first_el
from onecycle.utils.distributed import added_up, process_count, processes_connected

__all__ = ["AccumulateScheduler"]


class AccumulateScheduler(LearnerCallback):
    """Step once every `n_step` batches, with the gradient of all their items together.

    The gradient is that of the mean over all of them, as of one large batch, also where the batches differ in size or
    the loss divides by something else than items (class weights, ignored targets: `onecycle.nn.loss_weight`). A loss
    that returns the sum (`reduction='sum'`) is divided by the items.
    The last step of an epoch takes what is left. Batch norm still sees the small batches.

    Args:
        learn: The learner.
        n_step: How many batches make a step, at least 1.
        drop_last: Forget what was gathered when an epoch ends short of `n_step` batches.

    Raises:
        ArgumentError: n_step is below 1.
    """

    needs_loss_parts = True
    _order = -5  # before whatever looks at the gradients of a step

    def __init__(self, learn: Any, n_step: int = 1, drop_last: bool = False) -> None:
        super().__init__(learn)
        self.n_step, self.drop_last = check_whole("AccumulateScheduler", "n_step", n_step), drop_last
        self.acc_samples: float | Tensor = 0
        self.acc_batches = 0
        self._unit = 1.0  # of the weights of a step: gradients of half precision have their limits

    def on_train_begin(self, **kwargs: Any) -> None:
        """Begin with nothing gathered."""
        self._forget()

    def on_epoch_begin(self, **kwargs: Any) -> None:
        """Count the batches of the epoch, so that the last step takes what is left."""
        self._last = len(self.learn.data.train_dl) - 1

    def on_batch_begin(self, last_input: Any, last_target: Any, train: bool = True, **kwargs: Any) -> None:
        """Count the batch."""
        if train:
            self._items = len(first_el(last_input))
            self.acc_batches += 1

    def on_backward_begin(
        self, last_loss: Tensor, last_target: Any, loss_parts: Sequence[Part] | None = None, **kwargs: Any
    ) -> dict[str, Tensor] | None:
        """Weigh the batch by what its mean divides by; by its items, where the loss is the sum of several means."""
        weight = common_weight(loss_parts, self._items) if loss_parts else self._items
        if weight is None:
            self.acc_samples = self.acc_samples + self._items * process_count()  # the sum is that of all of them
            return None
        if self.acc_batches == 1:
            self._unit = _unit(weight, last_target, self._items)
        share = weight / self._unit if self._unit > 1 else weight
        self.acc_samples = self.acc_samples + share
        return {"last_loss": last_loss * share}

    def on_backward_end(self, num_batch: int = -1, **kwargs: Any) -> dict[str, bool] | None:
        """Wait for the last batch of a step, then take the mean."""
        ends = num_batch == self._last and not self.drop_last
        if self.acc_batches < self.n_step and not ends:
            return {"skip_step": True, "skip_zero": True}
        grads = [p.grad for p in self.learn.model.parameters() if p.grad is not None]
        if grads:
            _divide(grads, _of_all(self.acc_samples))
        self._forget()
        return None

    def _forget(self) -> None:
        self.acc_samples, self.acc_batches = 0, 0

    def on_epoch_end(self, **kwargs: Any) -> None:
        """Forget what is left over, if so wished; what an epoch cut short leaves goes into the next step."""
        if self.drop_last and self.acc_batches:
            self._forget()
            self.learn.opt.zero_grad()


def _unit(weight: float | Tensor, target: Any, items: int) -> float:
    """Return about how much an item weighs, a power of two: a division by it changes no digit."""
    size = target.numel() if isinstance(weight, Tensor) and isinstance(target, Tensor) else float(weight)
    return 2.0 ** math.floor(math.log2(max(size / items, 1.0)))


def _of_all(samples: float | Tensor) -> float | Tensor:
    """Return the mean over the processes of what each gathered, by which all must divide; 1 where nothing counts."""
    if processes_connected():
        samples = added_up(torch.as_tensor(samples, dtype=torch.float32)) / process_count()
    if isinstance(samples, Tensor):
        return torch.where(samples > 0, samples, torch.ones_like(samples))
    return samples or 1.0


def _divide(grads: list[Tensor], by: float | Tensor) -> None:
    """Divide the gradients in place; a divisor on the device is not waited for."""
    torch._foreach_div_(grads, by if isinstance(by, Tensor) else float(by))
