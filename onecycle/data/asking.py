"""A user's function asked about items; where it fails, the item is named."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from onecycle.errors import DataError, add_context, describe

__all__: list[str] = []


def ask(func: Callable[[Any], Any], item: Any) -> Any:
    """Return what a function says of an item.

    Raises:
        Exception: what the function raises, with a note that names the item.
    """
    try:
        return func(item)
    except Exception as error:
        add_context(error, item=item)
        raise


def positions_where(owner: str, func: Callable[[Any], Any], items: Iterable[Any]) -> list[int]:
    """Return the positions of the items for which a function is true.

    Raises:
        DataError: an answer is neither true nor false, such as an array of several values; names the item.
    """
    return [i for i, item in enumerate(items) if _truth(owner, item, ask(func, item))]


def _truth(owner: str, item: Any, answer: Any) -> bool:
    try:
        return bool(answer)
    except (TypeError, ValueError, RuntimeError) as error:
        said = f"func must return true or false; of item {item} it said {describe(answer)}"
        raise DataError(f"{owner}: {said}. Reduce it to one truth value, e.g. with .any().") from error
