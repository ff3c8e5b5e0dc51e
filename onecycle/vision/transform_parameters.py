"""How the parameters of a transform get their values: fixed, by default, or drawn as their annotation says."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from typing import Any, get_type_hints

import torch

from onecycle.errors import ArgumentTypeError, explain

__all__: list[str] = []

REQUIRED = inspect.Parameter.empty


def _hints(func: Callable[..., Any]) -> dict[str, Any]:
    """Return the annotations of a function with strings evaluated and `Annotated` kept."""
    try:
        return get_type_hints(func, include_extras=True)
    except (TypeError, NameError, AttributeError, SyntaxError):
        return dict(getattr(func, "__annotations__", {}))


def _draw_of(hint: Any) -> Callable[..., Any] | None:
    """Return the function that an annotation names for drawing, or None."""
    extras = getattr(hint, "__metadata__", ())
    draw = next((extra for extra in extras if callable(extra)), hint)
    is_type = isinstance(draw, type) or hasattr(draw, "__origin__") or draw is Any
    return draw if callable(draw) and not is_type else None


def _numbers_needed(draw: Callable[..., Any]) -> int:
    """Return how many arguments a drawing function cannot do without."""
    try:
        parameters = inspect.signature(draw).parameters.values()
    except (TypeError, ValueError):
        return 1
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return sum(p.default is REQUIRED and p.kind in positional for p in parameters)


def _without_range(draw: Any) -> Any:
    """Return a drawing function with the range it brings along taken away: the caller gave another."""
    return functools.partial(draw.func, **draw.keywords) if isinstance(draw, functools.partial) else draw


class Parameter:
    """How one parameter of a transform gets its value.

    Args:
        name: The parameter's name.
        draw: The function its annotation names for drawing, or None.
        default: Its default, `REQUIRED` where there is none.
    """

    __slots__ = ("default", "draw", "name", "one_is_fixed", "spread")

    def __init__(self, name: str, draw: Callable[..., Any] | None, default: Any) -> None:
        self.name, self.draw, self.default = name, draw, default
        self.spread = _without_range(draw)
        has_range = isinstance(draw, functools.partial) and bool(draw.args)
        self.one_is_fixed = has_range or (draw is not None and _numbers_needed(draw) > 1)

    def value(self, given: Any, owner: str) -> Any:
        """Return the value for what the caller gave: drawn from a range, or as it is."""
        if self.draw is None:
            return given
        if type(given) is tuple or isinstance(given, (list, tuple)):
            return self._drawn(given, owner)
        if self.one_is_fixed or isinstance(given, torch.Tensor):
            return given
        return self._drawn((given,), owner)

    def _drawn(self, numbers: Sequence[Any], owner: str) -> Any:
        try:
            return self.spread(*numbers)
        except (TypeError, ValueError) as error:
            name = getattr(self.spread, "__name__", repr(self.spread))
            rule = f"must be a number or what {name} takes, such as (low, high)"
            cure = f"{name} says: {error}."
            raise ArgumentTypeError(explain(owner, self.name, rule, tuple(numbers), cure)) from error

    def missing(self, owner: str) -> Any:
        """Return the value where the caller gave none."""
        if self.default is not REQUIRED:
            return self.default
        if self.draw is not None and _numbers_needed(self.draw) == 0:
            return self.draw()
        raise ArgumentTypeError(
            explain(owner, self.name, "must be given", cure=f"Call {owner}({self.name}=…).")
        )


def parameters_of(func: Callable[..., Any], skip_first: bool) -> tuple[dict[str, Parameter], bool]:
    """Return the parameters of a function, without the picture, and whether it takes any keyword."""
    hints, found, takes_any = _hints(func), {}, False
    for parameter in list(inspect.signature(func).parameters.values())[skip_first:]:
        if parameter.kind is parameter.VAR_KEYWORD:
            takes_any = True
        elif parameter.kind is not parameter.VAR_POSITIONAL:
            draw = _draw_of(hints.get(parameter.name))
            found[parameter.name] = Parameter(parameter.name, draw, parameter.default)
    return found, takes_any
