"""Names from a user or a file, matched with what there is: those that match nothing are reported by name."""

from __future__ import annotations

import unicodedata
import warnings
from collections.abc import Collection, Iterable

from onecycle.errors import did_you_mean

__all__: list[str] = []

_SHOWN, _COMPARED = 5, 1000


def same_form(name: str) -> str:
    """Return a name with its accents composed: systems store them in two ways that look the same.

    Example:
        >>> same_form("e\u0301.png") == same_form("\u00e9.png")
        True
    """
    return unicodedata.normalize("NFC", name)


def shown_names(names: Collection[str], known: Iterable[str]) -> str:
    """Return the first names, with the nearest known one for the first of them.

    Example:
        >>> shown_names(["ct.png"], ["cat.png", "dog.png"])
        "'ct.png'. Did you mean 'cat.png'?"
    """
    listed = list(names)
    more = f" and {len(listed) - _SHOWN} more" if len(listed) > _SHOWN else ""
    compared = [name for name, _ in zip(known, range(_COMPARED))]
    return f"{', '.join(map(repr, listed[:_SHOWN]))}{more}.{did_you_mean(listed[0], compared)}"


def warn_unmatched(
    caller: str, parameter: str, unmatched: Collection[str], known: Iterable[str], rule: str, stacklevel: int = 3
) -> None:
    """Warn of names that match nothing; say nothing where there are none.

    Args:
        caller: The function that received the names.
        parameter: Its parameter that holds them.
        unmatched: The names that match nothing.
        known: Names that would have matched; the nearest one is shown.
        rule: What each name must be, such as `the name of a file of the list`.
        stacklevel: Frames from here to the caller of the caller.
    """
    if not unmatched:
        return
    names = "1 name" if len(unmatched) == 1 else f"{len(unmatched)} names"
    warnings.warn(
        f"{caller}: {names} in {parameter} found nothing: {shown_names(unmatched, known)} "
        f"Each must be {rule}; correct the others or leave them out.",
        UserWarning,
        stacklevel=stacklevel + 1,
    )
