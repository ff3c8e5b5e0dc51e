"""The recipe for a pretrained learner in one call: its head first, then all of it, as a function of a learner."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from onecycle.errors import ArgumentError, TrainingError, explain, known_keywords_only
from onecycle.learning.features import Features, rest, why_not
from onecycle.learning.old_calls import check_order
from onecycle.learning.resuming import keeps_runs
from onecycle.nn.norm import bn_types
from onecycle.nn.surgery import freeze_groups
from onecycle.optim.phases import Course
from onecycle.optim.schedules import Scheduler, annealing_cos
from onecycle.training.callback import LearnerCallback
from onecycle.utils.checks import check_whole, is_real
from onecycle.utils.collections import even_mults, listify
from onecycle.utils.distributed import print_once

__all__: list[str] = []

_CALLER = "fine_tune"
_BASE_LR = 3e-3  # docs/design/0002-transfer-learning.md
_HEAD_STEPS = 200  # of a head on kept features, at least
# base_lr over the rate of the last group, and that rate over the rate of the first group, when everything learns
_AFTER_FEATURES = (30.0, 1.0)  # the head has converged on kept features
_AFTER_IMAGES = (2.0, 100.0)  # the head has learned for an epoch
_LEAST_BATCH = 16  # from which on statistics of a batch are good enough to train a body with
_HEAD_DIV = 25.0
_FINAL_FRACTION = 1e5  # highest rate over last
_MOMS = (0.95, 0.85)
_HEAD, _ALL = 0, 1
_ABOVE_0 = "must be a number above 0"


class FineTuning(LearnerCallback):
    """Train the last layer group for some epochs, then all of them, each along a cycle of its own.

    Args:
        learn: The learner.
        freeze_epochs: Epochs of the head.
        epochs: Epochs of everything.
        base_lr: Highest rate of the head while it learns alone.
        full_lr: Highest rate of the last layer group, when everything learns.
        lr_mult: How much lower the rate of the first layer group is than that of the last.
        pct_start: Fraction of the batches on the way up.
        div: Highest rate over first rate, when everything learns.
        wd: Weight decay.
        features: What the frozen part makes of the data, where that is kept.
        norms_rest: Whether the statistics of the body's batch norms rest while everything learns.
    """

    _order = 90  # behind the callbacks that read the optimiser at the end of an epoch
    not_in_run = ("features", "wd", "freeze_epochs", "epochs")

    def __init__(
        self, learn: Any, freeze_epochs: int, epochs: int, base_lr: float, full_lr: float, lr_mult: float,
        pct_start: float, div: float, wd: Any, features: Features | None, norms_rest: bool,
    ) -> None:  # fmt: skip
        super().__init__(learn)
        self.freeze_epochs, self.epochs, self.wd, self.features = freeze_epochs, epochs, wd, features
        self.base_lr, self.full_lr, self.lr_mult = base_lr, full_lr, lr_mult
        self.pct_start, self.div, self.norms_rest = pct_start, div, norms_rest
        self.phase, self.step = _HEAD, 0

    def on_train_begin(self, **kwargs: Any) -> None:
        """Begin with the head, where it has epochs."""
        self._enter(_HEAD if self.freeze_epochs else _ALL)

    def _enter(self, phase: int) -> None:
        """Let the layers of a phase learn, with a new optimiser and the phase's course."""
        learn = self.learn
        self.phase, self.step = phase, 0
        self._use_features(phase == _HEAD)
        freeze_groups(learn.layer_groups, -1 if phase == _HEAD else 0, train_bn=False)
        learn.create_opt(self._rates(phase), self.wd)
        self._lay_out(phase)
        self._set()

    def _use_features(self, wanted: bool) -> None:
        if self.features is not None and wanted:
            self.features.use()
        elif self.features is not None:
            self.features.drop()

    def _rates(self, phase: int) -> Any:
        count = len(self.learn.layer_groups)
        if phase == _HEAD:
            return [self.base_lr] * count
        return list(even_mults(self.full_lr / self.lr_mult, self.full_lr, count))

    def _lay_out(self, phase: int) -> None:
        highest = np.asarray(self._rates(phase))
        epochs, div = (self.freeze_epochs, _HEAD_DIV) if phase == _HEAD else (self.epochs, self.div)
        total = len(self.learn.data.train_dl) * epochs
        rising = int(total * self.pct_start)
        counts = [rising, total - rising]
        rates = [(highest / div, highest), (highest, highest / _FINAL_FRACTION)]
        momenta = [_MOMS, _MOMS[::-1]]
        self._lr, self._mom = (
            Course([Scheduler(pair, count, annealing_cos) for pair, count in zip(pairs, counts) if count > 0])
            for pairs in (rates, momenta)
        )

    def _set(self) -> None:
        opt = self.learn.opt
        opt.lr, opt.mom = self._lr.at(self.step), self._mom.at(self.step)

    def on_epoch_begin(self, **kwargs: Any) -> None:
        """Put at rest what does not learn, and the statistics of the body's norms where they are to rest."""
        rest(self.learn.model)
        if self.phase == _ALL and not self.norms_rest:
            return
        for group in self.learn.layer_groups[:-1]:
            for layer in group.modules():
                if isinstance(layer, bn_types):
                    layer.eval()

    def on_batch_end(self, train: bool, **kwargs: Any) -> None:
        """Set rate and momentum of the next step."""
        if train:
            self.step += 1
            self._set()

    def on_epoch_end(self, epoch: int, **kwargs: Any) -> None:
        """Go over to everything after the last epoch of the head."""
        if self.epochs and epoch + 1 == self.freeze_epochs:
            self._enter(_ALL)

    def load_run_state(self, state: dict[str, Any]) -> None:
        """Take over the phase, with an optimiser for it, and the place in it."""
        before = self.phase
        super().load_run_state(state)
        phase, step = self.phase, self.step
        if phase != before:
            self._enter(phase)
        self._lay_out(phase)
        self.step = step

    def on_train_end(self, **kwargs: Any) -> None:
        """Let the model see images again."""
        self._use_features(False)


