"""Blocks that look at their own input twice: residual, dense, attention."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from onecycle.errors import ArgumentError, explain
from onecycle.nn.layers import conv1d, conv2d, conv_layer
from onecycle.nn.module import Module
from onecycle.nn.norm import NormType, reparametrise

__all__ = ["MergeLayer", "PooledSelfAttention2d", "SelfAttention", "SequentialEx", "res_block"]


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
            out = layer(out, x) if getattr(layer, "takes_input", False) else layer(out)
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


def _attend(asking: Tensor, offered: Tensor, values: Tensor) -> Tensor:
    """Return for each asking place the mean of the values, weighted by how well the offered place answers.

    Shape: `(N, F, P), (N, F, P'), (N, C, P') -> (N, C, P)`
    """
    query, key, value = (t.transpose(1, 2) for t in (asking, offered, values))
    return F.scaled_dot_product_attention(query, key, value, scale=1.0).transpose(1, 2)


class SelfAttention(Module):
    """Let every place of a feature map look at every other one.

    Args:
        n_channels: Channels in and out, at least 8.

    Shape: `(N, C, *) -> (N, C, *)`

    Reference:
        Zhang et al. 2018, "Self-attention generative adversarial networks", section 3.
    """

    def __init__(self, n_channels: int) -> None:
        _check_channels("SelfAttention", n_channels)
        self.query = conv1d(n_channels, n_channels // 8)
        self.key = conv1d(n_channels, n_channels // 8)
        self.value = conv1d(n_channels, n_channels)
        self.gamma = nn.Parameter(torch.zeros(1))

    def forward(self, x: Tensor) -> Tensor:
        flat = x.flatten(2)  # (N, C, P)
        seen = _attend(self.key(flat), self.query(flat), self.value(flat))
        return (self.gamma * seen + flat).view(x.shape)


class PooledSelfAttention2d(Module):
    """Let every place of a feature map look at a map of half its height and width.

    Args:
        n_channels: Channels in and out, at least 8.

    Shape: `(N, C, H, W) -> (N, C, H, W)`

    Reference:
        Brock et al. 2018, "Large scale GAN training" (BigGAN), appendix B.
    """

    def __init__(self, n_channels: int) -> None:
        _check_channels("PooledSelfAttention2d", n_channels)
        self.theta = _pointwise(n_channels, n_channels // 8)
        self.phi = _pointwise(n_channels, n_channels // 8)
        self.g = _pointwise(n_channels, n_channels // 2)
        self.o = _pointwise(n_channels // 2, n_channels)
        self.gamma = nn.Parameter(torch.zeros(1))

    def forward(self, x: Tensor) -> Tensor:
        offered = F.max_pool2d(self.phi(x), 2).flatten(2)  # (N, C/8, P/4)
        values = F.max_pool2d(self.g(x), 2).flatten(2)  # (N, C/2, P/4)
        seen = _attend(self.theta(x).flatten(2), offered, values)  # (N, C/2, P)
        return self.gamma * self.o(seen.view(x.shape[0], -1, *x.shape[2:])) + x


def _pointwise(n_in: int, n_out: int) -> nn.Module:
    return reparametrise(conv2d(n_in, n_out, ks=1), NormType.Spectral)


def _check_channels(owner: str, n_channels: int) -> None:
    if n_channels < 8:
        raise ArgumentError(explain(owner, "n_channels", "must be at least 8", n_channels))
