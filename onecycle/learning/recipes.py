"""Ways to train, as functions of a learner; the learner has them as methods."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

from onecycle.callbacks.cutmix import CutMixCallback
from onecycle.callbacks.flat_cos_anneal import FlatCosAnnealScheduler
from onecycle.callbacks.gradient_clipping import GradientClipping
from onecycle.callbacks.lr_finder import LRFinder
from onecycle.callbacks.mixing import check_alpha
from onecycle.callbacks.mixup import MixUpCallback
from onecycle.callbacks.one_cycle import OneCycleScheduler
from onecycle.errors import TrainingError, known_keywords_only
from onecycle.learning.old_calls import check_order
from onecycle.learning.resuming import keeps_runs
from onecycle.utils.checks import check_numbers
from onecycle.utils.collections import listify
from onecycle.utils.defaults import defaults
from onecycle.utils.seeding import global_rng_kept

__all__ = [
    "clip_grad",
    "cutmix",
    "fit_fc",
    "fit_one_cycle",
    "lr_find",
    "mixup",
    "one_cycle_scheduler",
]


def one_cycle_scheduler(lr_max: float, **kwargs: Any) -> Any:
    """Return what makes a `OneCycleScheduler` for a learner, for use in `callback_fns`.

    Args:
        lr_max: Highest rate.
        **kwargs: Its other settings.
    """
    check_numbers("one_cycle_scheduler", "lr_max", lr_max, "must be above 0", lambda rate: rate > 0)
    return partial(OneCycleScheduler, lr_max=lr_max, **kwargs)


@keeps_runs
@known_keywords_only
def fit_one_cycle(
    learn: Any,
    cyc_len: int,
    max_lr: Any = defaults.lr,
    moms: tuple[float, float] = (0.95, 0.85),
    div_factor: float = 25.0,
    pct_start: float = 0.3,
    final_div: float | None = None,
    wd: Any = None,
    callbacks: Any = None,
    tot_epochs: int | None = None,
    start_epoch: int | None = None,
) -> None:
    """Train along one cycle: the rate rises, then falls; momentum does the opposite.

    Args:
        learn: The learner.
        cyc_len: Epochs to train.
        max_lr: Highest rate; see `Learner.lr_range`.
        moms: Momentum at the ends and at the highest rate.
        div_factor: Highest rate over first rate.
        pct_start: Fraction of the batches on the way up.
        final_div: Highest rate over last rate; 1e4 · div_factor when None.
        wd: Weight decay; the learner's when None.
        callbacks: More callbacks for this call.
        tot_epochs: Length of the cycle where this call is only a part of it.
        start_epoch: Epoch to begin at, in a run that is taken up again.

    Reference: Smith and Topin, "Super-convergence" (2018).
    """
    check_order("fit_one_cycle", cyc_len, max_lr)
    rates = learn.lr_range(max_lr)
    cycle = OneCycleScheduler(
        learn,
        rates,
        moms=moms,
        div_factor=div_factor,
        pct_start=pct_start,
        final_div=final_div,
        tot_epochs=tot_epochs,
        start_epoch=start_epoch,
    )
    learn.fit(cyc_len, rates, wd=wd, callbacks=[*listify(callbacks), cycle])


@keeps_runs
@known_keywords_only
def fit_fc(
    learn: Any,
    tot_epochs: int = 1,
    lr: Any = defaults.lr,
    moms: tuple[float, float] = (0.95, 0.85),
    start_pct: float = 0.72,
    wd: Any = None,
    callbacks: Any = None,
) -> None:
    """Train at a flat rate, then lower it on half a cosine wave.

    Args:
        learn: The learner.
        tot_epochs: Epochs to train.
        lr: The flat rate; see `Learner.lr_range`.
        moms: Momentum while flat, and at the end.
        start_pct: Fraction of the batches at the flat rate.
        wd: Weight decay; the learner's when None.
        callbacks: More callbacks for this call.
    """
    check_order("fit_fc", tot_epochs, lr)
    rates = learn.lr_range(lr)
    course = FlatCosAnnealScheduler(learn, rates, tot_epochs, moms=moms, start_pct=start_pct)
    learn.fit(tot_epochs, rates, wd=wd, callbacks=[*listify(callbacks), course])


@known_keywords_only
def lr_find(
    learn: Any,
    start_lr: Any = 1e-7,
    end_lr: float = 10,
    num_it: int = 100,
    stop_div: bool = True,
    wd: Any = None,
) -> None:
    """Try rising rates on a mock run, for `learn.recorder.plot()`; leaves no trace but the record.

    Weights, statistics, optimiser, loss scale and random generators are afterwards as they were.

    Args:
        learn: The learner.
        start_lr: First rate, above 0.
        end_lr: Last rate, above 0.
        num_it: How many batches at most.
        stop_div: Stop when the loss diverges.
        wd: Weight decay; the learner's when None.
    """
    rates = learn.lr_range(start_lr)
    batches = len(learn.data.train_dl)
    if batches == 0:
        raise TrainingError(
            "lr_find: the training set must fill at least one batch; it is empty. Pass a smaller bs."
        )
    finder = LRFinder(learn, rates, end_lr, num_it, stop_div)
    had_opt, had_states = learn.opt, learn.callback_states()
    learn.opt = None
    try:
        with global_rng_kept():
            learn._fit(math.ceil(num_it / batches), rates, wd, [finder], table=False)
    finally:
        learn.opt = had_opt
        learn.load_callback_states(had_states)


@known_keywords_only
def mixup(learn: Any, alpha: float = 0.4, stack_x: bool = False, stack_y: bool = True) -> Any:
    """Train on mixtures of two items.

    Args:
        learn: The learner.
        alpha: Parameter of the Beta distribution of the mixing weight, above 0.
        stack_x: Hand the model both items and the weight instead of the mixture.
        stack_y: Mix the losses of both targets instead of the targets.

    Returns:
        The learner.

    Raises:
        ArgumentError: alpha is not above 0.
    """
    check_alpha("mixup", alpha)
    learn.callback_fns.append(partial(MixUpCallback, alpha=alpha, stack_x=stack_x, stack_y=stack_y))
    return learn


@known_keywords_only
def cutmix(learn: Any, alpha: float = 1.0, stack_y: bool = True) -> Any:
    """Train on pictures with a patch of another one.

    Args:
        learn: The learner.
        alpha: Parameter of the Beta distribution of the part that stays, above 0.
        stack_y: Mix the losses of both targets instead of the targets.

    Returns:
        The learner.

    Raises:
        ArgumentError: alpha is not above 0.
    """
    check_alpha("cutmix", alpha)
    learn.callback_fns.append(partial(CutMixCallback, alpha=alpha, stack_y=stack_y))
    return learn


@known_keywords_only
def clip_grad(learn: Any, clip: float = 0.1) -> Any:
    """Clip gradients in training; returns the learner.

    Args:
        learn: The learner.
        clip: Largest norm of all gradients together, above 0.

    Raises:
        ArgumentError: clip is not above 0.
    """
    check_numbers("clip_grad", "clip", clip, "must be above 0", lambda norm: norm > 0)
    learn.callback_fns.append(partial(GradientClipping, clip=clip))
    return learn
