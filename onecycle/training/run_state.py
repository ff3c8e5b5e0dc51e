"""The whole state of a run at the end of a step, as plain data, and the way back."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from onecycle.errors import TrainingError
from onecycle.nn.surgery import get_model
from onecycle.optim.state_form import OPT_FORM, check_flags, check_moments
from onecycle.training.callback import Callback
from onecycle.training.handler import CallbackHandler
from onecycle.training.run_parts import Fixed, capture_parts, restore_parts
from onecycle.utils.file_gate import file_gate
from onecycle.utils.frozen_values import freeze, put_attributes, thaw
from onecycle.utils.schema import check_form
from onecycle.utils.sharded import own_class, parted_like, whole

__all__: list[str] = []

# Entries of the handler's state that are not of the moment: bars, and what only one batch needs.
COUNTED = (
    "epoch", "n_epochs", "iteration", "num_batch", "smooth_loss", "last_loss", "last_metrics", "skip_validate",
    "stop_training",
)  # fmt: skip
_OF_MODULES = ("training",)  # attributes that the loop sets itself
_SCALARS = (bool, int, float, str)  # of a layer of torch, such as the share that a dropout drops
SETTINGS = ("_lr", "_mom", "_beta", "_wd")


def take(learn: Any, handler: CallbackHandler, fixed: Fixed) -> dict[str, Any]:
    """Return all that a run needs to go on from here, as copies on the CPU.

    Args:
        learn: The learner.
        handler: The handler of its run.
        fixed: What `run_parts.fixed_values` returned when the run began.
    """
    model = get_model(learn.model)
    return {
        "model": _copies(model.named_parameters()),
        "buffers": _copies(model.named_buffers()),
        "model_parts": _parts(model),
        "trainable": [parameter.requires_grad for parameter in model.parameters()],
        "grads": _grads(model),
        "loss": _copies(_tensors(learn.loss_func)) if isinstance(learn.loss_func, nn.Module) else {},
        "opt": _of_opt(learn.opt),
        "handler": {name: _kept(handler.state_dict[name]) for name in COUNTED},
        "smoothener": _kept(vars(handler.smoothener)),
        "callbacks": [[type(cb).__name__, cb.run_state()] for cb in _own(handler)],
        "parts": capture_parts(learn, handler, fixed),
        "generators": _generators(),
    }


def put_back(state: dict[str, Any], learn: Any, handler: CallbackHandler) -> None:
    """Bring a learner and the handler of its run to a state.

    Args:
        state: What `take` returned.
        learn: The learner; its model, optimiser and callbacks are like those of then.
        handler: The handler; training has begun.

    Raises:
        TrainingError: the callbacks are others than those of then.
    """
    model, device = get_model(learn.model), learn.data.device
    _fill(model, {**state["model"], **state.get("buffers", {})})
    for parameter, learns in zip(model.parameters(), state["trainable"], strict=True):
        parameter.requires_grad_(learns)
    _put_parts(model, state["model_parts"], device)
    _put_grads(model, state["grads"])
    if state["loss"]:
        _fill(learn.loss_func, state["loss"])
    _put_callbacks(state["callbacks"], handler, state.get("by_name", False))
    _put_opt(learn.opt, state["opt"])
    restore_parts(state.get("parts", {}), learn, handler)
    for name in COUNTED:
        handler.state_dict[name] = thaw(state["handler"][name], None, device)
    smooth = thaw(state["smoothener"], None, device)
    for name in vars(handler.smoothener):
        setattr(handler.smoothener, name, smooth[name])
    _put_generators(state["generators"])


def _kept(value: Any) -> Any:
    return freeze(value)[1]


# ---- the model ----


def _copies(tensors: Iterable[tuple[str, Tensor]]) -> dict[str, Tensor]:
    return {name: whole(tensor.detach()).to("cpu", copy=True) for name, tensor in tensors}


def _tensors(module: nn.Module) -> Iterator[tuple[str, Tensor]]:
    """Yield all parameters and buffers, those outside the state dict too."""
    yield from module.named_parameters()
    yield from module.named_buffers()


@torch.no_grad()
def _fill(module: nn.Module, weights: dict[str, Tensor]) -> None:
    """Copy values into a module's tensors; a buffer of another shape (a hidden state) is replaced."""
    mine = dict(_tensors(module))
    for name, value in weights.items():
        tensor = mine.get(name)
        if tensor is not None and tensor.shape == value.shape:
            tensor.copy_(parted_like(value, tensor))
        else:
            owner, _, leaf = name.rpartition(".")
            place = value if tensor is None else value.to(tensor.device)
            module.get_submodule(owner)._buffers[leaf] = place


