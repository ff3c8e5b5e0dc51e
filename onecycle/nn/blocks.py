"""Layers put together: convolution with its normalisation, upsampling, residual and dense blocks."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from onecycle.errors import ArgumentError
from onecycle.nn.attention import SelfAttention
from onecycle.nn.init import InitFunc, icnr, init_default
from onecycle.nn.layers import PoolFlatten, relu
from onecycle.nn.module import Module
from onecycle.nn.norm import NormType, is_norm_layer, norm_layer, reparametrise

__all__ = ["MergeLayer", "PixelShuffle_ICNR", "SequentialEx", "conv_layer", "res_block", "simple_cnn"]


def _conv_class(is_1d: bool, transpose: bool) -> type[nn.Module]:
    if transpose:
        return nn.ConvTranspose1d if is_1d else nn.ConvTranspose2d
    return nn.Conv1d if is_1d else nn.Conv2d


def conv_layer(
    ni: int,
    nf: int,
    ks: int = 3,
    stride: int = 1,
    padding: int | None = None,
    bias: bool | None = None,
    is_1d: bool = False,
    norm_type: NormType | None = NormType.Batch,
    use_activ: bool = True,
    leaky: float | None = None,
    transpose: bool = False,
    init: InitFunc | None = nn.init.kaiming_normal_,
    self_attention: bool = False,
) -> nn.Sequential:
    """Return convolution, ReLU and normalisation, in this order.

    Args:
        ni: Channels in.
        nf: Channels out.
        ks: Side of the kernel.
        padding: `(ks - 1) // 2` when left out, 0 for a transposed convolution.
        bias: Whether the convolution has one; by default where no normalisation layer follows.
        is_1d: Over `(N, C, L)` rather than `(N, C, H, W)`.
        norm_type: Kind of normalisation, None for none.
        use_activ: With a ReLU.
        leaky: Slope of the ReLU below zero.
        transpose: A transposed convolution.
        init: Fills the weight.
        self_attention: Add a `SelfAttention` layer at the end.

    Example:
        >>> [type(layer).__name__ for layer in conv_layer(1, 8, stride=2)]
        ['Conv2d', 'ReLU', 'BatchNorm2d']
    """
    has_norm = is_norm_layer(norm_type)
    conv: Any = _conv_class(is_1d, transpose)(
        ni,
        nf,
        kernel_size=ks,
        stride=stride,
        padding=((0 if transpose else (ks - 1) // 2) if padding is None else padding),
        bias=(not has_norm) if bias is None else bias,
    )
    layers = [reparametrise(init_default(conv, init), norm_type)]
    if use_activ:
        layers.append(relu(True, leaky=leaky))
    if has_norm and norm_type is not None:
        layers.append(norm_layer(nf, norm_type, is_1d))
    if self_attention:
        layers.append(SelfAttention(nf))
    return nn.Sequential(*layers)


def simple_cnn(
    actns: list[int] | tuple[int, ...],
    kernel_szs: list[int] | None = None,
    strides: list[int] | None = None,
    bn: bool = False,
) -> nn.Sequential:
    """Return a small convolutional net that ends in a vector.

    Args:
        actns: Channels, from those of the input to the length of the vector.
        kernel_szs: Side of each kernel; 3 when left out.
        strides: Stride of each convolution; 2 when left out.
        bn: Batch norm behind every convolution but the last.

    Shape: `(N, actns[0], H, W) -> (N, actns[-1])`
    """
    count = len(actns) - 1
    kernel_szs, strides = kernel_szs or [3] * count, strides or [2] * count
    layers = [
        conv_layer(
            actns[i],
            actns[i + 1],
            kernel_szs[i],
            stride=strides[i],
            norm_type=NormType.Batch if bn and i < count - 1 else None,
        )
        for i in range(count)
    ]
    return nn.Sequential(*layers, PoolFlatten())


class PixelShuffle_ICNR(Module):
    """Upsample by a pixel shuffle that starts as nearest neighbour.

    Args:
        ni: Channels in.
        nf: Channels out; as many as in when left out.
        scale: Factor of height and width.
        blur: Average over 2x2 windows afterwards, against checkerboards.
        norm_type: Normalisation of the convolution.
        leaky: Slope of the ReLU below zero.

    Shape: `(N, ni, H, W) -> (N, nf, scale*H, scale*W)`

    Reference:
        Aitken et al. 2017 (start); Sugawara et al. 2018, "Super-resolution using convolutional neural
        networks without any checkerboard artifacts" (blur).
    """

    def __init__(
        self,
        ni: int,
        nf: int | None = None,
        scale: int = 2,
        blur: bool = False,
        norm_type: NormType | None = NormType.Weight,
        leaky: float | None = None,
    ) -> None:
        nf = ni if nf is None else nf
        start = lambda weight: icnr(weight, scale)
        self.conv = conv_layer(ni, nf * scale**2, ks=1, norm_type=norm_type, use_activ=False, init=start)
        self.shuf = nn.PixelShuffle(scale)
        self.relu = relu(True, leaky=leaky)
        self.do_blur = blur
        self.pad = nn.ReplicationPad2d((1, 0, 1, 0))
        self.blur = nn.AvgPool2d(2, stride=1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.shuf(self.relu(self.conv(x)))  # (N, nf, scale*H, scale*W)
        return self.blur(self.pad(x)) if self.do_blur else x


class SequentialEx(Module):
    """Run layers one after another and hand the block's input to those that ask for it.

    A layer asks by a class attribute `takes_input = True`; it is then called with two tensors, what came out
    of the layer before and what went into the block. `MergeLayer` is one.

    Example:
        >>> block = SequentialEx(nn.ReLU(), MergeLayer())
        >>> block(torch.tensor([[-1.0, 2.0]]))
        tensor([[-1.,  4.]])
    """

    def __init__(self, *layers: nn.Module) -> None:
        self.layers = nn.ModuleList(layers)

    def forward(self, x: Tensor) -> Tensor:
        out = x
        for layer in self.layers:
            out = layer(out, x) if getattr(type(layer), "takes_input", False) else layer(out)
        return out

    def __getitem__(self, i: int) -> nn.Module:
        return self.layers[i]

    def __len__(self) -> int:
        return len(self.layers)

    def append(self, l: nn.Module) -> None:
        """Add a layer at the end."""
        self.layers.append(l)

    def extend(self, l: Any) -> None:
        """Add several layers at the end."""
        self.layers.extend(l)

    def insert(self, i: int, l: nn.Module) -> None:
        """Add a layer before layer `i`."""
        self.layers.insert(i, l)


class MergeLayer(Module):
    """Add the input of the block to what came out, or put the two side by side.

    Args:
        dense: Concatenate the channels instead of adding.
    """

    takes_input = True

    def __init__(self, dense: bool = False) -> None:
        self.dense = dense

    def forward(self, x: Tensor, orig: Tensor | None = None) -> Tensor:
        """Merge; the block's input comes from `SequentialEx`, or stands on the tensor as `x.orig`.

        Raises:
            ArgumentError: there is neither.
        """
        orig = getattr(x, "orig", None) if orig is None else orig
        if orig is None:
            raise ArgumentError("MergeLayer: the block has no input to merge. Use SequentialEx.")
        return torch.cat([x, orig], dim=1) if self.dense else x + orig


def _second_norm(norm_type: NormType | None, dense: bool) -> NormType | None:
    """Return the norm of the last convolution: a sum starts with the branch at zero."""
    return NormType.BatchZero if norm_type is NormType.Batch and not dense else norm_type


def res_block(
    nf: int,
    dense: bool = False,
    norm_type: NormType | None = NormType.Batch,
    bottle: bool = False,
    **conv_kwargs: Any,
) -> SequentialEx:
    """Return two convolutions and a shortcut around them.

    Args:
        nf: Channels in and out.
        dense: Concatenate input and output (then `2 * nf` channels come out) instead of adding them.
        norm_type: Normalisation of the convolutions.
        bottle: Halve the channels between the two.
        conv_kwargs: Further keywords of `conv_layer`.

    Reference:
        He et al. 2015, "Deep residual learning for image recognition", section 3; the scale of the last batch
        norm starts at zero as in Goyal et al. 2017, section 5.1.
    """
    inner = nf // 2 if bottle else nf
    return SequentialEx(
        conv_layer(nf, inner, norm_type=norm_type, **conv_kwargs),
        conv_layer(inner, nf, norm_type=_second_norm(norm_type, dense), **conv_kwargs),
        MergeLayer(dense),
    )
