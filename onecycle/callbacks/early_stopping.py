"""Early stopping."""

from __future__ import annotations

from typing import Any

from onecycle.callbacks.tracker import TrackerCallback
from onecycle.optim.schedules import annealing_cos
from onecycle.utils.checks import check_numbers
from onecycle.utils.distributed import print_once

__all__ = ["EarlyStoppingCallback"]

_LAST = 1e-4  # what is left of the rate after annealing


class EarlyStoppingCallback(TrackerCallback):
    """End training when a value has not improved for some epochs.

    Epochs in which the learning rate rises to its highest, as in the first part of one cycle, are not counted:
    values there are often worse for a while. A subclass may read and set `wait`, the epochs without improvement so far,
    and `min_delta`, which is below 0 where smaller is better.

    Args:
        learn: The learner.
        monitor: `train_loss`, `valid_loss` or the name of a metric.
        mode: `min`, `max` or `auto`.
        min_delta: Least change that counts as an improvement, at least 0.
        patience: Epochs without improvement to bear, at least 0.
        in_rise: Count epochs in which the rate rises as well.
        anneal: Instead of stopping at once, train so many more epochs in which the rates fall to nearly 0 on
            half a cosine wave; 0 stops at once. Fewer where fewer are left.

    Raises:
        ArgumentError: a value is out of its range.

    Example:
        learn.fit_one_cycle(20, 1e-2, callbacks=[EarlyStoppingCallback(learn, patience=2, anneal=2)])
    """

    _order = 10  # after the schedules, whose rates annealing overrides

    def __init__(
        self,
        learn: Any,
        monitor: str = "valid_loss",
        mode: str = "auto",
        min_delta: float = 0,
        patience: int = 0,
        in_rise: bool = False,
        anneal: int = 0,
    ) -> None:
        super().__init__(learn, monitor=monitor, mode=mode)
        for name, value in (("min_delta", min_delta), ("patience", patience), ("anneal", anneal)):
            check_numbers("EarlyStoppingCallback", name, value, "must be at least 0", lambda number: number >= 0)
        self.min_delta, self.patience, self.in_rise, self.anneal = self._signed(min_delta), patience, in_rise, anneal
        self.wait = 0

    def on_train_begin(self, **kwargs: Any) -> None:
        """Begin to count."""
        self.wait = 0
        self._end: int | None = None  # the last epoch, once annealing
        super().on_train_begin(**kwargs)

    def on_batch_end(self, train: bool, **kwargs: Any) -> None:
        """Lower the rates, while annealing."""
        if train and self._end is not None:
            self._step += 1
            self._set_rates()

    def _set_rates(self) -> None:
        done = min(1.0, self._step / self._steps)
        self.learn.opt.lr = [float(annealing_cos(rate, rate * _LAST, done)) for rate in self._rates]

    def on_epoch_end(self, epoch: int, n_epochs: int = 0, **kwargs: Any) -> dict[str, bool] | None:
        """Stop, or begin to anneal, when the patience is over."""
        if self._end is not None:
            return {"stop_training": True} if epoch >= self._end else None
        if self.improved(self.get_monitor_value(), self.min_delta):
            self.wait = 0
            return None
        self.wait += 1 if self.in_rise or not self._rises() else 0
        if self.wait <= self.patience:
            return None
        return self._finish(epoch, min(self.anneal, n_epochs - epoch - 1))

    def _rises(self) -> bool:
        """Say whether the epoch ended with the highest rate so far, higher than where it began."""
        recorder = self.learn.recorder
        lrs = recorder.lrs
        count = recorder.nb_batches[-1] if recorder.nb_batches else 0
        return 0 < count <= len(lrs) and lrs[-1] == max(lrs) and lrs[-1] > lrs[-count]

    def _finish(self, epoch: int, more: int) -> dict[str, bool] | None:
        """Stop now, or after some more epochs of falling rates."""
        if more <= 0:
            print_once(f"Epoch {epoch}: early stopping")
            return {"stop_training": True}
        print_once(f"Epoch {epoch}: early stopping, after {more} more epoch{'s' if more > 1 else ''} to anneal")
        self._end, self._step = epoch + more, 0
        self._steps = more * len(self.learn.data.train_dl)
        self._rates = list(self.learn.opt.read_val("lr"))
        return None
