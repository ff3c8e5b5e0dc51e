"""The parameters of layer groups, parted into those usually decayed and those usually not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from torch import nn

from onecycle.errors import ArgumentError, ArgumentTypeError, explain
from onecycle.utils.layer_types import bias_types, no_wd_types
from onecycle.utils.values import to_numbers

__all__: list[str] = []

Parameters = list[nn.Parameter]


def _spared_ids(group: nn.Module) -> set[int]:
    """Return the ids of the parameters of norms and the biases of linear and convolution layers.

    Decay has no meaning for the scale of a norm: what it multiplies is normalised (van Laarhoven 2017).
    """
    spared: set[int] = set()
    for layer in group.modules():
        if isinstance(layer, no_wd_types):
            spared.update(id(p) for p in layer.parameters(recurse=False))
        elif isinstance(layer, bias_types) and layer.bias is not None:
            spared.add(id(layer.bias))
    return spared


def _new_trainable(group: nn.Module, seen: set[int]) -> Iterator[nn.Parameter]:
    """Yield the group's trainable parameters that no earlier group has (tied weights belong to the first)."""
    for parameter in group.parameters():
        if parameter.requires_grad and id(parameter) not in seen:
            seen.add(id(parameter))
            yield parameter


def decay_pairs(layer_groups: Iterable[nn.Module]) -> list[tuple[Parameters, Parameters]]:
    """Part each layer group's trainable parameters into (decayed, spared unless `bn_wd`).

    Args:
        layer_groups: Modules in order from the input to the output.

    Returns:
        One pair a layer group; a parameter occurs once, in the first group that has it.
    """
    seen: set[int] = set()
    pairs = []
    for group in layer_groups:
        spared = _spared_ids(group)
        own = list(_new_trainable(group, seen))
        pairs.append(([p for p in own if id(p) not in spared], [p for p in own if id(p) in spared]))
    return pairs


def spread(value: Any, count: int, owner: str = "OptimWrapper", name: str = "value") -> list[Any]:
    """Return one value a layer group from a number (the same for all) or a sequence.

    Raises:
        ArgumentError: a sequence has another length than there are groups.
    """
    value = to_numbers(value)
    if isinstance(value, slice):
        raise ArgumentTypeError(
            explain(
                owner,
                name,
                "must be a number, or one a layer group",
                value,
                "Use learn.lr_range(slice) first.",
            )
        )
    if not isinstance(value, Sequence):
        return [value] * count
    if len(value) == 1:
        return [value[0]] * count
    if len(value) != count:
        raise ArgumentError(explain(owner, name, f"must be one number or {count}, one a layer group", value))
    return list(value)
