"""Runs in MLflow."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from onecycle.callbacks.epoch_log import epoch_row
from onecycle.callbacks.experiment_tracker import numbers, settings_of
from onecycle.errors import ArgumentError, explain
from onecycle.training.callback import LearnerCallback
from onecycle.utils.extras import import_extra

__all__ = ["MLFlowTracker"]


class MLFlowTracker(LearnerCallback):
    """Log each fit as a run of MLflow: settings, losses and metrics of every epoch, and the notebook.

    Args:
        learn: The learner.
        exp_name: Name of the experiment; made where there is none.
        params: Settings of the run to note beside the learner's.
        nb_path: A file to keep with the run, e.g. the notebook; None for none.
        uri: Where runs are kept: a server's address, or a store such as `sqlite:///runs.db`.

    Raises:
        ArgumentError: mlflow is not installed, `params` is no dict, or there is no file at `nb_path`.

    Example:
        learn.fit(3, callbacks=[MLFlowTracker(learn, "pets", {"size": 224}, "pets.ipynb")])
    """

    _order = 50  # a run begins when nobody else refuses to train
    first_process_only = True

    def __init__(
        self,
        learn: Any,
        exp_name: str,
        params: dict[str, Any] | None = None,
        nb_path: Any = None,
        uri: str = "http://localhost:5000",
    ) -> None:
        super().__init__(learn)
        if params is not None and not isinstance(params, dict):
            raise ArgumentError(explain("MLFlowTracker", "params", "must be a dict", params))
        if nb_path is not None and not Path(nb_path).is_file():
            raise ArgumentError(explain("MLFlowTracker", "nb_path", "must be a file that is there", str(nb_path)))
        self.exp_name, self.params, self.nb_path, self.uri = exp_name, dict(params or {}), nb_path, uri
        self.client = import_extra("MLFlowTracker", "mlflow", "mlflow").MlflowClient(tracking_uri=uri)
        self.run: str | None = None

    def on_train_begin(self, n_epochs: int, **kwargs: Any) -> None:
        """Begin a run, with the settings."""
        found = self.client.get_experiment_by_name(self.exp_name)
        experiment = self.client.create_experiment(self.exp_name) if found is None else found.experiment_id
        self.run = self.client.create_run(experiment).info.run_id
        for name, value in {**settings_of(self.learn), "epochs": n_epochs, **self.params}.items():
            self.client.log_param(self.run, name, value)

    def on_epoch_end(self, epoch: int, smooth_loss: Any = None, last_metrics: Any = None, **kwargs: Any) -> None:
        """Log the row of the table."""
        row = numbers(epoch_row(self.learn.recorder.names, epoch, smooth_loss, last_metrics))
        for name, value in row.items():
            if name != "epoch" and math.isfinite(value):
                self.client.log_metric(self.run, name, value, step=epoch)

    def on_train_end(self, exception: Any = None, **kwargs: Any) -> None:
        """Keep the file, and end the run."""
        if self.run is None:
            return
        run, self.run = self.run, None
        if self.nb_path is not None:
            self.client.log_artifact(run, str(self.nb_path))
        self.client.set_terminated(run, "FINISHED" if exception is None else "FAILED")
