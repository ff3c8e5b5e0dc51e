"""Values of a running program as plain data, and back: numbers, tensors, arrays, containers, parts with a state."""

from __future__ import annotations

import inspect
import math
import random
import re
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from onecycle.errors import FileFormatError
from onecycle.utils.schema import Misfit

__all__: list[str] = []

_KIND, _VALUE = "$", "v"  # a dict with the first key stands for a value that is not plain itself
_PLAIN = (type(None), bool, int, float, complex, str, bytes)
_MANY = 64  # from so many floats on a list is kept as one tensor
_NUMERIC = "biuf"  # kinds of NumPy arrays that torch holds too


_GENERATORS = (torch.Generator, np.random.Generator, np.random.RandomState, random.Random)


def is_generator(value: Any) -> bool:
    """Say whether a value is a generator of random numbers, whose state can be kept."""
    return isinstance(value, _GENERATORS)


class _NotKept(Exception):
    """What was met cannot be kept; whoever holds it is left out whole."""


def freeze(value: Any, is_live: Callable[[Tensor], bool] = lambda tensor: False) -> tuple[bool, Any]:
    """Return whether a value can be kept, and a copy of it made of what tensor-only files hold.

    Args:
        value: Numbers, text, tensors, arrays, generators of random numbers and containers of them; or an object with
            `run_state` and `load_run_state`, or with `state_dict` and `load_state_dict`.
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
    if is_generator(value):
        return _marked("generator", _frozen(_generator_state(value), is_live))
    return _frozen_part(value, is_live)


def _generator_state(generator: Any) -> Any:
    if isinstance(generator, np.random.Generator):
        return generator.bit_generator.state
    if isinstance(generator, random.Random):
        return generator.getstate()
    return generator.get_state(legacy=False) if isinstance(generator, np.random.RandomState) else generator.get_state()


def _put_generator_state(generator: Any, state: Any) -> None:
    if isinstance(generator, np.random.Generator):
        generator.bit_generator.state = state
    elif isinstance(generator, random.Random):
        generator.setstate(state)
    else:
        generator.set_state(state)


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


# ---- what a file may hold ----

_DTYPE = re.compile(r"[<>|=]?[biuf]\d{1,2}")


def check_frozen(value: Any, place: str) -> None:
    """Check that a value from a file is one that `freeze` returns.

    Raises:
        Misfit: it is not; for `schema.check_form`.
    """
    if isinstance(value, Tensor):
        return check_tensor(value, place)
    if isinstance(value, list):
        for position, entry in enumerate(value):
            check_frozen(entry, f"{place}[{position}]")
    elif isinstance(value, dict):
        _check_marked(value, place)
    elif type(value) not in _PLAIN:
        raise Misfit(place, "numbers, text, tensors and containers of them", value)
    return None


def check_plain(value: Any, place: str) -> None:
    """Check a state whose form is its owner's own: frozen values and plain containers of them.

    Raises:
        Misfit: something in it is neither.
    """
    if isinstance(value, (list, tuple)):
        for position, entry in enumerate(value):
            check_plain(entry, f"{place}[{position}]")
    elif isinstance(value, dict) and _KIND not in value:
        for name, entry in value.items():
            check_plain(entry, f"{place}.{name}")
    else:
        check_frozen(value, place)


def check_tensor(value: Any, place: str) -> None:
    """Check that a value from a file is a plain tensor with memory of its own for each number.

    Raises:
        Misfit: it is not: a view that repeats few numbers would fill the memory once it is copied.
    """
    if not isinstance(value, Tensor) or value.layout is not torch.strided or value.is_quantized or value.is_meta:
        raise Misfit(place, "a plain tensor", value)
    if value.numel() * value.element_size() > value.untyped_storage().nbytes():
        raise Misfit(place, "a tensor no larger than its memory", value)


def _check_marked(value: dict[Any, Any], place: str) -> None:
    """Check a dict of another value's kind and what it is made of, or the plain states within parts."""
    if set(value) != {_KIND, _VALUE}:
        raise Misfit(place, f"entries {_KIND!r} and {_VALUE!r}", list(value)[:5])
    kind, inner = value[_KIND], value[_VALUE]
    check = _MARKED.get(kind) if isinstance(kind, str) else None
    if check is None:
        raise Misfit(place, f"one of the kinds {', '.join(_MARKED)}", kind)
    check(inner, place)


