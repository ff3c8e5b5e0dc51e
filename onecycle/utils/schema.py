"""The form that values from a file must have, said beforehand; a misfit is named by its place."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any

from onecycle.errors import FileFormatError, describe

__all__: list[str] = []

Check = Callable[[Any, str], None]  # (value, its place): raises Misfit


class Misfit(Exception):
    """A value has not the form that it must have.

    Args:
        place: Where it is in the file, such as `learner.frozen[3]`.
        rule: What it must be.
        value: What it is.
    """

    def __init__(self, place: str, rule: str, value: Any) -> None:
        super().__init__(f"{place or 'the content'} must be {rule}; got {describe(value)}")


def check_form(owner: str, path: Any, value: Any, form: Check) -> Any:
    """Return a value that was read, once it has the form that it must have.

    Args:
        owner: Who reads, for the message.
        path: The file.
        value: What was read.
        form: The form.

    Raises:
        FileFormatError: names the file, the place in it, and what is there.

    Example:
        >>> check_form("load", "a.json", {"bs": "4"}, record({"bs": whole(1)}))
        Traceback (most recent call last):
        onecycle.errors.FileFormatError: load: 'a.json' is damaged or of another kind: bs must be a whole number of at least 1; got '4' (str). ...
    """  # noqa: E501
    try:
        form(value, "")
    except Misfit as misfit:
        raise FileFormatError(
            f"{owner}: {str(path)!r} is damaged or of another kind: {misfit}. Copy it or make it again."
        ) from None
    except RecursionError:
        raise FileFormatError(
            f"{owner}: {str(path)!r} is damaged or of another kind: it is nested too deep. Copy it or make it again."
        ) from None
    return value


def _at(place: str, name: Any) -> str:
    return f"{place}.{name}" if place else str(name)


def _of_kind(rule: str, fits: Callable[[Any], bool]) -> Check:
    def check(value: Any, place: str) -> None:
        if not fits(value):
            raise Misfit(place, rule, value)

    return check


anything: Check = _of_kind("anything", lambda value: True)
text: Check = _of_kind("text", lambda value: isinstance(value, str))
flag: Check = _of_kind("true or false", lambda value: isinstance(value, bool))
mapping_of_names: Check = _of_kind(
    "entries by name", lambda value: isinstance(value, Mapping) and all(isinstance(key, str) for key in value)
)


def whole(low: int, high: int = 2**63 - 1) -> Check:
    """Return the form of a whole number within bounds."""
    upper = "" if high == 2**63 - 1 else f" and at most {high:,}"
    return _of_kind(
        f"a whole number of at least {low}{upper}",
        lambda value: isinstance(value, int) and not isinstance(value, bool) and low <= value <= high,
    )


_LARGEST = sys.float_info.max  # a whole number of JSON may be larger than any float

number: Check = _of_kind(
    "a finite number",
    lambda value: isinstance(value, (int, float)) and not isinstance(value, bool) and -_LARGEST <= value <= _LARGEST,
)


def optional(form: Check) -> Check:
    """Return the form of a value that may be None."""

    def check(value: Any, place: str) -> None:
        if value is not None:
            form(value, place)

    return check


def listed(form: Check, most: int | None = None) -> Check:
    """Return the form of a list whose entries have a form."""

    def check(value: Any, place: str) -> None:
        if not isinstance(value, (list, tuple)):
            raise Misfit(place, "a list", value)
        if most is not None and len(value) > most:
            raise Misfit(place, f"a list of at most {most:,} entries", f"{len(value):,} of them")
        for position, entry in enumerate(value):
            form(entry, f"{place}[{position}]")

    return check


def named(form: Check) -> Check:
    """Return the form of entries by name, all of one form."""

    def check(value: Any, place: str) -> None:
        mapping_of_names(value, place)
        for name, entry in value.items():
            form(entry, _at(place, name))

    return check


def record(entries: Mapping[str, Check], more: Mapping[str, Check] | None = None) -> Check:
    """Return the form of entries by name.

    Args:
        entries: Those that must be there.
        more: Those that may be there; others that are there are not looked at.
    """

    def check(value: Any, place: str) -> None:
        mapping_of_names(value, place)
        for name, form in entries.items():
            if name not in value:
                raise Misfit(place, f"entries with {name!r}", sorted(value))
            form(value[name], _at(place, name))
        for name, form in (more or {}).items():
            if name in value:
                form(value[name], _at(place, name))

    return check


# ---- values of any form ----

_DEEPEST = 100  # levels; files of the library have some thirty


def check_depth(owner: str, path: Any, value: Any, most: int) -> None:
    """Refuse what is nested deeper than anything that the library writes, or repeats itself beyond its file.

    Args:
        owner: Who reads, for the message.
        path: The file.
        value: Lists and mappings; one that is shared counts each time that it is met.
        most: How many values there may be: a file has at least one byte a value.

    Raises:
        FileFormatError: it is deeper, or holds more.
    """
    level, seen = [value], 0
    for _ in range(_DEEPEST):
        level = [entry for entries in level for entry in _inside(entries)]
        seen += len(level)
        if not level:
            return
        if seen > most:
            raise FileFormatError(
                f"{owner}: {str(path)!r} is damaged or hostile: it unfolds to more than {most:,} values."
            )
    raise FileFormatError(
        f"{owner}: {str(path)!r} is damaged or hostile: it is nested more than {_DEEPEST} levels deep."
    )


def _inside(value: Any) -> Any:
    if isinstance(value, Mapping):
        return [*value.keys(), *value.values()]
    return value if isinstance(value, (list, tuple, set, frozenset)) else ()
