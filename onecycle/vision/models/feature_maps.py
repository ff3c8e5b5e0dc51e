"""Find the feature maps of a body at each of its sizes, and run the body so that they come out too."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from math import prod
from typing import Any

import torch
from torch import Tensor, nn

from onecycle.errors import ArgumentError
from onecycle.nn.dry_run import dummy_batch
from onecycle.nn.hooks import Hook, hook_outputs
from onecycle.nn.turns import eval_mode
from onecycle.vision.layouts import channels_first, is_channels_last

__all__ = ["BodyMaps", "FeatureMap"]

_LEAST_SIDE = 64  # below, the deepest maps of most bodies shrink to one pixel and cannot be told apart
_LISTED = 8  # modules that an error names


@dataclass(frozen=True)
class FeatureMap:
    """What one module of a body gives out: its name in the body, its kind and the shape for one picture.

    Args:
        shape: Of a map `(1, C, H, W)`, whichever axis of the module's own output has the channels.
        channels_last: The module's own output is `(1, H, W, C)`.
    """

    name: str
    kind: str
    shape: tuple[int, ...]
    channels_last: bool = False

    @property
    def channels(self) -> int:
        """Return the number of channels."""
        return self.shape[1]

    def __str__(self) -> str:
        return f"{self.kind} {self.shape}"


class BodyMaps:
    """Know at which modules of a body the last map of each size comes out.

    A body that has a method `feature_maps` (all maps of an image, the largest first) is asked by it. One of
    `nn.Sequential`s is run layer by layer and its maps are picked up on the way; any other one is run as it is, with
    hooks that are there for that one call. So nothing stands on the body in between. Maps with their channels last are
    turned.

    Args:
        owner: Who asks, for the error.
        body: From pictures to feature maps `(N, C, H, W)`.
        img_size: Height and width of the dry run in pixels, raised to 64 where smaller.

    Attributes:
        skips: The last map of each size, the largest first, without the output.
        last: The output.
        scale: How many times the picture is larger than the largest map.

    Raises:
        ArgumentError: the body has no maps of different sizes; lists what was found.

    Example:
        >>> body = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.MaxPool2d(2), nn.Conv2d(8, 9, 3, padding=1))
        >>> [str(m) for m in BodyMaps("example", body, (64, 64)).skips]
        ['Conv2d (1, 8, 64, 64)']
    """

    def __init__(self, owner: str, body: nn.Module, img_size: tuple[int, int]) -> None:
        pixels = _dry_pixels(owner, body, img_size)
        self.run_body: _Way = _run_own if hasattr(body, "feature_maps") else _run_chain
        try:
            seen = _seen_of_own(body, pixels) if self.run_body is _run_own else _seen_in_chain(body, pixels)
        except (RuntimeError, ValueError, AssertionError) as error:
            raise ArgumentError(_does_not_run(owner, pixels, error)) from error
        self.skips, self.last = _last_of_each_size(seen), seen[-1] if seen else _NOTHING
        if not self.skips and len(self.last.shape) == 4 and self.run_body is _run_chain:
            self.run_body = _run_watched
            seen = [*_seen_anywhere(body, pixels), self.last]
            self.skips = _last_of_each_size(seen)
        if not self.skips:
            raise ArgumentError(_no_maps(owner, seen))
        self.scale = round(pixels.shape[2] / self.skips[0].shape[2])

    def run(self, body: nn.Module, x: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Return the body's output and its maps, the largest first."""
        return self.run_body(body, x, self.skips)


# --- the dry run


def _dry_pixels(owner: str, body: nn.Module, img_size: tuple[int, int]) -> Tensor:
    height, width = (max(int(side), _LEAST_SIDE) for side in img_size)
    try:
        return dummy_batch(body, (height, width))
    except ArgumentError as error:
        raise ArgumentError(f"{owner}: encoder must hold layers with weights. {error}") from error


