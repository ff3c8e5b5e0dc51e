"""The memory that a piece of code takes on the GPU."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, NamedTuple, ParamSpec, TypeVar

import torch

from onecycle.utils.memory import PeakWatch, b2mb, preload_pytorch, reserved_bytes

__all__ = ["GPUMemTrace", "gpu_mem_trace"]

P = ParamSpec("P")
R = TypeVar("R")


class TraceData(NamedTuple):
    """Hold what was taken since the trace began, in MB: at the end, and at the highest beyond that."""

    used: int
    peaked: int


class GPUMemTrace:
    """Say how much memory of the GPU a piece of code takes; zeros where there is no GPU.

    Args:
        silent: Print nothing.
        ctx: A name for the printed lines.
        on_exit_report: Print a line when a `with` block ends.

    Example:
        >>> with GPUMemTrace(ctx="sum", silent=True) as trace:
        ...     _ = torch.ones(3).sum()
        >>> trace.data().used >= 0
        True
    """

    def __init__(self, silent: bool = False, ctx: str | None = None, on_exit_report: bool = True) -> None:
        self.is_silent, self.ctx, self.on_exit_report = silent, ctx, on_exit_report
        self._watch = PeakWatch(reserved_bytes)
        self._data = TraceData(0, 0)
        self._running = False
        self.start()

    def __enter__(self) -> GPUMemTrace:
        self.start()
        return self

    def __exit__(self, *exc: Any) -> None:
        self.stop()
        if self.on_exit_report:
            self.report("exit")

    def start(self) -> None:
        """Begin to count from here."""
        preload_pytorch()
        self.reset()

    def stop(self) -> None:
        """End counting; the figures stay."""
        self.data_set()
        self.peak_monitor_stop()
        self._running = False

    def reset(self) -> None:
        """Count from here on."""
        self._running = True
        self._begin = reserved_bytes()
        self._known_peak = _peak_ever()
        self._data = TraceData(0, 0)
        self.peak_monitor_start()

    def data_set(self) -> None:
        """Take the figures of now."""
        if not self._running:
            return
        used = reserved_bytes() - self._begin
        most = max(self._watch.look(), _peak_ever() if _peak_ever() > self._known_peak else 0)
        self._data = TraceData(b2mb(used), b2mb(max(0, most - self._begin - max(used, 0))))

    def data(self) -> TraceData:
        """Return the memory taken since the beginning: `used` and `peaked` beyond it, in MB."""
        self.data_set()
        return self._data

    def report(self, subctx: str | None = None) -> None:
        """Print the figures.

        Args:
            subctx: A name for this line.
        """
        used, peaked = self.data()
        if self.is_silent:
            return
        name = ": ".join(word for word in (self.ctx, subctx) if word)
        note = "" if torch.cuda.is_available() else " (there is no GPU)"
        print(f"△Used Peaked MB: {used:6,d} {peaked:6,d}{'  ' + name if name else ''}{note}")

    def report_n_reset(self, subctx: str | None = None) -> None:
        """Print the figures and count from here on.

        Args:
            subctx: A name for this line.
        """
        self.report(subctx)
        self.reset()

    def silent(self, silent: bool = True) -> None:
        """Print nothing from now on, or again.

        Args:
            silent: Whether to be silent.
        """
        self.is_silent = silent

    def peak_monitor_start(self) -> None:
        """Begin to watch for the peak; without a GPU there is nothing to watch."""
        if torch.cuda.is_available():
            self._watch.start()

    def peak_monitor_stop(self) -> None:
        """End watching for the peak."""
        self._watch.stop()

    def peak_monitor_func(self) -> None:
        """Watch for the peak until stopped; what the thread runs."""
        self._watch.watch()

    def __del__(self) -> None:
        if getattr(self, "_watch", None) is not None:
            self._watch.stop()

    def __repr__(self) -> str:
        used, peaked = self.data()
        return f"△Used Peaked MB: {used:6,d} {peaked:6,d}"


def _peak_ever() -> int:
    """Return the most that PyTorch ever held on the current GPU: a peak between two looks shows here."""
    return torch.cuda.max_memory_reserved() if torch.cuda.is_available() else 0


def gpu_mem_trace(func: Callable[P, R]) -> Callable[P, R]:
    """Make a function print how much memory of the GPU each call of it takes.

    Args:
        func: The function.
    """

    @wraps(func)
    def traced(*args: P.args, **kwargs: P.kwargs) -> R:
        with GPUMemTrace(ctx=func.__qualname__):
            return func(*args, **kwargs)

    return traced
