"""Stopping after a few batches."""

from __future__ import annotations

from typing import Any

from onecycle.training.callback import Callback
from onecycle.utils.checks import check_numbers

__all__ = ["StopAfterNBatches"]


class StopAfterNBatches(Callback):
    """End training after a number of batches, without validation, e.g. to try whether everything runs.

    Args:
        n_batches: How many, at least 1.

    Raises:
        ArgumentError: it is below 1.
    """

    def __init__(self, n_batches: int = 2) -> None:
        check_numbers("StopAfterNBatches", "n_batches", n_batches, "must be at least 1", lambda n: n >= 1)
        self.n_batches = n_batches

    def on_batch_end(self, iteration: int, train: bool = True, **kwargs: Any) -> dict[str, bool] | None:
        """Stop when there were enough."""
        if train and iteration + 1 >= self.n_batches:
            return {"stop_epoch": True, "stop_training": True, "skip_validate": True}
        return None
