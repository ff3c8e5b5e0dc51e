"""First values of weights."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrize import is_parametrized

from onecycle.nn.norm import bn_types
from onecycle.nn.surgery import requires_grad

__all__ = ["apply_init", "apply_leaf", "cond_init", "icnr", "init_cnn", "init_default", "trunc_normal_"]

InitFunc = Callable[[Tensor], Any]


def init_default(m: nn.Module, func: InitFunc | None = nn.init.kaiming_normal_) -> nn.Module:
    """Fill a layer's weight with `func` and its bias with zeros; returns the layer.

    Weights of fewer than two axes (norm scales) are left alone, since fan-in has no meaning there.

    Args:
        func: Fills a tensor in place, e.g. `nn.init.kaiming_normal_`; None leaves the layer as it is.
    """
    weight = getattr(m, "weight", None)
    if func is not None and isinstance(weight, Tensor) and weight.dim() > 1:
        _fill(m, func)
        bias = getattr(m, "bias", None)
        if isinstance(bias, Tensor):
            nn.init.zeros_(bias)
    return m


def _fill(m: nn.Module, func: InitFunc) -> None:
    """Fill the weight itself, or the tensors it is computed from where it is reparametrised."""
    if not is_parametrized(m, "weight"):
        func(m.weight)  # type: ignore[arg-type]
        return
    wanted = m.weight.detach().clone()  # type: ignore[operator, union-attr]
    func(wanted)
    m.weight = wanted


def cond_init(m: nn.Module, init_func: InitFunc) -> None:
    """Initialise a layer unless it is a batch norm or frozen."""
    if not isinstance(m, bn_types) and requires_grad(m):
        init_default(m, init_func)


def apply_leaf(m: nn.Module, f: Callable[[nn.Module], Any]) -> None:
    """Call `f` on a module and on everything below it."""
    for layer in m.modules():
        f(layer)


def apply_init(m: nn.Module, init_func: InitFunc) -> None:
    """Initialise all layers of a model that learn, batch norms excepted.

    Example:
        >>> head = nn.Sequential(nn.Linear(4, 2), nn.BatchNorm1d(2))
        >>> apply_init(head, nn.init.zeros_)
        >>> head[0].weight.sum().item(), head[1].weight.sum().item()
        (0.0, 2.0)
    """
    apply_leaf(m, lambda layer: cond_init(layer, init_func))


def trunc_normal_(x: Tensor, mean: float = 0.0, std: float = 1.0) -> Tensor:
    """Fill a tensor from a normal distribution cut off two standard deviations from its mean."""
    return nn.init.trunc_normal_(x, mean, std, mean - 2 * std, mean + 2 * std)


def icnr(x: Tensor, scale: int = 2, init: InitFunc = nn.init.kaiming_normal_) -> Tensor:
    """Fill the weight before a pixel shuffle so that it starts as nearest-neighbour upsampling.

    Args:
        x: Weight `(num_features * scale**2, in_channels, k, k)`, filled in place.
        scale: Factor of the pixel shuffle.
        init: Fills one filter a feature.

    Reference:
        Aitken et al. 2017, "Checkerboard artifact free sub-pixel convolution", section 3.
    """
    one_each = x.new_empty(x.shape[0] // scale**2, *x.shape[1:])
    init(one_each)
    with torch.no_grad():
        return x.copy_(one_each.repeat_interleave(scale**2, dim=0))


def init_cnn(m: nn.Module, mode: Literal["fan_in", "fan_out"] = "fan_out", linear_std: float | None = None) -> None:
    """Start a convolutional net as He et al. 2015 do: variance by fan, biases and shifts zero.

    Args:
        mode: 'fan_out' keeps the size of gradients, 'fan_in' that of activations.
        linear_std: Standard deviation of linear weights, with zero biases; None leaves linear layers alone.
    """
    for layer in m.modules():
        if isinstance(layer, nn.Conv2d):
            init_default(layer, lambda w: nn.init.kaiming_normal_(w, mode=mode, nonlinearity="relu"))
        elif isinstance(layer, nn.Linear) and linear_std is not None:
            init_default(layer, lambda w: nn.init.normal_(w, std=linear_std))
