"""Generators and critics to begin with."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from onecycle.errors import ArgumentError, explain
from onecycle.nn.blocks import conv_layer, res_block
from onecycle.nn.layers import Flatten, Lambda, conv2d, conv2d_trans
from onecycle.nn.norm import NormType
from onecycle.utils.checks import check_share
from onecycle.utils.registry import register

__all__ = ["basic_critic", "basic_generator", "gan_critic"]

_SMALLEST = 4  # side of the smallest map, from which a generator starts and at which a critic ends
_SLOPE = 0.2  # of the critic's ReLU below zero, Radford et al. 2016, section 3


def _mean_of_batch(x: Tensor) -> Tensor:
    return x.mean(0).view(-1)


def AvgFlatten() -> Lambda:
    """Return a layer that averages over the batch: `(N, 1, 1, 1) -> (1,)`."""
    return Lambda(_mean_of_batch)


def _halvings(owner: str, in_size: Any) -> int:
    """Return how often a side of `in_size` pixels can be halved until 4 are left."""
    halvings, side = 0, in_size
    while isinstance(side, int) and side > _SMALLEST and side % 2 == 0:
        halvings, side = halvings + 1, side // 2
    if side != _SMALLEST or halvings == 0:
        rule = "must be 8, 16, 32, 64 or another power of 2"
        raise ArgumentError(explain(owner, "in_size", rule, in_size, "Resize the pictures: transform(size=32)."))
    return halvings


@register("model")
def basic_generator(
    in_size: int,
    n_channels: int,
    noise_sz: int = 100,
    n_features: int = 64,
    n_extra_layers: int = 0,
    **conv_kwargs: Any,
) -> nn.Sequential:
    """Return a generator of transposed convolutions from noise to pictures of values from -1 to 1.

    Args:
        in_size: Height and width of the pictures, a power of 2 from 8.
        n_channels: Their channels.
        noise_sz: Length of the noise.
        n_features: Channels of the last map; each map before, half as large, has twice as many.
        n_extra_layers: Convolutions before the last layer that change no size.
        **conv_kwargs: For every `conv_layer`, e.g. `norm_type`.

    Shape: `(N, noise_sz, 1, 1) -> (N, n_channels, in_size, in_size)`

    Raises:
        ArgumentError: `in_size` is no power of 2 from 8.

    Reference: Radford et al. 2016, "Unsupervised representation learning with deep convolutional GANs", section 3.

    Example:
        >>> import torch
        >>> basic_generator(16, 3, n_features=4)(torch.zeros(2, 100, 1, 1)).shape
        torch.Size([2, 3, 16, 16])
    """
    halvings = _halvings("basic_generator", in_size)
    widths = [n_features * 2**i for i in reversed(range(halvings))]  # at 4, 8, … in_size / 2 pixels
    layers: list[nn.Module] = [conv_layer(noise_sz, widths[0], 4, 1, transpose=True, **conv_kwargs)]
    for wide, narrow in zip(widths, widths[1:]):
        layers.append(conv_layer(wide, narrow, 4, 2, padding=1, transpose=True, **conv_kwargs))
    layers += [conv_layer(n_features, n_features, 3, 1, **conv_kwargs) for _ in range(n_extra_layers)]
    model = nn.Sequential(*layers, conv2d_trans(n_features, n_channels, 4, 2, padding=1), nn.Tanh())
    own = {"in_size": in_size, "n_channels": n_channels, "noise_sz": noise_sz, "n_features": n_features}
    args = {**own, "n_extra_layers": n_extra_layers, **conv_kwargs}
    vars(model)["model_spec"] = {"builder": "basic_generator", "args": args}  # for learn.export
    return model


def basic_critic(
    in_size: int, n_channels: int, n_features: int = 64, n_extra_layers: int = 0, **conv_kwargs: Any
) -> nn.Sequential:
    """Return a critic of strided convolutions that gives each picture one value, any number.

    Args:
        in_size: Height and width of the pictures, a power of 2 from 8.
        n_channels: Their channels.
        n_features: Channels of the first map; each map after, half as large, has twice as many.
        n_extra_layers: Convolutions behind the first that change no size.
        **conv_kwargs: For every `conv_layer` but the first, e.g. `norm_type=NormType.Instance` for a gradient
            penalty.

    Shape: `(N, n_channels, in_size, in_size) -> (N, 1)`

    Raises:
        ArgumentError: `in_size` is no power of 2 from 8.

    Reference: Radford et al. 2016, "Unsupervised representation learning with deep convolutional GANs", section 3.

    Example:
        >>> import torch
        >>> basic_critic(16, 3, n_features=4)(torch.zeros(2, 3, 16, 16)).shape
        torch.Size([2, 1])
    """
    halvings = _halvings("basic_critic", in_size)
    leaky = {"leaky": _SLOPE, **conv_kwargs}
    first = conv_layer(n_channels, n_features, 4, 2, padding=1, **{**leaky, "norm_type": None})
    layers: list[nn.Module] = [first]
    layers += [conv_layer(n_features, n_features, 3, 1, **leaky) for _ in range(n_extra_layers)]
    for i in range(halvings - 1):
        narrow = n_features * 2**i
        layers.append(conv_layer(narrow, 2 * narrow, 4, 2, padding=1, **leaky))
    last = conv2d(n_features * 2 ** (halvings - 1), 1, _SMALLEST, padding=0)
    return nn.Sequential(*layers, last, Flatten())


def gan_critic(n_channels: int = 3, nf: int = 128, n_blocks: int = 3, p: float = 0.15) -> nn.Sequential:
    """Return a critic with spectral norm that gives each part of a picture one value, a logit.

    Args:
        n_channels: Channels of the pictures.
        nf: Channels of the first map.
        n_blocks: How often the map is halved and its channels doubled after that.
        p: Dropout of whole channels, 0 to 1.

    Shape: `(N, n_channels, H, W) -> (N, H/2^(n_blocks + 1) · W/2^(n_blocks + 1))`

    Reference: Miyato et al. 2018, "Spectral normalization for generative adversarial networks"; Zhang et al. 2019,
        "Self-attention generative adversarial networks".

    Example:
        >>> import torch
        >>> gan_critic(nf=8)(torch.zeros(2, 3, 32, 32)).shape
        torch.Size([2, 4])
    """
    check_share("gan_critic", "p", p)
    how: dict[str, Any] = {"norm_type": NormType.Spectral, "leaky": _SLOPE, "bias": True}
    layers: list[nn.Module] = [
        conv_layer(n_channels, nf, 4, 2, padding=1, **how),
        nn.Dropout2d(p / 2),
        res_block(nf, dense=True, **how),  # input and output side by side: (N, 2 nf, H/2, W/2)
    ]
    for i in range(n_blocks):
        narrow = 2 * nf * 2**i
        layers += [nn.Dropout2d(p), conv_layer(narrow, 2 * narrow, 4, 2, padding=1, self_attention=i == 0, **how)]
    last = conv_layer(2 * nf * 2**n_blocks, 1, 3, norm_type=NormType.Spectral, use_activ=False, bias=False)
    return nn.Sequential(*layers, last, Flatten())
