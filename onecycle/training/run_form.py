"""The form of a run's checkpoint: what must be in the file, and whether it is the state of this model."""

from __future__ import annotations

import os
from typing import Any

from onecycle.errors import ArgumentError, FileFormatError
from onecycle.nn.surgery import get_model
from onecycle.training.every import Every
from onecycle.training.run_state import COUNTED, SETTINGS
from onecycle.utils.frozen_values import check_frozen, check_plain, check_tensor, thaw
from onecycle.utils.schema import (
    Misfit,
    flag,
    listed,
    mapping_of_names,
    named,
    number,
    optional,
    record,
    text,
    whole,
)

__all__: list[str] = []

_TENSORS = named(check_tensor)
_SHOWN = 5


def _callbacks(value: Any, place: str) -> None:
    """Check pairs of a callback's class and its state, whose form is the callback's own."""
    if not isinstance(value, list):
        raise Misfit(place, "a list", value)
    for position, pair in enumerate(value):
        if not isinstance(pair, list) or len(pair) != 2 or not isinstance(pair[0], str):
            raise Misfit(f"{place}[{position}]", "the name of a callback and its state", pair)
        mapping_of_names(pair[1], f"{place}[{position}]")
        check_plain(pair[1], f"{place}[{position}]")


def _followed(value: Any, place: str) -> None:
    """Check the smoothed loss: a weight, how many losses were seen, and the means, numbers or tensors of one."""
    check_frozen(value, place)
    found = thaw(value)
    mapping_of_names(found, place)
    record({"beta": number, "n": whole(0), "mov_avg": _one_number})(found, place)
    if "smooth" in found or found["n"]:
        record({"smooth": _one_number})(found, place)


def _one_number(value: Any, place: str) -> None:
    if isinstance(value, bool) or not (isinstance(value, (int, float)) or getattr(value, "ndim", None) == 0):
        raise Misfit(place, "a number", value)


def _loss(value: Any, place: str) -> None:
    if not isinstance(value, (int, float)):
        raise Misfit(place, "a number", value)


def _rate_of_checkpoints(value: Any, place: str) -> None:
    try:
        Every(value)
    except ArgumentError:
        raise Misfit(place, "a number of steps or text such as '10 minutes'", value) from None


_PARTS = named(named(check_frozen))  # objects by their place, attributes by name
_STATE = record(
    {
        "model": _TENSORS,
        "model_parts": named(named(check_frozen)),
        "trainable": listed(flag),
        "grads": _TENSORS,
        "loss": _TENSORS,
        "opt": record({"state": check_frozen, "settings": record(dict.fromkeys(SETTINGS, check_frozen))}),
        "handler": record(dict.fromkeys(COUNTED, check_frozen)),
        "smoothener": _followed,
        "callbacks": _callbacks,
        "generators": record(
            {"torch": check_tensor, "cuda": listed(check_tensor), "numpy": check_frozen, "python": check_frozen}
        ),
    },
    {"buffers": _TENSORS, "parts": named(_PARTS)},
)

RUN_FORM = record(
    {
        "state": _STATE,
        "seed": whole(0),
        "epochs_done": whole(0),
        "step": whole(0),
        "mid_epoch": flag,
        "epoch_over": flag,
        "finished": flag,
        "best_loss": optional(_loss),
        "trainable": listed(flag),
        "call": record({"method": text, "args": mapping_of_names}),
        "parts": named(named(text)),
        "every": _rate_of_checkpoints,
        "keep": whole(1),
    },
    {"ranks": listed(_TENSORS), "order": _PARTS, "run": text},
)


def check_fits(point: dict[str, Any], learn: Any, folder: str | os.PathLike[str]) -> None:
    """Refuse the state of another model, before anything is put back.

    Args:
        point: The checkpoint, of the right form.
        learn: The learner.
        folder: The run's folder, for the message.

    Raises:
        FileFormatError: a weight is missing or has another shape, or a part belongs to no layer of the model.
    """
    model, state = get_model(learn.model), point["state"]
    mine = {name: tuple(tensor.shape) for name, tensor in model.named_parameters()}
    theirs = {name: tuple(tensor.shape) for name, tensor in state["model"].items()}
    modules = dict(model.named_modules())
    buffers = {f"{path}.{name}".lstrip(".") for path, module in modules.items() for name in module._buffers}
    odd = [name for name in {**mine, **theirs} if mine.get(name) != theirs.get(name)]
    odd += [name for name in state.get("buffers", {}) if name not in buffers]
    odd += [path for path in state["model_parts"] if path not in modules]
    odd += [name for name, grad in state["grads"].items() if mine.get(name) != tuple(grad.shape)]
    odd += ["trainable"] * any(len(flags) != len(mine) for flags in (state["trainable"], point["trainable"]))
    if odd:
        raise FileFormatError(
            f"resume: the checkpoint in {os.fspath(folder)!r} does not hold the state of this model, though it says so "
            f"({', '.join(map(repr, odd[:_SHOWN]))}). It is damaged or forged; remove it, and the one before is taken."
        )
