"""The generator and the critic of a CycleGAN, layer by layer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import Tensor, nn

from onecycle.errors import ArgumentError, did_you_mean, explain
from onecycle.nn.init import init_default
from onecycle.nn.module import Module
from onecycle.utils.checks import check_share

__all__: list[str] = []

_PADDINGS = {"reflection": "reflect", "border": "replicate", "zeros": "zeros"}
Norm = Callable[[int], nn.Module]


def _padding(pad_mode: str) -> Any:
    if pad_mode not in _PADDINGS:
        rule = f"must be one of {', '.join(_PADDINGS)}"
        hint = did_you_mean(str(pad_mode), _PADDINGS).strip()
        raise ArgumentError(explain("resnet_generator", "pad_mode", rule, pad_mode, hint))
    return _PADDINGS[pad_mode]


def _norm(norm_layer: Norm | None) -> Norm:
    return nn.InstanceNorm2d if norm_layer is None else norm_layer


def _needs_bias(norm_layer: Norm) -> bool:
    """Say whether a convolution before such a norm needs a bias: where the norm has no shift of its own."""
    return getattr(norm_layer(1), "bias", None) is None


def convT_norm_relu(
    ch_in: int, ch_out: int, norm_layer: Norm, ks: int = 3, stride: int = 2, bias: bool = True
) -> list[nn.Module]:
    """Return a transposed convolution that enlarges by `stride`, a norm and a ReLU.

    Args:
        ch_in: Channels in.
        ch_out: Channels out.
        norm_layer: Makes the norm of a number of channels.
        ks: Side of the kernel, odd.
        stride: Factor of height and width.
        bias: With a bias.
    """
    conv = nn.ConvTranspose2d(ch_in, ch_out, ks, stride, padding=ks // 2, output_padding=stride - 1, bias=bias)
    return [conv, norm_layer(ch_out), nn.ReLU(True)]


def pad_conv_norm_relu(
    ch_in: int,
    ch_out: int,
    pad_mode: str,
    norm_layer: Norm,
    ks: int = 3,
    bias: bool = True,
    pad: int = 1,
    stride: int = 1,
    activ: bool = True,
    init: Any = nn.init.kaiming_normal_,
) -> list[nn.Module]:
    """Return a padded convolution, a norm and a ReLU.

    Args:
        ch_in: Channels in.
        ch_out: Channels out.
        pad_mode: What lies outside: 'reflection', 'border' or 'zeros'.
        norm_layer: Makes the norm of a number of channels.
        ks: Side of the kernel.
        bias: With a bias.
        pad: Pixels of padding on each side.
        stride: Step of the kernel.
        activ: With the ReLU.
        init: Fills the weight.

    Raises:
        ArgumentError: there is no such padding.
    """
    conv = nn.Conv2d(ch_in, ch_out, ks, stride, pad, bias=bias, padding_mode=_padding(pad_mode))
    init_default(conv, init)
    return [conv, norm_layer(ch_out), *([nn.ReLU(True)] if activ else [])]


class ResnetBlock(Module):
    """Add what two convolutions make of a map to the map.

    Args:
        dim: Channels.
        pad_mode: As for `pad_conv_norm_relu`.
        norm_layer: Makes a norm; instance norm when None.
        dropout: Between the two, 0 to 1.
        bias: Convolutions with a bias.

    Shape: `(N, dim, H, W) -> (N, dim, H, W)`
    """

    def __init__(
        self,
        dim: int,
        pad_mode: str = "reflection",
        norm_layer: Norm | None = None,
        dropout: float = 0.0,
        bias: bool = True,
    ) -> None:
        norm = _norm(norm_layer)
        check_share("ResnetBlock", "dropout", dropout)
        first = pad_conv_norm_relu(dim, dim, pad_mode, norm, bias=bias)
        second = pad_conv_norm_relu(dim, dim, pad_mode, norm, bias=bias, activ=False)
        self.branch = nn.Sequential(*first, *([nn.Dropout(dropout)] if dropout else []), *second)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.branch(x)


def resnet_generator(
    ch_in: int,
    ch_out: int,
    n_ftrs: int = 64,
    norm_layer: Norm | None = None,
    dropout: float = 0.0,
    n_blocks: int = 6,
    pad_mode: str = "reflection",
) -> nn.Sequential:
    """Return a generator from pictures to pictures of the same size, of values from -1 to 1.

    Two convolutions reduce height and width to a quarter, residual blocks work there, two enlarge again.

    Args:
        ch_in: Channels in.
        ch_out: Channels out.
        n_ftrs: Channels of the first map.
        norm_layer: Makes a norm; instance norm when None.
        dropout: Inside the residual blocks, 0 to 1.
        n_blocks: How many residual blocks.
        pad_mode: As for `pad_conv_norm_relu`.

    Shape: `(N, ch_in, H, W) -> (N, ch_out, H, W)`, H and W multiples of 4

    Reference: Johnson et al. 2016, "Perceptual losses for real-time style transfer and super-resolution"; Zhu et al.
        2017, "Unpaired image-to-image translation using cycle-consistent adversarial networks", section 7.

    Example:
        >>> import torch
        >>> resnet_generator(3, 1, n_ftrs=4, n_blocks=1)(torch.zeros(2, 3, 16, 16)).shape
        torch.Size([2, 1, 16, 16])
    """
    norm = _norm(norm_layer)
    bias = _needs_bias(norm)
    layers = pad_conv_norm_relu(ch_in, n_ftrs, pad_mode, norm, ks=7, pad=3, bias=bias)
    for width in (n_ftrs, 2 * n_ftrs):
        layers += pad_conv_norm_relu(width, 2 * width, "zeros", norm, stride=2, bias=bias)
    layers += [ResnetBlock(4 * n_ftrs, pad_mode, norm, dropout, bias) for _ in range(n_blocks)]
    for width in (4 * n_ftrs, 2 * n_ftrs):
        layers += convT_norm_relu(width, width // 2, norm, bias=bias)
    last = nn.Conv2d(n_ftrs, ch_out, 7, padding=3, padding_mode=_padding(pad_mode))
    return nn.Sequential(*layers, last, nn.Tanh())


def conv_norm_lr(
    ch_in: int,
    ch_out: int,
    norm_layer: Norm | None = None,
    ks: int = 3,
    bias: bool = True,
    pad: int = 1,
    stride: int = 1,
    activ: bool = True,
    slope: float = 0.2,
    init: Any = nn.init.kaiming_normal_,
) -> list[nn.Module]:
    """Return a convolution, a norm where there is one, and a leaky ReLU.

    Args:
        ch_in: Channels in.
        ch_out: Channels out.
        norm_layer: Makes a norm; none when None.
        ks: Side of the kernel.
        bias: With a bias.
        pad: Pixels of padding on each side.
        stride: Step of the kernel.
        activ: With the ReLU.
        slope: Of the ReLU below zero.
        init: Fills the weight.
    """
    conv = init_default(nn.Conv2d(ch_in, ch_out, ks, stride, pad, bias=bias), init)
    norm = [] if norm_layer is None else [norm_layer(ch_out)]
    return [conv, *norm, *([nn.LeakyReLU(slope, inplace=True)] if activ else [])]


def critic(
    ch_in: int, n_ftrs: int = 64, n_layers: int = 3, norm_layer: Norm | None = None, sigmoid: bool = False
) -> nn.Sequential:
    """Return a critic that gives each part of a picture one value.

    Args:
        ch_in: Channels of the pictures.
        n_ftrs: Channels of the first map.
        n_layers: How often height and width are halved.
        norm_layer: Makes a norm; instance norm when None.
        sigmoid: Turn the values into probabilities.

    Shape: `(N, ch_in, H, W) -> (N, 1, H', W')`

    Reference: Isola et al. 2017, "Image-to-image translation with conditional adversarial networks", section 3.2.2.

    Example:
        >>> import torch
        >>> critic(3, n_ftrs=4, n_layers=2)(torch.zeros(2, 3, 32, 32)).shape
        torch.Size([2, 1, 6, 6])
    """
    norm = _norm(norm_layer)
    bias = _needs_bias(norm)
    widths = [n_ftrs * min(2**i, 8) for i in range(n_layers + 1)]
    layers = conv_norm_lr(ch_in, n_ftrs, ks=4, stride=2)
    for i in range(1, n_layers + 1):
        stride = 2 if i < n_layers else 1
        layers += conv_norm_lr(widths[i - 1], widths[i], norm, ks=4, stride=stride, bias=bias)
    layers += conv_norm_lr(widths[-1], 1, ks=4, activ=False)
    return nn.Sequential(*layers, *([nn.Sigmoid()] if sigmoid else []))
