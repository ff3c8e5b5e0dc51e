"""Tests of onecycle.vision.models.fpn."""

import torch

from onecycle.vision.models.fpn import FeaturePyramid


def test_maps_keep_their_sizes_and_smaller_ones_are_added():
    pyramid = FeaturePyramid([8, 16, 24], channels=4, extra=2)
    maps = [torch.rand(2, 8, 13, 9), torch.rand(2, 16, 7, 5), torch.rand(2, 24, 4, 3)]
    sizes = [tuple(m.shape) for m in pyramid(maps)]
    assert sizes == [(2, 4, 13, 9), (2, 4, 7, 5), (2, 4, 4, 3), (2, 4, 2, 2), (2, 4, 1, 1)]


def test_larger_maps_know_what_smaller_ones_see():
    pyramid = FeaturePyramid([8, 8], channels=4, extra=0)
    maps = [torch.rand(1, 8, 4, 4), torch.rand(1, 8, 2, 2, requires_grad=True)]
    pyramid(maps)[0].sum().backward()
    assert maps[1].grad.abs().sum() > 0
