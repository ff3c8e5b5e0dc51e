"""Fine-tuning of a pretrained learner in one call: its head first, then all of it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from torch import nn

from onecycle.callbacks.one_cycle import check_moms
from onecycle.errors import ArgumentError, StepError, TrainingError, explain, known_keywords_only
from onecycle.learning.resuming import keeps_runs
from onecycle.nn.surgery import freezable_params, requires_grad
from onecycle.optim.phases import Course
from onecycle.optim.schedules import Scheduler, annealing_cos
from onecycle.training.callback import LearnerCallback
from onecycle.utils.checks import check_numbers, check_whole, is_real
from onecycle.utils.collections import even_mults, listify
from onecycle.utils.values import to_numbers, to_scalar

__all__: list[str] = []

_CALLER = "fine_tune"
_HEAD_STEPS, _MOST_HEAD_EPOCHS = 50, 5
_LAST_FRACTION = 1e-4  # of the first rate: the last one of each phase


class HeadFirst(LearnerCallback):
    """Let the last layer group learn alone for some epochs, and then all of them.

    What learns is a function of the epoch, so that a run can be resumed anywhere. While the others rest nothing is
    propagated back through them: they cost a forward pass.

    Args:
        learn: The learner; its optimizer holds the parameters of all layer groups.
        groups: Its layer groups.
        head_epochs: How many epochs the last group learns alone.
        rates: Course of the rates, one per layer group, over the steps of both phases.
        moms: Course of the momentum.
    """

    not_in_run = ("groups", "head_epochs", "rates", "moms")

    def __init__(
        self, learn: Any, groups: Sequence[nn.Module], head_epochs: int, rates: Course, moms: Course
    ) -> None:
        super().__init__(learn)
        self.groups, self.head_epochs, self.rates, self.moms = list(groups), head_epochs, rates, moms
        self._step = 0

    def on_train_begin(self, **kwargs: Any) -> None:
        """Set the first rates."""
        self._step = 0
        self._set()

    def on_epoch_begin(self, epoch: int, **kwargs: Any) -> None:
        """Put the body to rest, or let it learn."""
        for group in self.groups[:-1]:
            requires_grad(group, epoch >= self.head_epochs)
        requires_grad(self.groups[-1], True)  # also what it shares with the body

    def on_batch_end(self, train: bool, **kwargs: Any) -> None:
        """Set the rates of the next step."""
        if train:
            self._step += 1
            self._set()

    def on_train_end(self, **kwargs: Any) -> None:
        """Leave every layer group learning."""
        for group in self.groups:
            requires_grad(group, True)

    def _set(self) -> None:
        self.learn.opt.lr = self.rates.at(self._step)
        self.learn.opt.mom = self.moms.at(self._step)


@keeps_runs
@known_keywords_only
def fine_tune(
    learn: Any,
    epochs: int,
    base_lr: float = 3e-3,
    freeze_epochs: int | None = None,
    lr_mult: float = 100.0,
    pct_start: float = 0.3,
    div: float = 5.0,
    moms: tuple[float, float] = (0.95, 0.85),
    wd: Any = None,
    callbacks: Any = None,
) -> None:
    """Train a pretrained learner: first its head alone, then all of it with lower rates for lower layer groups.

    Both phases go along one cycle each. In the first, the weights of the body and the statistics of its norms stay as
    they are, and nothing is propagated back through it. In the second, the last group's highest rate is half of
    `base_lr`, the first group's `lr_mult` times lower, those between by equal factors. Afterwards every layer group is
    unfrozen.

    Args:
        learn: The learner, with a body and a head as different layer groups: of `cnn_learner`, `unet_learner`,
            `text_classifier_learner` …
        epochs: Epochs in which all of it learns; 0 trains the head only.
        base_lr: Highest rate of the head alone. The default is the one that heads of this library are made for
            (docs/design/0002-transfer-learning.md).
        freeze_epochs: Epochs of the head alone. Default: as many as make 50 steps, at most 5.
        lr_mult: Rate of the last layer group over that of the first.
        pct_start: Fraction of the steps of each phase on the way up.
        div: Highest rate over first rate of each phase.
        moms: Momentum at the ends and at the highest rate of each phase.
        wd: Weight decay; the learner's if None.
        callbacks: More callbacks for this call.

    All ways to train also take `checkpoint`, `every`, `keep` and `resume`: see `Learner.resume`.

    Raises:
        StepError: the learner has no body that could rest, or trains in several processes.
        ArgumentError: there is nothing to train, or a setting is out of its range.

    Example:
        learn = cnn_learner(data, models.resnet34, metrics=accuracy)
        learn.fine_tune(3)

    Reference: Howard and Ruder, "Universal Language Model Fine-tuning for Text Classification" (2018), section 3, for
    rates per layer group and for the head first.
    """
    epochs = check_whole(_CALLER, "epochs", epochs, least=0)
    base_lr, moms = to_scalar(base_lr), to_numbers(moms)
    _check_settings(base_lr, lr_mult, pct_start, div, moms)
    _check_learner(learn)
    batches = len(learn.data.train_dl)
    head_epochs = _head_epochs(freeze_epochs, batches)
    if epochs + head_epochs == 0:
        raise ArgumentError(explain(_CALLER, "epochs", "must be at least 1 where freeze_epochs is 0", epochs))
    learn.unfreeze()  # the optimizer holds all parameters; those at rest have no gradient and stay
    groups = learn.layer_groups
    head = np.full(len(groups), float(base_lr))
    every = even_mults(base_lr / 2 / lr_mult, base_lr / 2, len(groups))
    lengths = head_epochs * batches, epochs * batches
    rates = [
        curve
        for top, steps in zip((head, every), lengths)
        for curve in _cycle(top / div, top, top * _LAST_FRACTION, steps, pct_start)
    ]
    momenta = [curve for steps in lengths for curve in _cycle(moms[0], moms[1], moms[0], steps, pct_start)]
    schedule = HeadFirst(learn, groups, head_epochs, Course(rates), Course(momenta))
    learn.fit(head_epochs + epochs, head, wd=wd, callbacks=[*listify(callbacks), schedule])


def _cycle(start: Any, top: Any, end: Any, steps: int, pct_start: float) -> list[Scheduler]:
    """Return the curves of one cycle: up to the top, then down."""
    rising = int(steps * pct_start)
    phases = (((start, top), rising), ((top, end), steps - rising))
    return [Scheduler(ends, count, annealing_cos) for ends, count in phases if count > 0]


def _head_epochs(freeze_epochs: int | None, batches: int) -> int:
    if freeze_epochs is not None:
        return check_whole(_CALLER, "freeze_epochs", freeze_epochs, least=0)
    return min(_MOST_HEAD_EPOCHS, math.ceil(_HEAD_STEPS / max(1, batches)))


def _check_settings(base_lr: Any, lr_mult: Any, pct_start: Any, div: Any, moms: Any) -> None:
    if not is_real(base_lr) or base_lr <= 0:
        raise ArgumentError(explain(_CALLER, "base_lr", "must be one number above 0", base_lr))
    check_numbers(_CALLER, "lr_mult", lr_mult, "must be at least 1", lambda factor: factor >= 1)
    check_numbers(_CALLER, "pct_start", pct_start, "must be between 0 and 1", lambda part: 0 <= part <= 1)
    check_numbers(_CALLER, "div", div, "must be at least 1", lambda factor: factor >= 1)
    check_moms(_CALLER, moms)


def _check_learner(learn: Any) -> None:
    if not freezable_params(learn.layer_groups[:-1]):
        raise StepError(
            f"{_CALLER}: the learner must have a body and a head as layer groups; it has {len(learn.layer_groups)}. "
            f"Split its model, e.g. learn.split(lambda m: m[1]), or train all of it with learn.fit_one_cycle."
        )
    if any(hasattr(callback, "share_loss") for callback in learn.callbacks):
        raise TrainingError(
            f"{_CALLER}: training in several processes goes phase by phase: learn.freeze(), learn.fit_one_cycle(1), "
            f"then learn.unfreeze(), learn.fit_one_cycle(3, slice(1e-5, 1e-3))."
        )
