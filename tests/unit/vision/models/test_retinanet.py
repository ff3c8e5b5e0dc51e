"""Tests of onecycle.vision.models.retinanet."""

import pytest
import torch
from torch import nn

from onecycle.errors import ArgumentError
from onecycle.utils.detections import split_rows
from onecycle.vision.models.anchors import anchor_shapes, make_anchors
from onecycle.vision.models.retinanet import RetinaNet, _by_anchor


def body():
    strides = [nn.Conv2d(a, b, 3, stride=2, padding=1) for a, b in ((3, 4), (4, 8), (8, 12), (12, 16))]
    return nn.Sequential(*strides)


def small(**settings):
    torch.manual_seed(0)
    return RetinaNet(body(), 3, **{"channels": 8, "depth": 1, **settings})


@pytest.mark.parametrize("size", [(64, 64), (48, 80), (37, 51)])
def test_a_row_an_anchor_whatever_the_size(size):
    output = small(levels=2, extra=1)(torch.rand(2, 3, *size))
    sizes = [[-(-side // stride) for side in size] for stride in (8, 16, 32)]
    assert output.shape == (2, 9 * sum(h * w for h, w in sizes), 3 + 8)
    assert torch.equal(output[0, :, -4:], output[1, :, -4:])


def test_at_the_start_nothing_is_anywhere():
    logits, _, _ = split_rows(small()(torch.rand(1, 3, 64, 64)))
    assert 0.008 < logits.sigmoid().mean() < 0.0125


def test_rows_stand_where_their_anchors_do():
    middle_y = torch.tensor([-2 / 3, 0, 2 / 3])[:, None].expand(3, 4)
    middle_x = torch.tensor([-0.75, -0.25, 0.25, 0.75]).expand(3, 4)
    x = torch.stack([middle_y, middle_x, middle_y, middle_x])[None]  # of two anchors a place
    anchors = make_anchors([(3, 4)], anchor_shapes([1.0], [1.0, 2.0]))
    torch.testing.assert_close(_by_anchor(x, 2)[0], (anchors[:, :2] + anchors[:, 2:]) / 2)


def test_fewer_maps_than_asked_for_are_all_taken():
    assert len(small(levels=9, extra=0)[1].pyramid.lateral) == 4


def test_in_half_precision_anchors_stay_exact():
    model = small()
    whole = model(torch.zeros(1, 3, 64, 64))[..., -4:]
    assert torch.equal(model.bfloat16()(torch.zeros(1, 3, 64, 64).bfloat16())[..., -4:], whole)


def test_the_body_and_the_head_are_its_layers():
    model = small()
    assert len(model) == 2
    assert {name.split(".")[0] for name in model.state_dict()} == {"0", "1"}


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"levels": 0}, "RetinaNet: levels must be a whole number of at least 1"),
        ({"extra": -1}, "extra must be a whole number of at least 0"),
        ({"channels": 12}, "channels must be a multiple of 8"),
        ({"channels": 0}, "channels must be a whole number of at least 8"),
        ({"depth": 1.5}, "depth must be a whole number of at least 0"),
        ({"scales": [0.0]}, "scales must be numbers above 0"),
        ({"ratios": [-1]}, "ratios must be numbers above 0"),
    ],
)
def test_settings_out_of_range(settings, said):
    with pytest.raises(ArgumentError, match=said):
        small(**settings)


def test_no_class():
    with pytest.raises(ArgumentError, match="num_classes must be a whole number of at least 1"):
        RetinaNet(body(), 0)


def test_a_body_without_maps_is_told_with_what_was_found():
    with pytest.raises(ArgumentError, match=r"RetinaNet: encoder must end in a feature map .* found: Conv2d"):
        RetinaNet(nn.Sequential(nn.Conv2d(3, 4, 3, padding=1)), 2)
