"""Small helpers around functions and their arguments."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Mapping
from functools import reduce, wraps
from typing import Any, ParamSpec, TypeVar

from onecycle.errors import ArgumentTypeError, did_you_mean

__all__ = ["compose", "extract_kwargs", "func_args", "has_arg", "ifnone", "noop", "split_kwargs_by_func"]


P = ParamSpec("P")
R = TypeVar("R")
_REFUSED = re.compile(r"unexpected keyword argument '(\w+)'")  # as Python and matplotlib say it


def noop(x: Any) -> Any:
    """Return `x` itself."""
    return x


def ifnone(a: Any, b: Any) -> Any:
    """Return `b` where `a` is None, else `a`."""
    return b if a is None else a


def compose(funcs: Iterable[Callable[[Any], Any]]) -> Callable[[Any], Any]:
    """Return the function that calls all of them in order, each on what the one before returned.

    Example:
        >>> compose([abs, str])(-3)
        '3'
    """
    steps = list(funcs)
    return lambda x: reduce(lambda value, step: step(value), steps, x)


def func_args(func: Callable[..., Any]) -> tuple[str, ...]:
    """Return the names of a function's positional and keyword-only parameters, of `__init__` for a class."""
    target = func.__init__ if inspect.isclass(func) else func  # type: ignore[misc]
    code = getattr(inspect.unwrap(target), "__code__", None)
    if code is None:
        several = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
        return tuple(n for n, p in inspect.signature(func).parameters.items() if p.kind not in several)
    return code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]


def has_arg(func: Callable[..., Any], arg: str) -> bool:
    """Say whether a function has a parameter of this name."""
    return arg in func_args(func)


def takes_any_keyword(func: Callable[..., Any]) -> bool:
    """Say whether a function has a `**kwargs`."""
    return any(p.kind is p.VAR_KEYWORD for p in inspect.signature(func).parameters.values())


def passes_keywords_on(*others: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Make a function that passes keywords on, e.g. to matplotlib, name one that nobody takes.

    Args:
        *others: Keywords worth suggesting besides the function's own.
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        own = set(func_args(function)) - {"self"}

        @wraps(function)
        def checked(*args: P.args, **kwargs: P.kwargs) -> R:
            try:
                return function(*args, **kwargs)
            except (AttributeError, TypeError) as error:
                refused = _REFUSED.search(str(error))
                word = refused.group(1) if refused else ""
                if word not in kwargs or word in own:
                    raise
                near = did_you_mean(word, sorted({*own, *others}))
                raise ArgumentTypeError(f"{function.__name__}: unknown keyword {word!r}.{near}") from error

        return checked

    return decorate


def split_kwargs_by_func(
    kwargs: Mapping[str, Any], func: Callable[..., Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Split keywords into those that `func` takes and the rest.

    Example:
        >>> split_kwargs_by_func({"a": 1, "z": 2}, lambda a, b: None)
        ({'a': 1}, {'z': 2})
    """
    return extract_kwargs(func_args(func), kwargs)


def extract_kwargs(names: Iterable[str], kwargs: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Split keywords into those with these names and the rest."""
    wanted = list(names)
    taken = {name: kwargs[name] for name in wanted if name in kwargs}
    return taken, {name: value for name, value in kwargs.items() if name not in taken}
