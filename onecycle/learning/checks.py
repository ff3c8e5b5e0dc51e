"""Look at what a learner is made of, before it is used."""

from __future__ import annotations

import os
from typing import Any

from torch import nn

from onecycle.errors import ArgumentTypeError, explain

__all__: list[str] = []


def check_data(owner: str, data: Any) -> None:
    """Refuse what has no loaders.

    Raises:
        ArgumentTypeError: says what is missing.
    """
    if hasattr(data, "device") and hasattr(data, "train_dl"):
        return
    if hasattr(data, "databunch"):
        cure = "Call .databunch() first."
    else:
        cure = f"The order is {owner}(data, …)." if isinstance(data, nn.Module) or callable(data) else ""
    raise ArgumentTypeError(explain(owner, "data", "must be a DataBunch", data, cure))


def check_model(owner: str, model: Any) -> None:
    """Refuse what is no module.

    Raises:
        ArgumentTypeError: says what was received.
    """
    if isinstance(model, type) or not isinstance(model, nn.Module):
        cure = "Make it first, e.g. Net()." if isinstance(model, type) else "Pass an nn.Module."
        raise ArgumentTypeError(explain(owner, "model", "must be an nn.Module", model, cure))


def check_loss_func(owner: str, loss_func: Any) -> None:
    """Refuse what cannot be called with (output, target); None stands for no loss.

    Raises:
        ArgumentTypeError: says what was received.
    """
    if isinstance(loss_func, type) and issubclass(loss_func, nn.Module):
        cure = f"Make it first: {loss_func.__name__}()."
    elif loss_func is None or callable(loss_func):
        return
    else:
        cure = "Pass e.g. nn.CrossEntropyLoss() or F.cross_entropy."
    raise ArgumentTypeError(explain(owner, "loss_func", "must be a function of (output, target)", loss_func, cure))


def check_model_dir(owner: str, model_dir: Any) -> None:
    """Refuse what is no path.

    Raises:
        ArgumentTypeError: says what was received.
    """
    if not isinstance(model_dir, (str, os.PathLike)):
        raise ArgumentTypeError(explain(owner, "model_dir", "must be the name of a folder", model_dir))


def check_layer_groups(owner: str, layer_groups: Any) -> None:
    """Refuse what is no list of modules; None stands for one group.

    Raises:
        ArgumentTypeError: says what was received.
    """
    groups = [] if layer_groups is None else layer_groups
    if not hasattr(groups, "__len__") or not all(isinstance(group, nn.Module) for group in groups):
        cure = "Split the model instead: learn.split(…)."
        raise ArgumentTypeError(explain(owner, "layer_groups", "must be a list of modules", layer_groups, cure))


def check_callback_fns(owner: str, callback_fns: list[Any]) -> None:
    """Refuse what makes no callback.

    Raises:
        ArgumentTypeError: names it.
    """
    for make in callback_fns:
        if not callable(make):
            cure = "Pass the class, e.g. CSVLogger, or a partial of it; an instance goes into callbacks."
            rule = "must be called with a learner and return a callback"
            raise ArgumentTypeError(explain(owner, "callback_fns", rule, make, cure))
