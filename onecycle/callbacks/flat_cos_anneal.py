"""The flat-then-falling schedule."""

from __future__ import annotations

from typing import Any

import numpy as np

from onecycle.callbacks.general_sched import GeneralScheduler, TrainingPhase
from onecycle.errors import ArgumentError, explain
from onecycle.optim.schedules import annealing_cos, annealing_exp, annealing_linear
from onecycle.training.choices import check_choice
from onecycle.utils.checks import check_numbers, check_whole
from onecycle.utils.values import to_numbers

__all__ = ["FlatCosAnnealScheduler"]

_CURVES = {"cosine": annealing_cos, "linear": annealing_linear, "exponential": annealing_exp}
_NEARLY_ZERO = 1e-4  # where a curve of equal factors ends, as a fraction of the rate


def FlatCosAnnealScheduler(
    learn: Any,
    lr: Any = 4e-3,
    tot_epochs: int = 1,
    moms: tuple[float, float] = (0.95, 0.999),
    start_pct: float = 0.72,
    curve: str = "cosine",
) -> GeneralScheduler:
    """Keep the rate flat, then let it fall to zero; momentum goes from moms[0] to moms[1] as it falls.

    Args:
        learn: The learner.
        lr: The flat rate, a number or one a layer group.
        tot_epochs: Length of the whole in epochs.
        moms: Momentum while flat, and at the end.
        start_pct: Fraction of the batches at the flat rate, 0 to 1.
        curve: How the rate falls: `cosine`, `linear` or `exponential`.

    Raises:
        ArgumentError: the curve is unknown, or a number is out of its range.
    """
    owner = "FlatCosAnnealScheduler"
    check_choice(owner, "curve", curve, _CURVES)
    check_whole(owner, "tot_epochs", tot_epochs)
    check_numbers(owner, "start_pct", start_pct, "must be between 0 and 1", lambda part: 0 <= part <= 1)
    moms = to_numbers(moms)
    if not isinstance(moms, list) or len(moms) != 2:
        raise ArgumentError(explain(owner, "moms", "must be two numbers, e.g. (0.95, 0.999)", moms))
    lr = np.asarray(lr, dtype=float) if isinstance(lr, (list, tuple)) else lr
    anneal = _CURVES[curve]
    total = len(learn.data.train_dl) * tot_epochs
    flat = int(total * start_pct)
    lowest = lr * _NEARLY_ZERO if curve == "exponential" else lr * 0.0
    phases = [TrainingPhase(flat).schedule_hp("lr", lr).schedule_hp("mom", moms[0])] if flat else []
    if total > flat:
        falling = TrainingPhase(total - flat)
        falling.schedule_hp("lr", (lr, lowest), anneal).schedule_hp("mom", (moms[0], moms[1]), anneal)
        phases.append(falling)
    return GeneralScheduler(learn, phases)