def _check_array(value: Any, place: str) -> None:
    if not isinstance(value, list) or len(value) != 3 or not isinstance(value[2], list):
        raise Misfit(place, "bytes, type and shape of an array", value)
    raw, dtype, shape = value
    check_tensor(raw, place)
    is_known = isinstance(dtype, str) and _DTYPE.fullmatch(dtype)
    fits = is_known and all(type(size) is int and size >= 0 for size in shape)
    if not fits or raw.dtype != torch.uint8 or math.prod(shape) * np.dtype(dtype).itemsize != raw.numel():
        raise Misfit(place, "an array that its bytes fill", [dtype, shape])


def _check_floats(value: Any, place: str) -> None:
    check_tensor(value, place)
    if value.ndim != 1 or not value.is_floating_point():
        raise Misfit(place, "a row of numbers", value)


def _check_list(value: Any, place: str) -> None:
    if not isinstance(value, list):
        raise Misfit(place, "a list", value)
    check_frozen(value, place)


def _check_pairs(value: Any, place: str) -> None:
    _check_list(value, place)
    for position, pair in enumerate(value):
        if not isinstance(pair, list) or len(pair) != 2 or not _is_key(pair[0]):
            raise Misfit(f"{place}[{position}]", "a key and its value", pair)


def _is_key(value: Any) -> bool:
    """Say whether a frozen value can be a key once it is thawed: plain, or a tuple of keys."""
    if isinstance(value, dict):
        return value.get(_KIND) == "tuple" and isinstance(value.get(_VALUE), list) and all(map(_is_key, value[_VALUE]))
    return type(value) in _PLAIN


def _check_keys(value: Any, place: str) -> None:
    _check_list(value, place)
    if not all(map(_is_key, value)):
        raise Misfit(place, "values that a set can hold", value)


def _check_slice(value: Any, place: str) -> None:
    ends = value if isinstance(value, list) and len(value) == 3 else [value]
    if len(ends) != 3 or not all(type(end) in (int, float, type(None)) for end in ends):
        raise Misfit(place, "the three numbers of a slice", value)


def _check_path(value: Any, place: str) -> None:
    if not isinstance(value, str) or "\0" in value:
        raise Misfit(place, "the text of a path", value)


_MARKED: dict[str, Callable[[Any, str], None]] = {
    "on device": check_tensor,
    "array": _check_array,
    "floats": _check_floats,
    "tuple": _check_list,
    "set": _check_keys,
    "deque": _check_list,
    "dict": _check_pairs,
    "slice": _check_slice,
    "path": _check_path,
    "generator": check_frozen,
    "load_run_state": check_frozen,
    "load_state_dict": check_frozen,
}


# ---- attributes that a file may set ----


def put_attributes(thing: Any, values: Mapping[str, Any], device: Any) -> None:
    """Set attributes of an object to frozen values of a file.

    A file can set what the object keeps as data and nothing else: no method or property, no attribute that holds a
    function or a module, no name that Python uses itself. Where files go is the present program's business: a path,
    and a text that was given to the constructor, stay as they are here.

    Args:
        thing: The object.
        values: Frozen values by attribute.
        device: Where tensors go that were on an accelerator.

    Raises:
        FileFormatError: an attribute is none that a file may set.
    """
    for name, value in values.items():
        check_attribute(thing, name)
        there = _own_value(thing, name)
        if not is_place(thing, name, there):
            setattr(thing, name, _of_like_kind(thing, name, thaw(value, there, device), there))


def _own_value(thing: Any, name: str) -> Any:
    """Return an attribute, or None; what its class only lends, such as the model of a learner, is not its own."""
    is_lent = hasattr(type(inspect.getattr_static(type(thing), name, None)), "__get__")
    return vars(thing).get(name) if is_lent else getattr(thing, name, None)


def _of_like_kind(thing: Any, name: str, value: Any, there: Any) -> Any:
    """Return a value that can stand where another one does now.

    Raises:
        FileFormatError: a text stands for a number, a list for a dict, and so on; or nothing for a number of ours.
    """
    wanted, found = _kind(there), _kind(value)
    is_ours = type(thing).__module__.startswith("onecycle.")
    if wanted == "nothing" or wanted == found or (found == "nothing" and not (is_ours and wanted == "number")):
        return value
    raise FileFormatError(
        f"load: the file holds {type(value).__name__} for {type(thing).__name__}.{name}, where {type(there).__name__} "
        f"must be. It is damaged or forged; do not use it."
    )


