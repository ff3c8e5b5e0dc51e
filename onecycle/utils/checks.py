"""Refuse numbers that are none, or out of their range."""

from __future__ import annotations

import math
from collections.abc import Callable
from enum import Enum
from typing import Any, TypeVar

from onecycle.errors import ArgumentError, explain
from onecycle.utils.values import to_scalar

__all__: list[str] = []

Choice = TypeVar("Choice", bound=Enum)


def is_real(value: Any) -> bool:
    """Say whether a value is one finite number, of Python, NumPy or torch, and no truth value."""
    if isinstance(value, bool) or not hasattr(value, "__float__") or _axes(value):
        return False
    return math.isfinite(value)


def _axes(value: Any) -> int:
    return int(getattr(value, "ndim", 0))


def check_numbers(
    owner: str, parameter: str, value: Any, rule: str, fits: Callable[[Any], bool] = lambda number: True
) -> None:
    """Refuse what is not one number, or several, that all fit.

    Args:
        owner: Who asks, for the message.
        parameter: Name of the parameter.
        value: A number, or a list, a tuple, an array or a tensor of numbers.
        rule: What must hold, in words.
        fits: Says it of one number.

    Raises:
        ArgumentError: names the parameter, the rule and what was received.

    Example:
        >>> check_numbers("fit", "lr", [1e-3, 1e-2], "must be above 0", lambda rate: rate > 0)
    """
    several = isinstance(value, (list, tuple)) or _axes(value) > 0
    numbers = list(value) if several else [value]
    if not all(is_real(number) and fits(number) for number in numbers):
        raise ArgumentError(explain(owner, parameter, rule, value))


def check_share(owner: str, parameter: str, value: Any, hint: str = "") -> float:
    """Return a share or a probability as a plain number; refuse what is none, NaN too.

    Args:
        owner: Who asks, for the message.
        parameter: Name of the parameter.
        value: What was given.
        hint: Another sentence for the message.

    Raises:
        ArgumentError: it is not a number between 0 and 1.

    Example:
        >>> import numpy as np
        >>> check_share("dropout", "p", np.float32(0.5))
        0.5
    """
    if not is_real(value) or not 0 <= value <= 1:
        raise ArgumentError(explain(owner, parameter, "must be a number between 0 and 1", value, hint))
    return float(value)


def check_whole(owner: str, parameter: str, value: Any, least: int = 1) -> int:
    """Return a count, of Python or NumPy, as a plain number; refuse what is none.

    Args:
        owner: Who asks, for the message.
        parameter: Name of the parameter.
        value: What was given.
        least: The smallest that fits.

    Raises:
        ArgumentError: names the parameter, the rule and what was received.

    Example:
        >>> import numpy as np
        >>> check_whole("fit", "epochs", np.int64(3))
        3
    """
    value = to_scalar(value)
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise ArgumentError(explain(owner, parameter, f"must be a whole number of at least {least}", value))
    return int(value)


def check_member(owner: str, parameter: str, value: Any, choices: type[Choice]) -> Choice:
    """Return one of an enumeration's members, also where its value was given; refuse what is none.

    Args:
        owner: Who asks, for the message.
        parameter: Name of the parameter.
        value: What was given.
        choices: The enumeration.

    Raises:
        ArgumentError: names the parameter, the members and what was received.
    """
    try:
        return choices(value)
    except ValueError as error:
        names = ", ".join(f"{choices.__name__}.{known.name}" for known in choices)
        raise ArgumentError(explain(owner, parameter, f"must be one of {names}", value)) from error
