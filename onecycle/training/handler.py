"""The handler: tells each event to those who listen, and keeps the state of training."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from torch import Tensor

from onecycle.errors import CallbackError, add_context, did_you_mean
from onecycle.metrics.base import as_metric
from onecycle.metrics.check import metric_name
from onecycle.nn.loss_weight import Part, ignored_class, total_of
from onecycle.optim.schedules import SmoothenValue
from onecycle.training.callback import EVENTS, Callback, check_callback, check_signature, listener

__all__ = ["CallbackHandler"]

Listeners = list[Callable[..., Any]]

# What on_batch_begin clears, so that a wish holds for one batch.
_ONE_BATCH = {"stop_epoch": False, "skip_step": False, "skip_zero": False, "skip_bwd": False}
_LAST_BATCH = dict.fromkeys(("last_input", "last_target", "last_output", "last_loss"))
_COUNTS = ("epoch", "n_epochs", "iteration", "num_batch")
# Entries that only one event has.
_EXTRA = {"on_train_begin": ("metrics_names",), "on_train_end": ("exception",)}


def initial_state() -> dict[str, Any]:
    """Return the state of training before it begins."""
    return {
        "epoch": 0,
        "n_epochs": 0,
        "iteration": 0,
        "num_batch": 0,
        "train": True,
        "last_input": None,
        "last_target": None,
        "last_output": None,
        "last_loss": None,
        "loss_parts": None,
        "smooth_loss": None,
        "last_metrics": [],
        "metrics": [],
        "pbar": None,
        "skip_validate": False,
        "stop_training": False,
        **_ONE_BATCH,
    }


class CallbackHandler:
    """Tell events to callbacks and metrics in order, and take in what they change.

    Who listens to what is settled here, once: an event without listeners is a few dict writes.

    Args:
        callbacks: Callbacks; told in the order of their `_order`.
        metrics: Functions of (output, target), or objects with the events of a metric.
        beta: Weight of the past in the smoothed loss.

    Raises:
        CallbackError: a callback cannot be called; names it, the event and the parameter.
    """

    def __init__(self, callbacks: Any = None, metrics: Any = None, beta: float = 0.98) -> None:
        self.callbacks: list[Any] = sorted(_as_list(callbacks), key=lambda cb: getattr(cb, "_order", 0))
        self.metrics: list[Any] = [as_metric(metric) for metric in _as_list(metrics)]
        self.beta = beta
        self.smoothener = SmoothenValue(beta)
        self.state_dict: dict[str, Any] = initial_state()
        self.dl: Any = None
        self._dataset_callback: Any = None
        self.weighs_loss = any(getattr(callback, "needs_loss_parts", False) for callback in self.callbacks)
        self._check()
        self._find_listeners()

    def note_loss(self, loss_func: Any) -> None:
        """Let the metrics leave out the class index that the loss ignores, and weigh batches that may have no other."""
        index = ignored_class(loss_func)
        if index is not None:
            self.weighs_loss = True
            for metric in self.metrics:
                if hasattr(metric, "leave_out"):
                    metric.leave_out(index)

    def _check(self) -> None:
        for callback in self.callbacks:
            check_callback(callback)
        for callback in [*self.metrics, *self.callbacks]:
            for event in EVENTS:
                if listener(callback, event):
                    check_signature(callback, event, [*self.state_dict, *_EXTRA.get(event, ())])

    def _find_listeners(self) -> None:
        """Note for each event the methods to call: those of callbacks, and those of metrics before them."""
        self._own: dict[str, Listeners] = {event: _listeners(self.callbacks, event) for event in EVENTS}
        self._all: dict[str, Listeners] = {
            event: _listeners([*self.metrics, *self.callbacks], event) for event in EVENTS
        }

    def _tell(self, listeners: Listeners, **extra: Any) -> None:
        state = self.state_dict
        for method in listeners:
            try:
                changes = method(**state, **extra)
            except Exception as error:
                add_context(error, callback=_owner(method), event=_event(method))
                raise
            if changes:
                self._take_in(changes, method)

    def _take_in(self, changes: Any, method: Callable[..., Any]) -> None:
        """Update the state with what a listener returned."""
        said = f"{_owner(method)}.{_event(method)}"
        if not isinstance(changes, dict):
            raise CallbackError(
                f"{said}: must return None or a dict of changes to the state; got {changes!r}."
            )
        for name in changes:
            if name not in self.state_dict:
                raise CallbackError(
                    f"{said}: returned {name!r}, which is no entry of the state.{did_you_mean(name, self.state_dict)} "
                    f"Entries: {', '.join(sorted(self.state_dict))}."
                )
            if name in _COUNTS and not isinstance(changes[name], int):
                raise CallbackError(f"{said}: returned {name}={changes[name]!r}, which must be a whole number.")
        self.state_dict.update(changes)

    def set_dl(self, dl: Any) -> None:
        """Note the loader in use; a data set that is itself a callback listens while its loader is used."""
        self.dl = dl
        dataset = getattr(dl, "dataset", None)
        listens = dataset if isinstance(dataset, Callback) else None
        if listens is self._dataset_callback:
            return
        self.callbacks = [cb for cb in self.callbacks if cb is not self._dataset_callback]
        self.callbacks += [listens] if listens is not None else []
        self._dataset_callback = listens
        self._find_listeners()

    def on_train_begin(self, epochs: int, pbar: Any, metrics: Any) -> None:
        """Begin training: a fresh state and a fresh smoothed loss."""
        self.state_dict.update(initial_state())
        self.state_dict.update(n_epochs=epochs, pbar=pbar, metrics=metrics)
        self.smoothener = SmoothenValue(self.beta)
        self._begin([metric_name(m) for m in self.metrics])
        if self.state_dict["epoch"]:
            self._jump(self.state_dict["epoch"])

    def _begin(self, metrics_names: list[str]) -> None:
        """Tell all that training begins; where one refuses, tell those before it that it has ended."""
        begun: list[Any] = []
        for method in self._all["on_train_begin"]:
            try:
                self._tell([method], metrics_names=metrics_names)
            except BaseException as error:
                self._tell_end(_listeners(begun, "on_train_end"), error)
                raise
            begun.append(getattr(method, "__self__", None))

    def _jump(self, epoch: int) -> None:
        """Tell everyone that training begins at a later epoch than the first."""
        for callback in self.callbacks:
            if hasattr(callback, "jump_to_epoch"):
                callback.jump_to_epoch(epoch)

    def on_epoch_begin(self) -> None:
        """Begin an epoch."""
        self.state_dict.update(num_batch=0, stop_training=False)
        self._tell(self._all["on_epoch_begin"])

    def on_batch_begin(self, xb: Any, yb: Any, train: bool = True) -> tuple[Any, Any]:
        """Begin a batch; return its inputs and targets as the callbacks left them."""
        state = self.state_dict
        state.update(_ONE_BATCH)
        state["last_input"], state["last_target"], state["train"] = xb, yb, train
        state["loss_parts"] = None
        listeners = self._own["on_batch_begin"] if train else self._all["on_batch_begin"]
        if listeners:
            self._tell(listeners)
        return state["last_input"], state["last_target"]

    def on_loss_begin(self, out: Any) -> Any:
        """Pass the model's output on; return it as the callbacks left it."""
        state = self.state_dict
        state["last_output"] = out
        if self._own["on_loss_begin"]:
            self._tell(self._own["on_loss_begin"])
        return state["last_output"]

    def on_loss_end(self, loss: Tensor, parts: list[Part], shared: bool) -> Tensor:
        """Note the means that a loss is the sum of; return the loss, 0 where nothing of the batch counts.

        Args:
            loss: The loss of a batch.
            parts: Its parts, as `weighed` returns them.
            shared: Whether callbacks of several processes weigh them by those of all processes.
        """
        for callback in [cb for cb in self.callbacks if hasattr(cb, "share_loss")] if shared else ():
            parts = callback.share_loss(parts)
        self.state_dict["loss_parts"] = parts
        return loss if loss.ndim else total_of(parts)

    def on_backward_begin(self, loss: Tensor) -> tuple[Tensor, bool]:
        """Take the loss into the smoothed one; return it as the callbacks left it, and whether to skip."""
        state = self.state_dict
        self.smoothener.add_value(loss)
        state["last_loss"], state["smooth_loss"] = loss, self.smoothener.smooth
        if self._own["on_backward_begin"]:
            self._tell(self._own["on_backward_begin"])
        return state["last_loss"], state["skip_bwd"]

    def on_backward_end(self) -> bool:
        """Return whether the optimiser's step is to be skipped."""
        if self._own["on_backward_end"]:
            self._tell(self._own["on_backward_end"])
        return self.state_dict["skip_step"]

    def on_step_end(self) -> bool:
        """Return whether the gradients are to be kept."""
        if self._own["on_step_end"]:
            self._tell(self._own["on_step_end"])
        return self.state_dict["skip_zero"]

    def on_batch_end(self, loss: Any) -> bool:
        """End a batch; return whether the epoch is to end here."""
        state = self.state_dict
        state["last_loss"] = loss
        train = state["train"]
        listeners = self._own["on_batch_end"] if train else self._all["on_batch_end"]
        if listeners:
            self._tell(listeners)
        if train:
            state["iteration"] += 1
            state["num_batch"] += 1
        return state["stop_epoch"]

    def on_epoch_end(self, val_loss: Any) -> bool:
        """End an epoch, with the validation loss if there is one; return whether training is to end."""
        self.state_dict["last_metrics"] = [val_loss]
        self._tell(self._own["on_epoch_end"] if val_loss is None else self._all["on_epoch_end"])
        self.state_dict["epoch"] += 1
        return self.state_dict["stop_training"]

    def on_train_end(self, exception: BaseException | bool | None) -> None:
        """End training; `exception` is what ended it early, or None."""
        try:
            self._tell_end(self._all["on_train_end"], exception)
        finally:
            if exception is not None:
                self.state_dict.update(_LAST_BATCH)  # a traceback that is kept has the handler in its frames

    def _tell_end(self, listeners: Listeners, exception: BaseException | bool | None) -> None:
        """Tell each that training has ended, also where one before it fails: what was exchanged must be put back."""
        failed: list[BaseException] = []
        for method in listeners:
            try:
                self._tell([method], exception=exception)
            except BaseException as error:
                failed.append(error)
        try:
            if failed:
                raise failed[0]
        finally:
            failed.clear()  # an error that its own traceback holds would live until a collection

    @property
    def dl_listener(self) -> Any:
        """The data set that listens while its loader is used, or None."""
        return self._dataset_callback

    @property
    def shares_loss(self) -> bool:
        """Whether each of several processes has a share of every batch and set."""
        return any(hasattr(callback, "share_loss") for callback in self.callbacks)

    @property
    def skip_validate(self) -> bool:
        """Whether validation is to be left out."""
        return self.state_dict["skip_validate"]

    def listeners(self) -> dict[str, list[str]]:
        """Return for each event the names of those who answer it, in order."""
        return {event: [_owner(method) for method in methods] for event, methods in self._all.items()}


def _as_list(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, Iterable) and not isinstance(value, str) else [value]


def _listeners(callbacks: list[Any], event: str) -> Listeners:
    return [method for callback in callbacks if (method := listener(callback, event)) is not None]


def _owner(method: Callable[..., Any]) -> str:
    owner = getattr(method, "__self__", None)
    return type(owner).__name__ if owner is not None else repr(method)


def _event(method: Callable[..., Any]) -> str:
    return getattr(method, "__name__", "event")
