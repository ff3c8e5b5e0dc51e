"""An end to training, without an error, when the loss is no number."""

from __future__ import annotations

import math
import weakref
from typing import Any

from torch import Tensor

from onecycle.nn.finite import first_not_finite
from onecycle.training.callback import Callback
from onecycle.training.nan_watch import names_of_items
from onecycle.utils.distributed import print_once

__all__ = ["TerminateOnNaNCallback"]


class TerminateOnNaNCallback(Callback):
    """End training when the loss is NaN or infinite, in place of the error that is raised otherwise.

    The loss is looked at before the backward pass, so the weights stay as they were before that batch; on an
    accelerator each look waits for the device. The batch is kept for a second look: `learn.model(xb)`.

    Args:
        learn: The learner, to name the layer where the numbers go wrong and the items of the batch.

    Attributes:
        stop: Whether training was ended.
        batch: The batch's (inputs, targets), or None.
        layer: Where the first number that is not finite comes up, or None.
        items: Names of the batch's items, where they are known.

    Example:
        learn = Learner(data, model, callback_fns=TerminateOnNaNCallback)
    """

    handles_nan = True
    _order = -50  # before a loss is scaled or recorded

    def __init__(self, learn: Any = None) -> None:
        self._learn = None if learn is None else weakref.ref(learn)
        self._forget()

    def _forget(self) -> None:
        self.stop = False
        self.batch: tuple[Any, Any] | None = None
        self.layer: str | None = None
        self.items: list[str] = []

    def on_train_begin(self, **kwargs: Any) -> None:
        """Forget an earlier run."""
        self._forget()

    def on_backward_begin(
        self, last_loss: Any, num_batch: int, last_input: Any, last_target: Any, **kwargs: Any
    ) -> dict[str, bool] | None:
        """Keep the batch, and leave the weights alone, where the loss is no number."""
        if math.isfinite(last_loss.item()):
            return None
        self.stop, self.batch = True, (_detached(last_input), _detached(last_target))
        learn = self._learn() if self._learn is not None else None
        if learn is not None:
            self.layer = first_not_finite(learn.model, self.batch[0])
            self.items = names_of_items(learn.data.train_dl, num_batch)
        return {"skip_bwd": True, "skip_step": True}

    def on_batch_end(
        self, last_loss: Any, epoch: int, num_batch: int, **kwargs: Any
    ) -> dict[str, bool] | None:
        """Stop where the loss is no number."""
        if not self.stop and math.isfinite(float(last_loss)):
            return None
        self.stop = True
        print_once(f"Epoch/Batch ({epoch}/{num_batch}): Invalid loss, terminating training.{self._about()}")
        return {"stop_epoch": True, "stop_training": True, "skip_validate": True}

    def _about(self) -> str:
        where = f" The first number that is not finite: {self.layer}." if self.layer else ""
        items = f" Items: {', '.join(self.items)}." if self.items else ""
        return where + items


def _detached(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return [_detached(part) for part in value]
    return value.detach() if isinstance(value, Tensor) else value
