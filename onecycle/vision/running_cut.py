"""Find the body of an unknown model by running it: take its classifier away, or make a vector of its tokens."""

from __future__ import annotations

import copy
from contextlib import ExitStack
from typing import Any

import torch
from torch import Tensor, nn

from onecycle.nn.dry_run import dummy_batch
from onecycle.nn.entrance import sizes_to_try
from onecycle.nn.hooks import Hook
from onecycle.nn.turns import eval_mode

__all__: list[str] = []

_CLASS_TOKENS = ("cls_token", "class_token", "class_embedding")  # names of a parameter that becomes the first token


def body_by_running(model: nn.Module, size: tuple[int, int] | None = None) -> nn.Module | None:
    """Return what gives vectors `(N, C)` or maps `(N, C, H, W)`, or None where the model gives neither.

    - A model that ends in a linear layer loses that one: its input is the vector.
    - A model that ends in a map or a vector is a body already.
    - Of tokens `(N, L, C)` the vector is the class token, where the model has a parameter of such a name, else the
      mean of all.

    The model that was passed stays as it is; its layers are shared.

    Args:
        size: Height and width that are tried first; then those that a layer names, 64 and larger.
    """
    sizes = [size] if size is not None else []
    for tried in [*sizes, *sizes_to_try(model)]:
        try:
            made, linear = _run(model, tried)
        except Exception:  # a made-up input to a model of which nothing is known
            continue
        return _body_of(model, made, linear)
    return None


def _run(model: nn.Module, size: tuple[int, int]) -> tuple[Any, str | None]:
    """Return what the model makes of an image, and the name of the linear layer that made it, if one did."""
    seen: list[tuple[str, Any]] = []

    def watch(name: str, layer: nn.Module) -> Hook:
        return Hook(layer, lambda m, i, made: seen.append((name, made)), detach=False)

    with ExitStack() as hooks, eval_mode(model), torch.no_grad():
        for name, layer in model.named_modules():
            if isinstance(layer, nn.Linear):
                hooks.enter_context(watch(name, layer))
        made = model(dummy_batch(model, size))
    return made, next((name for name, output in reversed(seen) if output is made), None)


def _body_of(model: nn.Module, made: Any, linear: str | None) -> nn.Module | None:
    if not isinstance(made, Tensor):
        return None
    if made.dim() == 2:
        return model if linear is None else with_part(model, linear, nn.Identity())
    if made.dim() == 3:
        return TokenVector(model, has_class_token(model))
    return model if made.dim() == 4 else None


def with_part(model: nn.Module, path: str, part: nn.Module | None) -> nn.Module:
    """Return a model that has another part at a path, the other parts shared with the one given.

    Example:
        >>> old = nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 4))
        >>> new = with_part(old, "1", nn.Identity())
        >>> new[0] is old[0], old[1]
        (True, Linear(in_features=3, out_features=4, bias=True))
    """
    if not path:
        assert part is not None
        return part
    name, _, rest = path.partition(".")
    new = copy.copy(model)
    new._modules = dict(model._modules)
    old = model._modules[name]
    for other, child in model._modules.items():
        if child is old:  # under each of its names
            new._modules[other] = part if not rest or child is None else with_part(child, rest, part)
    return new


def has_class_token(model: nn.Module) -> bool:
    """Return whether a model has a parameter that it puts in front of its tokens to stand for the image."""
    return any(name.rpartition(".")[2] in _CLASS_TOKENS for name, _ in model.named_parameters())


class TokenVector(nn.Module):
    """Make one vector of the tokens of a Transformer.

    Args:
        body: From images to tokens.
        class_token: Take the first token; else the mean of all.

    Shape: `(N, C, H, W) -> (N, F)`
    """

    def __init__(self, body: nn.Module, class_token: bool) -> None:
        super().__init__()
        self.body, self.class_token = body, class_token

    def forward(self, x: Tensor) -> Tensor:
        tokens = self.body(x)  # (N, L, F)
        return tokens[:, 0] if self.class_token else tokens.mean(1)
