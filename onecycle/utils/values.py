"""Values from a user made plain: scalars of every library as Python's, collections as lists, labels as classes."""

from __future__ import annotations

import datetime as dt
import enum
import numbers
import os
import re
import uuid
from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping
from decimal import Decimal
from fractions import Fraction
from pathlib import PurePath
from typing import Any

import numpy as np
from torch import Tensor

from onecycle.errors import ArgumentTypeError, did_you_mean, explain

__all__: list[str] = []

_AS_TEXT = ("Interval", "Period")  # pandas scalars that are classes by their text
_NOTHING = ("NAType", "NaTType")  # the types of pandas.NA and pandas.NaT
_MIDNIGHT = dt.time()
_INTERVAL = re.compile(r"[\[(](-?[\d.]+(?:e[+-]?\d+)?|-inf), (-?[\d.]+(?:e[+-]?\d+)?|inf)[\])]")


def to_scalar(value: Any) -> Any:
    """Return a scalar of NumPy, or one in a tensor or array without axes, as Python's; anything else as it is.

    Example:
        >>> to_scalar(np.int64(3)), to_scalar(np.array("a")), to_scalar([1])
        (3, 'a', [1])
    """
    if getattr(value, "ndim", None) != 0 or not hasattr(value, "item"):
        return value
    if isinstance(value, (np.ndarray, np.generic)) and value.dtype.kind in "mM":
        return _time_of_numpy(np.asarray(value)[()])
    return value.item()


def _time_of_numpy(value: Any) -> Any:
    """Return a `datetime64` as a datetime and a `timedelta64` as a timedelta; None where it is not a time."""
    if np.isnat(value):
        return None
    fine = value.astype(f"{value.dtype.name.split('[')[0]}[us]").item()
    return str(value) if isinstance(fine, int) else fine  # an int stands for years beyond Python's calendar


def is_missing(value: Any) -> bool:
    """Return whether a scalar stands for no value: None, NaN (a Decimal too), `pandas.NA` or a NaT."""
    if isinstance(value, (str, int)):
        return False
    value = to_scalar(value)
    if value is None or type(value).__name__ in _NOTHING:
        return True
    return isinstance(value, (float, Decimal)) and bool(value != value)


def is_scalar(value: Any) -> bool:
    """Return whether a value is one thing: a number, a text, a date …, and no collection of them."""
    value = to_scalar(value)
    if isinstance(value, (str, bytes, bytearray, numbers.Number, enum.Enum, os.PathLike)) or value is None:
        return True
    return not isinstance(value, Iterable)


def to_list(values: Any) -> list[Any]:
    """Return the values of a collection as a list of plain scalars.

    Args:
        values: A list, tuple, set, array or tensor with one axis, Series, Index, categorical, Enum class, generator …;
            entries of other kinds, such as lists, stay as they are. A scalar gives a list of it.
    """
    if is_scalar(values):
        return [to_scalar(values)]
    if isinstance(values, (Tensor, np.ndarray)) and not _has_times(values):
        return values.tolist()
    return [to_scalar(value) for value in values]


def _has_times(values: Any) -> bool:
    return isinstance(values, np.ndarray) and values.dtype.kind in "mM"


def to_label(value: Any) -> Any:
    """Return a value as the class that it names, so that equal labels of different libraries are one class.

    Args:
        value: A label: a number, truth value or text of Python, NumPy or torch, bytes, a path, a member of an Enum
            (by its name; by its value where the members are numbers or texts), a date or time, an interval or period
            of pandas, a tuple of these.

    Returns:
        A bool, int, float or str, or a tuple of them; anything else as it is.

    Example:
        >>> to_label(np.str_("cat")), to_label(b"cat"), to_label(dt.date(2024, 1, 31))
        ('cat', 'cat', '2024-01-31')
    """
    if type(value) in (str, int, bool, float):
        return value
    value = to_scalar(value)
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, bool):
        return value
    if isinstance(value, numbers.Integral):
        return int(value)
    if isinstance(value, enum.Enum) and not isinstance(value, numbers.Real):
        return value.name
    if isinstance(value, (Decimal, Fraction, numbers.Real)):
        return _to_number(value)
    if isinstance(value, (bytes, bytearray)):
        return bytes(value).decode("utf-8", "backslashreplace")
    if isinstance(value, tuple):
        return tuple(to_label(part) for part in value)
    return _to_text(value)


def _to_number(value: Any) -> int | float:
    whole = isinstance(value, (Decimal, Fraction)) and value == value and value % 1 == 0
    return int(value) if whole else float(value)


def _to_text(value: Any) -> Any:
    """Return a path, a date or time, an interval, a period or a UUID as text; anything else as it is."""
    if isinstance(value, PurePath):
        return value.as_posix()
    if type(value).__name__ in _NOTHING:
        return value
    if isinstance(value, dt.datetime):
        is_day = value.tzinfo is None and value.time() == _MIDNIGHT and not getattr(value, "nanosecond", 0)
        return value.date().isoformat() if is_day else value.isoformat(sep=" ")
    if isinstance(value, (dt.date, dt.time)):
        return value.isoformat()
    if isinstance(value, uuid.UUID) or type(value).__name__ in _AS_TEXT:
        return str(value)
    return value