def _parts(model: nn.Module) -> dict[str, Any]:
    """Return what modules keep beside parameters and buffers: hidden states, counters, modes."""
    places = {tensor.data_ptr() for _, tensor in _tensors(model) if tensor.numel()}
    found = {}
    for path, module in model.named_modules():
        values = dict(_kept_attributes(module, places))
        if values:
            found[path] = values
    return found


def _kept_attributes(module: nn.Module, places: set[int]) -> Iterator[tuple[str, Any]]:
    of_torch = own_class(module).__module__.startswith("torch.")
    for name, value in vars(module).items():
        if name in _OF_MODULES or name in _MODULE_OWN or (of_torch and not isinstance(value, _SCALARS)):
            continue
        kept, copy = freeze(value, lambda tensor: tensor.data_ptr() in places)
        if kept:
            yield name, copy


_MODULE_OWN = frozenset(vars(nn.Module()))


def _put_parts(model: nn.Module, parts: dict[str, Any], device: Any) -> None:
    for path, values in parts.items():
        put_attributes(model.get_submodule(path), values, device)


def _grads(model: nn.Module) -> dict[str, Tensor]:
    """Return gradients that are being gathered over several batches."""
    return _copies((name, weight.grad) for name, weight in model.named_parameters() if weight.grad is not None)


def _put_grads(model: nn.Module, grads: dict[str, Tensor]) -> None:
    for name, parameter in model.named_parameters():
        grad = grads.get(name)
        parameter.grad = None if grad is None else parted_like(grad.to(parameter.device, copy=True), parameter)


# ---- the optimiser, the callbacks, the generators ----


def _of_opt(opt: Any) -> dict[str, Any]:
    return {"state": _kept(opt.state_dict()), "settings": {name: _kept(getattr(opt, name)) for name in SETTINGS}}


def _put_opt(opt: Any, state: dict[str, Any]) -> None:
    with file_gate("resume", "the optimizer state of the checkpoint"):
        kept = thaw(state["state"])
        check_moments(opt.opt, check_form("resume", "the optimizer state", kept, OPT_FORM))
        check_flags(opt.opt, kept)
        opt.load_state_dict(kept)
        for name in SETTINGS:
            if state["settings"][name] is not None:
                setattr(opt, name.removeprefix("_"), thaw(state["settings"][name]))


def _own(handler: CallbackHandler) -> list[Callback]:
    """Return the callbacks of the run, without a data set that listens."""
    return [cb for cb in handler.callbacks if isinstance(cb, Callback) and cb is not handler.dl_listener]


def _put_callbacks(states: list[Any], handler: CallbackHandler, by_name: bool = False) -> None:
    """Give the callbacks their states; `by_name` those that have one, where other processes go on."""
    mine, theirs = _own(handler), [name for name, _ in states]
    if by_name:
        known = dict(states)
        mine = [callback for callback in mine if type(callback).__name__ in known]
        theirs = [type(callback).__name__ for callback in mine]
        states = [[name, known[name]] for name in theirs]
    names = [type(cb).__name__ for cb in mine]
    if names != theirs:
        raise TrainingError(
            f"resume: the callbacks must be those of the run, {', '.join(theirs)}; got {', '.join(names)}. "
            f"Pass callbacks= as when it began."
        )
    for callback, (_, state) in zip(mine, states):
        callback.load_run_state(state)


def _generators() -> dict[str, Any]:
    """Return the states of the global generators, for callbacks that draw from them."""
    cuda = torch.cuda.is_available() and torch.cuda.is_initialized()
    return {
        "torch": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state_all() if cuda else [],
        "numpy": _kept(np.random.get_state()),
        "python": _kept(random.getstate()),
    }


def _put_generators(states: dict[str, Any]) -> None:
    torch.set_rng_state(states["torch"].cpu())
    if states["cuda"] and len(states["cuda"]) == torch.cuda.device_count():
        torch.cuda.set_rng_state_all([state.cpu() for state in states["cuda"]])
    np.random.set_state(thaw(states["numpy"]))
    random.setstate(thaw(states["python"]))