@keeps_runs
@known_keywords_only
def fine_tune(
    learn: Any,
    epochs: int,
    base_lr: float | None = None,
    freeze_epochs: int | None = None,
    lr_mult: float | None = None,
    pct_start: float = 0.3,
    div: float = 5.0,
    views: int = 2,
    full_lr: float | None = None,
    wd: Any = None,
    callbacks: Any = None,
) -> None:
    """Train a pretrained learner: its head while the body rests, then everything with rates per layer group.

    While the head learns alone, the body runs as in validation, without a backward pass. Where nothing but the data's
    transforms changes what the body makes of an item, that is computed once per view, and the head learns from it;
    `fine_tune` reports what it does. Later the body learns too, and all layer groups are left unfrozen. The statistics
    of its batch norms follow where they come from training, the head has learned from kept features and a batch has 16
    items or more; elsewhere they rest.

    Args:
        learn: The learner, with at least two layer groups; what is frozen does not matter.
        epochs: Epochs in which everything learns; 0 trains the head alone.
        base_lr: Highest rate of the head while it learns alone, above 0. Default: 3e-3.
        freeze_epochs: Epochs of the head alone. Default: as many as make 200 steps where features are kept, else 1.
        lr_mult: How much lower the rate of the first layer group is than that of the last, at least 1. Default: 1 where
            the head has learned from kept features, else 100.
        pct_start: Fraction of the batches on the way up.
        div: Highest rate over first rate, when everything learns.
        views: Augmented views of each training item of which features are kept; 0 keeps none.
        full_lr: Highest rate of the last layer group when everything learns, above 0. Default: a thirtieth of
            `base_lr` where the head has learned from kept features, since it has converged; else half of `base_lr`.
        wd: Weight decay; the learner's if None.
        callbacks: More callbacks for this call.

    All ways to train also take `checkpoint`, `every`, `keep` and `resume`: see `Learner.resume`.

    Raises:
        ArgumentError: a value is out of its range, or the model is one layer group.
        TrainingError: the learner trains in several processes.

    Example:
        learn = cnn_learner(data, models.resnet34, metrics=accuracy)
        learn.fine_tune(4)

    References:
        Howard and Ruder, "Universal Language Model Fine-tuning for Text Classification" (2018), section 3.3.
    """
    _check(learn, epochs, base_lr, freeze_epochs, full_lr, lr_mult, pct_start, div, views)
    flags = [p.requires_grad for p in learn.model.parameters()]
    freeze_groups(learn.layer_groups, -1, train_bn=False)
    learn.opt = None
    course = None
    try:
        rates = (base_lr, full_lr, lr_mult)
        course = _course(learn, epochs, freeze_epochs, rates, pct_start, div, views, wd, callbacks)
        total = course.freeze_epochs + epochs
        learn.fit(total, course.base_lr, wd=wd, callbacks=[*listify(callbacks), course])
    finally:
        if course is None or course.phase == _HEAD:
            _as_before(learn, flags)


