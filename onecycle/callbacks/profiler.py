"""Where the time of training goes."""

from __future__ import annotations

import time
from typing import Any

import torch

from onecycle.errors import StepError
from onecycle.training.callback import LearnerCallback
from onecycle.utils.distributed import print_once

__all__ = ["TimeProfiler"]

PHASES = ("data", "forward", "loss", "backward", "step", "rest", "validation")
_ABOUT = {
    "data": "waiting for the batch, moving it",
    "forward": "the model",
    "loss": "the loss function",
    "backward": "the gradients",
    "step": "the optimiser",
    "rest": "zeroing gradients, callbacks",
    "validation": "the validation set, end of the epoch",
}


class TimeProfiler(LearnerCallback):
    """Measure where the time of training goes, and print it as a table at the end.

    On a GPU each phase waits until the device is done, so that the times are its own; training itself
    is slower for it. What other callbacks do at an event counts for the phase that ends there.

    Args:
        learn: The learner.
        show: Print the table when training ends; else ask `table()`.

    Attributes:
        seconds: Seconds in each phase: data, forward, loss, backward, step, rest, validation.
        steps: Training steps measured.
    """

    _order = 1000  # after all others

    def __init__(self, learn: Any, show: bool = True) -> None:
        super().__init__(learn)
        self.show = show
        self.seconds: dict[str, float] = {}
        self.steps = 0
        self._last = 0.0

    def _lap(self, phase: str) -> None:
        """End a phase, and begin the next."""
        if self._device.type == "cuda":
            torch.cuda.synchronize(self._device)
        now = time.perf_counter()
        self.seconds[phase] += now - self._last
        self._last = now

    def on_train_begin(self, **kwargs: Any) -> None:
        """Begin with nothing measured."""
        self.seconds, self.steps = dict.fromkeys(PHASES, 0.0), 0
        self._device = torch.device(self.learn.data.device)
        self._last = time.perf_counter()

    def on_epoch_begin(self, **kwargs: Any) -> None:
        """Begin with the wait for the first batch."""
        self._last = time.perf_counter()

    def on_batch_begin(self, train: bool, **kwargs: Any) -> None:
        """End the wait for a batch."""
        if train:
            self._lap("data")

    def on_loss_begin(self, train: bool, **kwargs: Any) -> None:
        """End the forward pass."""
        if train:
            self._lap("forward")

    def on_backward_begin(self, **kwargs: Any) -> None:
        """End the loss."""
        self._lap("loss")

    def on_backward_end(self, **kwargs: Any) -> None:
        """End the backward pass."""
        self._lap("backward")

    def on_step_end(self, **kwargs: Any) -> None:
        """End the optimiser's step."""
        self._lap("step")

    def on_batch_end(self, train: bool, **kwargs: Any) -> None:
        """End a step."""
        if train:
            self._lap("rest")
            self.steps += 1

    def on_epoch_end(self, **kwargs: Any) -> None:
        """End validation."""
        self._lap("validation")

    def on_train_end(self, **kwargs: Any) -> None:
        """Print the table."""
        if self.show and self.steps:
            print_once(self.table())

    def table(self) -> str:
        """Return the table: each phase's share, its seconds, and its milliseconds a step.

        Raises:
            StepError: nothing is measured yet.
        """
        if not self.steps:
            raise StepError("TimeProfiler: nothing is measured yet. Train first: learn.fit(1, callbacks=[…]).")
        total = sum(self.seconds.values())
        lines = [f"{'phase':<11}{'share':>8}{'seconds':>10}{'ms a step':>11}  what"]
        for phase, seconds in self.seconds.items():
            each = f"{1000 * seconds / self.steps:.3f}" if phase != "validation" else "-"
            lines.append(f"{phase:<11}{seconds / total:>8.1%}{seconds:>10.3f}{each:>11}  {_ABOUT[phase]}")
        lines.append(f"{'all':<11}{1:>8.1%}{total:>10.3f}{'':>11}  {self.steps} steps")
        return "\n".join(lines)
