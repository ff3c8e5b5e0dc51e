"""Training: rates for the layer groups, the optimiser, and fit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from onecycle.errors import ArgumentError, check_keywords, explain
from onecycle.learning.old_calls import check_keywords_of_2018, check_order
from onecycle.learning.resuming import RUN_KEYWORDS, keeps_runs
from onecycle.nn.calling import call_model
from onecycle.nn.surgery import is_frozen
from onecycle.nn.turns import eval_mode
from onecycle.optim.wrapper import OptimWrapper
from onecycle.training import loop
from onecycle.training.nan_watch import NanWatch
from onecycle.training.recorder import Recorder
from onecycle.utils.checks import check_numbers, is_real
from onecycle.utils.collections import even_mults, listify
from onecycle.utils.defaults import defaults
from onecycle.utils.distributed import is_first_process
from onecycle.utils.values import to_numbers, to_scalar

if TYPE_CHECKING:
    from torch import nn

    from onecycle.training.keeper import RunKeeper

__all__: list[str] = []

_LOWER_GROUPS = 10  # slice(a): how much lower the rate of every group but the last is


def callbacks_of(learn: Any, callbacks: Any = None) -> list[Any]:
    """Return everyone who is told of a training in this process, made anew where a function makes them.

    Those of the learner, those its functions make, those of the library's defaults, those of the call, and a watch for
    a loss that is no number, unless one of them is that.

    Args:
        learn: The learner; what is made for it takes its name there.
        callbacks: Those of the call.
    """
    made = [make(learn) for make in [*learn.callback_fns, *listify(defaults.extra_callback_fns)]]
    everyone = [*learn.callbacks, *made, *listify(defaults.extra_callbacks), *listify(callbacks)]
    if not any(getattr(callback, "handles_nan", False) for callback in everyone):
        everyone.append(NanWatch(learn))
    first = is_first_process()
    return [callback for callback in everyone if first or not getattr(callback, "first_process_only", False)]


class Fitting:
    """Train a learner's model."""

    if TYPE_CHECKING:
        data: Any
        model: nn.Module
        layer_groups: list[nn.Module]
        opt: OptimWrapper | None
        opt_func: Any
        wd: Any
        true_wd: bool
        bn_wd: bool
        silent: bool
        metrics: list[Any]
        callbacks: list[Any]
        callback_fns: list[Any]
        loss_func: Any
        keeper: RunKeeper | None
        is_trying_rates: bool

    def lr_range(self, lr: float | slice | Any) -> Any:
        """Spread a rate over the layer groups.

        Args:
            lr: `slice(a)`: a/10 for every group but the last, a for the last. `slice(a, b)`: from a for the first
                to b for the last, by equal factors. A number: itself, the same for all groups. A list: one a group.

        Returns:
            An array of one rate a layer group, or the number.

        Raises:
            ArgumentError: a rate of a slice is not above 0, or another one below 0.
        """
        if not isinstance(lr, slice):
            lr = to_numbers(lr)
            rule = "must be a number of at least 0, one a layer group, or a slice"
            check_numbers("lr_range", "lr", lr, rule, lambda rate: rate >= 0)
            return np.asarray([_plain_rate(rate) for rate in lr]) if isinstance(lr, (list, tuple)) else _plain_rate(lr)
        lr = slice(to_scalar(lr.start), to_scalar(lr.stop), lr.step)
        rates = [lr.stop] if lr.start is None else [lr.start, lr.stop]
        if lr.step is not None or not all(is_real(rate) and rate > 0 for rate in rates):
            raise ArgumentError(
                explain("lr_range", "lr", "must be slice(high) or slice(low, high), above 0", lr)
            )
        lr = slice(lr.start and float(lr.start), float(lr.stop))
        count = len(self.layer_groups)
        if lr.start:
            return even_mults(lr.start, lr.stop, count)
        return np.array([lr.stop / _LOWER_GROUPS] * (count - 1) + [lr.stop])

    def create_opt(self, lr: Any, wd: Any = 0.0) -> None:
        """Make a new optimiser, `learn.opt`, for the layer groups as they are frozen now.

        Args:
            lr: Learning rate, a number or one a layer group.
            wd: Weight decay, a number or one a layer group.
        """
        rates = self.lr_range(lr)
        self.opt = OptimWrapper.create(self.opt_func, rates, self.layer_groups, wd, self.true_wd, self.bn_wd)

    @keeps_runs
    def fit(
        self, epochs: int, lr: Any = defaults.lr, wd: Any = None, callbacks: Any = None, **unknown: Any
    ) -> None:
        """Train for some epochs at constant rates.

        Args:
            epochs: How many times to go through the training set.
            lr: Learning rate; see `lr_range`.
            wd: Weight decay; the learner's when None.
            callbacks: More callbacks for this call.

        All ways to train also take `checkpoint`, `every`, `keep` and `resume`: see `Learner.resume`.

        Raises:
            TrainingError: the loss became NaN; names the batch.
            ArgumentError: a value is out of its range, or epochs and rate stand in each other's place.
            ArgumentTypeError: a keyword is unknown; for one of fastai 0.7 it gives the call that does the same.

        Example:
            learn.fit(2, 1e-3)
        """
        check_keywords_of_2018(epochs, lr, unknown)
        check_keywords("fit", unknown, ("epochs", "lr", "wd", "callbacks", *RUN_KEYWORDS))
        check_order("fit", epochs, lr)
        self._fit(epochs, lr, wd, callbacks)

    def _fit(self, epochs: int, lr: Any, wd: Any, callbacks: Any, table: bool = True) -> None:
        """Train with all callbacks: the learner's own, those its functions make, those of this call."""
        wd = self.wd if wd is None else wd
        check_numbers("fit", "wd", wd, "must be a number of at least 0, or one a layer group", lambda decay: decay >= 0)
        self._ready_opt(self.lr_range(lr), wd)
        self._check_learns(lr)
        everyone = callbacks_of(self, callbacks)
        for callback in everyone:
            if isinstance(callback, Recorder) and not table:
                callback.silent = True
        display = not self.silent and is_first_process()
        self.is_trying_rates = not table
        try:
            loop.fit(epochs, self, everyone, self.metrics, display, self.keeper if table else None)
        finally:
            self.is_trying_rates = False

    def _check_learns(self, lr: Any) -> None:
        """Refuse a rate of 0 for all that is not frozen: nothing would change, however long it trains."""
        assert self.opt is not None
        frozen = [is_frozen(group) for group in self.layer_groups]
        rates = self.opt.read_val("lr")
        used = [rate for rate, rests in zip(rates, frozen) if not rests]
        if used and any(frozen) and len(rates) == len(frozen) and not any(used):  # all frozen: batch norms learn
            hint = "Pass a rate above 0 for the last layer group, e.g. 3e-3, or unfreeze() first."
            rule = "must be above 0 for a layer group that is not frozen"
            raise ArgumentError(explain("fit", "lr", rule, lr, hint))

    def _ready_opt(self, lr: Any, wd: Any) -> None:
        """Set rate and decay of the optimiser, making one where there is none."""
        if getattr(self, "opt", None) is None:
            self.create_opt(lr, wd)
        else:
            assert self.opt is not None
            self.opt.lr, self.opt.wd = lr, wd

    def backward(self, item: Any) -> Any:
        """Run one item forward and backward, leaving gradients in the model.

        Args:
            item: An item as `learn.predict` takes it, or a (item, label) pair.

        Returns:
            The detached loss.
        """
        xb, yb = self.data.one_item(item)
        self.model.zero_grad()
        with eval_mode(self.model, "backward"):
            targets = yb if isinstance(yb, (list, tuple)) else [yb]
            loss = self.loss_func(call_model(self.model, xb), *targets)
            loss.backward()
        return loss.detach()


def _plain_rate(rate: Any) -> Any:
    """Return a rate of another kind, such as a Decimal, as a float."""
    return rate if isinstance(rate, (int, float)) else float(rate)
