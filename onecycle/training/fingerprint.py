"""What a run is made of (model, data, settings), as text, and what differs between two of them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

import torch
from torch import nn

from onecycle.metrics.check import metric_name
from onecycle.nn.surgery import get_model
from onecycle.utils.distributed import process_count
from onecycle.utils.sharded import own_class

__all__: list[str] = []

Print = dict[str, dict[str, str]]
_SHOWN = 4  # differences of one kind that are named
_NAMES = 20_000  # items whose names go into the print of a set
_PROBES = 64  # numbers of a weight that go into the print of the weights


def fingerprint(learn: Any, call: dict[str, Any]) -> Print:
    """Return what a run is made of.

    Args:
        learn: The learner.
        call: The method that trains and its arguments.
    """
    return {
        "model": _of_model(learn.model),
        "data": _of_data(learn.data),
        "settings": _of_settings(learn, call),
        "start": {"weights": _of_weights(learn.model)},
    }


def _of_model(model: nn.Module) -> dict[str, str]:
    inner = get_model(model)
    shapes = {name: f"{tuple(t.shape)} {str(t.dtype).removeprefix('torch.')}" for name, t in inner.state_dict().items()}
    return {"class": own_class(inner).__name__, **shapes}


def _of_weights(model: nn.Module) -> str:
    """Return a digest of some numbers of each weight; an empty text where the weights are sharded."""
    total = hashlib.sha256()
    for weight in get_model(model).parameters():
        if hasattr(weight, "device_mesh"):
            return ""
        values = weight.detach().flatten()
        chosen = values[:: max(1, len(values) // _PROBES)][:_PROBES]
        real = torch.view_as_real(chosen.resolve_conj()) if chosen.is_complex() else chosen
        total.update(real.to("cpu", torch.float32).numpy().tobytes())
    return total.hexdigest()[:12]


def _of_data(data: Any) -> dict[str, str]:
    train = data.train_dl
    found = {
        "class": type(data).__name__,
        "batch size": str(getattr(train, "batch_size", None)),
        "training batches": str(len(train)),
        "training set": _of_set(getattr(train, "dataset", None)),
    }
    if getattr(data, "valid_dl", None) is not None:
        found["validation set"] = _of_set(getattr(data.valid_dl, "dataset", None))
    classes = getattr(data, "classes", None)
    if classes is not None:
        found["classes"] = f"{len(classes)} ({_digest(classes)})"
    return found


def _of_set(dataset: Any) -> str:
    if dataset is None or not hasattr(dataset, "__len__"):
        return type(dataset).__name__
    items = getattr(dataset, "items", None)
    names = "" if items is None else f" ({_digest(str(item) for item in items[:_NAMES])})"
    return f"{len(dataset)} items{names}"


def _digest(names: Iterable[Any]) -> str:
    total = hashlib.sha256()
    for name in names:
        total.update(str(name).encode() + b"\0")
    return total.hexdigest()[:12]


def _of_settings(learn: Any, call: dict[str, Any]) -> dict[str, str]:
    loss, made = learn.loss_func, learn.opt_func
    return {
        "method": call["method"],
        **{name: str(value) for name, value in call["args"].items()},
        "optimizer": _function(made),
        "loss": getattr(loss, "__name__", type(loss).__name__),
        "metrics": ", ".join(metric_name(metric) for metric in learn.metrics),
        "default weight decay": str(learn.wd),
        "true_wd, bn_wd": f"{learn.true_wd}, {learn.bn_wd}",
        **({"processes": str(process_count())} if process_count() > 1 else {}),
    }


def _function(made: Any) -> str:
    inner = getattr(made, "func", None)
    if inner is None:
        return getattr(made, "__name__", type(made).__name__)
    settings = [*map(str, made.args), *(f"{name}={value}" for name, value in made.keywords.items())]
    return f"{_function(inner)}({', '.join(settings)})"


def differences(then: Print, now: Print, parts: Iterable[str] = ("model", "data", "settings")) -> list[str]:
    """Return what differs, one sentence a part.

    Args:
        then: The print of the run.
        now: The print of what is to go on.
        parts: Which parts to compare.
    """
    return [said for part in parts if (said := _compared(part, then.get(part, {}), now.get(part, {})))]


def _compared(part: str, then: dict[str, str], now: dict[str, str]) -> str:
    names = [name for name in {**then, **now} if then.get(name) != now.get(name)]
    if not names:
        return ""
    said = [f"{name} was {then.get(name, 'not there')}, is {now.get(name, 'not there')}" for name in names[:_SHOWN]]
    more = f", and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return f"{part}: {'; '.join(said)}{more}"
