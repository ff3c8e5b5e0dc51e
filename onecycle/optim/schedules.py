"""Curves between two values over a number of steps, and the running mean of the loss."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor

from onecycle.errors import ArgumentError, explain
from onecycle.utils.checks import check_numbers

__all__ = [
    "Scheduler",
    "SmoothenValue",
    "annealing_cos",
    "annealing_exp",
    "annealing_linear",
    "annealing_no",
    "annealing_poly",
    "do_annealing_poly",
]

AnnealFunc = Callable[[Any, Any, float], Any]


def annealing_no(start: Any, end: Any, pct: float) -> Any:
    """Stay at `start`.

    Args:
        start: First value, a number or an array of one number a layer group.
        end: Last value; not used.
        pct: How far along, 0 to 1.
    """
    return start


def annealing_linear(start: Any, end: Any, pct: float) -> Any:
    """Go from `start` to `end` on a straight line.

    Example:
        >>> annealing_linear(1.0, 3.0, 0.5)
        2.0
    """
    return start + pct * (end - start)


def annealing_exp(start: Any, end: Any, pct: float) -> Any:
    """Go from `start` to `end` by equal factors; both above 0."""
    return start * (end / start) ** pct


def annealing_cos(start: Any, end: Any, pct: float) -> Any:
    """Go from `start` to `end` on half a cosine wave, flat at both ends."""
    remaining = (1 + math.cos(math.pi * pct)) / 2
    return end + (start - end) * remaining


def do_annealing_poly(start: Any, end: Any, pct: float, degree: float) -> Any:
    """Go from `start` to `end` as (1 - pct) to the power `degree`."""
    return end + (start - end) * (1 - pct) ** degree


def annealing_poly(degree: float) -> AnnealFunc:
    """Return the polynomial curve of a degree.

    Example:
        >>> annealing_poly(2)(1.0, 0.0, 0.5)
        0.25
    """
    check_numbers("annealing_poly", "degree", degree, "must be a number")
    return partial(do_annealing_poly, degree=degree)


class Scheduler:
    """Step a value along a curve.

    Args:
        vals: `(start, end)`, or one value that stays.
        n_iter: How many steps lead from start to end, at least 1.
        func: The curve, a function of (start, end, fraction); a straight line for a pair, else constant.

    Example:
        >>> ramp = Scheduler((0.0, 1.0), 4)
        >>> [ramp.step() for _ in range(4)]
        [0.25, 0.5, 0.75, 1.0]
    """

    def __init__(self, vals: Any, n_iter: int, func: AnnealFunc | None = None) -> None:
        check_numbers("Scheduler", "n_iter", n_iter, "must be at least 1", lambda steps: steps >= 1)
        pair = isinstance(vals, tuple)
        if pair and len(vals) != 2:
            raise ArgumentError(explain("Scheduler", "vals", "must be one value or (start, end)", vals))
        self.start: Any = vals[0] if pair else vals
        self.end: Any = vals[1] if pair else 0
        self.func = func or (annealing_linear if pair else annealing_no)
        self.n_iter, self.n = n_iter, 0

    def restart(self) -> None:
        """Go back to the start."""
        self.n = 0

    def step(self) -> Any:
        """Go one step and return the value there."""
        self.n += 1
        return self.at(self.n)

    def at(self, n: int) -> Any:
        """Return the value `n` steps after the start."""
        return self.func(self.start, self.end, n / self.n_iter)

    @property
    def is_done(self) -> bool:
        """Whether the end is reached."""
        return self.n >= self.n_iter


class SmoothenValue:
    """Keep an exponential mean of a value, corrected for its start at zero.

    After n values x_1 … x_n: smooth = (1 - beta) · sum(beta^(n-i) · x_i) / (1 - beta^n). A tensor stays on
    its device, so following the loss never waits for an accelerator.

    Args:
        beta: Weight of the past, 0 to 1 (exclusive).

    Reference: Kingma and Ba, "Adam" (2015), section 3, for the correction.
    """

    def __init__(self, beta: float) -> None:
        check_numbers("SmoothenValue", "beta", beta, "must be at least 0 and below 1", lambda part: 0 <= part < 1)
        self.beta, self.n = beta, 0
        self.mov_avg: Any = 0.0
        self.smooth: Any = None

    def add_value(self, val: Tensor | float) -> None:
        """Take in the next value; the mean so far is then in `smooth`."""
        self.n += 1
        self._follow_tensor(val) if isinstance(val, Tensor) else self._follow_number(val)
        self.smooth = self.mov_avg / (1 - self.beta**self.n)

    def _follow_number(self, val: float) -> None:
        self.mov_avg = self.beta * self.mov_avg + (1 - self.beta) * val

    def _follow_tensor(self, val: Tensor) -> None:
        val = val.detach().float()
        if isinstance(self.mov_avg, Tensor):
            self.mov_avg.lerp_(val, 1 - self.beta)
        else:
            self.mov_avg = torch.add(val * (1 - self.beta), self.beta * self.mov_avg)
