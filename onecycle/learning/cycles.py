"""Training in cycles that restart, as a function of a learner; the learner has it as a method."""

from __future__ import annotations

from typing import Any

from onecycle.callbacks.sgdr import SGDRScheduler
from onecycle.errors import known_keywords_only
from onecycle.learning.old_calls import check_order
from onecycle.learning.resuming import keeps_runs
from onecycle.optim.restarts import cycle_lengths
from onecycle.utils.collections import listify
from onecycle.utils.defaults import defaults

__all__: list[str] = []


@keeps_runs
@known_keywords_only
def fit_sgdr(
    learn: Any,
    n_cycles: int,
    lr: Any = defaults.lr,
    cycle_len: int = 1,
    cycle_mult: int = 1,
    save_as: str | None = None,
    wd: Any = None,
    lr_min: Any = 0.0,
    callbacks: Any = None,
) -> None:
    """Train in cycles: the rate falls on half a cosine wave and starts again from the top (SGDR).

    Args:
        learn: The learner.
        n_cycles: How many cycles.
        lr: Rate at the beginning of each cycle; see `Learner.lr_range`.
        cycle_len: Epochs of the first cycle.
        cycle_mult: Each cycle is so many times as long as the one before.
        save_as: Save the weights at the end of each cycle as `<save_as>_cyc_0`, `<save_as>_cyc_1` …
        wd: Weight decay, a number or one a layer group; the learner's when None.
        lr_min: Rate at the end of each cycle, a number or one a layer group.
        callbacks: More callbacks for this call.

    Example:
        learn.fit_sgdr(3, 1e-2, cycle_len=1, cycle_mult=2, save_as="resnet")  # 1 + 2 + 4 epochs

    Reference: Loshchilov and Hutter, "SGDR: Stochastic Gradient Descent with Warm Restarts" (2017).
    """
    check_order("fit_sgdr", n_cycles, lr)
    rates = learn.lr_range(lr)
    epochs = sum(cycle_lengths(n_cycles, cycle_len, cycle_mult))
    cycles = SGDRScheduler(learn, rates, n_cycles, cycle_len, cycle_mult, lr_min, save_as)
    learn.fit(epochs, rates, wd=wd, callbacks=[*listify(callbacks), cycles])
