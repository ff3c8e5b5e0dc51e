"""Layers in which every place of a feature map looks at others."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from onecycle.errors import ArgumentError, explain
from onecycle.nn.layers import conv1d, conv2d
from onecycle.nn.module import Module
from onecycle.nn.norm import NormType, reparametrise

__all__ = ["PooledSelfAttention2d", "SelfAttention"]


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
