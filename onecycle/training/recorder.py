"""The recorder: rates, momenta, losses and metrics of a run, its table and its plots."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from onecycle.errors import check_keywords
from onecycle.training import recorder_plots
from onecycle.training.callback import Callback, LearnerCallback

__all__ = ["RecordOnCPU", "Recorder"]


class Recorder(LearnerCallback):
    """Write down what happens in training.

    Args:
        learn: The learner, which then has this as `learn.recorder`.
        add_time: Add a column with the time of each epoch.
        silent: Show no table.

    Attributes:
        lrs: Learning rate of the last layer group at each step.
        moms: Momentum of the last layer group at each step.
        losses: Smoothed training loss after each step, as floats.
        val_losses: Validation loss of each epoch.
        metrics: Values of the metrics of each epoch that has any.
        nb_batches: Training steps of each epoch.
        names: Columns of the table.
        min_grad_lr: Learning rate where the finder's loss falls fastest, once a plot suggested it.
    """

    _order = -10
    not_in_run = ("pbar", "names", "add_time", "silent", "_added_names", "_start", "_epoch_start")

    def __init__(self, learn: Any, add_time: bool = True, silent: bool = False) -> None:
        super().__init__(learn)
        self.add_time, self.silent = add_time, silent
        self._added_names: list[str] = []
        self._forget()

    def _forget(self) -> None:
        self.lrs: list[float] = []
        self.moms: list[float | None] = []
        self.val_losses: list[float | None] = []
        self.metrics: list[list[Any]] = []
        self.nb_batches: list[int] = []
        self.names: list[str] = []
        self.min_grad_lr: float | None = None
        self._losses: list[float] = []
        self._new_losses: list[Tensor] = []
        self.pbar: Any = None

    @property
    def losses(self) -> list[float]:
        """Smoothed training loss after each step."""
        if self._new_losses:
            self._losses += torch.stack(self._new_losses).tolist()
            self._new_losses.clear()
        return self._losses

    def on_train_begin(self, pbar: Any, metrics_names: Sequence[str], **kwargs: Any) -> None:
        """Begin a fresh record, and the table."""
        self._forget()
        self.pbar = pbar
        self.names = ["epoch", "train_loss", "valid_loss", *metrics_names, *self._added_names]
        self.names += ["time"] if self.add_time else []
        self._opt = self.learn.opt
        self._start = self._epoch_start = time.perf_counter()
        if not self.silent:
            pbar.write(self.names, table=True)

    def add_metric_names(self, names: Sequence[str]) -> None:
        """Add columns for values that a callback will append to `last_metrics`."""
        self._added_names += [name for name in names if name not in self._added_names]
        if self.names and self.pbar is not None:
            self._widen(list(names))

    def with_values(self, last_metrics: Any, values: dict[str, Any]) -> dict[str, Any]:
        """Return the change of state that puts values under the columns that `add_metric_names` added.

        Args:
            last_metrics: Validation loss and metrics so far.
            values: The values by the names of their columns.

        Returns:
            `{"last_metrics": …}`, with None for the metrics of an epoch without validation.
        """
        row = list(last_metrics or [None])
        for name, value in values.items():
            place = self.names.index(name) - 2  # after epoch and train_loss
            row += [None] * (place + 1 - len(row))
            row[place] = value
        return {"last_metrics": row}

    def _widen(self, names: list[str]) -> None:
        """Add the columns to a table that was begun before its callback said so."""
        place = len(self.names) - 1 if self.add_time else len(self.names)
        self.names[place:place] = [name for name in names if name not in self.names]
        table = getattr(self.pbar, "table", None)
        if table is not None and not table.rows:
            self.pbar.table = None
            self.pbar.write(self.names, table=True)

    def on_epoch_begin(self, **kwargs: Any) -> None:
        """Start the epoch's clock."""
        self._epoch_start = time.perf_counter()

    def on_batch_begin(self, train: bool, **kwargs: Any) -> None:
        """Note the rate and the momentum of the step."""
        if train:
            opt = self.learn.opt
            self.lrs.append(opt.lr)
            self.moms.append(opt.mom)

    def on_backward_begin(self, smooth_loss: Tensor, **kwargs: Any) -> None:
        """Note the smoothed loss, without waiting for it."""
        self._new_losses.append(smooth_loss)

    def on_epoch_end(
        self, epoch: int, num_batch: int, smooth_loss: Any, last_metrics: list[Any], **kwargs: Any
    ) -> None:
        """Note the epoch's values and add its row to the table."""
        self.nb_batches.append(num_batch)
        values = [_number(value) for value in last_metrics or []]
        if values and values[0] is not None:
            self.val_losses.append(values[0])
        if values and any(value is not None for value in values):
            self.metrics.append(values[1:])
        self.format_stats([epoch, _number(smooth_loss), *(values or [None])])

    def format_stats(self, stats: Sequence[Any]) -> None:
        """Write a row of the table.

        Args:
            stats: Epoch, training loss, validation loss and metrics; what is missing is shown as #na#.
        """
        wanted = len(self.names) - int(self.add_time)
        row = [*stats, *[None] * (wanted - len(stats))]
        row += [time.perf_counter() - self._epoch_start] if self.add_time else []
        if not self.silent:
            self.pbar.write(row, table=True)

    def on_train_end(self, exception: Any = None, **kwargs: Any) -> None:
        """Close the table with the total time."""
        table = getattr(self.pbar, "table", None)
        if table is not None and exception is None and not self.silent:
            table.total(time.perf_counter() - self._start)

    def run_state(self) -> dict[str, Any]:
        """Return the record so far."""
        self.losses  # noqa: B018 - as floats, not as a tensor a step
        return super().run_state()

    def suggest_lr(self, skip_start: int = 10, skip_end: int = 5) -> float:
        """Return the learning rate at which the smoothed loss of `lr_find` fell fastest.

        Args:
            skip_start: Steps to leave out at the beginning.
            skip_end: Steps to leave out at the end.
        """
        lrs, losses = _cut(self.lrs, skip_start, skip_end), _cut(self.losses, skip_start, skip_end)
        self.min_grad_lr = recorder_plots.steepest(lrs, losses)
        return self.min_grad_lr

    def plot(
        self,
        skip_start: int = 10,
        skip_end: int = 5,
        suggestion: bool = False,
        return_fig: bool | None = None,
        show_grid: bool = False,
        **kwargs: Any,
    ) -> Any:
        """Plot the loss over the learning rate, after `lr_find`.

        Args:
            skip_start: Steps to leave out at the beginning.
            skip_end: Steps to leave out at the end.
            suggestion: Mark and print the rate where the loss falls fastest.
            return_fig: Return the figure; `defaults.return_fig` when None.
            show_grid: Draw a grid.
            **kwargs: Settings of `smoothen_by_spline`; any of them turns the smoothing on.
        """
        check_keywords("plot", kwargs, ("skip_start", "skip_end", "suggestion", "return_fig", "show_grid", "k", "s"))
        lrs, losses = _cut(self.lrs, skip_start, skip_end), _cut(self.losses, skip_start, skip_end)
        if kwargs:
            losses = list(self.smoothen_by_spline(lrs, losses, **kwargs))
        mark = None
        if suggestion:
            mark = self.min_grad_lr = recorder_plots.steepest(lrs, losses)
            print(f"Min numerical gradient: {mark:.2E}")
            print(f"Min loss divided by 10: {lrs[int(np.argmin(losses))] / 10:.2E}")
        return recorder_plots.finder(lrs, losses, mark, return_fig, show_grid)

    def plot_losses(
        self, skip_start: int = 0, skip_end: int = 0, return_fig: bool | None = None, show_grid: bool = False
    ) -> Any:
        """Plot the training and validation losses over the steps.

        Args:
            skip_start: Steps to leave out at the beginning.
            skip_end: Steps to leave out at the end.
            return_fig: Return the figure; `defaults.return_fig` when None.
            show_grid: Draw a grid.
        """
        return recorder_plots.losses(
            self.losses, self.val_losses, self.nb_batches, skip_start, skip_end, return_fig, show_grid
        )

    def plot_lr(
        self, show_moms: bool = False, skip_start: int = 0, skip_end: int = 0, return_fig: bool | None = None
    ) -> Any:
        """Plot the learning rate over the steps.

        Args:
            show_moms: Plot the momentum beside it.
            skip_start: Steps to leave out at the beginning.
            skip_end: Steps to leave out at the end.
            return_fig: Return the figure; `defaults.return_fig` when None.
        """
        moms = [mom or 0.0 for mom in self.moms] if show_moms else None
        return recorder_plots.rates(self.lrs, moms, skip_start, skip_end, return_fig)

    def plot_metrics(
        self, skip_start: int = 0, skip_end: int = 0, return_fig: bool | None = None, show_grid: bool = False
    ) -> Any:
        """Plot each metric over the epochs.

        Args:
            skip_start: Steps to leave out at the beginning.
            skip_end: Steps to leave out at the end.
            return_fig: Return the figure; `defaults.return_fig` when None.
            show_grid: Draw a grid.
        """
        names = self.names[3 : 3 + (len(self.metrics[0]) if self.metrics else 0)]
        return recorder_plots.metrics(
            self.metrics, names, self.nb_batches, skip_start, skip_end, return_fig, show_grid
        )

    @staticmethod
    def smoothen_by_spline(xs: Sequence[float], ys: Sequence[float], **kwargs: Any) -> np.ndarray:
        """Smooth values taken at equal steps with a cubic smoothing spline.

        Args:
            xs: Where the values were taken; only their number counts.
            ys: The values.
            **kwargs: `s`, the sum of squared residuals to allow (a hundredth of those around the mean
                when left out); `k`, the degree, which must be 3.
        """
        return recorder_plots.smoothed(ys, **kwargs)


class RecordOnCPU(Callback):
    """Keep the inputs and targets of each batch of an epoch, on the CPU, as `input` and `target`."""

    def on_batch_begin(self, last_input: Any, last_target: Any, **kwargs: Any) -> None:
        """Copy the batch."""
        self.input, self.target = _copied(last_input), _copied(last_target)


def _copied(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return [_copied(entry) for entry in value]
    return value.detach().cpu() if isinstance(value, Tensor) else value


def _number(value: Any) -> Any:
    """Return a Python number for a one-element tensor or NumPy number; anything else as it is."""
    item: Callable[[], Any] | None = getattr(value, "item", None)
    single = item is not None and getattr(value, "size", None) is not None
    if isinstance(value, Tensor):
        return value.item() if value.numel() == 1 else value
    return item() if single and item is not None and getattr(value, "ndim", 0) == 0 else value


def _cut(values: Sequence[Any], skip_start: int, skip_end: int) -> list[Any]:
    """Leave out the first and last values, but none of a search that ended before it had that many and one."""
    whole = len(values) <= skip_start + skip_end
    return list(values if whole else values[skip_start : len(values) - skip_end])
