"""Refuse at attach what cannot be a metric, with a sentence that names it."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import partial
from typing import Any

from onecycle.errors import ArgumentTypeError, describe, did_you_mean
from onecycle.utils.registry import name_of
from onecycle.utils.words import camel2snake

__all__ = ["check_metric"]

MetricFunction = Callable[..., Any]


def metric_name(metric: Any) -> str:
    """Return the name that heads a metric's column in the epoch table.

    Args:
        metric: A function, a `functools.partial` of one (its own `__name__` counts, where it was given one), a
            metric object or its class.

    Example:
        >>> metric_name(partial(max, 1))
        'max'
    """
    named = getattr(metric, "name", None)
    if isinstance(named, str):
        return named
    while isinstance(metric, partial) and not hasattr(metric, "__name__"):
        metric = metric.func
    return getattr(metric, "__name__", None) or camel2snake(type(metric).__name__)


def is_metric_object(metric: Any) -> bool:
    """Tell whether a thing keeps its own count (a Metric, or any object with `on_epoch_end`)."""
    return not inspect.isclass(metric) and hasattr(metric, "on_epoch_end")


def follows_torchmetrics(metric: Any) -> bool:
    """Tell whether an object counts in the way of torchmetrics: `update`, `compute`, `reset`, and no events."""
    if inspect.isclass(metric) or is_metric_object(metric):
        return False
    return all(callable(getattr(metric, name, None)) for name in ("update", "compute", "reset"))


def check_metric(func: Any, n_targets: int | None = None) -> None:
    """Refuse what cannot be called as `metric(output, target)` once a batch.

    Args:
        func: What the user passed in `metrics`.
        n_targets: How many targets a batch holds; all are passed, each in its place. Where that is not known
            yet, a function of the user's with more parameters is let through and checked at its first batch.

    Raises:
        ArgumentTypeError: it is a class, no function at all, or has the wrong parameters.

    Example:
        >>> check_metric(lambda output: 0)
        Traceback (most recent call last):
        onecycle.errors.ArgumentTypeError: metrics: <lambda>(output) must take (output, target)...
    """
    if is_metric_object(func) or follows_torchmetrics(func):
        return
    if inspect.isclass(func):
        name = func.__name__
        raise ArgumentTypeError(f"metrics: {name} is a class and must be made first. Pass {name}().")
    if not callable(func):
        raise ArgumentTypeError(
            f"metrics: each must be a function of (output, target) or a Metric; got {describe(func)}. "
            f"Pass the function itself, e.g. metrics=[accuracy]."
        )
    _check_partial_keywords(func)
    signature = _signature(func)
    if signature is not None and not _fits(func, signature, n_targets):
        raise ArgumentTypeError(_wrong_parameters(func, signature, n_targets or 1))


def _signature(func: MetricFunction) -> inspect.Signature | None:
    """Return the signature, or None of built-in functions that tell nothing."""
    try:
        return inspect.signature(func)
    except (TypeError, ValueError):
        return None


def _fits(func: MetricFunction, signature: inspect.Signature, n_targets: int | None) -> bool:
    if n_targets is None and not name_of("metric", bare_function(func)):
        needed = [p for p in signature.parameters.values() if p.default is p.empty and p.kind in _POSITIONAL]
        n_targets = max(1, len(needed) - 1)
    try:
        signature.bind(*range(1 + (n_targets or 1)))
    except TypeError:
        return False
    return True


_POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


def bare_function(func: Any) -> Any:
    """Return what a `functools.partial` is of, or the function itself."""
    while isinstance(func, partial):
        func = func.func
    return func


def _check_partial_keywords(func: MetricFunction) -> None:
    """Name the keyword of a partial that its function does not have."""
    if not isinstance(func, partial):
        return
    signature = _signature(func.func)
    if signature is None or any(p.kind is p.VAR_KEYWORD for p in signature.parameters.values()):
        return
    known = signature.parameters
    unknown = [name for name in func.keywords if name not in known]
    if unknown:
        raise ArgumentTypeError(
            f"metrics: {metric_name(func)} has no parameter {unknown[0]!r}.{did_you_mean(unknown[0], known)} "
            f"It takes {', '.join(known)}."
        )


def _wrong_parameters(func: MetricFunction, signature: inspect.Signature, n_targets: int) -> str:
    wanted = ", ".join(["output", "target"] if n_targets == 1 else ["output", f"{n_targets} targets"])
    extra = [p.name for p in list(signature.parameters.values())[1 + n_targets :] if p.default is p.empty]
    name = metric_name(func)
    bare = signature.replace(return_annotation=signature.empty)
    cure = f"Fix the others first: functools.partial({name}, {extra[0]}=…)." if extra else (
        f"Write it as def {name if name.isidentifier() else 'metric'}(output, target)."
    )
    return f"metrics: {name}{bare} must take ({wanted}) and nothing more without a default. {cure}"
