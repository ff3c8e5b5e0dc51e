"""The loss of each item, from a loss that returns the mean over a batch."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from onecycle.nn.loss_weight import unreduced
from onecycle.nn.losses import NoneReduceOnCPU

__all__: list[str] = []


def _can_be_unreduced(loss_func: Any) -> bool:
    if hasattr(loss_func, "reduction"):
        return True
    try:
        return "reduction" in inspect.signature(loss_func).parameters
    except (TypeError, ValueError):
        return False


def _called(loss_func: Callable[..., Tensor], preds: Any, targets: Any) -> Tensor:
    return loss_func(preds, *targets) if isinstance(targets, list) else loss_func(preds, targets)


def _item(batch: Any, i: int) -> Any:
    return [_item(part, i) for part in batch] if isinstance(batch, (list, tuple)) else batch[i : i + 1]


def _length(batch: Any) -> int:
    return _length(batch[0]) if isinstance(batch, (list, tuple)) else len(batch)


def _one_by_one(loss_func: Callable[..., Tensor], preds: Any, targets: Any) -> Tensor:
    """Call a loss that knows no reduction with one item at a time."""
    each = [_called(loss_func, _item(preds, i), _item(targets, i)) for i in range(_length(targets))]
    return torch.stack([loss.detach().cpu() for loss in each])


def each_item(loss_func: Callable[..., Tensor], preds: Any, targets: Any) -> Tensor:
    """Return one loss an item, on the CPU; where an item has several (a mask, several labels), their mean.

    Values that the loss ignores do not count in that mean; an item of nothing else has 0. Of a loss that sums
    (`reduction`), an item has the sum.

    Args:
        loss_func: A loss with an attribute or a parameter `reduction`; any other is called item by item.
        preds: Predictions of a set.
        targets: Its targets.

    Shape:
        predictions (N, …), targets (N, …) -> (N,)
    """
    if not _can_be_unreduced(loss_func):
        return _one_by_one(loss_func, preds, targets)
    sums = getattr(loss_func, "reduction", "mean") in ("sum", "batchmean")
    with NoneReduceOnCPU(loss_func) as each:
        losses, counts = unreduced(_called, each, preds, targets)
    count = _length(targets)
    if losses.numel() == count:
        return losses.reshape(count)
    rows = losses.reshape(count, -1)
    if sums:
        return rows.sum(1)
    return rows.mean(1) if counts is None else rows.sum(1) / (counts != 0).reshape(count, -1).sum(1).clamp(min=1)
