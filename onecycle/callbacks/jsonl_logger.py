"""The epoch table as a file of JSON lines."""

from __future__ import annotations

import json
import math
from typing import Any

from onecycle.callbacks.epoch_log import EpochLogger, drop_torn_line

__all__ = ["JSONLLogger"]


class JSONLLogger(EpochLogger):
    """Write the values of each epoch as one line of JSON, in full precision; the time in seconds.

    The file is closed after each line: what is written stays when the process is killed. Rows of several runs
    may have different names, so a file can always be gone on with.

    Args:
        learn: The learner.
        filename: Name below `learn.path`, with or without `.jsonl`.
        append: Go on with an existing file instead of replacing it.

    Example:
        learn.fit(3, callbacks=[JSONLLogger(learn)])
        learn.jsonl_logger.read_logged_file()
    """

    ending = ".jsonl"

    def begin(self, goes_on: bool) -> None:
        """Make an empty file, or drop what a killed process did not write to its end."""
        if goes_on:
            drop_torn_line(self.path)
        else:
            self.path.write_bytes(b"")

    def write_row(self, row: dict[str, Any]) -> None:
        """Write a line."""
        line = json.dumps({name: plain(value) for name, value in row.items()})
        with open(self.path, "a", encoding="utf-8") as file:
            file.write(line + "\n")

    def read_logged_file(self) -> Any:
        """Return the file as a table of pandas; a last line that is not whole is left out."""
        import pandas as pd

        text = self.path.read_text(encoding="utf-8")
        whole = text[: text.rfind("\n") + 1]
        return pd.DataFrame([json.loads(line) for line in whole.splitlines()])


def plain(value: Any) -> Any:
    """Return what JSON can hold: a number, None for one that is not finite, or text."""
    if value is None or isinstance(value, (str, int)):
        return value
    try:
        number = float(value)
    except (TypeError, ValueError):
        return str(value)
    return number if math.isfinite(number) else None
