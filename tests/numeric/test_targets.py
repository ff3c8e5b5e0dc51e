"""Targets that live in a picture end up where the picture shows them, for every geometric transform."""

import numpy as np
import pytest
import torch

from onecycle.utils.seeding import item_stream
from onecycle.vision.flow import FlowField
from onecycle.vision.image import Image, ImageBBox, ImagePoints, ImageSegment, ResizeMethod, scale_flow
from onecycle.vision.recipes import get_transforms, rand_pad, rand_resize_crop, rand_zoom, zoom_crop
from onecycle.vision.transform import (
    brightness,
    crop,
    crop_pad,
    cutout,
    dihedral,
    dihedral_affine,
    flip_affine,
    flip_lr,
    jitter,
    pad,
    perspective_warp,
    rgb_randomize,
    rotate,
    skew,
    squish,
    symmetric_warp,
    tilt,
    zoom,
)
from onecycle.vision.transform_base import TfmCoord

HEIGHT, WIDTH = 72, 96
SPREAD, MARGIN = 1.6, 9  # of a dot, in pixels; how far from the edge its place can be measured
PLACES = [(y, x) for y in (12.5, 36.0, 58.25) for x in (14.5, 47.75, 80.0)]


def dot(y, x, size=(HEIGHT, WIDTH)):
    """A smooth bright dot whose centre lies `y` and `x` pixels from the top left corner."""
    rows = torch.arange(size[0]) + 0.5 - y
    columns = torch.arange(size[1]) + 0.5 - x
    return torch.exp(-(rows[:, None] ** 2 + columns**2) / (2 * SPREAD**2))[None]


def centre(px):
    """Centre of the light of a picture (1, H, W), in pixels (y, x)."""
    rows, columns = torch.arange(px.shape[1]) + 0.5, torch.arange(px.shape[2]) + 0.5
    return torch.stack([(px[0].sum(1) * rows).sum(), (px[0].sum(0) * columns).sum()]) / px.sum()


def in_pixels(points):
    return scale_flow(FlowField(points.size, points.data), to_unit=False).flow


def measured(size, place):
    return all(MARGIN < at < side - MARGIN for at, side in zip(place, size))


def bend(c):
    """Bend the picture in a wave of two pixels."""
    c.flow = c.flow + 0.04 * torch.sin(3 * c.flow.flip(-1))
    return c


ONE = {
    "rotate": [rotate(degrees=(-40, 40))],
    "rotate far": [rotate(degrees=(100, 260))],
    "zoom": [zoom(scale=(0.7, 1.6), row_pct=(0, 1), col_pct=(0, 1))],
    "squish": [squish(scale=(0.6, 1.6), row_pct=(0, 1), col_pct=(0, 1))],
    "symmetric_warp": [symmetric_warp(magnitude=(-0.2, 0.2))],
    "perspective_warp": [perspective_warp(magnitude=(-0.2, 0.2))],
    "tilt": [tilt(direction=(0, 3), magnitude=(-0.3, 0.3))],
    "skew": [skew(direction=(0, 7), magnitude=(-0.3, 0.3))],
    "jitter": [jitter(magnitude=(0, 0.015))],
    "bend": [TfmCoord(bend)()],
    "flip_lr": [flip_lr()],
    "flip_affine": [flip_affine()],
    "dihedral": [dihedral()],
    "dihedral_affine": [dihedral_affine()],
    "crop": [crop(size=(50, 60), row_pct=(0, 1), col_pct=(0, 1))],
    "crop_pad": [crop_pad(size=(110, 80), padding_mode="zeros", col_pct=(0, 1))],
    "pad": [pad(padding=9, mode="zeros")],
}
TOGETHER = {
    "get_transforms": get_transforms(flip_vert=True, max_rotate=30, p_affine=1, max_lighting=0)[0],
    "rand_resize_crop": rand_resize_crop(60),
    "rand_pad": rand_pad(12, 64, mode="zeros"),
    "zoom_crop": zoom_crop((0.8, 1.5), do_rand=True),
    "warp, turn, zoom, flip": [tilt(direction=1, magnitude=0.2), rotate(degrees=70), rand_zoom((1, 1.3)), flip_lr()],
    "bend and flip": [TfmCoord(bend)(), flip_lr()],
    "bend and turn": [TfmCoord(bend)(), rotate(degrees=(100, 260)), zoom(scale=0.6)],
    "bend and put down": [TfmCoord(bend)(), dihedral()],
    "jitter and flip": [jitter(magnitude=0.01), flip_lr(), zoom(scale=0.7)],
    "pad and turn": [pad(padding=8, mode="zeros"), rotate(degrees=30)],
}
SIZES = {
    "as it is": {},
    "crop": {"size": 56},
    "crop, larger": {"size": (120, 100), "resize_method": ResizeMethod.CROP},
    "pad": {"size": 80, "resize_method": ResizeMethod.PAD},
    "squish": {"size": (60, 110)},
    "multiple": {"size": 50, "mult": 32},
    "no": {"size": 64, "resize_method": ResizeMethod.NO, "padding_mode": "zeros"},
}
each_way = pytest.mark.parametrize("calls", [*ONE.values(), *TOGETHER.values()], ids=[*ONE, *TOGETHER])


