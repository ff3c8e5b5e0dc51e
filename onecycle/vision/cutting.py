"""Find where the body of an unknown model ends and its head begins."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from onecycle.errors import ArgumentError
from onecycle.nn.dry_run import dummy_batch, dummy_output
from onecycle.nn.entrance import sizes_to_try
from onecycle.nn.hooks import Hook
from onecycle.nn.surgery import is_pool_type
from onecycle.nn.turns import eval_mode
from onecycle.vision.body_groups import is_attention
from onecycle.vision.foreign_arch import BodyRequest
from onecycle.vision.running_cut import body_by_running

__all__ = ["cut_foreign", "has_pool_type"]

_MOST_LINEAR = 4  # linear layers that a classifier has; VGG has three


def has_pool_type(m: nn.Module) -> bool:
    """Return whether a module is a pooling layer or holds one.

    Example:
        >>> has_pool_type(nn.Sequential(nn.ReLU(), nn.MaxPool2d(2)))
        True
    """
    return any(is_pool_type(layer) for layer in m.modules())


def cut_foreign_or_run(model: nn.Module, name: str, request: BodyRequest) -> nn.Module:
    """Return the body of a model: cut at a layer where its layers follow one another, else found by running it.

    Args:
        name: Of the architecture, for the error.
        request: With `maps`, no body is made that ends in a vector.

    Raises:
        ArgumentError: neither way finds one (lists the parts of the model).
    """
    try:
        body = cut_foreign(model, name)
    except ArgumentError:
        found = None if request.maps else body_by_running(model, request.size)
        if found is None:
            raise
        return found
    if request.maps or not _gives_tokens(body):
        return body
    return body_by_running(model, request.size) or body


def _gives_tokens(body: nn.Module) -> bool:
    try:
        made = dummy_output(body)
    except ArgumentError:  # does not run on its own, which the caller reports
        return False
    return isinstance(made, Tensor) and made.dim() == 3


def cut_foreign(model: nn.Module, owner: str) -> nn.Sequential:
    """Return the part of a model before its last pooling layer, or before its linear layers where none pools.

    A pooling layer with convolutions behind it (in the stem, in a squeeze-and-excite block) is part of the body.

    Args:
        model: Layers that run one after another, in containers or not.
        owner: Name of the architecture, for the error.

    Raises:
        ArgumentError: no such place is found (lists the children of the model), or the model does more than run its
            layers one after another.
    """
    layers = _unwrapped(model)
    body = nn.Sequential(*_body_of(layers))
    if not _has_convolution(body) or _leaves_blocks_behind(model, body):
        found = ", ".join(f"{name} ({type(part).__name__})" for name, part in model.named_children()) or "no layers"
        raise ArgumentError(
            f"create_body: no place to cut was found in {owner}; its parts are: {found}. "
            f"Pass cut=, the number of children to keep or a function from the model to its body."
        )
    if not _is_what_runs(model, body):
        raise ArgumentError(
            f"create_body: {owner} does more than run its layers one after another in the order of their assignment "
            f"(functions, other ways or another order between them), which would be lost. Pass cut=, a function from "
            f"the model to its body, e.g. a module whose forward calls model.forward_features."
        )
    return body


def _is_what_runs(model: nn.Module, body: nn.Sequential) -> bool:
    """Return whether a body makes of a picture what comes out of its last layer inside the model.

    True too where the model takes none of the made-up pictures: nothing can be said then.
    """
    for size in sizes_to_try(model):
        x = dummy_batch(model, size)
        with Hook(body[-1], lambda m, i, made: made.clone()) as inside, eval_mode(model), torch.no_grad():
            try:
                model(x.clone())
            except Exception:  # a made-up input to a model of which nothing is known
                continue
            return _is_same(inside.stored, body, x)
    return True


def _is_same(seen: Any, body: nn.Sequential, x: Tensor) -> bool:
    try:
        made = body(x)
    except Exception:  # layers in another order than that of their assignment
        return False
    if not isinstance(seen, Tensor) or not isinstance(made, Tensor) or made.shape != seen.shape:
        return False
    return made.is_meta or torch.allclose(made, seen, rtol=1e-3, atol=1e-5)


def _unwrapped(model: nn.Module) -> list[nn.Module]:
    layers = list(model.children())
    return _unwrapped(layers[0]) if len(layers) == 1 else layers


def _body_of(layers: list[nn.Module]) -> list[nn.Module]:
    for i in reversed(range(len(layers))):
        if _ends_in_pool(layers[i]):
            before = layers[:i]
            inner = [] if any(map(_has_convolution, before)) else _body_of(list(layers[i].children()))
            return [*before, *inner]
        if _has_convolution(layers[i]):
            return layers[: _start_of_head(layers, i + 1)]
    return []


def _start_of_head(layers: list[nn.Module], start: int) -> int:
    """Return the first index from `start` on whose layer pools, flattens or is linear."""
    return next((i for i in range(start, len(layers)) if _is_of_head(layers[i])), len(layers))


def _is_of_head(layer: nn.Module) -> bool:
    parts = layer.modules()
    return any(is_pool_type(m) or isinstance(m, nn.Linear) or "Flatten" in type(m).__name__ for m in parts)


def _has_convolution(m: nn.Module) -> bool:
    return any(isinstance(layer, nn.Conv2d) for layer in m.modules())


def _ends_in_pool(m: nn.Module) -> bool:
    """Return whether a module pools and no convolution follows within it."""
    kinds = [is_pool_type(layer) for layer in m.modules() if is_pool_type(layer) or isinstance(layer, nn.Conv2d)]
    return bool(kinds) and kinds[-1]


def _leaves_blocks_behind(model: nn.Module, body: nn.Module) -> bool:
    """Return whether a network was cut behind its patches, which would lose nearly all of it."""
    kept = {id(m) for m in body.modules()}
    lost = [m for m in model.modules() if id(m) not in kept]
    return any(map(is_attention, lost)) or sum(isinstance(m, nn.Linear) for m in lost) > _MOST_LINEAR
