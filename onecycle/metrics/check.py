"""Refuse at attach what cannot be a metric, with a sentence that names it."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from functools import partial
from typing import Any

from onecycle.errors import ArgumentTypeError, describe, did_you_mean

__all__ = ["check_metric"]

MetricFunction = Callable[..., Any]


def metric_name(metric: Any) -> str:
    """Return the name that heads a metric's column in the epoch table.

    Args:
        metric: A function, a `functools.partial` of one, a metric object or its class.

    Example:
        >>> metric_name(partial(max, 1))
        'max'
    """
    named = getattr(metric, "name", None)
    if isinstance(named, str):
        return named
    while isinstance(metric, partial):
        metric = metric.func
    return getattr(metric, "__name__", None) or snake_case(type(metric).__name__)


def snake_case(name: str) -> str:
    """Return a class name in lower case with underscores: KappaScore is kappa_score, AUROC is auroc."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name)
    return spaced.lower()


def is_metric_object(metric: Any) -> bool:
    """Tell whether a thing keeps its own count (a Metric, or any object with `on_epoch_end`)."""
    return not inspect.isclass(metric) and hasattr(metric, "on_epoch_end")


def check_metric(func: Any, n_targets: int = 1) -> None:
    """Refuse what cannot be called as `metric(output, target)` once a batch.

    Args:
        func: What the user passed in `metrics`.
        n_targets: How many targets a batch holds; all are passed, each in its place.

    Raises:
        ArgumentTypeError: it is a class, no function at all, or has the wrong parameters.

    Example:
        >>> check_metric(lambda output: 0)
        Traceback (most recent call last):
        onecycle.errors.ArgumentTypeError: metrics: <lambda>(output) must take (output, target)...
    """
    if is_metric_object(func):
        return
    if inspect.isclass(func):
        name = func.__name__
        raise ArgumentTypeError(f"metrics: {name} is a class and must be made first. Pass {name}().")
    if not callable(func):
        raise ArgumentTypeError(
            f"metrics: each must be a function of (output, target) or a Metric; got {describe(func)}. "
            f"Pass the function itself, e.g. metrics=[accuracy]."
        )
    _check_parameters(func, n_targets)


def _check_parameters(func: MetricFunction, n_targets: int) -> None:
    _check_partial_keywords(func)
    try:
        signature = inspect.signature(func)
    except (TypeError, ValueError):  # built-in functions tell nothing; their own call will
        return
    try:
        signature.bind(*range(1 + n_targets))
    except TypeError:
        raise ArgumentTypeError(_wrong_parameters(func, signature, n_targets)) from None


def _check_partial_keywords(func: MetricFunction) -> None:
    """Name the keyword of a partial that its function does not have."""
    if not isinstance(func, partial):
        return
    try:
        known = inspect.signature(func.func).parameters
    except (TypeError, ValueError):
        return
    if any(p.kind is p.VAR_KEYWORD for p in known.values()):
        return
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
