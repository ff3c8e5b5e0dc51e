"""The base of callbacks that follow one value from epoch to epoch."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from onecycle.errors import CallbackError, did_you_mean
from onecycle.training.callback import LearnerCallback
from onecycle.training.choices import check_choice

__all__ = ["TrackerCallback"]

_MODES = ("auto", "min", "max")
_SMALLER_IS_BETTER = ("loss", "error", "perplexity", "rmse", "mse", "mae", "squared", "absolute")


class TrackerCallback(LearnerCallback):
    """Follow the loss or a metric; a base to inherit from.

    Args:
        learn: The learner.
        monitor: `train_loss`, `valid_loss` or the name of a metric, as in the epoch table.
        mode: Whether smaller (`min`) or larger (`max`) is better; `auto` goes by the name.

    A subclass may read and set `operator` (`np.less` or `np.greater`: is the first value better than the second?)
    and `best`, the best value so far.

    Raises:
        ArgumentError: the mode is unknown.
        CallbackError: nothing of the name is recorded; at the beginning of training.
    """

    def __init__(self, learn: Any, monitor: str = "valid_loss", mode: str = "auto") -> None:
        super().__init__(learn)
        check_choice(type(self).__name__, "mode", mode, _MODES)
        self.monitor, self.mode = monitor, mode
        smaller = any(part in monitor for part in _SMALLER_IS_BETTER) if mode == "auto" else mode == "min"
        self.operator: Callable[[Any, Any], Any] = np.less if smaller else np.greater
        self.best = self._worst()

    def _worst(self) -> float:
        return math.inf if self.operator is np.less else -math.inf

    def _signed(self, min_delta: float) -> float:
        """Return the least change that counts as an improvement, below 0 where smaller is better."""
        return -min_delta if self.operator is np.less else min_delta

    def on_train_begin(self, metrics_names: Any = (), **kwargs: Any) -> Any:
        """Begin with no best value, and see that there will be values."""
        self._metric_names = list(metrics_names)
        self.best = self._worst()
        known = self._known()
        if self.monitor not in known:
            raise CallbackError(
                f"{type(self).__name__}: monitor must be one of {', '.join(known)}; got {self.monitor!r}."
                f"{self._without_validation() or did_you_mean(self.monitor, known)}"
            )

    def _without_validation(self) -> str:
        """Say that there is no validation, where that is why a value is missing."""
        recorded = self.monitor in self.learn.recorder.names and self._has_no_validation()
        return " The data has no validation set: split one off, or monitor another value." if recorded else ""

    def _has_no_validation(self) -> bool:
        return bool(getattr(self.learn.data, "empty_val", False))

    def _known(self) -> list[str]:
        """Return what is recorded: without a validation set the training loss, and what callbacks add."""
        recorder, left_out = self.learn.recorder, ["epoch", "time"]
        if self._has_no_validation():
            left_out += ["valid_loss", *self._metric_names]
        return [name for name in recorder.names if name not in left_out]

    def get_monitor_value(self) -> float | None:
        """Return the value of the last epoch, or None if there was no validation."""
        recorder = self.learn.recorder
        if self.monitor == "train_loss":
            return recorder.losses[-1]
        if not recorder.metrics:
            return None
        values = [recorder.val_losses[-1] if recorder.val_losses else None, *recorder.metrics[-1]]
        value = values[recorder.names.index(self.monitor) - 2]  # after epoch and train_loss
        return None if value is None else float(value)

    def improved(self, value: float | None, min_delta: float = 0.0) -> bool:
        """Say whether a value is better than the best so far by more than `min_delta`, and keep it if so."""
        if value is None or not self.operator(value - self._signed(abs(min_delta)), self.best):
            return False
        self.best = value
        return True
