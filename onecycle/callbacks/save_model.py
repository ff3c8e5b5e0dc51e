"""Saving the model while training."""

from __future__ import annotations

import os
from typing import Any

from onecycle.callbacks.tracker import TrackerCallback
from onecycle.errors import ArgumentError, explain
from onecycle.training.choices import check_choice
from onecycle.utils.distributed import print_once

__all__ = ["SaveModelCallback"]

_WHEN = ("improvement", "epoch")


class SaveModelCallback(TrackerCallback):
    """Save the model when a value improves, and load the best one at the end; or save it every epoch.

    That the folder can be written is seen before training begins.

    Args:
        learn: The learner.
        monitor: `train_loss`, `valid_loss` or the name of a metric.
        mode: `min`, `max` or `auto`.
        every: `improvement`, or `epoch` (files `name_0`, `name_1` …).
        name: Name of the file, as for `learn.save`.

    Raises:
        ArgumentError: `every` is neither, or `name` is no name.
        TrainingError: the model's folder cannot be written; at the beginning of training.
    """

    def __init__(
        self,
        learn: Any,
        monitor: str = "valid_loss",
        mode: str = "auto",
        every: str = "improvement",
        name: str = "bestmodel",
    ) -> None:
        super().__init__(learn, monitor=monitor, mode=mode)
        check_choice("SaveModelCallback", "every", every, _WHEN)
        if not isinstance(name, (str, os.PathLike)) or not os.fspath(name):
            raise ArgumentError(explain("SaveModelCallback", "name", "must be a name, as for learn.save", name))
        self.every, self.name = every, name

    def on_train_begin(self, **kwargs: Any) -> None:
        """See that files can be written."""
        self.learn.check_model_dir()
        self._saved = False
        if self.every == "improvement":
            super().on_train_begin(**kwargs)

    def jump_to_epoch(self, epoch: int) -> None:
        """Load what the epoch before left."""
        if self.every == "epoch" and epoch > 0:
            self.learn.load(f"{self.name}_{epoch - 1}", purge=False)

    def on_epoch_end(self, epoch: int, **kwargs: Any) -> None:
        """Save."""
        if self.every == "epoch":
            self.learn.save(f"{self.name}_{epoch}")
            return
        value = self.get_monitor_value()
        if self.improved(value):
            print_once(f"Better model found at epoch {epoch} with {self.monitor} value: {value:.6f}.")
            self.learn.save(self.name)
            self._saved = True

    def on_train_end(self, **kwargs: Any) -> None:
        """Load the best model of this run."""
        if self.every == "improvement" and self._saved:
            self.learn.load(self.name, purge=False)
