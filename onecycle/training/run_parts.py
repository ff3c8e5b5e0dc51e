"""What the parts of a run keep in plain attributes: counters, lists, generators of losses, optimizers, metrics, data.

A part is looked through by its attributes: objects inside it, functions with what they enclose, partials and modules.
Of each, the attributes made of numbers, text, tensors, arrays, containers and random generators are kept.
"""

from __future__ import annotations

import functools
import types
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from onecycle.metrics.base import Metric
from onecycle.training.callback import Callback
from onecycle.training.handler import CallbackHandler
from onecycle.utils.frozen_values import check_attribute, freeze, is_generator, is_place, thaw
from onecycle.utils.sharded import own_class

__all__: list[str] = []

States = dict[str, dict[str, Any]]
IsLive = Callable[[Tensor], bool]
Fixed = dict[str, dict[str, int]]  # of objects by their place: attribute -> identity of its value

_DEEPEST = 8  # objects inside objects
_MOST_ENTRIES = 1000  # of a container that is looked through for objects
_MOST_NUMBERS = 1_000_000  # of an attribute that is kept; more are data, not state
_SCALARS = (type(None), bool, int, float, str)
_CLOSED = ("numpy", "pandas", "PIL", "cv2", "matplotlib", "builtins", "pathlib", "threading", "weakref", "io", "_io")
_OF_MODULES = frozenset({*vars(nn.Module()), "training"})
_OF_METRICS = frozenset(vars(Metric()))  # begun again with each epoch
_OF_ALL = ("_learn", "learn")
_OF_OTHERS = ("train_ds", "lr_find")  # what a data bunch and a learner have


def capture_parts(learn: Any, handler: CallbackHandler, fixed: Fixed) -> dict[str, States]:
    """Return what the parts of a run keep beside the model's and the optimizer's own states, as plain data.

    Args:
        learn: The learner.
        handler: The handler of its run, with the metrics.
        fixed: What `fixed_values` returned when the run began.
    """
    is_live, apart = _live(learn), list(learn.model.modules())
    parts = {name: _captured(_objects(part, apart), is_live) for name, part in _parts_of(learn, handler).items()}
    return {**parts, "data": _captured_data(_objects(_data_of(learn.data), apart), fixed)}


def fixed_values(data: Any) -> Fixed:
    """Return, for each object that makes batches, which values it holds that cannot be kept.

    An object that holds others later, such as a file that it opened, is not kept at all: its numbers belong to them.

    Args:
        data: The data of a run that has not begun.
    """
    roots = [_data_of(data), *([_order_of(data.train_dl)])]
    return {place: _unkept(thing) for root in roots for place, thing in _objects(root)}


def restore_parts(states: Mapping[str, States], learn: Any, handler: CallbackHandler) -> None:
    """Give the parts of a run what `capture_parts` returned."""
    apart = list(learn.model.modules())
    for name, part in {**_parts_of(learn, handler), "data": _data_of(learn.data)}.items():
        _restored(_objects(part, apart), states.get(name, {}), learn.data.device)


def capture_order(loader: Any, fixed: Fixed) -> States:
    """Return what decides on the order of the coming epoch: the state of samplers, and of a loader of the user's own.

    Args:
        loader: The training loader, before it is iterated.
        fixed: What `fixed_values` returned when the run began.
    """
    return _captured_data(_objects(_order_of(loader)), fixed)


def restore_order(states: States, loader: Any) -> None:
    """Give samplers and a loader of the user's own what `capture_order` returned."""
    _restored(_objects(_order_of(loader)), states, "cpu")


def _parts_of(learn: Any, handler: CallbackHandler) -> dict[str, Any]:
    return {"loss": learn.loss_func, "opt": getattr(learn.opt, "opt", learn.opt), "metrics": handler.metrics}


def _data_of(data: Any) -> list[Any]:
    """Return what makes the batches of a run: transforms of batches and, where items are loaded here, data sets."""
    loaders = [loader for name in ("train_dl", "valid_dl") if (loader := getattr(data, name, None)) is not None]
    return [[getattr(loader, "tfms", None), *_makers_in_order(loader)] for loader in loaders]


def _makers_in_order(loader: Any) -> list[Any]:
    """Return the data set and the collate function of our loader, which makes only the batches that are wanted."""
    inner = getattr(loader, "dl", loader)
    return [inner.dataset, inner.collate_fn] if _has_addresses(inner) else []


