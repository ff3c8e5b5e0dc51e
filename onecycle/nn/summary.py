"""A model as a table: one row a layer with its output shape and parameters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from onecycle.nn.calling import call_model
from onecycle.nn.dry_run import dummy_batch
from onecycle.nn.hooks import Hooks
from onecycle.nn.module import ParameterModule
from onecycle.nn.surgery import flatten_model
from onecycle.nn.turns import eval_mode

__all__ = [
    "LayerInformation",
    "get_layer_name",
    "hook_params",
    "layers_info",
    "params_size",
    "summary_table",
    "total_params",
]

_NOT_CALLED = "not called"


class LayerInformation(NamedTuple):
    """One row: the layer's class, output shape, number of parameters, and whether they learn."""

    Layer: str
    OutputSize: Any
    Params: int
    Trainable: bool


def total_params(m: nn.Module) -> tuple[int, bool]:
    """Return how many parameters a layer has, and whether any of them learns."""
    parameters = list(m.parameters())
    return sum(p.numel() for p in parameters), any(p.requires_grad for p in parameters)


def hook_params(modules: Sequence[nn.Module]) -> Hooks:
    """Watch modules; each hook stores `total_params` of its module when it runs."""
    return Hooks(modules, lambda module, i, o: total_params(module))


def get_layer_name(layer: nn.Module) -> str:
    """Return the class name of a layer; of one whose weight is reparametrised, that of the plain layer."""
    return type(layer).__name__.removeprefix("Parametrized") or type(layer).__name__


def _shape_of(output: Any) -> Any:
    if isinstance(output, Tensor):
        return list(output.shape)
    if isinstance(output, dict):
        return [_shape_of(item) for item in output.values()]
    if isinstance(output, (list, tuple)):
        return [_shape_of(item) for item in output]
    return type(output).__name__


def _run(model: nn.Module, xb: Any) -> None:
    with eval_mode(model), torch.no_grad():
        call_model(model, xb)


def _row(layer: nn.Module, shape: Any) -> LayerInformation:
    if isinstance(layer, ParameterModule):
        count, learns = total_params(layer)
        return LayerInformation("Parameter", list(layer.val.shape), count, learns)
    return LayerInformation(get_layer_name(layer), shape or _NOT_CALLED, *total_params(layer))


def layers_info(m: nn.Module, xb: Any = None) -> list[LayerInformation]:
    """Return a row for each leaf layer, in the order in which the layers were assigned.

    Args:
        m: The model.
        xb: A batch to run through it (a tuple is passed as several arguments); one made up from the first
            layer's channels, 64 by 64, when left out.

    A layer that is called several times has one row, with the shape of its last output.
    """
    layers = list({id(layer): layer for layer in flatten_model(m)}.values())
    with Hooks(layers, lambda module, i, o: _shape_of(o)) as hooks:
        _run(m, dummy_batch(m) if xb is None else xb)
        return [_row(layer, shape) for layer, shape in zip(layers, hooks.stored, strict=True)]


def params_size(
    m: nn.Module, size: tuple[int, ...] = (3, 64, 64)
) -> tuple[list[Any], list[int], list[bool]]:
    """Return output shapes, parameter counts and learning flags of the leaf layers for one item."""
    model_device = next((p.device for p in m.parameters()), torch.device("cpu"))
    rows = layers_info(m, torch.zeros(1, *size, device=model_device))
    return [r.OutputSize for r in rows], [r.Params for r in rows], [r.Trainable for r in rows]


def _line(name: str, shape: str, params: str, trainable: str) -> str:
    return f"{name:<20} {shape:<20} {params:<10} {trainable:<10}"


def _totals(model: nn.Module) -> list[str]:
    counts = [(p.numel(), p.requires_grad) for p in model.parameters()]
    learning = sum(n for n, learns in counts if learns)
    total = sum(n for n, _ in counts)
    return [
        f"Total params: {total:,}",
        f"Total trainable params: {learning:,}",
        f"Total non-trainable params: {total - learning:,}",
    ]


def summary_table(model: nn.Module, xb: Any, n: int = 70) -> str:
    """Return the table of a model's layers, with the totals below it.

    Args:
        model: The model; it is run once in eval mode, without gradients, and keeps its mode.
        xb: A batch; a tuple is passed as several arguments.
        n: Width of the lines between the rows.

    Example:
        >>> print(summary_table(nn.Sequential(nn.Linear(2, 3)), torch.zeros(5, 2), n=61).rstrip())
        =============================================================
        Layer (type)         Output Shape         Param #    Trainable
        =============================================================
        Linear               [5, 3]               9          True
        _____________________________________________________________
        <BLANKLINE>
        Total params: 9
        Total trainable params: 9
        Total non-trainable params: 0
    """
    lines = ["=" * n, _line("Layer (type)", "Output Shape", "Param #", "Trainable"), "=" * n]
    for row in layers_info(model, xb):
        shown = _line(row.Layer, str(row.OutputSize), f"{row.Params:,}", str(row.Trainable))
        lines += [shown, "_" * n]
    return "\n".join([*lines, "", *_totals(model)]) + "\n"
