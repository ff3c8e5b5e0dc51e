"""Predictions averaged over augmented views of each item (test-time augmentation)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import torch
from torch import Tensor

from onecycle.data.loaders import DatasetType
from onecycle.data.missing_rows import is_missing_row
from onecycle.errors import ArgumentError, ArgumentTypeError, explain
from onecycle.nn.losses import activation_for, inverse_of
from onecycle.training.losses import each_item
from onecycle.utils.checks import check_numbers, check_whole

__all__: list[str] = []


def check(learn: Any, beta: Any, scale: Any, with_loss: bool, n_views: Any) -> None:
    """Refuse what cannot be averaged over.

    Raises:
        ArgumentError: beta, scale or n_views is out of its range.
        ArgumentTypeError: the data has no views.
    """
    if beta is not None:
        check_numbers("TTA", "beta", beta, "must be from 0 to 1, or None", lambda weight: 0 <= weight <= 1)
    elif with_loss:
        cure = "Pass a number, or leave with_loss out."
        raise ArgumentError(explain("TTA", "beta", "must be a number where the loss is wanted", beta, cure))
    if scale is not None:
        check_numbers("TTA", "scale", scale, "must be at least 1, or None", lambda factor: factor >= 1)
    check_whole("TTA", "n_views", n_views)
    if not hasattr(learn.data, "augmented_loaders"):
        cure = "Use learn.get_preds() for other data."
        rule = "must be pictures with labels or masks beside them"
        raise ArgumentTypeError(explain("TTA", "data", rule, learn.data, cure))


def predict(
    learn: Any,
    ds_type: Any,
    beta: float | None,
    scale: float | None,
    activ: Callable[[Any], Any] | None,
    with_loss: bool,
    n_views: int,
) -> list[Any]:
    """Average the plain predictions and those of the views; see `Learner.TTA`."""
    check(learn, beta, scale, with_loss, n_views)
    usual = activation_for(learn.loss_func)
    applied = usual if activ is None else activ
    in_order = DatasetType.Fix if ds_type is DatasetType.Train else ds_type
    views = list(learn.data.augmented_loaders(in_order, scale, n_views))  # refuse data without any now
    plain, targets = learn.get_preds(in_order, activ=applied)
    averaged = _mean_of_views(learn, views, applied, plain)
    if beta is None:
        return [plain, averaged, targets]
    final = beta * plain + (1 - beta) * averaged
    return [final, targets, _losses(learn.loss_func, applied, final, targets)] if with_loss else [final, targets]


def views(
    learn: Any, ds_type: Any, activ: Callable[[Any], Any] | None, scale: float | None, n_views: int
) -> Iterator[list[Any]]:
    """Yield predictions and targets of each view; see `Learner.tta_only`."""
    check(learn, 0.0, scale, False, n_views)
    in_order = DatasetType.Fix if ds_type is DatasetType.Train else ds_type
    loaders = list(learn.data.augmented_loaders(in_order, scale, n_views))
    return (learn.preds_of(loader, activ=activ) for loader in loaders)


def _mean_of_views(learn: Any, loaders: Iterable[Any], activ: Callable[[Any], Any], plain: Tensor) -> Tensor:
    """Return the mean of the views; where the targets are pixels, of those views that show the pixel.

    A pixel that no view shows keeps its plain prediction.
    """
    total, count = torch.zeros_like(plain), torch.zeros(())
    for loader in loaders:
        preds, maps = learn.preds_of(loader, activ=activ)
        in_place = getattr(loader.dataset, "in_place", None)
        preds, seen = (preds, torch.ones(())) if in_place is None else in_place(preds, maps, plain.shape[2:])
        total, count = total + preds * seen, count + seen
    return torch.where(count > 0, total / count.clamp(min=1), plain)


def _losses(loss_func: Any, activ: Any, preds: Tensor, targets: Any) -> Tensor:
    """Return the loss of each item for predictions after the activation: what goes into the loss is found from them."""
    before = inverse_of(activ)
    if before is None:
        raise ArgumentError(
            f"TTA: with_loss needs an activation whose inverse is known (softmax, sigmoid, exp, or none); "
            f"got {activ!r}. Leave activ out, or compute the loss from the predictions."
        )
    read = ~is_missing_row(preds)
    if read.all():
        return each_item(loss_func, before(preds), targets)
    found = each_item(loss_func, before(preds[read]), _chosen(targets, read))
    losses = found.new_full((len(read), *found.shape[1:]), float("nan"))
    losses[read] = found
    return losses


def _chosen(targets: Any, rows: Tensor) -> Any:
    return [_chosen(part, rows) for part in targets] if isinstance(targets, (list, tuple)) else targets[rows]