def _order_of(loader: Any) -> Any:
    """Return what stands at the beginning of an epoch: a loader that is no `ItemLoader` makes its batches again."""
    inner = getattr(loader, "dl", loader)
    if not _has_addresses(inner):
        return inner
    return [sampler for sampler in (inner.sampler, inner.batch_sampler) if not hasattr(sampler, "order")]


def _has_addresses(inner: Any) -> bool:
    """Say whether a loader makes each batch from its address, without those before it."""
    return hasattr(inner, "batches") and hasattr(inner, "batch_sampler")


def _live(learn: Any) -> IsLive:
    """Return what tells the weights and buffers of model and loss, which are kept elsewhere, from other tensors."""
    modules = [part for part in (learn.model, learn.loss_func) if isinstance(part, nn.Module)]
    tensors = [tensor for module in modules for tensor in [*module.parameters(), *module.buffers()]]
    places = {tensor.data_ptr() for tensor in tensors if tensor.numel()}
    return lambda tensor: tensor.data_ptr() in places


# ---- capture and restore ----


def _captured(objects: Iterator[tuple[str, Any]], is_live: IsLive) -> States:
    found = {place: _state_of(thing, is_live) for place, thing in objects}
    return {place: kept for place, kept in found.items() if kept}


def _captured_data(objects: Iterator[tuple[str, Any]], fixed: Fixed) -> States:
    """Return the states of what makes batches; what belongs to this library makes them from their address alone."""
    known = (
        (place, thing)
        for place, thing in objects
        if _package(thing) != "onecycle" and _unkept(thing).items() <= fixed.get(place, {}).items()
    )
    return _captured(known, _none_live)


def _none_live(tensor: Tensor) -> bool:
    return False


def _unkept(thing: Any) -> dict[str, int]:
    """Return the identities of attributes that are no state."""
    kept = _state_of(thing, _none_live)
    return {} if "" in kept else {name: id(value) for name, value in _attributes(thing).items() if name not in kept}


def _state_of(thing: Any, is_live: IsLive) -> dict[str, Any]:
    return dict(_own_state(thing, is_live) if _states_itself(thing) else _kept(thing, is_live))


def _own_state(thing: Any, is_live: IsLive) -> Iterator[tuple[str, Any]]:
    """Yield the state that an object makes itself, under no name."""
    ok, copy = freeze(thing, is_live)
    if ok:
        yield "", copy


def _kept(thing: Any, is_live: IsLive) -> Iterator[tuple[str, Any]]:
    of_torch = _package(thing) == "torch"
    for name, value in _attributes(thing).items():
        if of_torch and not (isinstance(value, _SCALARS) or is_generator(value)):
            continue
        if _numbers_in(value) > _MOST_NUMBERS:
            continue
        ok, copy = freeze(value, is_live)
        if ok:
            yield name, copy


def _restored(objects: Iterator[tuple[str, Any]], states: States, device: Any) -> None:
    for place, thing in list(objects):
        for name, value in states.get(place, {}).items():
            if not name:
                thaw(value, thing, device)
            else:
                _set(thing, name, value, device)


def _set(thing: Any, name: str, value: Any, device: Any) -> None:
    """Set an attribute to a value of a file: one that is data, and no function or place of files."""
    cells, slots, there = _cells(thing), _slots(thing), _attributes(thing).get(name)
    if name not in cells and name not in slots:
        if not hasattr(thing, "__dict__"):
            return
        check_attribute(thing, name)
    if callable(there) or is_place(thing, name, there):
        return
    if name in cells:
        cells[name].cell_contents = thaw(value, there, device)
    else:
        object.__setattr__(thing, name, thaw(value, there, device))


def _numbers_in(value: Any) -> int:
    if isinstance(value, (Tensor, np.ndarray)):
        return int(np.prod(value.shape))
    if isinstance(value, (list, tuple, set, dict)):
        entries = value.values() if isinstance(value, dict) else value
        return len(value) if len(value) > _MOST_NUMBERS else sum(_numbers_in(entry) for entry in entries)
    return 1


# ---- looking through ----


