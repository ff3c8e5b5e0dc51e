"""The watch for a loss that is no number: ends training and says which batch it was."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from onecycle.errors import TrainingError
from onecycle.nn.loss_weight import has_ignore_index
from onecycle.training.callback import LearnerCallback

__all__ = ["NanWatch"]

_LOOK_EVERY = 50  # steps: reading a number from an accelerator makes it wait
_NAMED = 5


class NanWatch(LearnerCallback):
    """Raise when the loss becomes NaN or infinite.

    On the CPU each loss is looked at before the backward pass, so the weights stay as they were. On an
    accelerator the losses are looked at every 50 steps and at the end of an epoch, since a look makes it wait.
    A callback with `handles_nan = True` takes this over.

    Raises:
        TrainingError: names the epoch, the batch and, where they are known, its items.
    """

    _order = -50

    def __init__(self, learn: Any) -> None:
        super().__init__(learn)
        self._unread: list[Tensor] = []
        self._names: list[str] = []  # of these losses

    def on_epoch_begin(self, **kwargs: Any) -> None:
        """Forget what an interrupted epoch left."""
        self._unread.clear()
        self._names.clear()

    def _name(self) -> str:
        """Return what the loss is called now: losses of two sides that learn in turns say whose it is."""
        return getattr(self.learn.loss_func, "name_of_loss", "the loss")

    def on_backward_begin(self, last_loss: Tensor, epoch: int, num_batch: int, **kwargs: Any) -> None:
        """Look at the loss, or remember it for the next look."""
        if last_loss.device.type == "cpu":
            if not math.isfinite(last_loss.item()):
                raise self._error(self._name(), last_loss.item(), epoch, num_batch, early=True)
            return
        self._unread.append(last_loss.detach())
        self._names.append(self._name())
        if len(self._unread) >= _LOOK_EVERY:
            self._look(epoch, num_batch + 1)

    def on_epoch_end(self, epoch: int, num_batch: int, **kwargs: Any) -> None:
        """Look at the losses that are left."""
        if self._unread:
            self._look(epoch, num_batch)

    def _look(self, epoch: int, seen: int) -> None:
        values = torch.stack(self._unread).float().tolist()
        first, names = seen - len(values), list(self._names)
        self._unread.clear()
        self._names.clear()
        for offset, (name, value) in enumerate(zip(names, values)):
            if not math.isfinite(value):
                raise self._error(name, value, epoch, first + offset, early=False)

    def _error(self, name: str, value: float, epoch: int, batch: int, early: bool) -> TrainingError:
        after = (
            "The weights are as before that batch" if early else "The weights may be spoiled: load saved ones"
        )
        return TrainingError(
            f"fit: {name} must be a number; it is {value} in epoch {epoch}, batch {batch}{self._items(batch)}. "
            f"{after}. Lower the learning rate, look at these items, or clip gradients "
            f"(GradientClipping).{'' if early else self._about_ignored()}"
        )

    def _about_ignored(self) -> str:
        """Return a hint for losses that would count nothing where all targets of a batch are ignored."""
        known = has_ignore_index(self.learn.loss_func)
        return " Are all targets of the batch -100, which the loss ignores? Ignore another value." if known else ""

    def _items(self, batch: int) -> str:
        """Return what is known of the batch's items."""
        names = names_of_items(self.learn.data.train_dl, batch)
        if not names:
            return ""
        more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        return f" ({', '.join(names[:_NAMED])}{more})"


def names_of_items(train_dl: Any, batch: int) -> list[str]:
    """Return the files or numbers of a batch's items in the epoch under way; an empty list where not known."""
    named = getattr(train_dl, "batch_names", None)
    return [str(name) for name in named(batch)] if named is not None else []
