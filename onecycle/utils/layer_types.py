"""Layers by kind: which are norms, which have a bias; shared by those who build, freeze and decay."""

from __future__ import annotations

from torch import nn

__all__: list[str] = []

bn_types = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)
no_wd_types = (*bn_types, nn.LayerNorm)
bias_types = (
    nn.Linear,
    nn.Conv1d,
    nn.Conv2d,
    nn.Conv3d,
    nn.ConvTranspose1d,
    nn.ConvTranspose2d,
    nn.ConvTranspose3d,
)
