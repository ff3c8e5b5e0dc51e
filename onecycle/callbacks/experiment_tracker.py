"""Runs in wandb or trackio, through the calls that both have."""

from __future__ import annotations

from typing import Any

from onecycle.callbacks.epoch_log import epoch_row
from onecycle.errors import ArgumentError, explain
from onecycle.nn.surgery import get_model
from onecycle.training.callback import LearnerCallback
from onecycle.training.choices import check_choice
from onecycle.utils.checks import check_numbers
from onecycle.utils.extras import import_extra

__all__ = ["ExperimentTracker"]

_PACKAGES = ("trackio", "wandb")
_CALLS = ("init", "log", "finish")


class ExperimentTracker(LearnerCallback):
    """Log losses, metrics and rates of each run to wandb or trackio.

    A fit is a run: its settings, its columns after each epoch, the smoothed loss and the rate every few steps.
    The tracker's step is the training step.

    Args:
        learn: The learner.
        project: Name under which the runs are gathered.
        package: `trackio` or `wandb`; or a module with their calls `init`, `log` and `finish`.
        name: Name of the run; the tracker makes one when None.
        config: Settings of the run to note beside the learner's.
        loss_iters: Log the loss and the rate every so many steps; 0 leaves them out.
        **init: Further keywords of the tracker's `init`.

    Raises:
        ArgumentError: the package is unknown or not installed, or the module lacks a call.

    Example:
        learn.fit(3, callbacks=[ExperimentTracker(learn, "pets", "trackio")])
    """

    _order = 50  # a run begins when nobody else refuses to train
    first_process_only = True

    def __init__(
        self,
        learn: Any,
        project: str = "onecycle",
        package: Any = "trackio",
        name: str | None = None,
        config: dict[str, Any] | None = None,
        loss_iters: int = 25,
        **init: Any,
    ) -> None:
        super().__init__(learn)
        check_numbers("ExperimentTracker", "loss_iters", loss_iters, "must be at least 0", lambda n: n >= 0)
        self.tracker = _tracker(package)
        self.project, self.run_name, self.config, self.init = project, name, dict(config or {}), init
        self.loss_iters = loss_iters
        self._running = False

    def on_train_begin(self, n_epochs: int, **kwargs: Any) -> None:
        """Begin a run, with the settings."""
        settings = {**settings_of(self.learn), "epochs": n_epochs, **self.config}
        self.tracker.init(project=self.project, name=self.run_name, config=settings, **self.init)
        self._running = True

    def on_batch_end(self, train: bool, iteration: int, smooth_loss: Any, **kwargs: Any) -> None:
        """Log the loss and the rate."""
        if train and self.loss_iters and iteration % self.loss_iters == 0:
            values = {"loss": float(smooth_loss), "lr": float(self.learn.recorder.lrs[-1])}
            self.tracker.log(values, step=iteration)

    def on_epoch_end(self, epoch: int, iteration: int, smooth_loss: Any, last_metrics: Any, **kwargs: Any) -> None:
        """Log the row of the table."""
        row = epoch_row(self.learn.recorder.names, epoch, smooth_loss, last_metrics)
        self.tracker.log(numbers(row), step=iteration)

    def on_train_end(self, **kwargs: Any) -> None:
        """End the run."""
        if self._running:
            self._running = False
            self.tracker.finish()


def _tracker(package: Any) -> Any:
    """Return the module of a tracker."""
    if isinstance(package, str):
        check_choice("ExperimentTracker", "package", package, _PACKAGES)
        return import_extra("ExperimentTracker", package, package)
    missing = [call for call in _CALLS if not callable(getattr(package, call, None))]
    if missing:
        rule = f"must have the calls {', '.join(_CALLS)}; {', '.join(missing)} is missing"
        raise ArgumentError(explain("ExperimentTracker", "package", rule, package))
    return package


def settings_of(learn: Any) -> dict[str, Any]:
    """Return what a run was made of, as text and numbers."""
    made = learn.opt_func
    optimiser = getattr(made, "func", made)
    loss = learn.loss_func
    return {
        "model": type(get_model(learn.model)).__name__,
        "optimizer": getattr(optimiser, "__name__", str(optimiser)),
        "loss": getattr(loss, "__name__", type(loss).__name__),
        "batch_size": getattr(learn.data.train_dl, "batch_size", None),
        "weight_decay": str(learn.wd),
        "parameters": sum(p.numel() for p in learn.model.parameters()),
    }


def numbers(row: dict[str, Any]) -> dict[str, float]:
    """Return the values of a row that are single numbers, as floats."""
    found = {}
    for name, value in row.items():
        try:
            found[name] = float(value)
        except (TypeError, ValueError, RuntimeError):  # missing, text, or a metric of several numbers
            continue
    return found
