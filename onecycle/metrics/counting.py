"""The counting forms of metric functions: how a batch is counted, how the counts of a set become a figure."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import torch
from torch import Tensor

from onecycle.errors import DataError, explain
from onecycle.metrics.check import bare_function
from onecycle.utils.checks import check_numbers
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


def takes_ignore(func: Any) -> bool:
    """Say whether a function, or a partial of one, has a setting `ignore` that is not set."""
    return "ignore" in _defaults(bare_function(func)) and _keywords(func).get("ignore") is None


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

    Axes of length 1 may be missing or stand elsewhere, and one of the two may be a single row.

    Raises:
        DataError: there is not one target for each prediction.
    """
    if targets.shape == shape:
        return targets
    lengths = [[n for n in sizes if n != 1] for sizes in (targets.shape, shape)]
    if targets.numel() != shape.numel() or (lengths[0] != lengths[1] and min(map(len, lengths)) > 1):
        raise DataError(
            f"{owner}: targets must be as many as predictions, along the same axes; got targets of shape "
            f"{tuple(targets.shape)} for predictions of shape {tuple(shape)}. Pick the metric that fits the model's "
            f"output."
        )
    return targets.reshape(shape)


def is_at_hand(values: Tensor) -> bool:
    """Say whether values can be looked at without a wait for an accelerator: what is wrong with others is not said."""
    return values.device.type == "cpu"


NOT_COUNTED = -100  # the class index that torch's losses leave out


def check_outputs(owner: str, output: Tensor, axis: int = -1) -> int:
    """Return how many classes outputs have along an axis.

    Raises:
        DataError: there are fewer than two, or an output is NaN (looked at on the CPU only: nothing waits for an
            accelerator).
    """
    if output.ndim < 2 or output.shape[axis] < 2:
        cure = "For one column use accuracy_thresh or AUROC, or give the model one output a class."
        raise DataError(explain(owner, "output", "must have a column for each class, two or more", output, cure))
    check_no_nan(owner, "output", output)
    return output.shape[axis]


def check_no_nan(owner: str, name: str, values: Tensor) -> None:
    """Refuse NaN, which would count as a class or stand somewhere in an order; on the CPU only."""
    if values.is_floating_point() and is_at_hand(values) and bool(values.isnan().any()):
        rule = f"must be numbers; {int(values.isnan().sum())} of {values.numel()} are NaN"
        raise DataError(explain(owner, name, rule, cure="Look at the learning rate, or at these items."))


def class_targets(
    owner: str, targets: Tensor, shape: torch.Size, num_classes: int, ignore: int | None = None
) -> tuple[Tensor, Tensor]:
    """Return class indices in the shape of the predictions, and which of them count.

    Those of `ignore` and of -100, which torch's losses leave out, do not; their class is 0 here.

    Args:
        owner: Who asks, for errors.
        targets: Class indices: whole numbers of any dtype, or truth values.
        shape: That of the predicted classes.
        num_classes: How many classes the outputs have.
        ignore: A class index that does not count.

    Raises:
        DataError: there is not one target for each prediction, or a target is not one of the classes (on an accelerator
            the device reports the latter).
    """
    targets = like_shape(owner, targets, shape)
    known = targets != NOT_COUNTED
    if ignore is not None:
        check_numbers(owner, "ignore", ignore, "must be a class index", lambda index: index == int(index))
        known = known & (targets != ignore)
    if is_at_hand(targets):
        _check_classes(owner, targets[known], num_classes)
    return torch.where(known, targets, torch.zeros_like(targets)).long(), known


def _check_classes(owner: str, targets: Tensor, num_classes: int) -> None:
    if targets.is_floating_point() and bool((targets != targets.round()).any()):  # NaN too
        odd = targets[targets != targets.round()][0].item()
        cure = "For numbers take a metric of numbers, such as mse; for shares of classes their argmax."
        raise DataError(explain(owner, "targets", "must be class indices, whole numbers", odd, cure))
    if targets.numel() and not (targets.min() >= 0 and targets.max() < num_classes):
        raise DataError(
            f"{owner}: targets must lie in 0..{num_classes - 1}, the model's outputs; got {targets.min().item():g}.."
            f"{targets.max().item():g}. Give the model as many outputs as there are classes, or pass "
            f"ignore= for an index that stands for no class, e.g. functools.partial({owner}, ignore=255)."
        )


def label_targets(owner: str, targets: Tensor, shape: torch.Size) -> Tensor:
    """Return which labels are there, as truth values in the shape of the outputs.

    Raises:
        DataError: there is not one target for each output, or one is neither 0 nor 1 (looked at on the CPU only).
    """
    targets = like_shape(owner, targets, shape)
    if is_at_hand(targets) and not bool(((targets == 0) | (targets == 1)).all()):
        odd = targets[(targets != 0) & (targets != 1)][0].item()
        cure = "For class indices use accuracy or FBeta; round shares."
        raise DataError(explain(owner, "targets", "must be 0 or 1 for each label", odd, cure))
    return targets.bool()
