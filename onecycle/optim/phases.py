"""A course made of curves laid end to end, read at any step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from onecycle.optim.schedules import Scheduler

__all__: list[str] = []


class Course:
    """Lay curves end to end over the steps of a run.

    Args:
        curves: One `Scheduler` a phase; each takes as many steps as its `n_iter`.

    Example:
        >>> up_and_down = Course([Scheduler((0.0, 1.0), 2), Scheduler((1.0, 0.0), 2)])
        >>> [up_and_down.at(step) for step in range(5)]
        [0.0, 0.5, 1.0, 0.5, 0.0]
    """

    def __init__(self, curves: Sequence[Scheduler]) -> None:
        self.curves = list(curves)

    def __len__(self) -> int:
        return sum(curve.n_iter for curve in self.curves)

    def at(self, step: int) -> Any:
        """Return the value before step `step`, from 0; at a joint it is the end of the earlier curve."""
        for curve in self.curves:
            if step <= curve.n_iter:
                return curve.at(step)
            step -= curve.n_iter
        return self.curves[-1].at(self.curves[-1].n_iter)
