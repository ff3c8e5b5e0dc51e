"""Normalising batches of pictures by the mean and spread of each channel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from onecycle.data.collate import place
from onecycle.errors import ArgumentError, DataError, explain
from onecycle.types import JsonDict
from onecycle.utils.large_pages import scaled
from onecycle.utils.registry import register
from onecycle.utils.values import to_numbers
from onecycle.vision.pixel_batch import PixelBatch

__all__ = [
    "Denormalize",
    "Normalize",
    "channel_view",
    "cifar_stats",
    "denormalize",
    "imagenet_stats",
    "mnist_stats",
    "normalize",
    "normalize_funcs",
]

ChannelValues = Sequence[float] | Tensor

# Means and standard deviations of the channels of the training sets, pixels counted from 0 to 1.
imagenet_stats = ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
cifar_stats = ([0.491, 0.482, 0.447], [0.247, 0.243, 0.261])
mnist_stats = ([0.131], [0.308])  # one value serves any number of channels


def channel_view(x: Tensor) -> Tensor:
    """View a batch with one row a channel: every pixel of every picture is a column.

    Shape: `(N, C, ...) -> (C, N * ...)`

    Example:
        >>> channel_view(torch.zeros(4, 3, 8, 8)).shape
        torch.Size([3, 256])
    """
    return x.transpose(0, 1).flatten(1)


def _over_pixels(values: ChannelValues, like: Tensor) -> Tensor:
    """Let one value a channel spread over height and width: `(C,) -> (C, 1, 1)`."""
    return torch.as_tensor(values, dtype=like.dtype, device=like.device).reshape(-1, 1, 1)


def normalize(x: Tensor, mean: ChannelValues, std: ChannelValues) -> Tensor:
    """Take away each channel's mean and divide by its standard deviation.

    Args:
        x: Pictures, floats.
        mean: One value a channel, or one for all.
        std: One value a channel, or one for all; above 0.

    Shape: `(..., C, H, W) -> (..., C, H, W)`

    Example:
        >>> normalize(torch.full((1, 2, 2), 3.0), [1.0], [2.0]).unique()
        tensor([1.])
    """
    return (x - _over_pixels(mean, x)) / _over_pixels(std, x)


def denormalize(x: Tensor, mean: ChannelValues, std: ChannelValues, do_x: bool = True) -> Tensor:
    """Undo `normalize`, on the CPU and in float32, for looking at the pictures.

    Args:
        x: Normalised pictures.
        mean: The means that were taken away.
        std: The standard deviations that were divided by.
        do_x: False where the pictures were not normalised: they are only brought to the CPU.

    Shape: `(..., C, H, W) -> (..., C, H, W)`

    Example:
        >>> denormalize(torch.ones(1, 2, 2), [1.0], [2.0]).unique()
        tensor([3.])
    """
    if not do_x:
        return x.cpu()
    x = x.detach().cpu().float()
    return x * _over_pixels(std, x) + _over_pixels(mean, x)


def _is_picture_batch(x: Any) -> bool:
    return isinstance(x, Tensor) and x.dim() == 4 and x.is_floating_point()


@register("batch_transform")
class Normalize:
    """Normalise the pictures of a batch `(x, y)`, one fused operation a batch.

    Args:
        mean: One value a channel, or one for all.
        std: One value a channel, or one for all; above 0.
        do_x: Whether the inputs are normalised.
        do_y: Whether targets that are pictures `(N, C, H, W)` are normalised too.

    Raises:
        ArgumentError: lengths differ, or a standard deviation is not above 0.

    Example:
        >>> xb, yb = Normalize([0.5], [0.5])((torch.ones(2, 1, 4, 4), torch.zeros(2)))
        >>> xb.unique()
        tensor([1.])
    """

    def __init__(
        self, mean: ChannelValues, std: ChannelValues, do_x: bool = True, do_y: bool = False
    ) -> None:
        self.mean, self.std = _as_floats("mean", mean), _as_floats("std", std)
        self.do_x, self.do_y = do_x, do_y
        self._check()
        self._scale_and_shift: dict[tuple[torch.dtype, torch.device], tuple[Tensor, Tensor]] = {}

    def _check(self) -> None:
        if len(self.mean) != len(self.std):
            said = explain("normalize", "stats", "must have as many means as standard deviations")
            raise ArgumentError(f"{said[:-1]}; got {len(self.mean)} and {len(self.std)}.")
        if min(self.std) <= 0:
            cure = "A channel that never changes cannot be normalised: pass stats=(means, stds) of your own."
            raise ArgumentError(explain("normalize", "std", "must be above 0", self.std, cure))

    def __call__(self, batch: Sequence[Any]) -> Any:
        """Return the batch with its pictures normalised."""
        x, y = batch
        if self.do_x:
            x = self.pictures(x)
        if self.do_y and _is_picture_batch(y):
            y = self.pictures(y)
        return x, y

    def place(self, batch: Any, device: torch.device) -> Any:
        """Return a batch from a loader on a device, its pictures normalised while they are unpacked."""
        x = batch[0] if isinstance(batch, (list, tuple)) and len(batch) == 2 else None
        if not (self.do_x and isinstance(x, PixelBatch)) or type(self).__call__ is not Normalize.__call__:
            return self(place(batch, device))
        self.check_channels(x.values.shape[1])
        pictures = x.unpack(device, torch.tensor(self.mean), torch.tensor(self.std))
        targets = place(batch[1], device)
        return pictures, self.pictures(targets) if self.do_y and _is_picture_batch(targets) else targets

    def pictures(self, x: Any) -> Any:
        """Normalise pictures; a list (an item of several parts) has its picture parts normalised."""
        if isinstance(x, (list, tuple)):
            return [self.pictures(part) if _is_picture_batch(part) else part for part in x]
        self.check_channels(x.shape[-3])
        scale, shift = self._constants(x)
        return scaled(x, scale, shift)  # (N, C, H, W)

    def check_channels(self, channels: int) -> None:
        """Refuse pictures with another number of channels than there are means.

        Raises:
            DataError: says both numbers and the cure.
        """
        if len(self.mean) in (1, channels):
            return
        cure = (
            "Open the pictures with convert_mode='RGB', or call normalize() without stats to use those of a batch."
            if len(self.mean) == 3
            else "Pass one mean and one standard deviation a channel."
        )
        raise DataError(
            f"normalize: stats must have one value a channel; got {len(self.mean)} means "
            f"for pictures of {channels} channel{'s' * (channels != 1)}. {cure}"
        )

    def _constants(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return (1 / std, -mean / std) shaped for `x`, made once for a device and dtype."""
        key = (x.dtype, x.device)
        if key not in self._scale_and_shift:
            mean, std = torch.tensor(self.mean, dtype=torch.float64), torch.tensor(self.std, dtype=torch.float64)
            self._scale_and_shift[key] = (_over_pixels(1 / std, x), _over_pixels(-mean / std, x))
        return self._scale_and_shift[key]

    def __repr__(self) -> str:
        mean, std = ([round(v, 4) for v in values] for values in (self.mean, self.std))
        return f"Normalize(mean={mean}, std={std}, do_x={self.do_x}, do_y={self.do_y})"

    def get_state(self) -> JsonDict:
        """Return the settings as values that JSON knows."""
        return {"mean": self.mean, "std": self.std, "do_x": self.do_x, "do_y": self.do_y}

    @classmethod
    def from_state(cls, state: JsonDict) -> Normalize:
        """Build it again from what `get_state` returned."""
        return cls(**state)

    def __getstate__(self) -> JsonDict:
        return self.get_state()

    def __setstate__(self, state: JsonDict) -> None:
        self.__dict__.update(state, _scale_and_shift={})


