"""Schedules put together from phases, for any setting of the optimiser."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from onecycle.errors import ArgumentError, explain
from onecycle.optim.phases import Course
from onecycle.optim.schedules import Scheduler
from onecycle.training.callback import LearnerCallback
from onecycle.utils.checks import check_numbers

__all__ = ["GeneralScheduler", "TrainingPhase"]


_NUMBERS = ("lr", "mom", "beta", "wd")  # other settings of an optimiser may be anything


class TrainingPhase:
    """Describe one phase of a schedule.

    Args:
        length: How many batches, at least 1.

    Raises:
        ArgumentError: the length is below 1.

    Example:
        >>> warm_up = TrainingPhase(100).schedule_hp("lr", (1e-4, 1e-2)).schedule_hp("mom", 0.9)
        >>> sorted(warm_up.scheds)
        ['lr', 'mom']
    """

    def __init__(self, length: int) -> None:
        check_numbers("TrainingPhase", "length", length, "must be at least 1 batch", lambda batches: batches >= 1)
        self.length = int(length)
        self.scheds: dict[str, Scheduler] = {}

    def schedule_hp(self, name: str, vals: Any, anneal: Callable[..., Any] | None = None) -> TrainingPhase:
        """Set how a setting of the optimiser goes in this phase.

        Args:
            name: `lr`, `mom`, `beta`, `wd` or a setting of the torch optimiser.
            vals: `(start, end)`, or one value that stays. A value is a number or a list of one a layer group; a
                rate may be a slice, see `Learner.lr_range`.
            anneal: The curve; a straight line for a pair when None.

        Returns:
            The phase.

        Raises:
            ArgumentError: a value is no number, or there are other than one or two.
        """
        for value in vals if isinstance(vals, tuple) else [vals]:
            if name in _NUMBERS and not isinstance(value, slice):
                check_numbers("schedule_hp", name, value, "must be a number, a list of numbers or a pair of these")
        self.scheds[name] = Scheduler(vals, self.length, anneal)
        return self


class GeneralScheduler(LearnerCallback):
    """Run through phases one after the other; training ends with the last one.

    Warns at the beginning of training when the phases are longer than it.

    Args:
        learn: The learner.
        phases: What to run through; all must schedule the same settings.
        start_epoch: Epoch to begin at, in a run that is taken up again.

    Raises:
        ArgumentError: there is no phase, or the phases schedule different settings.
    """

    def __init__(self, learn: Any, phases: Sequence[TrainingPhase], start_epoch: int | None = None) -> None:
        super().__init__(learn)
        if not isinstance(phases, (list, tuple)) or not all(isinstance(one, TrainingPhase) for one in phases):
            raise ArgumentError(explain("GeneralScheduler", "phases", "must be a list of TrainingPhase", phases))
        self.phases, self.start_epoch = list(phases), start_epoch
        if not self.phases:
            raise ArgumentError(
                explain("GeneralScheduler", "phases", "must hold at least one TrainingPhase", phases)
            )
        names = [sorted(phase.scheds) for phase in self.phases]
        if any(other != names[0] for other in names):
            raise ArgumentError(
                explain("GeneralScheduler", "phases", "must all schedule the same settings", names)
            )

    def on_train_begin(self, epoch: int, n_epochs: int, **kwargs: Any) -> dict[str, int] | None:
        """Lay the phases end to end and set the first values."""
        first = epoch if self.start_epoch is None else self.start_epoch
        self._courses = {
            name: Course([self._spread(phase.scheds[name]) for phase in self.phases])
            for name in self.phases[0].scheds
        }
        self._length = sum(phase.length for phase in self.phases)
        self._compare((first + n_epochs) * len(self.learn.data.train_dl))
        self.jump_to_epoch(first)
        return {"epoch": first} if first != epoch else None

    def _spread(self, curve: Scheduler) -> Scheduler:
        """Return the curve between arrays of one value a layer group, where its ends are lists or slices."""
        ends = [self._per_group(value) for value in (curve.start, curve.end)]
        return Scheduler((ends[0], ends[1]), curve.n_iter, curve.func)

    def _per_group(self, value: Any) -> Any:
        rates = self.learn.lr_range(value) if isinstance(value, slice) else value
        return np.asarray(rates, dtype=float) if isinstance(rates, (list, tuple)) else rates

    def _compare(self, batches: int) -> None:
        """Warn when training ends before the phases do."""
        if self._length > batches:
            warnings.warn(
                f"GeneralScheduler: its phases take {self._length} batches, longer than this training of {batches}: "
                f"the last ones are not reached.",
                stacklevel=2,
            )

    def jump_to_epoch(self, epoch: int) -> None:
        """Set the values with which `epoch` begins."""
        self._step = epoch * len(self.learn.data.train_dl)
        self._set()

    def _set(self) -> None:
        for name, course in self._courses.items():
            self.learn.opt.set_stat(name, course.at(self._step))

    def on_batch_end(self, train: bool, **kwargs: Any) -> dict[str, bool] | None:
        """Set the values of the next step; end training when the phases are through."""
        if not train:
            return None
        self._step += 1
        if self._step > self._length:
            return {"stop_epoch": True, "stop_training": True}
        self._set()
        return None