def _steps(body: nn.Module, prefix: str = "") -> Iterator[tuple[str, nn.Module]]:
    """Yield name and layer of each step of nested `nn.Sequential`s in the order they run, repeated ones too."""
    if type(body).forward is not nn.Sequential.forward:
        yield prefix, body
        return
    for name, layer in body._modules.items():
        assert layer is not None
        yield from _steps(layer, f"{prefix}.{name}" if prefix else name)


def _noted(name: str, module: nn.Module, made: Any, size: tuple[int, int]) -> FeatureMap:
    shape = tuple(made.shape) if isinstance(made, Tensor) else ()
    if len(shape) == 4 and is_channels_last(module, shape, size):
        return FeatureMap(name, type(module).__name__, (shape[0], shape[3], *shape[1:3]), channels_last=True)
    return FeatureMap(name, type(module).__name__, shape)


def _seen_of_own(body: Any, x: Tensor) -> list[FeatureMap]:
    with eval_mode(body), torch.no_grad():
        maps = body.feature_maps(x)
    return [FeatureMap(str(i), "map", tuple(m.shape)) for i, m in enumerate(maps)]


def _seen_in_chain(body: nn.Module, x: Any) -> list[FeatureMap]:
    seen, (height, width) = [], x.shape[2:]
    with eval_mode(body), torch.no_grad():
        for name, layer in _steps(body):
            x = layer(x)
            seen.append(_noted(name, layer, x, (height, width)))
    return seen


def _seen_anywhere(body: nn.Module, x: Tensor) -> list[FeatureMap]:
    seen: list[FeatureMap] = []
    size = (x.shape[2], x.shape[3])

    def watch(name: str, module: nn.Module) -> Hook:
        return Hook(module, lambda m, i, made: seen.append(_noted(name, m, made, size)))

    with ExitStack() as hooks, eval_mode(body), torch.no_grad():
        for name, module in body.named_modules():
            if name:
                hooks.enter_context(watch(name, module))
        body(x)
    return seen


def _last_of_each_size(seen: list[FeatureMap]) -> list[FeatureMap]:
    """Return the last map of each size above that of the output, the largest first."""
    maps = [m for m in seen if len(m.shape) == 4]
    if not seen or len(seen[-1].shape) != 4:
        return []
    last = {m.shape[2:]: m for m in maps if prod(m.shape[2:]) > prod(seen[-1].shape[2:])}
    return sorted(last.values(), key=lambda m: -prod(m.shape[2:]))


def _does_not_run(owner: str, pixels: Tensor, error: Exception) -> str:
    return f"{owner}: encoder must run on one picture of {tuple(pixels.shape)}; it says: {error}. Pass img_size or cut."


def _no_maps(owner: str, seen: list[FeatureMap]) -> str:
    found = ", ".join(str(m) for m in seen[-_LISTED:])
    return (
        f"{owner}: encoder must end in a feature map (N, C, H, W) and hold larger ones on the way; "
        f"found: {found or 'none'}. Pass cut=, a function from the model to its body, or another architecture."
    )


# --- the real run


def _run_own(body: Any, x: Tensor, skips: list[FeatureMap]) -> tuple[Tensor, list[Tensor]]:
    maps = body.feature_maps(x)
    return maps[-1], [maps[int(m.name)] for m in skips]


def _run_chain(body: nn.Module, x: Tensor, skips: list[FeatureMap]) -> tuple[Tensor, list[Tensor]]:
    wanted = {m.name: m for m in skips}
    kept = []
    for name, layer in _steps(body):
        x = layer(x)
        if name in wanted:
            kept.append(_turned(x, wanted[name]))
    return x, kept


def _run_watched(body: nn.Module, x: Tensor, skips: list[FeatureMap]) -> tuple[Tensor, list[Tensor]]:
    with hook_outputs([body.get_submodule(m.name) for m in skips], detach=False) as hooks:
        return body(x), [_turned(made, m) for made, m in zip(hooks.stored, skips, strict=True)]


def _turned(made: Tensor, known: FeatureMap) -> Tensor:
    return channels_first(made) if known.channels_last else made


_Way = Callable[[nn.Module, Tensor, list[FeatureMap]], tuple[Tensor, list[Tensor]]]
_NOTHING = FeatureMap("", "", ())
