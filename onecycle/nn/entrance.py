"""Find the layer that a model's input reaches first, and how many channels it takes."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from onecycle.errors import ArgumentError, explain
from onecycle.nn.surgery import flatten_model, get_model, one_param
from onecycle.nn.turns import eval_mode

__all__ = ["in_channels"]

SIDES = (64, 128, 224, 256, 384, 512)  # 224 and 384, since some transformers take that alone
_SIZE_NAMES = ("img_size", "image_size")  # under which layers that cut patches keep the size they take
_PICTURES = (3, 1)  # channels that are tried where no layer's own lead into the model
_MOST = 2**23  # numbers that a made-up picture may have


class Entrance(NamedTuple):
    """The first layer with weights that a model's input reaches: what it takes, and what it was given."""

    layer: nn.Module
    takes: int
    given: int

    @property
    def fits(self) -> bool:
        """Return whether the layer was given what it takes."""
        return self.takes == self.given


class _Reached(Exception):
    """Ends a dry run at the first layer with weights."""

    def __init__(self, entrance: Entrance) -> None:
        super().__init__("reached")
        self.entrance = entrance


def sizes_to_try(m: nn.Module) -> list[tuple[int, int]]:
    """Return heights and widths for a dry run: those that a layer of the model names as its own, then `SIDES`.

    Example:
        >>> sizes_to_try(nn.Conv2d(3, 4, 3))[0]
        (64, 64)
    """
    named = [_as_pair(getattr(layer, name, None)) for layer in get_model(m).modules() for name in _SIZE_NAMES]
    return list(dict.fromkeys([*(size for size in named if size is not None), *((side, side) for side in SIDES)]))


def _as_pair(size: object) -> tuple[int, int] | None:
    sides = (size, size) if isinstance(size, int) else size
    if isinstance(sides, (tuple, list)) and len(sides) == 2 and all(isinstance(side, int) for side in sides):
        height, width = sides
        return (height, width) if min(height, width) > 0 else None
    return None


def in_channels(m: nn.Module) -> int:
    """Return how many channels (or features) a model takes.

    That is what the first layer with weights takes that an input reaches, which need not be the first one that was
    assigned: parts of a picture are sent in, in eval mode, as far as that layer. Where none goes in (the model is not
    one of pictures), it is what the first assigned layer takes.

    Raises:
        ArgumentError: no layer has a weight.

    Example:
        >>> in_channels(nn.Sequential(nn.PixelUnshuffle(2), nn.Conv2d(12, 8, 3)))
        3
    """
    declared = [taken for layer in flatten_model(m) if (taken := _taken(layer)[0]) is not None]
    if not declared:
        raise ArgumentError(explain("in_channels", "m", "must hold a layer with a weight", m))
    tried: list[int] = []
    waiting = [*declared, *_PICTURES]
    while waiting:
        channels = waiting.pop(0)
        tried.append(channels)
        found = find_entrance(m, channels)
        if found is not None and found.fits:
            return channels
        guesses = [] if found is None else _guesses(found, channels)
        waiting = [c for c in dict.fromkeys([*guesses, *waiting]) if c not in tried]
    return declared[0]


def find_entrance(m: nn.Module, channels: int) -> Entrance | None:
    """Return the first layer with weights that pictures of so many channels reach; None where they reach none.

    A picture that goes through the whole model without meeting one (the weights are used by functions) counts as
    met by the model itself.
    """
    model = get_model(m)
    sizes = [size for size in sizes_to_try(model) if channels * size[0] * size[1] <= _MOST]
    return next((found for size in sizes if (found := _sent_in(model, channels, size)) is not None), None)


def _sent_in(m: nn.Module, channels: int, size: tuple[int, int]) -> Entrance | None:
    layers = [layer for layer in flatten_model(m) if _taken(layer)[0] is not None]
    hooks = [layer.register_forward_pre_hook(_stop) for layer in dict.fromkeys(layers)]
    try:
        with eval_mode(m), torch.no_grad():
            m(torch.zeros(1, 1, 1, 1).to(one_param(m)).expand(1, channels, *size))
    except _Reached as reached:
        return reached.entrance
    except Exception:  # a made-up input to a model of which nothing is known
        return None
    finally:
        for hook in hooks:
            hook.remove()
    return Entrance(m, channels, channels)


def _stop(layer: nn.Module, inputs: Any) -> None:
    takes, axis = _taken(layer)
    given = inputs[0] if inputs else None
    if takes is not None and isinstance(given, Tensor) and given.ndim > 1:
        raise _Reached(Entrance(layer, takes, given.shape[axis]))


def _taken(layer: nn.Module) -> tuple[int | None, int]:
    """Return how many channels or features a layer takes, None where it does not say, and their axis."""
    for name in ("in_channels", "in_features", "num_features", "num_embeddings"):
        if isinstance(getattr(layer, name, None), int):
            return int(getattr(layer, name)), -1 if name == "in_features" else 1
    weight = getattr(layer, "weight", None)
    return (int(weight.shape[1]) if isinstance(weight, Tensor) and weight.dim() > 1 else None), 1


def _guesses(found: Entrance, channels: int) -> list[int]:
    """Return what would suit the layer if what lies before it multiplies the channels, or adds some."""
    times, rest = divmod(found.given, channels)
    multiplied = [found.takes // times] if times and not rest and found.takes % times == 0 else []
    added = found.takes - (found.given - channels)
    return [c for c in (*multiplied, added) if 0 < c <= found.takes]