def follow(calls, draw, **how):
    """Return how far, in pixels, the point lies from its dot, for each dot that stayed in the picture."""
    how = {"padding_mode": "zeros", **how}
    with item_stream(0, 0, draw):
        Image(dot(0, 0)).apply_tfms(calls, **how)  # draws the values
    gaps = []
    for place in PLACES:
        picture = Image(dot(*place)).apply_tfms(calls, do_resolve=False, **how)
        point = ImagePoints(FlowField((HEIGHT, WIDTH), torch.tensor([place])))
        point = point.apply_tfms(calls, do_resolve=False, **{**how, "remove_out": False})
        assert tuple(point.size) == tuple(picture.size)
        (found,) = in_pixels(point).tolist()
        if measured(picture.size, found):
            gaps.append(float((centre(picture.px) - torch.tensor(found)).norm()))
    return gaps


@each_way
def test_a_point_lies_where_its_dot_is(calls):
    gaps = [gap for draw in range(4) for gap in follow(calls, draw)]
    assert len(gaps) >= 6
    assert max(gaps) < 0.5


@pytest.mark.parametrize("how", SIZES.values(), ids=SIZES)
@pytest.mark.parametrize("name", ["get_transforms", "bend and turn"])
def test_a_point_lies_where_its_dot_is_at_every_size(name, how):
    gaps = [gap for draw in range(4) for gap in follow(TOGETHER[name], draw, **how)]
    assert len(gaps) >= 4
    assert max(gaps) < 0.5


def test_what_lies_behind_the_horizon_is_outside():
    """A tilt so strong that part of the picture is never shown does not show its points on the other side."""
    call = tilt(direction=1, magnitude=-0.9)
    point = ImagePoints(FlowField((40, 40), torch.tensor([[20.0, 1.0], [20.0, 39.0], [20.0, 20.0]])))
    moved = point.apply_tfms([call], remove_out=False).data
    assert torch.isfinite(moved).all()
    side = moved[:, 1] - moved[2, 1]
    assert side[0] < 0 < side[1]


# Masks


def disc(y, x):
    """A mask of class 7 with a disc of class 3, radius 6, whose centre is a dot's."""
    rows, columns = torch.arange(HEIGHT) + 0.5 - y, torch.arange(WIDTH) + 0.5 - x
    return torch.where(rows[:, None] ** 2 + columns**2 < 36, 3, 7)[None]


def as_floats(indices):
    return ImageSegment(indices.float())


def as_bytes(indices):
    return ImageSegment.from_pixels(indices[0].numpy().astype(np.uint8))


@pytest.mark.parametrize("made", [as_floats, as_bytes])
@each_way
def test_a_mask_lies_where_its_picture_does_and_keeps_its_classes(calls, made):
    place = (33.0, 45.5)
    with item_stream(0, 0, 5):
        Image(dot(*place)).apply_tfms(calls)
    mask = made(disc(*place)).apply_tfms(calls, do_resolve=False, padding_mode="border")
    point = ImagePoints(FlowField((HEIGHT, WIDTH), torch.tensor([place])))
    (found,) = in_pixels(point.apply_tfms(calls, do_resolve=False, remove_out=False)).tolist()
    assert mask.data.dtype == torch.int64
    assert set(mask.data.unique().tolist()) <= {0, 3, 7}  # 0 where a margin of zeros is asked for
    if all(14 < at < side - 14 for at, side in zip(found, mask.size, strict=True)):
        assert (centre((mask.data == 3).float()) - torch.tensor(found)).norm() < 0.6


def test_light_noise_and_holes_leave_a_mask_alone():
    indices = disc(30, 40)
    calls = [brightness(change=0.9), cutout(n_holes=3, length=30), rgb_randomize(channel=0, thresh=0.9)]
    for made in (as_floats, as_bytes):
        assert torch.equal(made(indices).apply_tfms(calls).data, indices)


def test_every_class_of_a_large_mask_survives():
    indices = torch.arange(HEIGHT * WIDTH).view(1, HEIGHT, WIDTH) // 24 % 200
    for made in (as_floats, as_bytes):
        assert torch.equal(made(indices).apply_tfms([flip_lr()]).data, indices.flip(2))


# Boxes


@each_way
def test_boxes_are_the_hull_of_their_corners_with_their_labels(calls):
    edges = torch.tensor([[20.0, 30.0, 44.0, 60.0], [2.0, 3.0, 9.0, 12.0], [60.0, 80.0, 71.0, 95.0]])
    with item_stream(0, 0, 3):
        Image(dot(0, 0)).apply_tfms(calls)
    how = {"do_resolve": False, "size": 64}
    found, labels = ImageBBox.create(HEIGHT, WIDTH, edges, labels=[4, 5, 6]).apply_tfms(calls, **how).data
    corners = ImagePoints(FlowField((HEIGHT, WIDTH), edges[:, [0, 1, 0, 3, 2, 1, 2, 3]].view(-1, 2)))
    moved = corners.apply_tfms(calls, remove_out=False, **how).data.view(-1, 4, 2)
    hull = torch.cat([moved.amin(dim=1), moved.amax(dim=1)], dim=1).clamp(-1, 1)
    seen = (hull[:, 2:] > hull[:, :2]).all(dim=1)
    torch.testing.assert_close(found, hull[seen])
    assert labels.tolist() == [label for label, shown in zip([4, 5, 6], seen.tolist(), strict=True) if shown]


def test_a_box_outside_vanishes_with_its_label():
    boxes = ImageBBox.create(HEIGHT, WIDTH, [[0, 0, 10, 10], [30, 40, 50, 60]], labels=[1, 2])
    found, labels = boxes.apply_tfms([crop(size=(30, 40))]).data
    assert labels.tolist() == [2]
    torch.testing.assert_close(found, torch.tensor([[9 / 15, 12 / 20, 29 / 15, 32 / 20]]) - 1)
