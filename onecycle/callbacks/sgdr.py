"""Cosine annealing with restarts (SGDR), with a snapshot at each cycle's end."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from onecycle.errors import ArgumentError, explain
from onecycle.optim.restarts import cycle_lengths, place_in_cycle
from onecycle.optim.schedules import annealing_cos
from onecycle.training.callback import LearnerCallback
from onecycle.utils.checks import check_numbers

__all__ = ["SGDRScheduler"]


class SGDRScheduler(LearnerCallback):
    """Let the rate fall from lr_max to lr_min on half a cosine wave, cycle after cycle.

    Args:
        learn: The learner.
        lr_max: Rate at the beginning of each cycle, a number or one a layer group.
        n_cycles: How many cycles there will be; as many as the training holds when None.
        cycle_len: Epochs of the first cycle, at least 1.
        cycle_mult: Each cycle is so many times as long as the one before, at least 1.
        lr_min: Rate at the end of each cycle, a number or one a layer group.
        save_as: Save the weights at the end of cycle n as `<save_as>_cyc_<n>`, with n from 0, as `learn.save` does.
        start_epoch: Epoch to begin at, in a run that is taken up again.

    Raises:
        ArgumentError: a value is out of its range.
        TrainingError: the model's folder cannot be written; at the beginning of training.

    Reference: Loshchilov and Hutter, "SGDR: Stochastic Gradient Descent with Warm Restarts" (2017), equation 5;
    Huang et al., "Snapshot Ensembles" (2017), for saving at the end of a cycle.
    """

    def __init__(
        self,
        learn: Any,
        lr_max: Any,
        n_cycles: int | None = None,
        cycle_len: int = 1,
        cycle_mult: int = 1,
        lr_min: Any = 0.0,
        save_as: str | None = None,
        start_epoch: int | None = None,
    ) -> None:
        super().__init__(learn)
        self._lengths = cycle_lengths(1 if n_cycles is None else n_cycles, cycle_len, cycle_mult)
        check_numbers("SGDRScheduler", "lr_max", lr_max, "must be at least 0", lambda rate: rate >= 0)
        check_numbers("SGDRScheduler", "lr_min", lr_min, "must be at least 0", lambda rate: rate >= 0)
        if save_as is not None and (not isinstance(save_as, str) or not save_as):
            raise ArgumentError(explain("SGDRScheduler", "save_as", "must be a name", save_as))
        self.lr_max, self.lr_min, self.n_cycles = lr_max, lr_min, n_cycles
        self.cycle_len, self.cycle_mult = cycle_len, cycle_mult
        self.save_as, self.start_epoch = save_as, start_epoch
        self.snapshots: list[str] = []

    def on_train_begin(self, n_epochs: int, epoch: int, **kwargs: Any) -> dict[str, int] | None:
        """Set the first rate; tell when the cycles do not fit into the training."""
        first = epoch if self.start_epoch is None else self.start_epoch
        needed = sum(self._lengths)
        if needed > first + n_epochs:
            warnings.warn(
                f"SGDRScheduler: its cycles take {needed} epochs, longer than this training of {first + n_epochs}: "
                f"the last one does not come to its end.",
                stacklevel=2,
            )
        if self.save_as is not None:
            self.learn.check_model_dir()
        self.snapshots = []
        self.jump_to_epoch(first)
        return {"epoch": first} if first != epoch else None

    def jump_to_epoch(self, epoch: int) -> None:
        """Set the rate with which `epoch` begins."""
        self._step = epoch * len(self.learn.data.train_dl)
        self._set()

    def _set(self) -> None:
        first = self.cycle_len * len(self.learn.data.train_dl)
        _, part = place_in_cycle(self._step, first, self.cycle_mult)
        self.learn.opt.lr = annealing_cos(_per_group(self.lr_max), _per_group(self.lr_min), part)

    def on_batch_end(self, train: bool, **kwargs: Any) -> None:
        """Set the rate of the next step."""
        if train:
            self._step += 1
            self._set()

    def on_epoch_end(self, epoch: int, **kwargs: Any) -> dict[str, bool] | None:
        """Save the weights where a cycle ends; end training with the last one."""
        done, part = place_in_cycle(epoch + 1, self.cycle_len, self.cycle_mult)
        if part == 0 and self.save_as is not None:
            self.snapshots.append(f"{self.save_as}_cyc_{done - 1}")
            self.learn.save(self.snapshots[-1])
        return {"stop_training": True} if self.n_cycles is not None and done >= self.n_cycles else None


def _per_group(value: Any) -> Any:
    """Return an array of several values, with which can be computed."""
    return np.asarray(value, dtype=float) if isinstance(value, (list, tuple)) else value
