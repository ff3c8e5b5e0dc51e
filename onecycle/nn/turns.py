"""One thread at a time in a model: modes, hidden states and hooks belong to the whole model, not to a thread."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from weakref import WeakKeyDictionary

from torch import nn

from onecycle.errors import TrainingError
from onecycle.nn.surgery import get_model

__all__ = ["eval_mode"]


class _Turn:
    """A lock that the thread which holds it may take again, and that is refused while another thread trains."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._owner: int | None = None
        self._depth = self._training = 0

    def take(self, caller: str, trains: bool) -> None:
        """Wait until the model is free, then hold it."""
        me = threading.get_ident()
        with self._changed:
            while self._owner not in (None, me):
                if self._training:
                    raise TrainingError(_trained_elsewhere(caller))
                self._changed.wait()
            self._owner = me
            self._depth += 1
            self._training += trains

    def give(self, trained: bool) -> None:
        """Let the model go, and wake a thread that waits for it."""
        with self._changed:
            self._depth -= 1
            self._training -= trained
            if not self._depth:
                self._owner = None
            self._changed.notify_all()


_turns: WeakKeyDictionary[nn.Module, _Turn] = WeakKeyDictionary()
_making = threading.Lock()


def _trained_elsewhere(caller: str) -> str:
    return (
        f"{caller}: another thread trains this model, and its weights and layers change with every batch. Wait until "
        f"fit has returned, or use a copy: copy.deepcopy(learn) before training, or load_learner of an export."
    )


def _turn_of(model: nn.Module) -> _Turn:
    inner = get_model(model)
    with _making:
        return _turns.setdefault(inner, _Turn())


@contextmanager
def turn(model: nn.Module, caller: str, trains: bool = False) -> Iterator[None]:
    """Have a model for oneself: other threads wait at their own `turn`, the same thread may take it again.

    Args:
        model: The model; wrappers of several devices and of `torch.compile` count as the model inside.
        caller: Who asks, for the message.
        trains: The weights change: others are refused in place of waiting for hours.

    Raises:
        TrainingError: another thread trains the model.
    """
    held = _turn_of(model)
    held.take(caller, trains)
    try:
        yield
    finally:
        held.give(trains)


@contextmanager
def modes_kept(model: nn.Module) -> Iterator[None]:
    """Leave each layer in the mode (training or evaluation) in which it was."""
    modes = [(module, module.training) for module in model.modules()]
    try:
        yield
    finally:
        for module, training in modes:
            module.training = training


@contextmanager
def eval_mode(m: nn.Module, caller: str = "eval_mode") -> Iterator[nn.Module]:
    """Hold a model in eval mode, for this thread alone; each of its modules gets its own mode back.

    Args:
        m: The model.
        caller: Who asks, for the message where another thread trains the model.
    """
    with turn(m, caller), modes_kept(m):
        yield m.eval()
