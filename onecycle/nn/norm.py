"""Kinds of normalisation, by name and by type."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrizations

from onecycle.utils.layer_types import bias_types, bn_types, no_wd_types
from onecycle.utils.registry import register

__all__ = ["BatchNorm1dFlat", "NormType", "batchnorm_2d", "bias_types", "bn_types", "no_wd_types"]

_SMALL_SHIFT = 1e-3  # first bias of a batch norm: keeps a ReLU behind it alive on constant input
_GROUPS = 32  # channels are shared out among this many groups, Wu & He 2018


@register("enum")
class NormType(Enum):
    """Say how a layer is normalised.

    Batch: Ioffe & Szegedy 2015. BatchZero: the same with its scale starting at zero, so that a residual
    branch starts as nothing (Goyal et al. 2017, section 5.1). Weight: Salimans & Kingma 2016. Spectral:
    Miyato et al. 2018. Group: Wu & He 2018. Instance: Ulyanov et al. 2016.
    """

    Batch = "batch"
    BatchZero = "batch_zero"
    Weight = "weight"
    Spectral = "spectral"
    Group = "group"
    Instance = "instance"


_BATCH = (NormType.Batch, NormType.BatchZero)
_REPARAMETRISE: dict[NormType, Callable[[nn.Module], nn.Module]] = {
    NormType.Weight: parametrizations.weight_norm,
    NormType.Spectral: parametrizations.spectral_norm,
}


def is_norm_layer(norm_type: NormType | None) -> bool:
    """Return whether this kind is a layer behind the convolution, which then needs no bias."""
    return norm_type is not None and norm_type not in _REPARAMETRISE


def reparametrise(layer: nn.Module, norm_type: NormType | None) -> nn.Module:
    """Wrap the weight of a layer in weight or spectral norm where the kind asks for it."""
    wrap = _REPARAMETRISE.get(norm_type) if norm_type is not None else None
    return layer if wrap is None else wrap(layer)


def norm_layer(num_features: int, norm_type: NormType, is_1d: bool = False) -> nn.Module:
    """Return the normalisation layer of a kind for `num_features` channels."""
    if norm_type in _BATCH:
        batch_norm = nn.BatchNorm1d if is_1d else nn.BatchNorm2d
        return _start_batch_norm(batch_norm(num_features), norm_type)
    if norm_type is NormType.Instance:
        return (nn.InstanceNorm1d if is_1d else nn.InstanceNorm2d)(num_features, affine=True)
    return nn.GroupNorm(_group_count(num_features), num_features)


def _group_count(num_features: int) -> int:
    return next(n for n in range(min(_GROUPS, num_features), 0, -1) if num_features % n == 0)


def _start_batch_norm(layer: Any, norm_type: NormType, bias: float = 0.0) -> Any:
    nn.init.constant_(layer.bias, bias)
    nn.init.constant_(layer.weight, 0.0 if norm_type is NormType.BatchZero else 1.0)
    return layer


def batchnorm_2d(nf: int, norm_type: NormType = NormType.Batch) -> nn.BatchNorm2d:
    """Return a batch norm over `nf` channels with a small positive shift.

    Args:
        nf: Number of channels.
        norm_type: `NormType.BatchZero` starts the scale at 0, `NormType.Batch` at 1.
    """
    layer = nn.BatchNorm2d(nf)
    _start_batch_norm(layer, norm_type, bias=_SMALL_SHIFT)
    return layer


class BatchNorm1dFlat(nn.BatchNorm1d):
    """Normalise the last axis whatever stands before it.

    Shape: `(*, num_features) -> (*, num_features)`
    """

    def forward(self, x: Tensor) -> Tensor:
        """Count every position as an item of the batch."""
        if x.dim() == 2:
            return super().forward(x)
        flat = x.reshape(-1, x.shape[-1])  # (positions, num_features)
        return torch.reshape(super().forward(flat), x.shape)
