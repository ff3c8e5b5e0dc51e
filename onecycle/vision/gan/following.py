"""Smoothed losses as state that goes into files."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from onecycle.optim.schedules import SmoothenValue

__all__: list[str] = []


def as_state(followed: SmoothenValue) -> dict[str, Any]:
    """Return what is needed to go on with a smoothed value."""
    mean = followed.mov_avg
    return {"n": followed.n, "mean": mean.clone() if isinstance(mean, Tensor) else mean}


def take_state(followed: SmoothenValue, state: dict[str, Any]) -> None:
    """Go on with a smoothed value where `as_state` was called."""
    mean = state["mean"]
    followed.n, followed.mov_avg = int(state["n"]), mean.clone() if isinstance(mean, Tensor) else mean
    followed.smooth = followed.mov_avg / (1 - followed.beta**followed.n) if followed.n else None
