"""The one-cycle schedule: rate up then down, momentum down then up."""

from __future__ import annotations

from typing import Any

import numpy as np

from onecycle.errors import ArgumentError, explain
from onecycle.optim.phases import Course
from onecycle.optim.schedules import Scheduler, annealing_cos
from onecycle.training.callback import LearnerCallback
from onecycle.utils.checks import check_numbers, check_whole
from onecycle.utils.values import to_numbers

__all__ = ["OneCycleScheduler"]

_FINAL_FRACTION = 1e4  # how much lower than its first value the rate ends, where final_div is not given


class OneCycleScheduler(LearnerCallback):
    """Set rate and momentum along one cycle.

    The rate goes from lr_max / div_factor to lr_max over the first `pct_start` of the batches and on to
    lr_max / final_div over the rest, each on half a cosine wave. Momentum goes from moms[0] to moms[1] and back.

    Args:
        learn: The learner.
        lr_max: Highest rate, a number or one a layer group.
        moms: Momentum at the ends and at the highest rate, each from 0 to 1 (exclusive).
        div_factor: Highest rate over first rate, above 0.
        pct_start: Fraction of the batches on the way up, 0 to 1.
        final_div: Highest rate over last rate, above 0; 1e4 · div_factor when None.
        tot_epochs: Length of the cycle in epochs; those of this fit when None.
        start_epoch: Epoch to begin at, in a run that is taken up again.

    Raises:
        ArgumentError: a value is out of its range.

    Reference: Smith, "A disciplined approach to neural network hyper-parameters" (2018), section 4, with cosine
    in place of straight lines.
    """

    def __init__(
        self,
        learn: Any,
        lr_max: Any,
        moms: Any = (0.95, 0.85),
        div_factor: float = 25.0,
        pct_start: float = 0.3,
        final_div: float | None = None,
        tot_epochs: int | None = None,
        start_epoch: int | None = None,
    ) -> None:
        super().__init__(learn)
        lr_max, moms = to_numbers(lr_max), to_numbers(moms)
        _check(lr_max, moms, div_factor, pct_start, final_div)
        _check_epochs(tot_epochs, start_epoch)
        self.lr_max = np.asarray(lr_max, dtype=float) if isinstance(lr_max, (list, tuple)) else lr_max
        self.moms, self.div_factor, self.pct_start = tuple(moms), div_factor, pct_start
        self.final_div = final_div if final_div is not None else div_factor * _FINAL_FRACTION
        self.tot_epochs, self.start_epoch = tot_epochs, start_epoch

    def steps(self, *steps_cfg: Any) -> list[Scheduler]:
        """Return the curve of each phase.

        Args:
            *steps_cfg: `(start, end)` of each phase.
        """
        pairs = zip(steps_cfg, self.phases)
        return [Scheduler(tuple(pair), count, annealing_cos) for pair, count in pairs if count > 0]

    def on_train_begin(self, n_epochs: int, epoch: int, **kwargs: Any) -> dict[str, Any]:
        """Lay out the cycle and set the first values."""
        first = epoch if self.start_epoch is None else self.start_epoch
        self._epochs = n_epochs if self.tot_epochs is None else self.tot_epochs
        total = len(self.learn.data.train_dl) * self._epochs
        rising = int(total * self.pct_start)
        self.phases = [rising, total - rising]
        self._lr = Course(
            self.steps((self.lr_max / self.div_factor, self.lr_max), (self.lr_max, self._last_lr))
        )
        self._mom = Course(self.steps(self.moms, self.moms[::-1]))
        self.jump_to_epoch(first)
        return {"epoch": first, "stop_training": first >= self._epochs}

    @property
    def _last_lr(self) -> Any:
        return self.lr_max / self.final_div

    def jump_to_epoch(self, epoch: int) -> None:
        """Set the values with which `epoch` begins."""
        self._step = epoch * len(self.learn.data.train_dl)
        self._set()

    def _set(self) -> None:
        opt = self.learn.opt
        opt.lr = self._lr.at(self._step)
        opt.mom = self._mom.at(self._step)

    def on_batch_end(self, train: bool, **kwargs: Any) -> dict[str, bool] | None:
        """Set the values of the next step; end training when the cycle is through."""
        if not train:
            return None
        self._step += 1
        if self._step > len(self._lr):
            return {"stop_training": True, "stop_epoch": True}
        self._set()
        return None

    def on_epoch_end(self, epoch: int, **kwargs: Any) -> dict[str, bool] | None:
        """End training with the last epoch of the cycle."""
        return {"stop_training": True} if epoch + 1 >= self._epochs else None


def _check(lr_max: Any, moms: Any, div_factor: float, pct_start: float, final_div: float | None) -> None:
    owner = "OneCycleScheduler"
    check_numbers(owner, "lr_max", lr_max, "must be at least 0", lambda rate: rate >= 0)
    check_moms(owner, moms)
    check_numbers(owner, "div_factor", div_factor, "must be above 0", lambda factor: factor > 0)
    check_numbers(owner, "pct_start", pct_start, "must be between 0 and 1", lambda part: 0 <= part <= 1)
    if final_div is not None:
        check_numbers(owner, "final_div", final_div, "must be above 0", lambda factor: factor > 0)


def check_moms(caller: str, moms: Any) -> None:
    """Refuse what is not a list of two momenta.

    Args:
        caller: Who asks, for the message.
        moms: What `to_numbers` made of the argument.

    Raises:
        ArgumentError: it is none, or a momentum is not from 0 to 1 (exclusive).
    """
    two = "must be two numbers, e.g. (0.95, 0.85)"
    if not isinstance(moms, list) or len(moms) != 2:
        raise ArgumentError(explain(caller, "moms", two, moms))
    check_numbers(caller, "moms", moms, f"{two}, from 0 to 1 (exclusive)", lambda momentum: 0 <= momentum < 1)


def _check_epochs(tot_epochs: Any, start_epoch: Any) -> None:
    owner = "OneCycleScheduler"
    if tot_epochs is not None:
        check_whole(owner, "tot_epochs", tot_epochs)
    if start_epoch is not None:
        check_whole(owner, "start_epoch", start_epoch, 0)
    if start_epoch is not None and tot_epochs is not None and start_epoch >= tot_epochs:
        raise ArgumentError(
            explain(owner, "start_epoch", f"must be below tot_epochs ({tot_epochs})", start_epoch)
        )
