"""Tests of onecycle.vision.models.anchors."""

import torch

from onecycle.vision.models.anchors import anchor_shapes, make_anchors


def test_shapes_of_one_area_for_each_scale():
    shapes = anchor_shapes([2, 4], [0.5, 1, 2])
    torch.testing.assert_close(shapes.prod(1), torch.tensor([4.0] * 3 + [16.0] * 3))
    torch.testing.assert_close(shapes[:, 0] / shapes[:, 1], torch.tensor([0.5, 1, 2] * 2))


def test_anchors_stand_around_the_middles_of_their_cells():
    anchors = make_anchors([(2, 4)], torch.tensor([[1.0, 1.0]]))
    assert anchors.shape == (8, 4)
    assert anchors[0].tolist() == [-1, -1, 0, -0.5]
    assert anchors[1].tolist() == [-1, -0.5, 0, 0]
    assert anchors[-1].tolist() == [0, 0.5, 1, 1]


def test_a_square_anchor_is_square_in_pixels():
    top, left, bottom, right = make_anchors([(3, 6)], torch.tensor([[4.0, 4.0]]))[0].tolist()
    assert round((bottom - top) * 24 / 2, 4) == round((right - left) * 48 / 2, 4) == 32  # of a 24 x 48 picture


def test_maps_come_in_order():
    anchors = make_anchors([(2, 2), (1, 1)], anchor_shapes([1], [1, 2]))
    assert anchors.shape == (10, 4)
    assert anchors[8].tolist() == [-1, -1, 1, 1]
