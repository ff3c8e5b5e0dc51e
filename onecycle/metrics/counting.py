"""The counting forms of metric functions: how a batch is counted, how the counts of a set become a figure."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import torch
from torch import Tensor

from onecycle.errors import DataError
from onecycle.metrics.check import bare_function
from onecycle.utils.registry import register

__all__ = ["CountingForm", "counted", "whole_set"]

Counts = dict[str, Any]  # name -> tensor or int
_Thing = TypeVar("_Thing")


@dataclass(frozen=True)
class CountingForm:
    """How a metric function is counted over a set: `finish(**sums of count(output, target))`.

    Args:
        count: Turns one batch into named numbers that may be added up.
        finish: Turns the sums over the set into the figure.
    """

    count: Callable[..., Counts]
    finish: Callable[..., Tensor]

    def with_settings(self, settings: dict[str, Any]) -> CountingForm:
        """Return the form with each setting given to whichever half has a parameter of its name."""
        return CountingForm(_settled(self.count, settings), _settled(self.finish, settings))


def _settled(func: Callable[..., Any], settings: dict[str, Any]) -> Callable[..., Any]:
    known = inspect.signature(func).parameters
    mine = {name: value for name, value in settings.items() if name in known}
    return partial(func, **mine) if mine else func


_FORMS: dict[Any, CountingForm] = {}
_WHOLE: set[Any] = set()


def register_metric(thing: _Thing) -> _Thing:
    """Register a metric function or class, so that files can name it.

    Example:
        >>> @register_metric
        ... def largest(output, target): return output.max()
    """
    register("metric")(thing)
    return thing


def counted(count: Callable[..., Counts], finish: Callable[..., Tensor]) -> Callable[[_Thing], _Thing]:
    """Register a metric function together with its counting form, so that a set is counted exactly.

    Settings of the function (parameters after output and target) reach the halves by name.

    Example:
        >>> @counted(lambda output, target: {"wrong": (output != target).sum()}, lambda wrong: wrong)
        ... def mistakes(output, target):
        ...     "Return how many are wrong."
        ...     return (output != target).sum()
    """

    def remember(func: _Thing) -> _Thing:
        _FORMS[func] = CountingForm(count, finish)
        return register_metric(func)

    return remember


def whole_set(func: _Thing) -> _Thing:
    """Register a metric function that needs the whole set: every batch is kept, then it is called once.

    Example:
        >>> @whole_set
        ... def middle_error(output, target):
        ...     "Return the median of the absolute errors."
        ...     return (output - target).abs().median()
    """
    _WHOLE.add(func)
    return register_metric(func)


def is_whole_set(func: Any) -> bool:
    """Tell whether a function, or what a partial is of, is defined on a whole set only."""
    return _hashable(bare_function(func)) and bare_function(func) in _WHOLE


def counting_form(func: Any) -> CountingForm | None:
    """Return how a function, or a partial of one, is counted over a set; None if it has no such form."""
    bare = bare_function(func)
    if not _hashable(bare) or bare not in _FORMS or _positional(func):
        return None
    return _FORMS[bare].with_settings({**_defaults(bare), **_keywords(func)})


def _positional(func: Any) -> bool:
    return isinstance(func, partial) and bool(func.args)


def _keywords(func: Any) -> dict[str, Any]:
    return dict(func.keywords) if isinstance(func, partial) else {}


def _defaults(func: Any) -> dict[str, Any]:
    parameters = inspect.signature(func).parameters.values()
    return {p.name: p.default for p in parameters if p.default is not p.empty}


def _hashable(func: Any) -> bool:
    return getattr(type(func), "__hash__", None) is not None


# What several families need.


def fraction(hits: Tensor, n: Tensor | int) -> Tensor:
    """Return hits / n."""
    return hits / n


def wide(x: Tensor) -> Tensor:
    """Return a tensor in the widest float its device has, for sums over many items."""
    return x.float() if x.device.type == "mps" else x.double()


def wide_zero(device: torch.device | str) -> Tensor:
    """Return a zero to add numbers to, in the widest float of the device."""
    return wide(torch.zeros((), device=device))


def like_shape(owner: str, targets: Tensor, shape: torch.Size) -> Tensor:
    """Return the targets in the shape of the predictions; (N, 1) against (N,) never spreads to (N, N).

    Raises:
        DataError: there is not one target for each prediction.
    """
    if targets.shape == shape:
        return targets
    if targets.numel() != shape.numel():
        raise DataError(
            f"{owner}: targets must be as many as predictions; got targets of shape {tuple(targets.shape)} "
            f"for predictions of shape {tuple(shape)}. Pick the metric that fits the model's output."
        )
    return targets.reshape(shape)
