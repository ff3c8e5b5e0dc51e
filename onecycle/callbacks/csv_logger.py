"""The epoch table as a CSV file."""

from __future__ import annotations

import csv
from typing import Any

from onecycle.callbacks.epoch_log import EpochLogger, drop_torn_line
from onecycle.errors import CallbackError
from onecycle.utils.epoch_table import format_cell

__all__ = ["CSVLogger"]


class CSVLogger(EpochLogger):
    """Write each row of the epoch table to a CSV file as it comes.

    The file is closed after each row: what is written stays when the process is killed.

    Args:
        learn: The learner.
        filename: Name below `learn.path`, with or without `.csv`.
        append: Go on with an existing file instead of replacing it.

    Raises:
        CallbackError: the file to go on with has other columns; at the beginning of training.

    Example:
        learn.fit(3, callbacks=[CSVLogger(learn, append=True)])
        learn.csv_logger.read_logged_file()
    """

    ending = ".csv"

    def read_logged_file(self) -> Any:
        """Return the file as a table of pandas."""
        import pandas as pd

        return pd.read_csv(self.path)

    def begin(self, goes_on: bool) -> None:
        """Write the names of the columns, or see that the file has the same."""
        if goes_on:
            drop_torn_line(self.path)
            self._check_columns()
        if not goes_on or self.path.stat().st_size == 0:
            self._write(self.names, "w")

    def _check_columns(self) -> None:
        with open(self.path, newline="", encoding="utf-8") as file:
            there = next(csv.reader(file), self.names)
        if there != self.names:
            raise CallbackError(
                f"CSVLogger: the columns must be those of {self.path.name} ({', '.join(there)}); "
                f"got {', '.join(self.names)}. Pass another filename, or append=False."
            )

    def write_row(self, row: dict[str, Any]) -> None:
        """Write a row as the table shows it."""
        self._write([format_cell(name, row[name]) for name in self.names], "a")

    def _write(self, cells: list[str], mode: str) -> None:
        with open(self.path, mode, newline="", encoding="utf-8") as file:
            csv.writer(file).writerow(cells)
