"""Progress bars for a terminal and a notebook, silent elsewhere."""

from __future__ import annotations

import html
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from onecycle.utils.defaults import defaults
from onecycle.utils.distributed import is_first_process
from onecycle.utils.epoch_table import EpochTable, format_time, place, say
from onecycle.utils.notebook_page import NotebookPage

__all__ = ["master_bar", "progress_bar"]

_REDRAW_EVERY = 0.1  # seconds
_PATIENCE = 0.5  # seconds until a bar that will not stay is shown in a notebook, where it leaves an output


class _TerminalPainter:
    """Draw one bar at a time on the last line of a terminal."""

    def __init__(self) -> None:
        self._line: Any = None

    def paint(self, bar: progress_bar) -> None:
        if self._line is None:
            from tqdm import tqdm

            self._line = tqdm(total=bar.total, leave=bar.leave, file=sys.stderr, dynamic_ncols=True)
        self._line.total, self._line.n = bar.total, bar.count
        self._line.set_description_str(bar.label(), refresh=False)
        self._line.set_postfix_str(bar.remark(), refresh=True)

    def end(self, bar: progress_bar) -> None:
        if self._line is not None:
            self.paint(bar)
            self._line.close()
            self._line = None


class _NotebookPainter:
    """Draw bars as HTML in the output of a notebook cell.

    Args:
        page: The output.
        part: The part of it that the bars are.
    """

    def __init__(self, page: NotebookPage, part: str) -> None:
        self._page, self._part = page, part

    def paint(self, bar: progress_bar) -> None:
        self._page.put(
            self._part,
            f"<div>{html.escape(bar.label())} <progress value='{bar.count}' max='{bar.total or 1}' "
            f"style='width:300px; vertical-align:middle'></progress> {html.escape(bar.pace())} "
            f"{html.escape(bar.remark())}</div>",
        )

    def end(self, bar: progress_bar) -> None:
        if bar.leave:
            self.paint(bar)
        else:
            self._page.put(self._part, "")


def _painter(page: NotebookPage | None = None, part: str = "inner") -> _TerminalPainter | _NotebookPainter | None:
    where = place()
    if where == "notebook":
        return _NotebookPainter(NotebookPage(part) if page is None else page, part)
    return _TerminalPainter() if where == "terminal" else None


class progress_bar:
    """Go through an iterable and show how far it is.

    A bar that is not shown costs nothing a step; one that is shown looks at the clock once a step and is
    redrawn ten times a second at most.

    Args:
        gen: What to go through.
        total: How many elements; `len(gen)` when left out.
        display: False shows nothing.
        leave: Whether the bar stays when it is done; not below a `master_bar`.
        parent: The `master_bar` this one belongs to.
        master: The same, under its other name.
        comment: Text behind the bar; may be set at any time (`bar.comment = …`), also to a function
            without arguments, which is called only when the bar is redrawn.

    Example:
        >>> sum(progress_bar(range(4), display=False))
        6
    """

    def __init__(
        self,
        gen: Iterable[Any],
        total: int | None = None,
        display: bool = True,
        leave: bool = True,
        parent: master_bar | None = None,
        master: master_bar | None = None,
        comment: str | Callable[[], str] = "",
    ) -> None:
        self.gen, self.comment, self.count = gen, comment, 0
        self.total = _length(gen) if total is None else total
        self.parent = parent if parent is not None else master
        self.leave = leave and self.parent is None
        self._painter = self._choose_painter(display and is_first_process())
        self._start = time.perf_counter()
        self._due = self._first_due()

    def _choose_painter(self, display: bool) -> _TerminalPainter | _NotebookPainter | None:
        if self.parent is not None:
            self.parent.child = self
            return self.parent.child_painter() if display else None
        return self._own_painter() if display else None

    def _own_painter(self) -> _TerminalPainter | _NotebookPainter | None:
        return _painter()

    def _first_due(self) -> float:
        """Return when the bar is drawn first: one that will not stay is not worth an output if it is soon over."""
        waits = isinstance(self._painter, _NotebookPainter) and self.parent is None and not self.leave
        return time.perf_counter() + _PATIENCE if waits else 0.0

    def __len__(self) -> int:
        return self.total or 0

    def __iter__(self) -> Iterator[Any]:
        if self._painter is None:
            yield from self.gen
        else:
            yield from self._shown()

    def _shown(self) -> Iterator[Any]:
        clock, self._start, self._due = time.perf_counter, time.perf_counter(), self._first_due()
        self.count = 0
        try:
            for element in self.gen:
                yield element
                self.count += 1
                if clock() >= self._due:
                    self._paint()
        finally:
            self._end()

    def update(self, val: int) -> None:
        """Show that `val` elements are done, for use without iterating."""
        self.count = val
        if self._painter is None:
            return
        if self.total is not None and val >= self.total:
            self._end()
        elif time.perf_counter() >= self._due:
            self._paint()

    def close(self) -> None:
        """End the bar before its time, for use without iterating."""
        self._end()

    def _paint(self) -> None:
        if self._painter is not None:
            self._painter.paint(self)
        self._due = time.perf_counter() + _REDRAW_EVERY

    def _end(self) -> None:
        if self._painter is not None:
            self._painter.end(self)

    def label(self) -> str:
        """Return the text before the bar: where the parent is."""
        return "" if self.parent is None else f"{self.parent.count}/{self.parent.total or '?'}"

    def remark(self) -> str:
        """Return the text behind the bar."""
        return str(self.comment() if callable(self.comment) else self.comment)

    def pace(self) -> str:
        """Return how far and how long, as `32/100 [00:12<00:25]`."""
        spent = time.perf_counter() - self._start
        if not self.total or not self.count:
            return f"{self.count} [{format_time(spent)}]"
        left = spent / self.count * max(self.total - self.count, 0)
        return f"{self.count}/{self.total} [{format_time(spent)}<{format_time(left)}]"


