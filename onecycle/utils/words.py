"""Small helpers for text that is shown."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from typing import Any

__all__ = ["PrettyString", "camel2snake", "show_some", "text2html_table"]


class PrettyString(str):
    """A string that a notebook shows without quotes and with its line ends.

    Example:
        >>> PrettyString("one line")
        one line
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def camel2snake(name: str) -> str:
    """Turn a class name into the name of an attribute.

    Example:
        >>> camel2snake("OneCycleScheduler"), camel2snake("CSVLogger")
        ('one_cycle_scheduler', 'csv_logger')
    """
    words = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", words).lower()


def show_some(items: Sequence[Any], n_max: int = 5, sep: str = ",") -> str:
    """Return the first elements as text, with `...` where there are more.

    Args:
        items: What to show.
        n_max: How many at most.
        sep: What stands between them.

    Example:
        >>> show_some([1, 2, 3], n_max=2)
        '1,2...'
    """
    shown = sep.join(str(items[i]) for i in range(min(n_max, len(items))))
    return shown + "..." if len(items) > n_max else shown


def text2html_table(items: Sequence[Sequence[Any]]) -> str:
    """Return rows of text as an HTML table; the first row is the header.

    Args:
        items: Rows of cells; characters that mean something in HTML are escaped.
    """
    head, *rows = [[html.escape(str(cell)) for cell in row] for row in items]
    top = "".join(f"<th>{cell}</th>" for cell in head)
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    style = 'border="1" class="dataframe" style="text-align: left"'
    return f"<table {style}><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"
