"""Values of a running program as plain data, and back: numbers, tensors, arrays, containers, parts with a state."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

__all__: list[str] = []

_KIND, _VALUE = "$", "v"  # a dict with the first key stands for a value that is not plain itself
_PLAIN = (type(None), bool, int, float, complex, str, bytes)
_MANY = 64  # from so many floats on a list is kept as one tensor
_NUMERIC = "biuf"  # kinds of NumPy arrays that torch holds too


class _NotKept(Exception):
    """What was met cannot be kept; whoever holds it is left out whole."""


def freeze(value: Any, is_live: Callable[[Tensor], bool] = lambda tensor: False) -> tuple[bool, Any]:
    """Return whether a value can be kept, and a copy of it made of what tensor-only files hold.

    Args:
        value: Numbers, text, tensors, arrays and containers of them; or an object with `run_state` and
            `load_run_state`, or with `state_dict` and `load_state_dict`.
        is_live: Tells tensors that belong to someone else, such as weights of the model: what holds one is not
            kept, since a copy would take its place.

    Returns:
        `(True, copy)`, or `(False, None)` for anything else.
    """
    try:
        return True, _frozen(value, is_live)
    except _NotKept:
        return False, None


def _frozen(value: Any, is_live: Callable[[Tensor], bool]) -> Any:
    kind = type(value)
    if kind in _PLAIN:
        return value
    if isinstance(value, Tensor):
        return _frozen_tensor(value, is_live)
    if isinstance(value, np.generic):
        return value.item() if value.dtype.kind in _NUMERIC + "SU" else _not_kept()
    if isinstance(value, np.ndarray):
        return _marked("array", _frozen_array(value)) if value.dtype.kind in _NUMERIC else _not_kept()
    if kind in (list, tuple, set, deque):
        return _frozen_sequence(value, is_live)
    if isinstance(value, dict):
        return _marked("dict", [[_frozen(k, is_live), _frozen(v, is_live)] for k, v in value.items()])
    if isinstance(value, slice):
        return _marked("slice", [_frozen(end, is_live) for end in (value.start, value.stop, value.step)])
    if isinstance(value, Path):
        return _marked("path", str(value))
    return _frozen_part(value, is_live)


def _not_kept() -> Any:
    raise _NotKept


def _marked(kind: str, value: Any) -> dict[str, Any]:
    return {_KIND: kind, _VALUE: value}


def _frozen_array(array: np.ndarray) -> list[Any]:
    """Return an array's bytes, its type and its shape: torch lacks some of NumPy's types."""
    raw = np.frombuffer(array.tobytes(), dtype=np.uint8).copy()
    return [torch.from_numpy(raw), array.dtype.str, list(array.shape)]


def _frozen_tensor(tensor: Tensor, is_live: Callable[[Tensor], bool]) -> Any:
    if is_live(tensor):
        raise _NotKept
    kept = tensor.detach().to("cpu", copy=True)
    return kept if tensor.device.type == "cpu" else _marked("on device", kept)


def _frozen_sequence(value: Any, is_live: Callable[[Tensor], bool]) -> Any:
    if type(value) is list and len(value) >= _MANY and all(type(entry) is float for entry in value):
        return _marked("floats", torch.tensor(value, dtype=torch.float64))
    entries = [_frozen(entry, is_live) for entry in value]
    return entries if type(value) is list else _marked(type(value).__name__, entries)


def _frozen_part(value: Any, is_live: Callable[[Tensor], bool]) -> Any:
    """Return the state of an object that has one."""
    if isinstance(value, type):
        raise _NotKept
    for read, write in (("run_state", "load_run_state"), ("state_dict", "load_state_dict")):
        if callable(getattr(value, read, None)) and callable(getattr(value, write, None)):
            return _marked(write, _frozen(getattr(value, read)(), is_live))
    raise _NotKept


def thaw(kept: Any, there: Any = None, device: Any = "cpu") -> Any:
    """Return the value that was frozen.

    Args:
        kept: What `freeze` returned.
        there: What stands in its place now: an object with a state takes it over and is returned.
        device: Where tensors go that were on an accelerator.
    """
    if isinstance(kept, list):
        return [thaw(entry, None, device) for entry in kept]
    if not (isinstance(kept, dict) and _KIND in kept):
        return kept
    kind, value = kept[_KIND], kept[_VALUE]
    if kind in ("load_run_state", "load_state_dict"):
        if there is not None and hasattr(there, kind):
            getattr(there, kind)(thaw(value, None, device))
        return there
    return _THAWED[kind](value, there, device)


def _thawed_dict(pairs: Any, there: Any, device: Any) -> Any:
    """Return a dict; one that is there already (a Counter, a defaultdict) is filled anew."""
    entries = {thaw(key): thaw(value, None, device) for key, value in pairs}
    if isinstance(there, dict) and type(there) is not dict:
        there.clear()
        there.update(entries)
        return there
    return entries


def _thawed_deque(entries: Any, there: Any, device: Any) -> Any:
    return deque(thaw(entries, None, device), maxlen=getattr(there, "maxlen", None))


_THAWED: dict[str, Callable[[Any, Any, Any], Any]] = {
    "on device": lambda value, there, device: value.to(device),
    "array": lambda value, there, device: value[0].numpy().view(value[1]).reshape(value[2]).copy(),
    "floats": lambda value, there, device: value.tolist(),
    "tuple": lambda value, there, device: tuple(thaw(value, None, device)),
    "set": lambda value, there, device: set(thaw(value, None, device)),
    "deque": _thawed_deque,
    "dict": _thawed_dict,
    "slice": lambda value, there, device: slice(*value),
    "path": lambda value, there, device: Path(value),
}
