"""The check of an argument that is one of a few words."""

from __future__ import annotations

from collections.abc import Iterable

from onecycle.errors import ArgumentError, did_you_mean

__all__: list[str] = []


def check_choice(owner: str, parameter: str, value: str, known: Iterable[str]) -> None:
    """Refuse a word that is not among the known ones.

    Raises:
        ArgumentError: names them all, and the nearest.
    """
    words = list(known)
    if value not in words:
        raise ArgumentError(
            f"{owner}: {parameter} must be one of {', '.join(words)}; got {value!r}.{did_you_mean(value, words)}"
        )
