"""A lower rate when nothing improves."""

from __future__ import annotations

from typing import Any

from onecycle.callbacks.tracker import TrackerCallback
from onecycle.utils.checks import check_numbers
from onecycle.utils.distributed import print_once

__all__ = ["ReduceLROnPlateauCallback"]

_NOTABLY = 1 - 1e-9  # not by rounding alone


class ReduceLROnPlateauCallback(TrackerCallback):
    """Lower the rate of every layer group when a value has not improved for some epochs.

    For constant rates (`learn.fit`): a schedule such as one cycle sets the rates anew at every step.

    Args:
        learn: The learner.
        monitor: `train_loss`, `valid_loss` or the name of a metric.
        mode: `min`, `max` or `auto`.
        patience: Epochs without improvement to bear.
        factor: What the rates are multiplied by, 0 to 1.
        min_delta: Least change that counts as an improvement, at least 0.
        min_lr: No rate is lowered below this.

    Raises:
        ArgumentError: a value is out of its range.
    """

    def __init__(
        self,
        learn: Any,
        monitor: str = "valid_loss",
        mode: str = "auto",
        patience: int = 0,
        factor: float = 0.2,
        min_delta: float = 0,
        min_lr: float = 0.001,
    ) -> None:
        super().__init__(learn, monitor=monitor, mode=mode)
        owner = "ReduceLROnPlateauCallback"
        check_numbers(owner, "factor", factor, "must be between 0 and 1", lambda number: 0 < number < 1)
        for name, value in (("patience", patience), ("min_delta", min_delta), ("min_lr", min_lr)):
            check_numbers(owner, name, value, "must be at least 0", lambda number: number >= 0)
        self.patience, self.factor, self.min_delta, self.min_lr = patience, factor, self._signed(min_delta), min_lr
        self.wait = 0

    def on_train_begin(self, **kwargs: Any) -> None:
        """Begin to count."""
        self.wait = 0
        super().on_train_begin(**kwargs)

    def on_epoch_end(self, epoch: int, **kwargs: Any) -> None:
        """Lower the rates when the patience is over."""
        if self.improved(self.get_monitor_value(), self.min_delta):
            self.wait = 0
            return
        self.wait += 1
        if self.wait <= self.patience:
            return
        self.wait = 0
        opt = self.opt
        rates = opt.read_val("lr")
        opt.lr = [min(rate, max(rate * self.factor, self.min_lr)) for rate in rates]
        if opt.lr < rates[-1] * _NOTABLY:
            print_once(f"Epoch {epoch}: reducing lr to {opt.lr:.6g}")
