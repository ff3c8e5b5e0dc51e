"""How often something is due: every so many steps, epochs, or minutes."""

from __future__ import annotations

import re
import time
from datetime import timedelta
from typing import Any

from onecycle.errors import ArgumentError, explain

__all__: list[str] = []

_SECONDS = {"s": 1.0, "sec": 1.0, "second": 1.0, "min": 60.0, "minute": 60.0, "h": 3600.0, "hour": 3600.0}
_RULE = "must be a number of steps, or text such as '100 steps', '10 minutes', '1 epoch'"


class Every:
    """Say when something is due.

    Args:
        text: A whole number of steps; `'100 steps'`, `'30 seconds'`, `'10 minutes'`, `'2 hours'`, `'1 epoch'`; or a
            `datetime.timedelta`.

    Raises:
        ArgumentError: it is none of these, or not above 0.

    Example:
        >>> every = Every("2 epochs")
        >>> [every.after_epoch(done) for done in (1, 2, 3, 4)]
        [False, True, False, True]
    """

    def __init__(self, text: Any) -> None:
        self.steps: int | None = None
        self.epochs: int | None = None
        self.seconds: float | None = None
        self._read(text)
        self._last = time.monotonic()

    def _read(self, text: Any) -> None:
        if isinstance(text, timedelta):
            self.seconds = text.total_seconds()
        elif isinstance(text, int) and not isinstance(text, bool):
            self.steps = text
        else:
            self._read_words(text)
        amount = self.steps or self.epochs or self.seconds
        if amount is None or amount <= 0:
            raise ArgumentError(explain("fit", "every", _RULE + ", above 0", text))

    def _read_words(self, text: Any) -> None:
        found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([a-z]+)\s*", text.lower()) if isinstance(text, str) else None
        if found is None:
            raise ArgumentError(explain("fit", "every", _RULE, text))
        amount, unit = float(found[1]), found[2]
        unit = unit if unit in _SECONDS else unit.removesuffix("s")
        if unit in ("step", "epoch") and amount == int(amount):
            setattr(self, unit + "s", int(amount))
        elif unit in _SECONDS:
            self.seconds = amount * _SECONDS[unit]
        else:
            raise ArgumentError(explain("fit", "every", _RULE, text))

    def after_step(self, steps: int) -> bool:
        """Say whether it is due after so many training steps of the run."""
        if self.steps is not None:
            return steps % self.steps == 0
        return self.seconds is not None and self._time_is_up()

    def after_epoch(self, epochs: int) -> bool:
        """Say whether it is due after so many epochs of the run."""
        return self.epochs is not None and epochs % self.epochs == 0

    def _time_is_up(self) -> bool:
        now = time.monotonic()
        if now - self._last < (self.seconds or 0.0):
            return False
        self._last = now
        return True
