"""The epoch table as a CSV file."""

from __future__ import annotations

import csv
import time
from pathlib import Path
from typing import Any

from onecycle.training.callback import LearnerCallback
from onecycle.utils.epoch_table import format_cell

__all__ = ["CSVLogger"]


class CSVLogger(LearnerCallback):
    """Write each row of the epoch table to a CSV file as it comes.

    Args:
        learn: The learner.
        filename: Name below `learn.path`, without `.csv`.
        append: Go on with an existing file instead of replacing it.
    """

    _order = -9  # after the recorder, which knows the columns

    def __init__(self, learn: Any, filename: str = "history", append: bool = False) -> None:
        super().__init__(learn)
        self.filename, self.append = filename, append
        self.path = Path(learn.path) / f"{filename}.csv"
        self.add_time = True

    def read_logged_file(self) -> Any:
        """Return the file as a table of pandas."""
        import pandas as pd

        return pd.read_csv(self.path)

    def on_train_begin(self, **kwargs: Any) -> None:
        """Write the names of the columns."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.names = list(self.learn.recorder.names)
        self.add_time = "time" in self.names
        goes_on = self.append and self.path.is_file() and self.path.stat().st_size > 0
        if not goes_on:
            self._write(self.names, "w")

    def on_epoch_begin(self, **kwargs: Any) -> None:
        """Start the clock."""
        self._start = time.perf_counter()

    def on_epoch_end(self, epoch: int, smooth_loss: Any, last_metrics: Any, **kwargs: Any) -> None:
        """Write a row."""
        values = [epoch, smooth_loss, *(last_metrics or [])]
        values += [None] * (len(self.names) - int(self.add_time) - len(values))
        values += [time.perf_counter() - self._start] if self.add_time else []
        self._write([format_cell(name, value) for name, value in zip(self.names, values)], "a")

    def on_train_end(self, **kwargs: Any) -> None:
        """Nothing is open between rows."""

    def _write(self, cells: list[str], mode: str) -> None:
        with open(self.path, mode, newline="", encoding="utf-8") as file:
            csv.writer(file).writerow(cells)
