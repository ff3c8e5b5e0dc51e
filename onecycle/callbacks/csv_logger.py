"""The epoch table as a CSV file."""

from __future__ import annotations

import csv
import io
from typing import IO, Any

from onecycle.callbacks.epoch_log import EpochLogger, drop_torn_line
from onecycle.errors import CallbackError, FileFormatError
from onecycle.utils.epoch_table import format_cell
from onecycle.utils.files import read_bytes

__all__ = ["CSVLogger"]


class CSVLogger(EpochLogger):
    """Write each row of the epoch table to a CSV file as it comes.

    Each row is handed to the system at once: what is written stays when the process is killed. While training the open
    file is `file`, to which a subclass may write lines of its own.

    Args:
        learn: The learner.
        filename: Name below `learn.path`, with or without `.csv`.
        append: Go on with an existing file instead of replacing it.

    Raises:
        CallbackError: the file to go on with has other columns; at the beginning of training.
        FileFormatError: that file is no text.

    Example:
        learn.fit(3, callbacks=[CSVLogger(learn, append=True)])
        learn.csv_logger.read_logged_file()
    """

    ending = ".csv"
    file: IO[str] | None = None

    def read_logged_file(self) -> Any:
        """Return the file as a table of pandas.

        Raises:
            FileMissingError: there is no such file.
            FileFormatError: the file is empty, damaged, or no text.
        """
        import pandas as pd

        content = read_bytes("read_logged_file", self.path)
        try:
            return pd.read_csv(io.BytesIO(content))
        except ValueError as error:  # pandas' errors of a table, and bytes that are no UTF-8
            raise self._damaged("read_logged_file", error) from error

    def _damaged(self, caller: str, error: Exception) -> FileFormatError:
        said = str(error).partition("\n")[0].rstrip(".")
        return FileFormatError(f"{caller}: {str(self.path)!r} is damaged or no table of epochs ({said}).")

    def begin(self, goes_on: bool) -> None:
        """Write the names of the columns, or see that the file has the same."""
        if goes_on:
            drop_torn_line(self.path)
            self._check_columns()
        is_new = not goes_on or self.path.stat().st_size == 0
        self.file = open(self.path, "w" if is_new else "a", newline="", encoding="utf-8")  # noqa: SIM115 - it stays open while training
        if is_new:
            try:
                self._write(self.names)
            except OSError:
                self._close()
                raise

    def _check_columns(self) -> None:
        try:
            with open(self.path, newline="", encoding="utf-8-sig") as file:
                there = next(csv.reader(file), self.names)
        except (ValueError, csv.Error) as error:
            raise self._damaged("CSVLogger", error) from error
        if there != self.names:
            raise CallbackError(
                f"CSVLogger: the columns must be those of {self.path.name} ({', '.join(there)}); "
                f"got {', '.join(self.names)}. Pass another filename, or append=False."
            )

    def write_row(self, row: dict[str, Any]) -> None:
        """Write a row as the table shows it."""
        self._write([format_cell(name, row[name]) for name in self.names])

    def _write(self, cells: list[str]) -> None:
        assert self.file is not None
        csv.writer(self.file).writerow(cells)
        self.file.flush()

    def on_train_end(self, **kwargs: Any) -> None:
        """Close the file."""
        error = self._close()
        if error is not None:  # rows that could not be written are still held
            self._report(error)

    def _close(self) -> OSError | None:
        """Close the file; return what went wrong."""
        try:
            if self.file is not None:
                self.file.close()
        except OSError as error:
            return error
        return None
