from datetime import timedelta

import pytest

from onecycle.errors import ArgumentError
from onecycle.training import every as module
from onecycle.training.every import Every


@pytest.mark.parametrize(
    "said, steps, epochs, seconds",
    [
        (50, 50, None, None), ("50 steps", 50, None, None), ("1 epoch", None, 1, None), ("3 Epochs", None, 3, None),
        ("30 s", None, None, 30), ("1.5 minutes", None, None, 90), ("2 hours", None, None, 7200),
        ("5min", None, None, 300),
        (timedelta(minutes=2), None, None, 120),
    ],
)  # fmt: skip
def test_what_is_said_is_understood(said, steps, epochs, seconds):
    every = Every(said)
    assert (every.steps, every.epochs, every.seconds) == (steps, epochs, seconds)


@pytest.mark.parametrize("said", [0, -1, "0 steps", "often", "1.5 epochs", "3 weeks", None, True, 2.5, timedelta(0)])
def test_what_is_not_understood_is_refused(said):
    with pytest.raises(ArgumentError, match="every must be a number of steps, or text such as '100 steps'"):
        Every(said)


def test_steps_are_counted_over_the_run():
    assert [Every(3).after_step(n) for n in (1, 2, 3, 6, 7)] == [False, False, True, True, False]
    assert not Every(3).after_epoch(3)


def test_time_is_counted_from_the_last_time(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    every = Every("10 s")
    found = []
    for now[0] in (5, 10, 15, 19, 21):
        found.append(every.after_step(1))
    assert found == [False, True, False, False, True]