def _course(
    learn: Any, epochs: int, freeze_epochs: int | None, rates: tuple[float | None, float | None, float | None],
    pct_start: float, div: float, views: int, wd: Any, callbacks: Any,
) -> FineTuning:  # fmt: skip
    """Choose what was not given, report it, and return the callback that does it."""
    reason = why_not(learn, callbacks) if views else "views=0"
    features = Features(learn, views) if not reason and freeze_epochs != 0 else None
    if features is not None and features.views < 1:
        reason, features = f"the features of one view take {features.megabytes:,.0f} MB", None
    if freeze_epochs is None:
        steps = max(1, len(learn.data.train_dl))
        freeze_epochs = 1 if features is None else math.ceil(_HEAD_STEPS / steps)
    if features is not None and freeze_epochs <= features.views:
        features, reason = None, "no view would be seen twice"
    _report(learn, features, freeze_epochs, reason)
    if freeze_epochs == 0:
        freeze_groups(learn.layer_groups, 0)
    decay = learn.wd if wd is None else wd
    chosen = _rates(*rates, _AFTER_IMAGES if features is None else _AFTER_FEATURES)
    norms_rest = features is None or not _may_follow(learn)
    return FineTuning(learn, int(freeze_epochs), int(epochs), *chosen, pct_start, div, decay, features, norms_rest)


def _may_follow(learn: Any) -> bool:
    """Return whether statistics of the body can follow: a batch is large enough, and they were trained before."""
    norms = [layer for group in learn.layer_groups[:-1] for layer in group.modules() if isinstance(layer, bn_types)]
    are_trained = all(norm.running_mean is not None and bool(norm.running_mean.any()) for norm in norms)
    return are_trained and (learn.data.train_dl.batch_size or 0) >= _LEAST_BATCH


def _rates(
    base_lr: float | None, full_lr: float | None, lr_mult: float | None, parts: tuple[float, float]
) -> tuple[float, float, float]:
    """Return `base_lr`, `full_lr` and `lr_mult`, those that were not given by the rule."""
    base = _BASE_LR if base_lr is None else float(base_lr)
    return base, base / parts[0] if full_lr is None else full_lr, parts[1] if lr_mult is None else lr_mult


def _report(learn: Any, features: Features | None, freeze_epochs: int, reason: str) -> None:
    if learn.silent or freeze_epochs == 0:
        return
    count = f"{freeze_epochs} epoch{'s' if freeze_epochs != 1 else ''}"
    if features is None:
        print_once(f"fine_tune: the head learns for {count} while the body runs each time, since {reason}.")
        return
    kind = f"in {features.views} augmented views" if features.is_random else "once, as nothing changes them"
    print_once(
        f"fine_tune: what the body makes of {len(learn.data.train_ds):,} items is computed {kind} "
        f"({features.megabytes:,.0f} MB); the head learns from it for {count}."
    )


def _as_before(learn: Any, flags: list[bool]) -> None:
    """Let learn what learned before the head learned alone."""
    for parameter, learns in zip(learn.model.parameters(), flags, strict=True):
        parameter.requires_grad_(learns)
    learn.opt = None


def _check(
    learn: Any, epochs: Any, base_lr: Any, freeze_epochs: Any, full_lr: Any, lr_mult: Any, pct_start: Any, div: Any,
    views: Any,
) -> None:  # fmt: skip
    if len(learn.layer_groups) < 2:
        hint = "Split the model first, e.g. learn.split(lambda model: [model[-1]]), or train it by fit_one_cycle."
        rule = "must have at least two layer groups, a body and a head"
        raise ArgumentError(explain(_CALLER, "learn", rule, f"{len(learn.layer_groups)} layer group", hint))
    check_order(_CALLER, epochs, base_lr)
    check_whole(_CALLER, "epochs", epochs, 0)
    check_whole(_CALLER, "views", views, 0)
    if freeze_epochs is not None:
        check_whole(_CALLER, "freeze_epochs", freeze_epochs, 0)
    if freeze_epochs == 0 and epochs == 0:
        raise ArgumentError(explain(_CALLER, "epochs", "must be at least 1 where freeze_epochs is 0", epochs))
    if base_lr is not None:
        _check_number("base_lr", base_lr, _ABOVE_0, _is_positive, "Leave it out for 3e-3.")
    if full_lr is not None:
        _check_number("full_lr", full_lr, _ABOVE_0, _is_positive)
    if lr_mult is not None:
        _check_number("lr_mult", lr_mult, "must be a number of at least 1", lambda factor: factor >= 1)
    if any(hasattr(callback, "share_loss") for callback in learn.callbacks):
        raise TrainingError(
            f"{_CALLER}: training in several processes goes phase by phase: learn.freeze(), learn.fit_one_cycle(1), "
            f"then learn.unfreeze(), learn.fit_one_cycle(3, slice(1e-5, 1e-3))."
        )
    _check_number("pct_start", pct_start, "must be a number from 0 to 1", lambda part: 0 <= part <= 1)
    _check_number("div", div, _ABOVE_0, _is_positive)


def _is_positive(number: float) -> bool:
    return number > 0


def _check_number(name: str, value: Any, rule: str, fits: Callable[[float], bool], hint: str = "") -> None:
    if not is_real(value) or not math.isfinite(value) or not fits(value):
        raise ArgumentError(explain(_CALLER, name, rule, value, hint))
