"""What is reported when a worker process of a loader has died: how, at which item, and what helps."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from onecycle.errors import DataError

__all__: list[str] = []

_SAID_BY_TORCH = "DataLoader worker"  # how the messages of torch about dead workers begin
_MOMENT = 1.0  # seconds
_HINTS = {
    "SIGKILL": "The system kills processes when memory runs out: pass a smaller num_workers, bs or size, or pass "
    "num_workers=0.",
    "SIGBUS": "Shared memory is full: give the container more (docker run --shm-size=8g), or pass a smaller "
    "num_workers or bs.",
}
_OTHERWISE = "Pass num_workers=0 to see the error of the item itself."


def may_be_of_dead_worker(error: BaseException) -> bool:
    """Say whether an error may be the first sign of a dead worker: torch's report, or a connection that broke off.

    Torch's report may come at any place of the main process.
    """
    if isinstance(error, RuntimeError):
        return _SAID_BY_TORCH in str(error) or "ancdata" in str(error)
    return isinstance(error, (ConnectionError, FileNotFoundError, EOFError))


@contextmanager
def undisturbed() -> Iterator[None]:
    """Let torch not report in this block, from the signal of an ended process, that a worker has died."""
    number = getattr(signal, "SIGCHLD", None)
    if number is None or threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(number, signal.SIG_DFL)
    try:
        yield
    finally:
        signal.signal(number, before)


def first_dead(iterations: Iterable[Any]) -> tuple[int, Any] | None:
    """Return number and process of the first dead worker of torch's iterations of a loader; None where all live.

    A connection breaks off a moment before its process has ended, so it looks for that long.
    """
    workers = [pair for iteration in iterations for pair in enumerate(getattr(iteration, "_workers", ()))]
    until = time.monotonic() + _MOMENT
    while workers and time.monotonic() < until:
        for number, worker in workers:
            if not worker.is_alive() and worker.exitcode:
                return number, worker
        time.sleep(0.01)
    return None


def dead_worker_error(worker: Any, item: str) -> DataError:
    """Return the error for a worker that has died.

    Args:
        worker: The process.
        item: The name of the item that it made last; empty where that is not known.
    """
    how = _signal_name(worker.exitcode)
    ended = f"was ended by {how}" if how else f"ended with exit code {worker.exitcode}"
    where = f" while it made {item}" if item else ""
    return DataError(f"loader: worker process {worker.pid} {ended}{where}. {_HINTS.get(how, _OTHERWISE)}")


def _signal_name(exitcode: int) -> str:
    try:
        return signal.Signals(-exitcode).name if exitcode < 0 else ""
    except ValueError:
        return f"signal {-exitcode}"
