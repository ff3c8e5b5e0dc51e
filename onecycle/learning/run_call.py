"""The call that began a run, as a checkpoint tells it: its arguments are checked before the method gets them."""

from __future__ import annotations

import enum
import inspect
import os
from collections.abc import Callable, Mapping
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any

import numpy as np
from torch import Tensor

from onecycle.utils.file_gate import file_gate
from onecycle.utils.registry import check_forms, decode
from onecycle.utils.schema import Check, Misfit, check_form

__all__: list[str] = []

# Parameters that are given anew: callbacks are objects, the others say how the run is kept.
_GIVEN_ANEW = ("callbacks", "checkpoint", "every", "keep", "resume")
_FORMS = ("tuple", "slice", "dict", "array", "tensor", "enum", "name")
_KINDS = ("enum",)  # what a name may stand for
_MOST = 1_000_000  # epochs, cycles, factors: more is no training
_LONGEST = 10_000  # rates of layer groups, sizes of a course


def call_args(method: Callable[..., None], call: Mapping[str, Any], folder: str | os.PathLike[str]) -> dict[str, Any]:
    """Return the arguments of the call that began a run.

    Args:
        method: The way to train.
        call: What the checkpoint holds: `{"method": …, "args": {name: JSON}}`.
        folder: The run's folder, for the message.

    Raises:
        FileFormatError: an argument is none of the method's, or of another kind than the method takes.
    """
    known = {
        name: parameter
        for name, parameter in list(inspect.signature(method).parameters.items())[1:]
        if name not in _GIVEN_ANEW and parameter.kind is not parameter.VAR_KEYWORD
    }

    def form(args: Any, place: str) -> None:
        for name, value in args.items():
            if name not in known:
                raise Misfit(place, f"arguments of {method.__name__} ({', '.join(known)})", name)
            check_forms(value, _FORMS, _KINDS, name)

    check_form("resume", folder, call["args"], form)
    with file_gate("resume", folder):
        args = {name: decode(value) for name, value in call["args"].items()}
    check_form("resume", folder, args, lambda values, place: _check_args(values, known))
    return args


def _check_args(args: Mapping[str, Any], known: Mapping[str, inspect.Parameter]) -> None:
    for name, value in args.items():
        _BY_ANNOTATION.get(str(known[name].annotation), _plain)(value, name)


# ---- what an argument may be ----


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) <= _MOST


def _whole(value: Any, place: str) -> None:
    if not _is_number(value) or not isinstance(value, int):
        raise Misfit(place, f"a whole number of at most {_MOST:,}", value)


def _number(value: Any, place: str) -> None:
    if not _is_number(value):
        raise Misfit(place, f"a number of at most {_MOST:,}", value)


def _pair(value: Any, place: str) -> None:
    if not isinstance(value, (tuple, list)) or len(value) != 2 or not all(map(_is_number, value)):
        raise Misfit(place, "a pair of numbers", value)


def _flag(value: Any, place: str) -> None:
    if not isinstance(value, bool):
        raise Misfit(place, "true or false", value)


def _file_name(value: Any, place: str) -> None:
    """Check the name of a file to be: one that leads out of the learner's folder is not taken from a file."""
    text = os.fspath(value) if isinstance(value, (str, os.PathLike)) else None
    parts = [PurePosixPath(text), PureWindowsPath(text)] if isinstance(text, str) else []
    if not parts or any(part.anchor or ".." in part.parts for part in parts):
        rule = "a name below the learner's folder; for another one call the method again with resume=True"
        raise Misfit(place, rule, value)


def _or_none(check: Check) -> Check:
    def checked(value: Any, place: str) -> None:
        if value is not None:
            check(value, place)

    return checked


def _plain(value: Any, place: str) -> None:
    """Check numbers, names, and collections of them."""
    if value is None or isinstance(value, bool) or _is_number(value):
        return None
    if isinstance(value, (str, os.PathLike)):
        return _file_name(value, place)
    entries = _entries(value)
    if entries is None or len(entries) > _LONGEST:
        raise Misfit(place, f"numbers, names and collections of at most {_LONGEST:,} of them", value)
    for position, entry in enumerate(entries):
        _plain(entry, f"{place}[{position}]")
    return None


def _entries(value: Any) -> Any:
    """Return what a collection holds; None for what is none."""
    if isinstance(value, slice):
        return [value.start, value.stop, value.step]
    if isinstance(value, Mapping):
        return [*value.keys(), *value.values()]
    if isinstance(value, (np.ndarray, Tensor)):
        return [value.tolist()] if value.ndim == 0 else value.tolist()
    if isinstance(value, enum.Enum):
        return []
    return value if isinstance(value, (list, tuple)) else None


_BY_ANNOTATION: dict[str, Check] = {
    "int": _whole,
    "int | None": _or_none(_whole),
    "float": _number,
    "float | None": _or_none(_number),
    "bool": _flag,
    "str | None": _or_none(_file_name),
    "str": _file_name,
    "tuple[float, float]": _pair,
}
