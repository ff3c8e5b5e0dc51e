"""An end to training, without an error, when the loss is no number."""

from __future__ import annotations

import math
from typing import Any

from onecycle.training.callback import Callback

__all__ = ["TerminateOnNaNCallback"]


class TerminateOnNaNCallback(Callback):
    """End training when the loss is NaN or infinite, in place of the error that is raised otherwise."""

    handles_nan = True

    def __init__(self) -> None:
        self.stop = False

    def on_batch_end(
        self, last_loss: Any, epoch: int, num_batch: int, **kwargs: Any
    ) -> dict[str, bool] | None:
        """Stop where the loss is no number."""
        if math.isfinite(float(last_loss)):
            return None
        self.stop = True
        print(f"Epoch/Batch ({epoch}/{num_batch}): Invalid loss, terminating training.")
        return {"stop_epoch": True, "stop_training": True, "skip_validate": True}
