"""How lists and data print: items in a line, samples in a table of text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from onecycle.data.items import ItemBase
from onecycle.utils.seeding import global_rng_kept, item_stream

__all__: list[str] = []

_LONGEST = 60
_LONGEST_ITEM = 200


def as_text(value: Any) -> str:
    """Return an item with its kind, anything else as it prints."""
    return repr(value) if isinstance(value, ItemBase) else str(value)


def readable(get: Callable[[int], Any], index: int, prints_as: Callable[[Any], str]) -> str:
    """Return item `index` as text of at most 200 characters; no random draw of anyone else is used up.

    A broken item says so.
    """
    try:
        with global_rng_kept(), item_stream(0, 0, index):
            text = prints_as(get(index))
            return text if len(text) <= _LONGEST_ITEM else text[: _LONGEST_ITEM - 1] + "…"
    except Exception as error:  # printing a list must not fail for one of its items
        return f"<{type(error).__name__}>"


def show_table(names: Sequence[str], *columns: Sequence[Any]) -> None:
    """Print samples as a table of text, one row a sample."""
    rows = [list(names), *([_short(value) for value in row] for row in zip(*columns, strict=True))]
    widths = [max(len(row[k]) for row in rows) for k in range(len(names))]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def _short(value: Any) -> str:
    text = " ".join(str(value).split())
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
