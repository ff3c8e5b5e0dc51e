"""Single layers: shapes, pooling, activation, linear, convolution."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from onecycle.nn.init import InitFunc, init_default, trunc_normal_
from onecycle.nn.module import Module
from onecycle.nn.norm import NormType, reparametrise
from onecycle.utils.checks import check_numbers, check_share

__all__ = [
    "AdaptiveConcatPool2d",
    "Debugger",
    "Flatten",
    "Lambda",
    "PartialLayer",
    "PoolFlatten",
    "ResizeBatch",
    "SigmoidRange",
    "View",
    "bn_drop_lin",
    "conv1d",
    "conv2d",
    "conv2d_trans",
    "embedding",
    "relu",
    "sigmoid_range",
]


# --- functions and shapes as layers


class Lambda(Module):
    """Make a layer of a function of one tensor."""

    def __init__(self, func: Callable[[Tensor], Any]) -> None:
        self.func = func

    def forward(self, x: Tensor) -> Any:
        return self.func(x)


class PartialLayer(Module):
    """Make a layer of a function with fixed keywords.

    Example:
        >>> PartialLayer(torch.sum, dim=0)(torch.ones(3))
        tensor(3.)
    """

    def __init__(self, func: Callable[..., Any], **kwargs: Any) -> None:
        self.func, self.kwargs = func, kwargs

    def forward(self, x: Tensor) -> Any:
        return self.func(x, **self.kwargs)

    def extra_repr(self) -> str:
        name = getattr(self.func, "__name__", repr(self.func))
        return ", ".join([name, *(f"{key}={value!r}" for key, value in self.kwargs.items())])


class View(Module):
    """Reshape to a given size, batch axis included."""

    def __init__(self, *size: int) -> None:
        self.size = size

    def forward(self, x: Tensor) -> Tensor:
        return x.view(self.size)


class ResizeBatch(Module):
    """Reshape each item to a given size; the batch axis stays.

    Shape: `(N, *) -> (N, *size)`
    """

    def __init__(self, *size: int) -> None:
        self.size = size

    def forward(self, x: Tensor) -> Tensor:
        return x.view(x.shape[0], *self.size)


class Flatten(Module):
    """Flatten each item to a vector, or everything with `full=True`.

    Shape: `(N, *) -> (N, F)`, with `full` `(*) -> (F,)`
    """

    def __init__(self, full: bool = False) -> None:
        self.full = full

    def forward(self, x: Tensor) -> Tensor:
        return x.reshape(-1) if self.full else x.reshape(x.shape[0], -1)


class Debugger(Module):
    """Stop in the debugger when a batch passes; the batch is `x`."""

    def forward(self, x: Tensor) -> Tensor:
        breakpoint()  # noqa: T100
        return x


# --- activation and pooling


def relu(inplace: bool = False, leaky: float | None = None) -> nn.Module:
    """Return a ReLU, or a leaky one.

    Args:
        inplace: Overwrite the input.
        leaky: Slope below zero; None for none.
    """
    return nn.ReLU(inplace=inplace) if leaky is None else nn.LeakyReLU(leaky, inplace=inplace)


def sigmoid_range(x: Tensor, low: float, high: float) -> Tensor:
    """Squash into the open range from `low` to `high`."""
    return torch.sigmoid(x) * (high - low) + low


class SigmoidRange(Module):
    """Squash into the open range from `low` to `high`, as a layer."""

    def __init__(self, low: float, high: float) -> None:
        check_numbers("SigmoidRange", "low and high", (low, high), "must be two numbers")
        self.low, self.high = low, high

    def forward(self, x: Tensor) -> Tensor:
        return sigmoid_range(x, self.low, self.high)


class AdaptiveConcatPool2d(Module):
    """Pool by maximum and by average, and give both.

    Args:
        sz: Height and width after pooling; 1 when left out.

    Shape: `(N, C, H, W) -> (N, 2C, sz, sz)`, the maxima first
    """

    def __init__(self, sz: int | None = None) -> None:
        self.output_size = sz or 1
        self.ap = nn.AdaptiveAvgPool2d(self.output_size)
        self.mp = nn.AdaptiveMaxPool2d(self.output_size)

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([self.mp(x), self.ap(x)], dim=1)


def PoolFlatten() -> nn.Sequential:
    """Average over height and width, then flatten: `(N, C, H, W) -> (N, C)`."""
    return nn.Sequential(nn.AdaptiveAvgPool2d(1), Flatten())


# --- linear layers and embeddings


def bn_drop_lin(
    n_in: int, n_out: int, bn: bool = True, p: float = 0.0, actn: nn.Module | None = None
) -> list[nn.Module]:
    """Return batch norm, dropout, linear layer and activation, as a list.

    Args:
        n_in: Features in.
        n_out: Features out.
        bn: With a batch norm in front.
        p: Dropout, 0 to 1; no layer at 0.
        actn: Activation behind; none when left out.
    """
    check_share("bn_drop_lin", "p", p)
    layers: list[nn.Module] = [nn.BatchNorm1d(n_in)] if bn else []
    if p != 0:
        layers.append(nn.Dropout(p))
    layers.append(nn.Linear(n_in, n_out))
    return layers if actn is None else [*layers, actn]


def embedding(ni: int, nf: int) -> nn.Embedding:
    """Return an embedding of `ni` words in `nf` dimensions, with small first values."""
    layer = nn.Embedding(ni, nf)
    trunc_normal_(layer.weight.data, std=0.01)
    return layer


# --- convolutions


def conv1d(ni: int, no: int, ks: int = 1, stride: int = 1, padding: int = 0, bias: bool = False) -> nn.Module:
    """Return a spectrally normalised 1d convolution, as attention blocks use it."""
    conv = nn.Conv1d(ni, no, ks, stride=stride, padding=padding, bias=bias)
    return reparametrise(init_default(conv), NormType.Spectral)


def conv2d(
    ni: int,
    nf: int,
    ks: int = 3,
    stride: int = 1,
    padding: int | None = None,
    bias: bool = False,
    init: InitFunc | None = nn.init.kaiming_normal_,
) -> nn.Conv2d:
    """Return an initialised `nn.Conv2d`, padded to keep height and width at stride 1.

    Args:
        ni: Channels in.
        nf: Channels out.
        ks: Side of the kernel.
        padding: `ks // 2` when left out.
        init: Fills the weight; None leaves it as torch made it.
    """
    conv = nn.Conv2d(ni, nf, ks, stride=stride, padding=ks // 2 if padding is None else padding, bias=bias)
    init_default(conv, init)
    return conv


def conv2d_trans(
    ni: int, nf: int, ks: int = 2, stride: int = 2, padding: int = 0, bias: bool = False
) -> nn.ConvTranspose2d:
    """Return an `nn.ConvTranspose2d` that doubles height and width."""
    return nn.ConvTranspose2d(ni, nf, ks, stride=stride, padding=padding, bias=bias)
