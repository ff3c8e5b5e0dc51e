"""The table of a training run: one row an epoch."""

from __future__ import annotations

import html
import sys
import time
from collections.abc import Sequence
from typing import Any

from onecycle.utils.defaults import defaults
from onecycle.utils.notebook_page import NotebookPage

__all__ = ["EpochTable", "format_time", "place"]

_NARROWEST = 8  # characters: a loss with six decimals below ten


def place() -> str:
    """Say where output goes now: 'silent', 'notebook', 'terminal' or 'lines' (a file or a pipe)."""
    if defaults.silent:
        return "silent"
    if in_notebook():
        return "notebook"
    return "terminal" if sys.stderr is not None and sys.stderr.isatty() else "lines"


def in_notebook() -> bool:
    """Say whether this runs in a notebook's kernel."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return shell is not None and hasattr(shell, "kernel")


def format_time(seconds: float) -> str:
    """Write a duration as mm:ss, or h:mm:ss from an hour on.

    Example:
        >>> format_time(83.4), format_time(3941)
        ('01:23', '1:05:41')
    """
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes:02d}:{rest:02d}"


def format_cell(name: str, value: Any) -> str:
    """Write one value of the table: six decimals for numbers, mm:ss in the column `time`, #na# for None."""
    if value is None:
        return "#na#"
    if isinstance(value, str):
        return value
    if name == "time":
        return format_time(float(value))
    return str(value) if isinstance(value, int) else f"{float(value):.6f}"


def say(line: str) -> None:
    """Print a line above whatever bar is drawn."""
    tqdm = sys.modules.get("tqdm")
    if tqdm is not None and place() == "terminal":
        tqdm.tqdm.write(line, file=sys.stdout)
    else:
        print(line, flush=True)


class EpochTable:
    """Show the rows of a run as they come: text in a terminal or log, an HTML table in a notebook.

    Args:
        names: Column names, for instance epoch, train_loss, valid_loss, accuracy, time.
        display: False keeps the rows and shows nothing.
        page: The output of a notebook that has the table as its part `table`; default: one of its own.

    Example:
        >>> table = EpochTable(["epoch", "train_loss", "time"])
        epoch     train_loss  time
        >>> table.row([0, 0.25, 83.0])
        0         0.250000    01:23
    """

    def __init__(self, names: Sequence[str], display: bool = True, page: NotebookPage | None = None) -> None:
        self.names = list(names)
        self.rows: list[list[str]] = []
        self.display = display and not defaults.silent
        self._start = time.perf_counter()
        self._total = ""
        self._page = NotebookPage("table") if page is None else page
        self._show(self.names)

    def row(self, values: Sequence[Any]) -> None:
        """Add a row.

        Args:
            values: One for each column: numbers, 0-d tensors, strings or None; seconds in the column `time`.
        """
        names = [*self.names, *[""] * len(values)]
        cells = [format_cell(name, value) for name, value in zip(names, values, strict=False)]
        self.rows.append(cells)
        self._show(cells)

    def total(self, seconds: float | None = None) -> None:
        """End the table with the total time.

        Args:
            seconds: How long it took; since the table was made when left out.
        """
        self._total = "Total time: " + format_time(
            time.perf_counter() - self._start if seconds is None else seconds
        )
        if self.display and place() == "notebook":
            self._draw()
        elif self.display:
            say(self._total)

    def _show(self, cells: Sequence[str]) -> None:
        if not self.display:
            return
        if place() == "notebook":
            self._draw()
        else:
            say(self.line(cells))

    def line(self, cells: Sequence[str]) -> str:
        """Return a row as aligned text."""
        widths = [max(len(name), _NARROWEST) for name in self.names] + [_NARROWEST] * len(cells)
        return "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=False)).rstrip()

    def _draw(self) -> None:
        self._page.put("table", self._repr_html_())

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{html.escape(name)}</th>" for name in self.names)
        body = "".join(
            "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>" for row in self.rows
        )
        table = (
            f'<table border="1" class="dataframe"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'
        )
        return f"<p>{self._total}</p>{table}" if self._total else table