def _objects(root: Any, apart: Iterable[Any] = ()) -> Iterator[tuple[str, Any]]:
    """Yield the objects of a part that may have attributes, each once, with its place in the part.

    Args:
        root: The part.
        apart: Objects that are passed over.
    """
    seen = {id(thing): thing for thing in apart}
    waiting = [("", root, 0)]
    while waiting:
        place, thing, depth = waiting.pop()
        if _is_closed(thing) or id(thing) in seen or depth > _DEEPEST:
            continue
        seen[id(thing)] = thing
        if not isinstance(thing, (list, tuple, dict)):
            yield place, thing
        if not _states_itself(thing):
            waiting += [(f"{place}/{name}", inside, depth + 1) for name, inside in _inside(thing)]


def _inside(thing: Any) -> list[tuple[Any, Any]]:
    if isinstance(thing, (list, tuple)):
        return list(enumerate(thing)) if len(thing) <= _MOST_ENTRIES else []
    if isinstance(thing, dict):
        return list(thing.items()) if len(thing) <= _MOST_ENTRIES else []
    if isinstance(thing, functools.partial):
        return [("func", thing.func), ("args", thing.args), ("keywords", thing.keywords)]
    if isinstance(thing, types.MethodType):
        return [("self", thing.__self__)]
    more = list(thing.named_children()) if isinstance(thing, nn.Module) else []
    return [*_attributes(thing).items(), *more]


def _attributes(thing: Any) -> dict[str, Any]:
    """Return the attributes that are an object's own, and what a function encloses."""
    if isinstance(thing, types.FunctionType):
        enclosed = {name: cell.cell_contents for name, cell in _cells(thing).items()}
        return {**vars(thing), **enclosed}
    found = {name: getattr(thing, name) for name in _slots(thing) if hasattr(thing, name)}
    left_out = {*_OF_ALL, *_names_left_out(thing)}
    return {name: value for name, value in {**found, **getattr(thing, "__dict__", {})}.items() if name not in left_out}


def _slots(thing: Any) -> list[str]:
    """Return the names of an object's slots."""
    slots = [vars(kind).get("__slots__", ()) for kind in type(thing).__mro__]
    names = [name for some in slots for name in ((some,) if isinstance(some, str) else some)]
    return [name for name in names if not name.startswith("__")]


@functools.cache
def _of_optimizers() -> frozenset[str]:
    """Return the attributes of a plain optimizer; the first imports torch._dynamo, so none is made before a run."""
    return frozenset(vars(Optimizer([torch.zeros(1)], {})))


def _names_left_out(thing: Any) -> frozenset[str]:
    """Return the attributes that a base class has for itself, and that are kept elsewhere."""
    bases = ((nn.Module, _OF_MODULES), (Optimizer, _of_optimizers()), (Metric, _OF_METRICS))
    return frozenset().union(*(names for base, names in bases if isinstance(thing, base)))


def _cells(thing: Any) -> dict[str, Any]:
    """Return the filled cells of a function by the name of the variable."""
    if not isinstance(thing, types.FunctionType) or not thing.__closure__ or not _is_the_users(thing):
        return {}
    return {name: cell for name, cell in zip(thing.__code__.co_freevars, thing.__closure__) if _is_filled(cell)}


def _is_the_users(function: types.FunctionType) -> bool:
    """Say whether a function is part of no installed library: what theirs enclose are settings."""
    return _package_of(function) not in (*_CLOSED, "onecycle", "torch") and "site-packages" not in (
        function.__code__.co_filename
    )


def _is_filled(cell: Any) -> bool:
    try:
        _ = cell.cell_contents
    except ValueError:  # the variable is not set yet
        return False
    return True


def _states_itself(thing: Any) -> bool:
    """Say whether an object has a state of its own making."""
    if isinstance(thing, (nn.Module, Optimizer, type)):
        return False
    pairs = (("run_state", "load_run_state"), ("state_dict", "load_state_dict"))
    return any(callable(getattr(thing, a, None)) and callable(getattr(thing, b, None)) for a, b in pairs)


def _is_closed(thing: Any) -> bool:
    """Say whether an object is a value, or belongs to somebody who keeps its state elsewhere."""
    if isinstance(thing, (list, tuple, dict, functools.partial, types.FunctionType, types.MethodType)):
        return False
    if isinstance(thing, (type, types.ModuleType, Tensor, Callback)) or is_generator(thing):
        return True
    return _package(thing) in _CLOSED or any(hasattr(type(thing), name) for name in _OF_OTHERS)


def _package(thing: Any) -> str:
    return _package_of(own_class(thing) if isinstance(thing, nn.Module) else type(thing))


def _package_of(defined: Any) -> str:
    return str(defined.__module__).partition(".")[0]
