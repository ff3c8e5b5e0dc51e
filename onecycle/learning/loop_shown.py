"""The events of training in their order, with who answers."""

from __future__ import annotations

from typing import Any

from onecycle.learning.fitting import callbacks_of
from onecycle.training.handler import CallbackHandler

__all__: list[str] = []

# How deep in the loop each event lies, and what happens before the next.
_DEPTHS = {
    "on_train_begin": 0,
    "on_epoch_begin": 1,
    "on_batch_begin": 2,
    "on_loss_begin": 2,
    "on_backward_begin": 2,
    "on_backward_end": 2,
    "on_step_end": 2,
    "on_batch_end": 2,
    "on_epoch_end": 1,
    "on_train_end": 0,
}
_BETWEEN = {
    "on_train_begin": "for each epoch:",
    "on_epoch_begin": "for each batch of the training set:",
    "on_batch_begin": "the model",
    "on_loss_begin": "the loss",
    "on_backward_begin": "the gradients",
    "on_backward_end": "the step of the optimiser",
    "on_step_end": "gradients to zero",
    "on_batch_end": "the validation set: on_batch_begin, on_loss_begin, on_batch_end for each batch",
}
_WIDTH = 26


def training_loop(listeners: dict[str, list[str]]) -> str:
    """Return the loop as text: each event with the names of those who answer it, in order.

    Args:
        listeners: Names by event, in the order of the events.

    Example:
        >>> print(training_loop({"on_batch_begin": ["Recorder"], "on_loss_begin": []}))
            on_batch_begin        Recorder
              · the model
            on_loss_begin         -
              · the loss
    """
    lines = []
    for event, names in listeners.items():
        indent = "  " * _DEPTHS[event]
        lines.append(f"{indent + event:<{_WIDTH}}{', '.join(names) or '-'}")
        if event in _BETWEEN:
            lines.append(f"{_pad(event)}· {_BETWEEN[event]}")
    return "\n".join(lines)


def _pad(event: str) -> str:
    return "  " * (1 if event == "on_batch_end" else _DEPTHS[event] + 1)


def show_training_loop(self: Any, callbacks: Any = None) -> None:
    """Print the events of training in their order, with who answers each: metrics, then callbacks by `_order`.

    Args:
        callbacks: Those that would be passed to `fit`.
    """
    before = dict(vars(self))
    try:
        everyone = callbacks_of(self, callbacks)
        print(training_loop(CallbackHandler(everyone, self.metrics).listeners()))
    finally:
        _put_back(self, before)


def _put_back(learn: Any, before: dict[str, Any]) -> None:
    """Give a learner the callbacks of its latest fit again: those made for a look take their names."""
    for name in vars(learn).keys() - before.keys():
        delattr(learn, name)
    for name, value in before.items():
        if vars(learn)[name] is not value:
            setattr(learn, name, value)
