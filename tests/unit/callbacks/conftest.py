"""A callback that watches, and half precision that a test may run on the CPU."""

import pytest

from onecycle.callbacks import fp16
from onecycle.training.callback import Callback


class Watcher(Callback):
    """Calls a function at an event, after everyone else."""

    _order = 2000

    def __init__(self, **events):
        self.__dict__.update(events)


@pytest.fixture
def watch():
    """Return the class of a callback made of functions: `watch(on_batch_end=function)`."""
    return Watcher


@pytest.fixture
def float16_here(monkeypatch):
    """Let float16 run on the CPU, where it is slow but can be computed."""
    monkeypatch.setattr(fp16, "_WITHOUT_FLOAT16", ())