def _length(gen: Any) -> int | None:
    try:
        return len(gen)
    except TypeError:
        return None


class master_bar(progress_bar):
    """Go through an outer loop, with a `progress_bar(…, parent=this)` for the inner one.

    Args:
        gen: What to go through.
        total: How many elements; `len(gen)` when left out.
        display: False shows nothing, neither bars nor what is written.
        total_time: Whether to end with `Total time: mm:ss`.
        comment: Text behind the bar.

    Attributes:
        child: The inner bar of now; its `comment` may be set.
        count: Which element it is at, from 1.

    Example:
        >>> mb = master_bar(range(2))
        >>> for i in mb:
        ...     for j in progress_bar(range(3), parent=mb):
        ...         mb.child.comment = f"step {j}"
        ...     mb.write(f"round {i}")
        round 0
        round 1
    """

    def __init__(
        self,
        gen: Iterable[Any],
        total: int | None = None,
        display: bool = True,
        total_time: bool = False,
        comment: str | Callable[[], str] = "",
    ) -> None:
        self.child: progress_bar | None = None
        self.shown = display and not defaults.silent
        self.total_time = total_time
        self.table: EpochTable | None = None
        self._page = NotebookPage("table", "outer", "inner")
        self._child_painter: _TerminalPainter | _NotebookPainter | None = None
        self._graph: Any = None
        super().__init__(gen, total, display, leave=False, comment=comment)

    @property
    def main_bar(self) -> master_bar:
        """Return the outer bar: this one."""
        return self

    first_bar = main_bar

    def child_painter(self) -> _TerminalPainter | _NotebookPainter | None:
        """Return what draws the inner bars: one line, used again for every one of them."""
        if self._child_painter is None and self.shown:
            self._child_painter = _painter(self._page)
        return self._child_painter

    def _own_painter(self) -> _TerminalPainter | _NotebookPainter | None:
        return _painter(self._page, "outer")

    def _first_due(self) -> float:
        return 0.0

    def __iter__(self) -> Iterator[Any]:
        self.count, self._start = 0, time.perf_counter()
        try:
            for element in self.gen:
                self.count += 1
                yield element
                self._between()
        finally:
            self._end()
        if self.total_time and self.shown:
            say("Total time: " + format_time(time.perf_counter() - self._start))

    def _between(self) -> None:
        # in a terminal the one line belongs to the inner bar, which says where the outer one is
        if self.child is None or place() == "notebook":
            self._paint()

    def write(self, line: str | Sequence[Any], table: bool = False) -> None:
        """Write a line above the bars.

        Args:
            line: Text, or with `table=True` the cells of a row; the first row is the header.
            table: Whether it is a row of the table.
        """
        if not table:
            if self.shown:
                say(str(line))
        elif self.table is None:
            self.table = EpochTable([str(cell) for cell in line], display=self.shown, page=self._page)
        else:
            self.table.row(line)

    def update_graph(
        self,
        graphs: Sequence[tuple[Sequence[float], Sequence[float]]],
        x_bounds: tuple[float, float] | None = None,
        y_bounds: tuple[float, float] | None = None,
        figsize: tuple[float, float] = (6, 4),
    ) -> None:
        """Draw curves below the bars in a notebook; elsewhere nothing.

        Args:
            graphs: `(xs, ys)` of each curve.
            x_bounds: Ends of the horizontal axis.
            y_bounds: Ends of the vertical axis.
            figsize: Width and height in inches.
        """
        if not self.shown or place() != "notebook":
            return
        figure = _curves(graphs, x_bounds, y_bounds, figsize)
        if self._graph is None:
            from IPython.display import display

            self._graph = display(figure, display_id=True)
        else:
            self._graph.update(figure)


def _curves(graphs: Any, x_bounds: Any, y_bounds: Any, figsize: tuple[float, float]) -> Any:
    from matplotlib.figure import Figure

    figure = Figure(figsize=figsize)
    axes = figure.subplots()
    for xs, ys in graphs:
        axes.plot(xs, ys)
    if x_bounds is not None:
        axes.set_xlim(*x_bounds)
    if y_bounds is not None:
        axes.set_ylim(*y_bounds)
    return figure
