"""The callback: what training tells whoever listens, and the check of who listens how."""

from __future__ import annotations

import difflib
import inspect
import weakref
from collections.abc import Callable, Iterable
from typing import Any

from onecycle.errors import ArgumentTypeError, CallbackError, did_you_mean, explain
from onecycle.utils.frozen_values import freeze, put_attributes
from onecycle.utils.short_repr import short_repr
from onecycle.utils.words import camel2snake

__all__ = ["Callback", "CallbackList", "LearnerCallback"]

# In the order in which they happen.
EVENTS = (
    "on_train_begin",
    "on_epoch_begin",
    "on_batch_begin",
    "on_loss_begin",
    "on_backward_begin",
    "on_backward_end",
    "on_step_end",
    "on_batch_end",
    "on_epoch_end",
    "on_train_end",
)


_NEVER_IN_RUN = ("_learn", "learn")
_SETTINGS_SHOWN = 8
_MISTYPED = 0.85  # so alike that a method is an event with a letter wrong
# Methods whose signature was found right: a fit after the first does not look again.
_checked: weakref.WeakSet[Any] = weakref.WeakSet()


def live_tensors(learn: Any) -> Callable[[Any], bool]:
    """Return what tells the weights and buffers of a learner's model from other tensors."""
    model = getattr(learn, "model", None)
    if model is None:
        return lambda tensor: False
    places = {tensor.data_ptr() for tensor in [*model.parameters(), *model.buffers()] if tensor.numel()}
    return lambda tensor: tensor.data_ptr() in places


class Callback:
    """Listen to training, and change its course.

    Override the events you care for. Each gets the state of training by keyword: name what you use and end
    with `**kwargs`. Return None, or a dict of the state's entries to change, e.g. `{"stop_training": True}`.
    An event that you do not override costs nothing.

    The state: epoch, n_epochs, iteration (training steps so far), num_batch (those of this epoch), train,
    last_input, last_target, last_output, last_loss, loss_parts (the means it is the sum of, with what each divides by:
    in validation, and in training where `needs_loss_parts`), smooth_loss, last_metrics, metrics, pbar, skip_validate,
    stop_epoch, stop_training, skip_bwd, skip_step, skip_zero.

    Example:
        >>> class Losses(Callback):
        ...     def on_train_begin(self, **kwargs): self.seen = []
        ...     def on_batch_end(self, last_loss, train, **kwargs):
        ...         if train: self.seen.append(float(last_loss))
    """

    _order = 0
    needs_loss_parts = False  # has the state's loss_parts in training too
    first_process_only = False  # left out in all but the first of several processes: it writes
    not_in_run: tuple[str, ...] = ()  # attributes that a run taken up again begins anew
    exclude: tuple[str, ...] = ()
    not_min: tuple[str, ...] = ()

    def on_train_begin(self, **kwargs: Any) -> Any:
        """Run once before the first epoch; also gets `metrics_names`."""

    def on_epoch_begin(self, **kwargs: Any) -> Any:
        """Run before each epoch."""

    def on_batch_begin(self, **kwargs: Any) -> Any:
        """Run before each batch of training and validation; may change last_input and last_target."""

    def on_loss_begin(self, **kwargs: Any) -> Any:
        """Run between the forward pass and the loss; may change last_output."""

    def on_backward_begin(self, **kwargs: Any) -> Any:
        """Run between the loss and the backward pass; may change last_loss, or set skip_bwd."""

    def on_backward_end(self, **kwargs: Any) -> Any:
        """Run after the backward pass; may change the gradients, or set skip_step."""

    def on_step_end(self, **kwargs: Any) -> Any:
        """Run after the optimiser's step; may set skip_zero to keep the gradients."""

    def on_batch_end(self, **kwargs: Any) -> Any:
        """Run after each batch of training and validation; may set stop_epoch."""

    def on_epoch_end(self, **kwargs: Any) -> Any:
        """Run after each epoch's validation; may set stop_training."""

    def on_train_end(self, **kwargs: Any) -> Any:
        """Run once at the end; also gets `exception`: what ended training early, or None."""

    def jump_to_epoch(self, epoch: int) -> Any:
        """Make ready to begin at `epoch`."""

    def get_state(self, minimal: bool = True) -> dict[str, Any]:
        """Return the attributes, less those in `exclude` and, where minimal, those in `not_min`."""
        left_out = {*self.exclude, *(self.not_min if minimal else ())}
        return {name: value for name, value in vars(self).items() if name not in left_out}

    def run_state(self) -> dict[str, Any]:
        """Return what a run that is taken up again in the middle of an epoch needs of this callback.

        These are all attributes made of numbers, text, tensors, arrays and containers of them, and the states of
        parts that have one, less those in `not_in_run`. What `on_train_begin` and `on_epoch_begin` make anew (open
        files, hooks, bars) is not among them. Override it, with `load_run_state`, where more is needed.
        """
        is_live = live_tensors(getattr(self, "learn", None))
        found = {}
        for name, value in vars(self).items():
            if name not in _NEVER_IN_RUN and name not in self.not_in_run:
                kept, copy = freeze(value, is_live)
                if kept:
                    found[name] = copy
        return found

    def load_run_state(self, state: dict[str, Any]) -> None:
        """Take over what `run_state` returned; called after `on_train_begin` (and `on_epoch_begin`).

        Only data is taken from a file: see `put_attributes`.
        """
        learn = getattr(self, "learn", None)
        device = "cpu" if learn is None else learn.data.device
        put_attributes(self, state, device)

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={short_repr(getattr(self, name, None))}" for name in self._settings())
        return f"{type(self).__name__}({shown})"

    def _settings(self) -> list[str]:
        """Return the names of the attributes that say how the callback was made: those that `__init__` takes."""
        public = [name for name in vars(self) if not name.startswith("_") and name not in _NEVER_IN_RUN]
        taken = inspect.signature(type(self)).parameters
        return [name for name in taken if name in public] or public[:_SETTINGS_SHOWN]


