"""One text as an item: the numbers of its tokens, and what a person reads."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from onecycle.data.items import ItemBase

__all__ = ["Text"]


class Text(ItemBase):
    """Hold one text.

    Args:
        ids: The numbers of its tokens, `(number of tokens,)`.
        text: The text, or a function that makes it when someone reads it.

    Example:
        >>> Text([2, 7], "xxbos hello")
        Text xxbos hello
    """

    def __init__(self, ids: Any, text: str | Callable[[], str]) -> None:
        self.data, self._text = ids, text

    @property
    def text(self) -> str:
        """Return what a person reads."""
        if not isinstance(self._text, str):
            self._text = self._text()
        return self._text

    @property
    def obj(self) -> str:  # type: ignore[override]
        """Return what a person reads."""
        return self.text

    def __str__(self) -> str:
        return self.text
