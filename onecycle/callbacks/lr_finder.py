"""The learning-rate finder: a mock run with a rising rate that leaves no trace."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from onecycle.errors import ArgumentError, explain
from onecycle.optim.schedules import Scheduler, annealing_exp
from onecycle.training.callback import LearnerCallback
from onecycle.training.snapshot import Snapshot
from onecycle.utils.checks import check_numbers, check_whole
from onecycle.utils.defaults import defaults
from onecycle.utils.distributed import print_once

__all__ = ["LRFinder"]

_TOO_HIGH = 4  # times the lowest smoothed loss


class LRFinder(LearnerCallback):
    """Raise the rate from start_lr to end_lr by equal factors and record the loss.

    It stops early when the smoothed loss passes four times its lowest value or is NaN. The weights, buffers and
    optimiser are then put back; `learn.recorder` keeps the record.

    Args:
        learn: The learner.
        start_lr: First rate, above 0; a number or one a layer group.
        end_lr: Last rate, above 0.
        num_it: How many batches.
        stop_div: Stop when the loss diverges.

    Raises:
        ArgumentError: a rate is not above 0, or num_it is no whole number of at least 1.

    Reference: Smith, "Cyclical learning rates for training neural networks" (2017), section 3.3.
    """

    handles_nan = True

    def __init__(
        self, learn: Any, start_lr: Any = 1e-7, end_lr: float = 10, num_it: int = 100, stop_div: bool = True
    ) -> None:
        super().__init__(learn)
        for name, value in (("start_lr", start_lr), ("end_lr", end_lr)):
            check_numbers("LRFinder", name, value, "must be above 0", lambda rate: rate > 0)
        if not np.all(np.asarray(start_lr) < np.asarray(end_lr)):
            raise ArgumentError(explain("LRFinder", "end_lr", f"must be above start_lr ({start_lr})", end_lr))
        num_it = check_whole("LRFinder", "num_it", num_it)
        start = np.asarray(start_lr) if isinstance(start_lr, (list, tuple)) else start_lr
        self.stop_div, self.num_it = stop_div, num_it
        self.sched = Scheduler((start, end_lr), num_it, annealing_exp)
        self._kept: Snapshot | None = None

    def on_train_begin(self, pbar: Any, **kwargs: Any) -> dict[str, bool]:
        """Set the weights and the optimiser aside, and begin with a fresh optimiser at the lowest rate."""
        learn = self.learn
        self._kept = Snapshot(learn)
        learn.opt = learn.opt.new(learn.layer_groups)
        learn.opt.lr = self.sched.start
        self.sched.restart()
        self.best_loss = math.inf
        return {"skip_validate": True}

    def on_batch_end(self, iteration: int, smooth_loss: Any, train: bool = True, **kwargs: Any) -> Any:
        """Raise the rate; end the run when the loss diverges or the last rate is reached."""
        loss = float(smooth_loss)
        self.best_loss = min(self.best_loss, loss)
        self.learn.opt.lr = self.sched.step()
        diverged = self.stop_div and (not math.isfinite(loss) or loss > _TOO_HIGH * self.best_loss)
        if self.sched.is_done or diverged:
            return {"stop_epoch": True, "stop_training": True}
        return None

    def on_epoch_end(self, **kwargs: Any) -> dict[str, bool]:
        """Go on without validation."""
        return {"skip_validate": True}

    def on_train_end(self, epoch: int = 0, num_batch: int = 0, exception: Any = None, **kwargs: Any) -> None:
        """Put the weights and the optimiser back."""
        if self._kept is not None:
            self._kept.restore(self.learn)
            self._kept = None
        if exception is None and not (defaults.silent or self.learn.silent):
            print_once("LR Finder is complete, type {learner_name}.recorder.plot() to see the graph.")
