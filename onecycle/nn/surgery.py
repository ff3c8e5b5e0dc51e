"""Open a model up: list its layers, split them into groups, freeze and unfreeze them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

from torch import nn
from torch.nn.utils.parametrize import is_parametrized

from onecycle.errors import ArgumentError, ArgumentTypeError, explain
from onecycle.nn.module import ParameterModule
from onecycle.nn.norm import bias_types, bn_types, no_wd_types

__all__ = [
    "ModelOnCPU",
    "bn2float",
    "children",
    "children_and_parameters",
    "first_layer",
    "flatten_model",
    "freeze_groups",
    "get_model",
    "get_param_groups",
    "has_params",
    "is_pool_type",
    "last_layer",
    "model2half",
    "num_children",
    "one_param",
    "range_children",
    "requires_grad",
    "set_bn_eval",
    "split_model",
    "split_model_idx",
    "split_no_wd_params",
    "trainable_params",
]

_POOL_NAME = re.compile(r"Pool[123]d$")


# --- looking inside


def children(m: nn.Module) -> list[nn.Module]:
    """Return the direct children of a module."""
    return list(m.children())


def num_children(m: nn.Module) -> int:
    """Return how many direct children a module has."""
    return len(children(m))


def range_children(m: nn.Module) -> range:
    """Return the indices of the direct children."""
    return range(num_children(m))


def children_and_parameters(m: nn.Module) -> list[nn.Module]:
    """Return the children, and each parameter that belongs to none of them as a `ParameterModule`."""
    inside = {id(p) for child in m.children() for p in child.parameters()}
    lone = [p for p in m.parameters() if id(p) not in inside]
    return [*m.children(), *(ParameterModule(p) for p in lone)]


def _is_leaf(m: nn.Module) -> bool:
    """Return whether a module is one layer: no children, or only those that make its own weight or follow a norm.

    A batch norm of timm's holds its activation.
    """
    return num_children(m) == 0 or is_parametrized(m) or isinstance(m, bn_types)


def flatten_model(m: nn.Module) -> list[nn.Module]:
    """Return the leaf layers of a model in the order in which they were assigned.

    Example:
        >>> flatten_model(nn.Sequential(nn.Sequential(nn.Linear(1, 2), nn.ReLU()), nn.Linear(2, 1)))[1]
        ReLU()
    """
    if _is_leaf(m):
        return [m]
    return [leaf for child in children_and_parameters(m) for leaf in flatten_model(child)]


def first_layer(m: nn.Module) -> nn.Module:
    """Return the first leaf layer."""
    return flatten_model(m)[0]


def last_layer(m: nn.Module) -> nn.Module:
    """Return the last leaf layer."""
    return flatten_model(m)[-1]


def is_pool_type(l: Any) -> bool:
    """Return whether a layer is one of torch's pooling layers (or is named like one)."""
    return _POOL_NAME.search(type(l).__name__) is not None


def one_param(m: nn.Module) -> nn.Parameter:
    """Return the first parameter, e.g. to read the model's device or dtype.

    Raises:
        ArgumentError: there is none.
    """
    for p in m.parameters():
        return p
    raise ArgumentError(explain("one_param", "m", "must have at least one parameter", m))


def get_model(model: nn.Module) -> nn.Module:
    """Return the model itself, out of DataParallel, DistributedDataParallel or torch.compile's wrapper."""
    if isinstance(model, (nn.DataParallel, nn.parallel.DistributedDataParallel)):
        return get_model(model.module)
    inner = getattr(model, "_orig_mod", None)
    return model if inner is None else get_model(inner)


# --- splitting into layer groups


def split_model_idx(model: nn.Module, idxs: Sequence[int]) -> list[nn.Sequential]:
    """Split the flattened model before each of these indices.

    Args:
        idxs: Places in `flatten_model(model)`, rising; 0 and the end are added where missing.

    Raises:
        ArgumentError: an index is out of range or the indices do not rise.
    """
    layers = flatten_model(model)
    cuts = [0, *(i for i in idxs if i != 0)]
    cuts += [len(layers)] if cuts[-1] != len(layers) else []
    if any(a >= b for a, b in pairwise(cuts)):
        rule = f"must rise and stay within the {len(layers)} layers"
        raise ArgumentError(explain("split_model_idx", "idxs", rule, list(idxs)))
    return [nn.Sequential(*layers[a:b]) for a, b in pairwise(cuts)]


def _place_of(layers: list[nn.Module], part: nn.Module) -> int:
    start = first_layer(part)
    for i, layer in enumerate(layers):
        if layer is start:
            return i
    raise ArgumentError(explain("split_model", "splits", "must be parts of the model", part))


def split_model(model: nn.Module, splits: Any) -> list[nn.Sequential]:
    """Split a model into layer groups.

    Args:
        splits: Parts of the model at which a new group begins (a module or several), or a list of lists of
            layers, which then are the groups as they stand.

    Returns:
        One `nn.Sequential` of leaf layers a group; the layers stay shared with the model. A layer that the model uses
        in several places is in the group of the first.

    Raises:
        ArgumentTypeError: splits is neither.
        ArgumentError: a part does not belong to the model.
    """
    if splits is not None and not isinstance(splits, (nn.Module, Iterable)):
        raise ArgumentTypeError(explain("split_model", "splits", "must be modules or lists of modules", splits))
    parts: list[Any] = [splits] if isinstance(splits, nn.Module) else list(splits or [])
    if not parts:
        groups = [nn.Sequential(*flatten_model(model))]
    elif all(isinstance(part, nn.Module) for part in parts):
        layers = flatten_model(model)
        groups = split_model_idx(model, [_place_of(layers, part) for part in parts])
    elif all(isinstance(part, (list, tuple)) for part in parts):
        groups = [nn.Sequential(*part) for part in parts]
    else:
        raise ArgumentTypeError(explain("split_model", "splits", "must be modules or lists of modules", splits))
    return _each_once(groups)


