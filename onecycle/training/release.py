"""A pass that fails holds no worker process, and after an interrupt no batch in the frames of its traceback."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

__all__: list[str] = []

# Nobody looks into the frames of these, and an interactive shell keeps their traceback, with all batches, for long.
_NOT_OF_THE_PROGRAM = (KeyboardInterrupt, SystemExit, MemoryError, torch.OutOfMemoryError)


@contextmanager
def released_on_failure(*loaders: Any) -> Iterator[None]:
    """End the workers of loaders where the block fails.

    Args:
        *loaders: Loaders of the pass; None and those without workers of ours are passed over.

    Raises:
        DataError: the block failed since a worker died; says at which item.
    """
    try:
        yield
    except BaseException as error:
        try:
            for loader in loaders:
                getattr(loader, "explain", _nothing)(error)
        finally:
            for loader in loaders:
                getattr(loader, "close", _nothing)()
            if isinstance(error, _NOT_OF_THE_PROGRAM):
                traceback.clear_frames(error.__traceback__)
        raise


def _nothing(*args: Any) -> None:
    return None