def _kind(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, (bool, int, float, np.number)) or (isinstance(value, Tensor) and value.ndim == 0):
        return "number"
    if isinstance(value, (str, Path)):
        return "text"
    if isinstance(value, Mapping):
        return "mapping"
    return "row" if isinstance(value, (list, tuple, deque, set, np.ndarray, Tensor)) else "other"


def check_attribute(thing: Any, name: str) -> None:
    """Refuse an attribute of an object that a file must not set.

    Raises:
        FileFormatError: names it.
    """
    behind = inspect.getattr_static(type(thing), name, None) if isinstance(name, str) else None
    is_data = isinstance(name, str) and name.isidentifier() and not name.startswith("__")
    if not is_data or callable(behind) or inspect.isdatadescriptor(behind) or not _keepable(vars(thing).get(name)):
        raise FileFormatError(
            f"load: the file wants to set {type(thing).__name__}.{name}, which is no data that a file keeps. It is "
            f"damaged or forged; do not use it."
        )


def _keepable(value: Any) -> bool:
    return not callable(value) or callable(getattr(value, "load_state_dict", None))


def is_place(thing: Any, name: str, there: Any) -> bool:
    """Say whether an attribute says where files go."""
    if isinstance(there, Path):
        return True
    return isinstance(there, str) and name in inspect.signature(type(thing).__init__).parameters


def thaw(kept: Any, there: Any = None, device: Any = "cpu") -> Any:
    """Return the value that was frozen.

    Args:
        kept: What `freeze` returned.
        there: What stands in its place now: an object with a state takes it over and is returned.
        device: Where tensors go that were on an accelerator.
    """
    if isinstance(kept, list):
        return _thawed_entries(kept, there, device)
    if not (isinstance(kept, dict) and _KIND in kept):
        return kept
    kind, value = kept[_KIND], kept[_VALUE]
    if kind in ("load_run_state", "load_state_dict"):
        if there is not None and hasattr(there, kind):
            getattr(there, kind)(thaw(value, None, device))
        return there
    return _THAWED[kind](value, there, device)


def _thawed_entries(kept: list[Any], there: Any, device: Any) -> list[Any]:
    """Return the entries of a list or tuple; objects with a state that stand in the same places take theirs over."""
    same = isinstance(there, (list, tuple)) and len(there) == len(kept)
    return [thaw(entry, there[number] if same else None, device) for number, entry in enumerate(kept)]


def _thawed_dict(pairs: Any, there: Any, device: Any) -> Any:
    """Return a dict; one that is there already (a Counter, a defaultdict) is filled anew."""
    known = there if isinstance(there, dict) else {}
    keys = [thaw(key) for key, _ in pairs]
    entries = {key: thaw(value, known.get(key), device) for key, (_, value) in zip(keys, pairs)}
    if isinstance(there, dict) and type(there) is not dict:
        there.clear()
        there.update(entries)
        return there
    return entries


def _thawed_generator(state: Any, there: Any, device: Any) -> Any:
    """Return the generator that is there, at the state; one of another kind keeps its own."""
    if is_generator(there):
        with suppress(TypeError, ValueError, RuntimeError, LookupError, ArithmeticError):
            _put_generator_state(there, thaw(state))
    return there


def _thawed_deque(entries: Any, there: Any, device: Any) -> Any:
    return deque(thaw(entries, None, device), maxlen=getattr(there, "maxlen", None))


_THAWED: dict[str, Callable[[Any, Any, Any], Any]] = {
    "on device": lambda value, there, device: value.to(device),
    "array": lambda value, there, device: value[0].numpy().view(value[1]).reshape(value[2]).copy(),
    "floats": lambda value, there, device: value.tolist(),
    "tuple": lambda value, there, device: tuple(_thawed_entries(value, there, device)),
    "set": lambda value, there, device: set(thaw(value, None, device)),
    "deque": _thawed_deque,
    "generator": _thawed_generator,
    "dict": _thawed_dict,
    "slice": lambda value, there, device: slice(*value),
    "path": lambda value, there, device: Path(value),
}
