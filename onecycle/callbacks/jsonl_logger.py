"""The epoch table as a file of JSON lines."""

from __future__ import annotations

import codecs
import json
import math
from typing import Any

from onecycle.callbacks.epoch_log import EpochLogger, drop_torn_line
from onecycle.utils.files import read_bytes
from onecycle.utils.json_text import parse_json
from onecycle.utils.schema import anything, check_form, named

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
        """Return the file as a table of pandas; a last line that is not whole is left out.

        Raises:
            FileMissingError: there is no such file.
            FileFormatError: a line holds no values by name; says which.
        """
        import pandas as pd

        owner = "read_logged_file"
        whole = read_bytes(owner, self.path).removeprefix(codecs.BOM_UTF8)
        lines = whole[: whole.rfind(b"\n") + 1].split(b"\n")[:-1]
        places = [f"{self.path}, line {number}" for number in range(1, len(lines) + 1)]
        rows = [parse_json(owner, place, line) for place, line in zip(places, lines, strict=True)]
        return pd.DataFrame([check_form(owner, *each, _ROW) for each in zip(places, rows, strict=True)])


_ROW = named(anything)


def plain(value: Any) -> Any:
    """Return what JSON can hold: a number, None for one that is not finite, or text."""
    if value is None or isinstance(value, (str, int)):
        return value
    try:
        number = float(value)
    except (TypeError, ValueError):
        return str(value)
    return number if math.isfinite(number) else None