def _each_once(groups: list[nn.Sequential]) -> list[nn.Sequential]:
    """Return the groups without layers that an earlier place holds: a layer used twice freezes with its first use."""
    seen: set[int] = set()
    once = []
    for group in groups:
        layers = {id(layer): layer for layer in group if id(layer) not in seen}
        seen |= layers.keys()
        once.append(nn.Sequential(*layers.values()))
    return once


# --- parameters


def has_params(m: nn.Module) -> bool:
    """Return whether a module has any parameter, its children's included."""
    return any(True for _ in m.parameters())


def trainable_params(m: nn.Module) -> list[nn.Parameter]:
    """Return the parameters that require a gradient."""
    return [p for p in m.parameters() if p.requires_grad]


def requires_grad(m: nn.Module, b: bool | None = None) -> bool | None:
    """Set whether all parameters require a gradient, or ask whether the first one does.

    Parameters of whole numbers, such as quantised weights, have none.

    Args:
        b: True or False to set; None to ask.

    Returns:
        When asked: the first parameter's flag, None where there is no parameter.
    """
    if b is not None:
        for p in m.parameters():
            p.requires_grad_(b and (p.is_floating_point() or p.is_complex()))
        return None
    return next((p.requires_grad for p in m.parameters()), None)


def freezable_params(layer_groups: Iterable[nn.Module], train_bn: bool = True) -> list[nn.Parameter]:
    """Return the parameters that freezing these groups stops.

    Args:
        layer_groups: The groups.
        train_bn: Leave their batch norms learning.
    """
    layers = [layer for group in layer_groups for layer in flatten_model(group)]
    return [p for layer in layers if not (train_bn and isinstance(layer, bn_types)) for p in layer.parameters()]


def freeze_groups(layer_groups: Sequence[nn.Module], n: int, train_bn: bool = True) -> None:
    """Freeze the groups before group `n` and let the others learn.

    Args:
        n: Index of the first group that learns; negative counts from the end.
        train_bn: Leave the batch norms of frozen groups learning.
    """
    for parameter in freezable_params(layer_groups[:n], train_bn):
        parameter.requires_grad_(False)
    for group in layer_groups[n:]:
        requires_grad(group, True)


def set_bn_eval(m: nn.Module) -> None:
    """Put the frozen batch norms into eval mode, so that their statistics stay as they are."""
    for layer in m.modules():
        if isinstance(layer, bn_types) and requires_grad(layer) is False:
            layer.eval()


def is_frozen(group: nn.Module) -> bool:
    """Return whether a layer group has parameters and those of no layer but its batch norms learn."""
    norms = {id(p) for layer in group.modules() if isinstance(layer, bn_types) for p in layer.parameters()}
    others = [p.requires_grad for p in group.parameters() if id(p) not in norms]
    return bool(others) and not any(others)


def rest_frozen_norms(layer_groups: Iterable[nn.Module]) -> None:
    """Put the batch norms of frozen layer groups into eval mode: their running statistics stay as they are.

    A layer that learns sees then in training what it sees in validation. docs/design/0002-transfer-learning.md says
    what that is worth.
    """
    for group in layer_groups:
        norms = [layer for layer in group.modules() if isinstance(layer, bn_types)]
        if norms and is_frozen(group):
            for norm in norms:
                norm.eval()


def get_param_groups(layer_groups: Iterable[nn.Module]) -> list[list[nn.Parameter]]:
    """Return the trainable parameters of each group."""
    return [trainable_params(group) for group in layer_groups]


def _without_decay(layer: nn.Module) -> set[int]:
    """Return the ids of a layer's parameters that are not to be decayed: norms whole, else the bias."""
    if isinstance(layer, no_wd_types):
        return {id(p) for p in layer.parameters()}
    bias = getattr(layer, "bias", None) if isinstance(layer, bias_types) else None
    return set() if bias is None else {id(bias)}


def split_no_wd_params(layer_groups: Iterable[nn.Module]) -> list[list[nn.Parameter]]:
    """Split each group in two: parameters that may be decayed, then norms and biases.

    A parameter shared by several layers is listed once, where it comes first.

    Returns:
        Twice as many lists as groups.
    """
    seen: set[int] = set()
    out: list[list[nn.Parameter]] = []
    for group in layer_groups:
        halves: list[list[nn.Parameter]] = [[], []]
        for layer in flatten_model(group):
            spared = _without_decay(layer)
            for p in trainable_params(layer):
                if id(p) not in seen:
                    seen.add(id(p))
                    halves[id(p) in spared].append(p)
        out += halves
    return out


# --- dtype, device, state


def bn2float(module: nn.Module) -> nn.Module:
    """Keep the batch norms of a model in float32; returns the model."""
    for layer in module.modules():
        if isinstance(layer, bn_types):
            layer.float()
    return module


def model2half(model: nn.Module) -> nn.Module:
    """Turn a model into half precision, batch norms left in float32."""
    return bn2float(model.half())


class ModelOnCPU:
    """Hold a model on the CPU inside a `with`, then put it back on its device."""

    def __init__(self, model: nn.Module) -> None:
        self.model = model

    def __enter__(self) -> nn.Module:
        self.device = one_param(self.model).device
        return self.model.cpu()

    def __exit__(self, *exc: Any) -> None:
        self.model.to(self.device)