CallbackList = Iterable[Callback]


class _OfLearner:
    """Be an attribute of the learner, until the callback sets one of this name itself."""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, callback: LearnerCallback | None, owner: type) -> Any:
        if callback is None:
            return self
        return getattr(callback.learn, self.name)


class LearnerCallback(Callback):
    """Be a callback that knows its learner, which in turn knows it as `learn.<name_in_snake_case>`.

    What callbacks use most of the learner is at hand as `self.data`, `self.model`, `self.opt` … too; a callback may set
    attributes of these names for itself.

    Args:
        learn: The learner; held weakly, so that both can go.

    Raises:
        ArgumentTypeError: what was passed is no learner.
    """

    exclude: tuple[str, ...] = ("_learn",)
    data = _OfLearner()
    model = _OfLearner()
    opt = _OfLearner()
    loss_func = _OfLearner()
    metrics = _OfLearner()
    recorder = _OfLearner()
    layer_groups = _OfLearner()
    path = _OfLearner()
    model_dir = _OfLearner()

    def __init__(self, learn: Any) -> None:
        self.learn = learn
        setattr(learn, self.cb_name, self)

    @property
    def learn(self) -> Any:
        """The learner."""
        name = type(self).__name__
        if "_learn" not in vars(self):
            raise CallbackError(f"{name}: its learner is not known. Call super().__init__(learn) in its __init__.")
        learn = self._learn()
        if learn is None:
            raise CallbackError(f"{name}: its learner is gone. Keep the learner in a variable.")
        return learn

    @learn.setter
    def learn(self, learn: Any) -> None:
        try:
            self._learn = weakref.ref(learn)
        except TypeError:
            owner = type(self).__name__
            cure = f"Pass it first: {owner}(learn, …)."
            raise ArgumentTypeError(explain(owner, "learn", "must be a learner", learn, cure)) from None

    @property
    def cb_name(self) -> str:
        """Name under which the learner has this callback."""
        return camel2snake(type(self).__name__)


def listener(callback: Any, event: str) -> Callable[..., Any] | None:
    """Return the method by which a callback answers an event, or None if it does not."""
    method = getattr(callback, event, None)
    if method is None or getattr(method, "__func__", method) is getattr(Callback, event):
        return None
    return method


def check_callback(callback: Any) -> None:
    """Refuse what cannot be a callback: a class, or something without events.

    Raises:
        CallbackError: names what was passed and what to pass.
    """
    if isinstance(callback, type):
        raise CallbackError(
            f"callbacks: must be callbacks; got the class {callback.__name__}. "
            f"Pass an instance, or the class in callback_fns."
        )
    if not any(hasattr(callback, event) for event in EVENTS):
        raise CallbackError(
            f"callbacks: must have events such as on_batch_end; got {callback!r}. Subclass Callback."
        )
    for name in dir(type(callback)):
        if name.startswith("on_") and name not in EVENTS:
            _check_not_mistyped(type(callback).__name__, name)


def _check_not_mistyped(owner: str, name: str) -> None:
    """Refuse a method that is nearly an event: it would never be called."""
    near = difflib.get_close_matches(name, EVENTS, n=1, cutoff=_MISTYPED)
    if near:
        raise CallbackError(f"{owner}.{name}: is no event and is never called. Did you mean {near[0]!r}?")


def check_signature(callback: Any, event: str, known: Iterable[str]) -> None:
    """Refuse an event's method that cannot be called with the state by keyword.

    Raises:
        CallbackError: names the callback, the event, the parameter and the nearest entry of the state.
    """
    function = getattr(getattr(callback, event), "__func__", None)
    if function is not None and function in _checked:
        return
    owner, known = f"{type(callback).__name__}.{event}", list(known)
    try:
        parameters = inspect.signature(getattr(callback, event)).parameters.values()
    except TypeError:
        return
    except ValueError:  # no parameter is left for the callback itself
        raise CallbackError(f"{owner}: must take self. Write def {event}(self, **kwargs).") from None
    if not any(p.kind is p.VAR_KEYWORD for p in parameters):
        raise CallbackError(
            f"{owner}: must take **kwargs, since the state of training may gain entries. Add **kwargs."
        )
    for p in parameters:
        _check_parameter(owner, p, known)
    if function is not None:
        _checked.add(function)


def _check_parameter(owner: str, p: inspect.Parameter, known: list[str]) -> None:
    needed = p.default is p.empty and p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)
    if p.kind is p.POSITIONAL_ONLY and needed:
        raise CallbackError(f"{owner}: parameter {p.name!r} must be accepted by keyword. Drop the `/`.")
    if needed and p.name not in known:
        raise CallbackError(
            f"{owner}: parameter {p.name!r} is no entry of the state of training.{did_you_mean(p.name, known)} "
            f"Entries: {', '.join(sorted(known))}."
        )
