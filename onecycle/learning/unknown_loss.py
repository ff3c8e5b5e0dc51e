"""The loss of a learner that was given none, where its data know none."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

from torch.nn import functional

from onecycle.utils.programs import is_v1_program

__all__: list[str] = []


def loss_of(loss_func: Callable[..., Any] | None, data: Any) -> Any:
    """Return the loss of a learner: the one given, that of the data, or None; for a program of fastai v1 `F.nll_loss`.

    Args:
        loss_func: What was given.
        data: The data; asked for `loss_func`.
    """
    known = getattr(data, "loss_func", None) if loss_func is None else loss_func
    if known is not None or not is_v1_program():
        return known
    warnings.warn(
        "Learner: loss_func is not given and the data know none; F.nll_loss is taken, as in fastai v1, which expects "
        "log probabilities (nn.LogSoftmax at the end of the model). Pass loss_func=, e.g. nn.CrossEntropyLoss().",
        UserWarning,
        stacklevel=3,
    )
    return functional.nll_loss
