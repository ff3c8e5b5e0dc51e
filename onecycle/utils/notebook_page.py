"""One output of a notebook cell, of parts that change: the table of a run and the bars below it."""

from __future__ import annotations

from typing import Any

__all__: list[str] = []


class NotebookPage:
    """Show parts of HTML as one output, which is made with the first of them and holds nothing once all are empty.

    An output that was made cannot be taken back, so bars that come and go share that of the table.

    Args:
        *names: The parts, from top to bottom.
    """

    def __init__(self, *names: str) -> None:
        self._parts = dict.fromkeys(names, "")
        self._handle: Any = None

    def put(self, name: str, text: str) -> None:
        """Show HTML as one of the parts; an empty text takes the part away."""
        if self._parts.get(name) == text:
            return
        self._parts[name] = text
        self._show("".join(self._parts.values()))

    def _show(self, text: str) -> None:
        from IPython.display import HTML, display

        if self._handle is None:
            self._handle = display(HTML(text), display_id=True)
        elif text:
            self._handle.update(HTML(text))
        else:
            self._handle.update({}, raw=True)  # no HTML at all, rather than an empty one in the saved notebook