def _as_floats(name: str, values: ChannelValues) -> list[float]:
    try:
        floats = torch.as_tensor(to_numbers(values), dtype=torch.float64).flatten().tolist()
    except (TypeError, ValueError, RuntimeError):
        floats = []
    if not floats:
        cure = "Pass stats=(means, stds), e.g. imagenet_stats."
        raise ArgumentError(explain("normalize", name, "must hold one number a channel", values, cure))
    return floats


class Denormalize:
    """Undo what a `Normalize` did to pictures, for looking at them.

    Args:
        mean: The means that were taken away.
        std: The standard deviations that were divided by.
        do_x: What `Normalize` was given: False leaves inputs as they are.
        do_y: What `Normalize` was given: False leaves targets as they are.

    Example:
        >>> Denormalize([0.5], [0.5])(torch.ones(1, 4, 4)).unique()
        tensor([1.])
    """

    def __init__(
        self, mean: ChannelValues, std: ChannelValues, do_x: bool = True, do_y: bool = False
    ) -> None:
        self.mean, self.std = _as_floats("mean", mean), _as_floats("std", std)
        self.do_x, self.do_y = do_x, do_y

    def __call__(self, x: Any, do_x: bool | None = None) -> Any:
        """Return pictures in the range they had before; the parts of a list one by one.

        Args:
            x: Normalised pictures, floats.
            do_x: Overrides what was set, e.g. with `denorm.do_y` for targets.
        """
        if isinstance(x, (list, tuple)):
            return [self(part, do_x) if _is_picture_batch(part) else part for part in x]
        return denormalize(x, self.mean, self.std, do_x=self.do_x if do_x is None else do_x)


def normalize_funcs(
    mean: ChannelValues, std: ChannelValues, do_x: bool = True, do_y: bool = False
) -> tuple[Normalize, Denormalize]:
    """Return the batch transform that normalises and the function that undoes it.

    Args:
        mean: One value a channel, or one for all.
        std: One value a channel, or one for all; above 0.
        do_x: Whether the inputs are normalised.
        do_y: Whether targets that are pictures are normalised too.

    Example:
        >>> norm, denorm = normalize_funcs(*imagenet_stats)
        >>> xb = torch.rand(2, 3, 4, 4)
        >>> torch.allclose(denorm(norm((xb, None))[0]), xb, atol=1e-6)
        True
    """
    return Normalize(mean, std, do_x, do_y), Denormalize(mean, std, do_x, do_y)
