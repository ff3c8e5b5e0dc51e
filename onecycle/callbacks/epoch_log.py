"""The base of callbacks that write each row of the epoch table somewhere."""

from __future__ import annotations

import os
import time
import warnings
from pathlib import Path
from typing import Any

from onecycle.training.callback import LearnerCallback
from onecycle.utils.files import FileWriteError

__all__ = ["EpochLogger"]


class EpochLogger(LearnerCallback):
    """Hand each row of the epoch table to `write_row`, and begin a file with `begin`; a base to inherit from.

    The file is closed after each row: what is written stays when the process is killed. Of several processes
    rank 0 writes. A row that cannot be written, as on a full disk, is reported once; training goes on.

    Args:
        learn: The learner.
        filename: Name below `learn.path`, with or without its ending.
        append: Go on with an existing file instead of replacing it.
    """

    _misses_rows = False
    _order = -9  # after the recorder, which knows the columns
    first_process_only = True
    ending = ""

    def __init__(self, learn: Any, filename: str = "history", append: bool = False) -> None:
        super().__init__(learn)
        self.filename, self.append = filename, append
        self.path = Path(learn.path) / f"{str(filename).removesuffix(self.ending)}{self.ending}"

    def begin(self, goes_on: bool) -> None:
        """Begin the file, or make it ready for more rows."""
        raise NotImplementedError(f"{type(self).__name__} must define begin(self, goes_on).")

    def write_row(self, row: dict[str, Any]) -> None:
        """Write the values of an epoch, by the names of their columns; `time` is in seconds."""
        raise NotImplementedError(f"{type(self).__name__} must define write_row(self, row).")

    def on_train_begin(self, **kwargs: Any) -> None:
        """Begin the file.

        Raises:
            FileWriteError: it cannot be written.
        """
        self._misses_rows = False
        self.names = list(self.learn.recorder.names)
        goes_on = self.append or self.learn.resuming
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.begin(goes_on and self.path.is_file() and self.path.stat().st_size > 0)
        except OSError as error:
            raise FileWriteError(f"{type(self).__name__}: {self._what_failed(error)}") from error

    def run_state(self) -> dict[str, Any]:
        """Return how long the file is."""
        return {"size": self.path.stat().st_size if self.path.is_file() else 0}

    def load_run_state(self, state: dict[str, Any]) -> None:
        """Cut off the rows of epochs that will come again."""
        if self.path.is_file() and self.path.stat().st_size > state["size"]:
            os.truncate(self.path, state["size"])

    def on_epoch_begin(self, **kwargs: Any) -> None:
        """Start the clock."""
        self._start = time.perf_counter()

    def on_epoch_end(self, epoch: int, smooth_loss: Any, last_metrics: Any, **kwargs: Any) -> None:
        """Write a row."""
        self.names = list(self.learn.recorder.names)
        row = epoch_row(self.names, epoch, smooth_loss, last_metrics)
        if "time" in self.names:
            row["time"] = time.perf_counter() - self._start
        try:
            self.write_row(row)
        except OSError as error:
            self._report(error)

    def _report(self, error: OSError) -> None:
        """Warn once in a run that rows are missing."""
        if not self._misses_rows:
            self._misses_rows = True
            said = f"{type(self).__name__}: training goes on, but rows are missing: {self._what_failed(error)}"
            warnings.warn(said, UserWarning, stacklevel=3)

    def _what_failed(self, error: OSError) -> str:
        return f"{str(self.path)!r} could not be written ({error.strerror or error}). Make room, or log elsewhere."

    def on_train_end(self, **kwargs: Any) -> None:
        """Nothing is open between rows."""


def epoch_row(names: list[str], epoch: int, smooth_loss: Any, last_metrics: Any) -> dict[str, Any]:
    """Return the values of an epoch by the names of their columns, without the time; None for what is missing."""
    columns = [name for name in names if name != "time"]
    values = [epoch, smooth_loss, *(last_metrics or [])]
    values += [None] * (len(columns) - len(values))
    return dict(zip(columns, values))


def drop_torn_line(path: Path) -> None:
    """Cut off a last line without an end, which a writer that was killed left."""
    with open(path, "rb+") as file:
        text = file.read()
        whole = text.rfind(b"\n") + 1
        if whole < len(text):
            file.truncate(whole)
