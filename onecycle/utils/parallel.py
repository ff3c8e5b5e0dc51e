"""Calling a function on many items in several processes."""

from __future__ import annotations

import multiprocessing
from collections import deque
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import Any

from onecycle.errors import add_context
from onecycle.utils.defaults import defaults, usable_cores
from onecycle.utils.progress import progress_bar

__all__ = ["num_cpus", "parallel"]

Outcome = tuple[Any, BaseException | None]

_function: Callable[[Any, int], Any] | None = None  # what a worker process calls


def num_cpus() -> int:
    """Return how many cores this process may use."""
    return usable_cores()


def parallel(
    func: Callable[[Any, int], Any], arr: Collection[Any], max_workers: int | None = None, leave: bool = False
) -> list[Any] | None:
    """Call `func(item, index)` on every item, in several processes.

    Where processes can be forked (Linux) `func` may be anything, a lambda too; elsewhere it must be defined
    at the top of a module.

    Args:
        func: Takes the item and its index.
        arr: The items.
        max_workers: How many processes; `defaults.cpus` when None, below 2 everything runs in this process.
        leave: Whether the progress bar stays.

    Returns:
        The results in the order of the items; None where no call returned anything.

    Raises:
        Exception: what `func` raised first in the order of the items, with a note that names the item.

    Example:
        >>> parallel(lambda item, index: item * index, [5, 6, 7], max_workers=1)
        [0, 6, 14]
    """
    items = list(arr)
    workers = min(defaults.cpus if max_workers is None else max_workers, len(items))
    outcomes = _in_processes(func, items, workers) if workers > 1 else _here(func, items)
    results = [
        _result(outcome, items[index], index)
        for index, outcome in enumerate(progress_bar(outcomes, total=len(items), leave=leave))
    ]
    return results if any(result is not None for result in results) else None


def in_order(func: Callable[[Any], Any], items: Sequence[Any], workers: int) -> Iterator[Any]:
    """Yield `func(item)` for every item, in order, made in several processes a few items ahead of the reader.

    What the function holds is shared with the processes where they can be forked, and copied to each elsewhere.

    Args:
        func: Takes an item.
        items: The items.
        workers: How many processes.

    Raises:
        Exception: what `func` raised first in the order of the items.

    Example:
        >>> list(in_order(abs, [-1, 2], workers=2))
        [1, 2]
    """
    pool = ProcessPoolExecutor(workers, mp_context=_context(), initializer=_begin, initargs=(_without_index(func),))
    waiting: deque[Any] = deque()
    try:
        for item in items:
            waiting.append(pool.submit(_work, item, 0))
            if len(waiting) > 2 * workers:
                yield _value(waiting.popleft().result())
        while waiting:
            yield _value(waiting.popleft().result())
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _without_index(func: Callable[[Any], Any]) -> Callable[[Any, int], Any]:
    return partial(_call_without_index, func)


def _call_without_index(func: Callable[[Any], Any], item: Any, index: int) -> Any:
    return func(item)


def _value(outcome: Outcome) -> Any:
    result, error = outcome
    if error is not None:
        raise error
    return result


def _here(func: Callable[[Any, int], Any], items: Sequence[Any]) -> Iterator[Outcome]:
    for index, item in enumerate(items):
        yield _outcome(func, item, index)


def _in_processes(func: Callable[[Any, int], Any], items: Sequence[Any], workers: int) -> Iterator[Outcome]:
    pool = ProcessPoolExecutor(workers, mp_context=_context(), initializer=_begin, initargs=(func,))
    chunk = max(1, min(64, len(items) // (workers * 8)))
    try:
        yield from pool.map(_work, items, range(len(items)), chunksize=chunk)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _context() -> Any:
    forks = "fork" in multiprocessing.get_all_start_methods()
    return multiprocessing.get_context("fork" if forks else "spawn")


def _begin(func: Callable[[Any, int], Any]) -> None:
    import torch

    global _function
    _function = func
    torch.set_num_threads(1)  # several processes already share the cores


def _work(item: Any, index: int) -> Outcome:
    assert _function is not None
    return _outcome(_function, item, index)


def _outcome(func: Callable[[Any, int], Any], item: Any, index: int) -> Outcome:
    try:
        return func(item, index), None
    except Exception as error:
        return None, error


def _result(outcome: Outcome, item: Any, index: int) -> Any:
    result, error = outcome
    if error is None:
        return result
    add_context(error, item=item, index=index)
    raise error
