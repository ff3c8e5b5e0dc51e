"""Normalisation: types, first values, shapes."""

import pytest
import torch
from torch import nn

from onecycle.nn.norm import (
    BatchNorm1dFlat,
    NormType,
    batchnorm_2d,
    bias_types,
    bn_types,
    no_wd_types,
    norm_layer,
)
from onecycle.utils.registry import decode, encode


def test_type_tuples():
    assert bn_types == (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)
    assert set(no_wd_types) == {*bn_types, nn.LayerNorm}
    assert {nn.Linear, nn.Conv1d, nn.ConvTranspose3d} <= set(bias_types)
    assert len(bias_types) == 7


def test_norm_type_has_the_names_of_the_contract_and_fits_in_files():
    assert {"Batch", "BatchZero", "Weight", "Spectral", "Group", "Instance"} == set(NormType.__members__)
    assert decode(encode(NormType.BatchZero)) is NormType.BatchZero


@pytest.mark.parametrize(("norm_type", "scale"), [(NormType.Batch, 1.0), (NormType.BatchZero, 0.0)])
def test_batchnorm_2d_first_values(norm_type, scale):
    layer = batchnorm_2d(5, norm_type)
    assert layer.weight.tolist() == [scale] * 5
    assert layer.bias.tolist() == pytest.approx([1e-3] * 5)


@pytest.mark.parametrize(("features", "groups"), [(64, 32), (48, 24), (8, 8), (7, 7), (37, 1)])
def test_group_norm_divides_the_channels(features, groups):
    assert norm_layer(features, NormType.Group).num_groups == groups


def test_batch_norm_flat_counts_every_position():
    flat, plain = BatchNorm1dFlat(4), nn.BatchNorm1d(4)
    x = torch.randn(3, 5, 4)
    torch.testing.assert_close(flat(x), plain(x.view(-1, 4)).view(3, 5, 4))
    torch.testing.assert_close(flat(x[:, 0]), plain(x[:, 0]))
