"""Columns of values in a table: HTML in a notebook, lines elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

__all__: list[str] = []

_WIDTH = 100


def show_columns(columns: Mapping[str, Sequence[Any]]) -> None:
    """Show columns of values side by side.

    Args:
        columns: Name and values of each.
    """
    rows = [[str(value) for value in row] for row in zip(*columns.values(), strict=True)]
    if _in_notebook():
        from IPython.display import HTML, display

        display(HTML(as_html(list(columns), rows)))  # type: ignore[no-untyped-call]
    else:
        print(as_lines(list(columns), rows))


def _in_notebook() -> bool:
    try:
        shell = get_ipython()  # type: ignore[name-defined]
    except NameError:
        return False
    return type(shell).__name__ == "ZMQInteractiveShell"


def as_html(names: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table of HTML; what texts say is no markup.

    Example:
        >>> as_html(["text"], [["a < b"]])
        '<table><tr><th>text</th></tr><tr><td>a &lt; b</td></tr></table>'
    """
    head = "".join(f"<th>{escape(name)}</th>" for name in names)
    body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table><tr>{head}</tr>{body}</table>"


def as_lines(names: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table of plain text, long cells cut.

    Example:
        >>> print(as_lines(["text", "target"], [["xxbos good", "pos"]]))
        text        target
        xxbos good  pos
    """
    cells = [list(names), *([_short(cell) for cell in row] for row in rows)]
    widths = [max(len(row[k]) for row in cells) for k in range(len(names))]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in cells)
    return "\n".join(line.rstrip() for line in lines)


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _WIDTH else text[: _WIDTH - 1] + "…"