def to_labels(values: Any) -> list[Any]:
    """Return several labels, one alone or a collection of them, as a list of classes; see `to_label`."""
    return [to_label(value) for value in to_list(values)]


def is_label(value: Any) -> bool:
    """Return whether what `to_label` returned is a class: a text, number, truth value or a tuple of these."""
    if isinstance(value, tuple):
        return all(map(is_label, value))
    return isinstance(value, (str, bool, int, float)) and not is_missing(value)


LABEL_KINDS = "a text, a number, a truth value, a date, a path, a member of an Enum, an interval or a period"


def sort_labels(labels: Iterable[Hashable]) -> list[Any]:
    """Return different labels in order; those that do not compare by their text, intervals by their edges.

    Example:
        >>> sort_labels(["(10.0, 20.0]", "(2.0, 10.0]"])
        ['(2.0, 10.0]', '(10.0, 20.0]']
    """
    labels = list(labels)
    edges = [_edges(label) for label in labels]
    if labels and all(pair is not None for pair in edges):
        return [label for _, label in sorted(zip(edges, labels, strict=True))]
    try:
        return sorted(labels)  # type: ignore[type-var]
    except TypeError:
        return sorted(labels, key=str)


def _edges(label: Any) -> tuple[float, float] | None:
    """Return the edges of the text of an interval such as `(0.5, 2.0]`."""
    match = _INTERVAL.fullmatch(label) if isinstance(label, str) else None
    try:
        return None if match is None else (float(match[1]), float(match[2]))
    except ValueError:  # such as '1.2.3'
        return None


def name_list(owner: str, parameter: str, values: Any, hint: str = "") -> list[Any] | None:
    """Return the names that a user passed for classes, in their order, as a list of plain labels.

    Args:
        owner: Who asks, for the message.
        parameter: The name of the parameter.
        values: A collection of names with one axis, a set (which is sorted), an Enum class, or None for none.
        hint: What the reader can do about a wrong value.

    Raises:
        ArgumentTypeError: it is no such collection, or a name in it is no label.
    """
    if values is None:
        return None
    rule = "must be a list of classes"
    if isinstance(values, Mapping):
        cure = f"Pass the names in their order: {parameter}=list(names.values())."
        raise ArgumentTypeError(explain(owner, parameter, rule, values, cure))
    if not isinstance(values, str) and (is_scalar(values) or getattr(values, "ndim", 1) != 1):
        raise ArgumentTypeError(explain(owner, parameter, rule, values, hint))
    names = [to_label(value) for value in to_list(list(values) if isinstance(values, str) else values)]
    for name in names:
        if not is_label(name):
            raise ArgumentTypeError(explain(owner, f"each of {parameter}", f"must be {LABEL_KINDS}", name))
    return sort_labels(names) if isinstance(values, (set, frozenset)) else names


def to_numbers(value: Any) -> Any:
    """Return one number of any library as Python's, and several, whatever holds them, as a list of such.

    Example:
        >>> to_numbers(np.float32(0.5)), to_numbers(np.array([1, 2])), to_numbers(slice(1))
        (0.5, [1, 2], slice(None, 1, None))
    """
    return to_scalar(value) if is_scalar(value) else to_list(value)


def is_empty(values: Collection[Any] | None) -> bool:
    """Return whether there is nothing: None, or a collection without entries; never asks for a truth value."""
    return values is None or len(values) == 0


def or_empty(values: Iterable[Any] | None) -> Iterator[Any]:
    """Yield the entries of a collection, none for None; never asks for its truth value."""
    return iter(()) if values is None else iter(values)


def nearest(value: Any, known: Iterable[Any]) -> str:
    """Return ` Did you mean …?` for the nearest known value, saying where only its kind is another.

    Example:
        >>> nearest("1", [1, 2])
        " '1' is a text and the known one a whole number: pass 1."
    """
    known = list(known)
    said = other_kind(value, known)
    return f"{said}: pass {_twin(value, known)!r}." if said else did_you_mean(str(value), map(str, known))


def other_kind(value: Any, known: Iterable[Any]) -> str:
    """Return in which kind a known value differs that reads like this one, or an empty text.

    Example:
        >>> other_kind("1", [1, 2])
        " '1' is a text and the known one a whole number"
    """
    twin = _twin(value, known)
    return "" if twin is None else f" {value!r} is {kind_of(value)} and the known one {kind_of(twin)}"


def _twin(value: Any, known: Iterable[Any]) -> Any:
    return next((each for each in known if str(each) == str(value) and type(each) is not type(value)), None)


def kind_of(value: Any) -> str:
    """Return the name of the kind of a label: a text, a whole number …"""
    names = {str: "a text", bool: "a truth value", int: "a whole number", float: "a number"}
    return next((name for kind, name in names.items() if isinstance(value, kind)), f"a {type(value).__name__}")
