"""Transforms: ranges and fixed values, the user's own, states, recipes."""

from __future__ import annotations  # annotations arrive as strings, as in many notebooks

import copy
import pickle
from functools import partial
from typing import Annotated

import numpy as np
import pytest
import torch

from onecycle.errors import ArgumentError, ArgumentTypeError, NotRegisteredError
from onecycle.utils.registry import decode, encode, register
from onecycle.utils.seeding import item_stream, rand_bool, uniform, uniform_int
from onecycle.vision import transform as tfms
from onecycle.vision.image import FlowField, Image, ImageSegment
from onecycle.vision.transform import (
    RandTransform,
    TfmAffine,
    TfmCoord,
    TfmCrop,
    TfmPixel,
    Transform,
    crop,
    crop_pad,
    cutout,
    dihedral,
    dihedral_affine,
    flip_lr,
    get_transforms,
    jitter,
    pad,
    rand_crop,
    rand_pad,
    rand_resize_crop,
    rand_zoom,
    rgb_randomize,
    rotate,
    skew,
    squish,
    symmetric_warp,
    tilt,
    zoom,
    zoom_crop,
)


@pytest.fixture
def img():
    return Image(torch.rand(3, 24, 32, generator=torch.Generator().manual_seed(0)))


def test_a_call_without_a_picture_waits_and_draws_from_the_range():
    turn = rotate(degrees=(-10, 10), p=0.75)
    assert isinstance(turn, RandTransform) and turn.p == 0.75 and turn.order == 5
    drawn = set()
    for _ in range(20):
        turn.resolve()
        drawn.add(turn.resolved["degrees"])
        assert -10 <= turn.resolved["degrees"] <= 10
    assert len(drawn) == 20


def test_one_number_is_fixed():
    for call, name, value in [
        (rotate(degrees=30), "degrees", 30),
        (dihedral(k=3), "k", 3),
        (tilt(direction=2, magnitude=0.1), "direction", 2),
        (cutout(n_holes=2), "n_holes", 2),
        (tfms.contrast(scale=1.5), "scale", 1.5),
    ]:
        call.resolve()
        assert call.resolved[name] == value


def test_ranges_replace_those_that_a_parameter_brings():
    call = dihedral(k=(2, 3))
    for _ in range(10):
        call.resolve()
        assert call.resolved["k"] in (2, 3)


def test_is_random_false_takes_values_as_they_are():
    call = symmetric_warp(magnitude=[0.1, 0.2, 0.0, 0.1], is_random=False)
    call.resolve()
    assert call.resolved["magnitude"] == [0.1, 0.2, 0.0, 0.1] and call.do_run


def test_p_decides_whether_it_runs(img):
    never = flip_lr(p=0)
    never.resolve()
    assert not never.do_run and never(img) is img
    runs = []
    half = flip_lr(p=0.5)
    for i in range(200):
        with item_stream(3, 0, i):
            half.resolve()
        runs.append(half.do_run)
    assert 60 < sum(runs) < 140


def test_a_call_with_a_picture_happens_now(img):
    before = img.data.clone()
    assert torch.equal(flip_lr(img.clone()).data, before.flip(2))
    assert torch.equal(img.clone().flip_lr().data, before.flip(2))
    torch.testing.assert_close(rotate(img.clone(), 30).data, img.clone().rotate(degrees=30).data)


def test_a_waiting_call_draws_itself_when_it_was_never_resolved(img):
    assert rotate(degrees=(5, 5))(img).size == (24, 32)


def test_reprs_name_the_kind():
    assert repr(rotate) == "TfmAffine (rotate)" and repr(crop_pad) == "TfmCrop (crop_pad)"
    assert repr(flip_lr) == "TfmPixel (flip_lr)" and repr(jitter) == "TfmCoord (jitter)"
    assert repr(tfms.brightness) == "TfmLighting (brightness)"
    assert repr(flip_lr(p=0.5)).startswith(
        "RandTransform(tfm=TfmPixel (flip_lr), kwargs={}, p=0.5, resolved={}"
    )


def test_orders_are_those_of_the_kinds():
    found = {t.name: t.order for t in (jitter, rotate, tfms.brightness, flip_lr, crop_pad, pad, cutout)}
    assert found == {
        "jitter": 4,
        "rotate": 5,
        "brightness": 8,
        "flip_lr": 10,
        "crop_pad": 99,
        "pad": -10,
        "cutout": 20,
    }


def _my_shift(x, by: uniform = 0.1, twice: bool = False):
    return x + by * (2 if twice else 1)


my_shift = TfmPixel(_my_shift)


def test_the_users_pixel_transform(img):
    assert my_shift.name == "my_shift" and my_shift.order == 10
    call = my_shift(by=(0.2, 0.3), twice=True)
    out = img.apply_tfms([call])
    assert 0.2 <= call.resolved["by"] <= 0.3 and call.resolved["twice"] is True
    torch.testing.assert_close(out.data, img.data + 2 * call.resolved["by"])


def test_the_users_affine_transform(img):
    def _half(scale: Annotated[float, uniform] = 2.0):
        return [[1 / scale, 0, 0], [0, 1 / scale, 0], [0, 0, 1]]

    half = TfmAffine(_half, order=1)
    assert half.order == 1
    torch.testing.assert_close(half(img.clone(), 2.0).data, img.clone().zoom(2.0).data)
    torch.testing.assert_close(img.apply_tfms([half(scale=(2.0, 2.0))]).data, img.clone().zoom(2.0).data)


def test_the_users_coordinate_transform_moves_the_flow(img):
    def _mirror(c: FlowField, share: partial(uniform, size=2)):
        return FlowField(c.size, c.flow * torch.stack([-share[0], share[1]]))

    mirror = TfmCoord(_mirror)
    torch.testing.assert_close(img.apply_tfms([mirror(share=1)]).data, img.data.flip(2), atol=1e-5, rtol=0)


def test_a_plain_transform_gets_the_picture_itself(img):
    double = Transform(lambda x, times=2: x.resize((24 * times, 32 * times)), order=3)
    double.__name__ = "double"
    assert img.apply_tfms([double()]).size == (48, 64)


def test_no_size_is_none_and_not_zero(img):
    with pytest.raises(ArgumentError, match="size must be made of whole numbers of at least 1 pixel; got 0"):
        img.apply_tfms(None, size=0)


def test_a_crop_of_the_users_gets_the_size(img):
    def _corner(x, size, padding_mode="reflection"):
        return x[:, : size[0], : size[1]]

    corner = TfmCrop(_corner)
    assert img.apply_tfms([corner()], size=16).size == (16, 16)


def test_a_transform_needs_a_function():
    with pytest.raises(
        ArgumentTypeError, match=r"TfmPixel: func must be a function on a picture; got 3 \(int\)"
    ):
        TfmPixel(3)


def test_unknown_keywords_are_named_with_the_nearest():
    with pytest.raises(
        ArgumentTypeError, match=r"rotate: unknown keyword 'degree'\. Did you mean 'degrees'\?"
    ):
        rotate(degree=3)


def test_missing_values_are_named(img):
    with pytest.raises(ArgumentTypeError, match=r"rotate: degrees must be given\. Call rotate\(degrees=…\)"):
        rotate(img)
    with pytest.raises(ArgumentTypeError, match=r"rotate: degrees must be given"):
        rotate().resolve()


def test_a_range_that_cannot_be_drawn_is_named():
    with pytest.raises(ArgumentTypeError, match=r"rotate: degrees must be a number or what uniform takes"):
        rotate(degrees=(1, 2, 3, 4)).resolve()


def test_magnitudes_and_directions_are_checked(img):
    with pytest.raises(ArgumentError, match=r"symmetric_warp: magnitude must be one number or 4 numbers"):
        symmetric_warp(img, [0.1, 0.2])
    with pytest.raises(ArgumentError, match=r"tilt: direction must be a whole number from 0 to 3; got 4"):
        tilt(img, 4, 0.1)


def test_padding_modes_are_checked():
    for make in (lambda: rand_pad(3, 28, mode="reflect"), lambda: rand_crop(padding_mode="reflect")):
        with pytest.raises(
            ArgumentError, match=r"padding_mode must be one of .* Did you mean 'reflection'\?"
        ):
            make()


def test_calls_travel_in_files():
    for call in [*get_transforms()[0], *rand_pad(3, 28), cutout(n_holes=(1, 4), use_on_y=False)]:
        again = decode(encode(call))
        assert (again.tfm, again.kwargs, again.p, again.use_on_y) == (
            call.tfm,
            call.kwargs,
            call.p,
            call.use_on_y,
        )


def test_a_transform_without_a_name_is_refused_with_the_cure_and_works_with_one():
    with pytest.raises(ArgumentError, match=r"_my_shift.* cannot be written to a file.*register"):
        my_shift(by=(0, 1)).get_state()
    register("transform", "test_shift")(my_shift)
    assert RandTransform.from_state(my_shift(by=(0, 1)).get_state()).tfm is my_shift
    with pytest.raises(NotRegisteredError, match=r"no transform is named 'rotat'.*Did you mean 'rotate'"):
        RandTransform.from_state({"tfm": "rotat", "kwargs": {}})


def test_transforms_travel_to_workers_by_name():
    for thing in (rotate, get_transforms()[0], my_shift):
        assert repr(pickle.loads(pickle.dumps(thing))) == repr(thing)
    assert pickle.loads(pickle.dumps(rotate)) is rotate and copy.deepcopy(rotate) is rotate
    renamed = TfmPixel(_my_shift, order=7)
    assert copy.copy(renamed).order == 7


def test_get_transforms_has_the_usual_parts():
    train, valid = get_transforms()
    names = [call.tfm.name for call in train]
    assert names == ["crop_pad", "flip_lr", "symmetric_warp", "rotate", "zoom", "brightness", "contrast"]
    assert [call.tfm.name for call in valid] == ["crop_pad"] and valid[0].kwargs == {}
    by_name = dict(zip(names, train))
    assert by_name["rotate"].kwargs == {"degrees": (-10.0, 10.0)} and by_name["rotate"].p == 0.75
    assert by_name["brightness"].kwargs == {"change": (0.4, 0.6)}
    assert by_name["contrast"].kwargs == {"scale": (0.8, 1.25)}


def test_get_transforms_leaves_out_what_is_switched_off():
    train, _ = get_transforms(do_flip=False, max_rotate=None, max_zoom=1, max_lighting=None, max_warp=None)
    assert [call.tfm.name for call in train] == ["crop_pad"]
    train, _ = get_transforms(flip_vert=True, xtra_tfms=cutout())
    assert train[1].tfm is dihedral_affine and train[-1].tfm is cutout
    assert get_transforms(xtra_tfms=[cutout(), jitter(magnitude=0.1)])[0][-2].tfm is cutout


def test_strengths_are_checked():
    with pytest.raises(ArgumentError, match=r"max_lighting must be a number from 0 to 0\.99; got 1"):
        get_transforms(max_lighting=1)
    with pytest.raises(ArgumentError, match=r"max_rotate must be a number of at least 0; got -3"):
        get_transforms(max_rotate=-3)


def test_recipes_name_their_parts():
    assert [c.tfm.name for c in rand_pad(3, 28)] == ["pad", "crop"]
    assert [c.tfm.name for c in zoom_crop(1.2)] == ["zoom", "crop_pad"]
    assert zoom_crop(1.2, do_rand=True)[0].kwargs["row_pct"] == (0.0, 1.0)
    assert rand_zoom(scale=(1, 2), p=0.5).p == 0.5


def test_rand_resize_crop_shows_windows_of_the_asked_size(img):
    for i in range(5):
        with item_stream(0, 0, i):
            assert img.apply_tfms(rand_resize_crop(16), size=(16, 16)).size == (16, 16)


def test_rand_crop_of_a_picture_happens_now(img):
    assert rand_crop(img).size == (24, 32)


def test_rand_pad_moves_by_at_most_the_margin():
    spot = torch.zeros(1, 9, 9)
    spot[0, 4, 4] = 1
    seen = set()
    for i in range(100):
        with item_stream(1, 0, i):
            out = Image(spot.clone()).apply_tfms(rand_pad(2, 9, mode="zeros")).data
        row, column = divmod(int(out.flatten().argmax()), 9)
        assert out.sum() == 1 and abs(row - 4) <= 2 and abs(column - 4) <= 2
        seen.add((row, column))
    assert len(seen) == 25


def test_crop_and_pad_fill_by_mode():
    x = torch.arange(1.0, 4.0).view(1, 1, 3)
    row = {
        mode: Image(x.clone()).pad(2, mode=mode).data[0, 2].tolist()
        for mode in ("zeros", "border", "reflection")
    }
    assert row == {
        "zeros": [0, 0, 1, 2, 3, 0, 0],
        "border": [1, 1, 1, 2, 3, 3, 3],
        "reflection": [2, 1, 1, 2, 3, 3, 2],
    }
    assert Image(x.clone()).crop((1, 2), col_pct=1.0).data.flatten().tolist() == [2, 3]
    assert Image(x.clone()).crop((5, 5)).size == (1, 3)


def test_dihedral_has_eight_outcomes(img):
    for of in (dihedral, dihedral_affine):
        square = Image(torch.rand(3, 8, 8))
        outcomes = {tuple(of(square.clone(), k).data.flatten().mul(1e4).round().tolist()) for k in range(8)}
        assert len(outcomes) == 8
    assert dihedral(img.clone(), 4).size == (32, 24)
    torch.testing.assert_close(dihedral(img.clone(), 1).data, img.data.flip(1))


def test_zoom_and_squish_show_the_window_they_say(img):
    first = zoom(img.clone(), 2.0, 0.0, 0.0).flow.flow[0, 0]
    torch.testing.assert_close(first, torch.tensor([-1 + 1 / 64, -1 + 1 / 48]))
    assert squish(img.clone(), 0.5).flow.flow[..., 0].abs().max() < 0.5
    assert squish(img.clone(), 2.0).flow.flow[..., 1].abs().max() < 0.5


@pytest.mark.parametrize(("scale", "wide", "high"), [(0.5, 8, 4), (2.0, 4, 8), (1.0, 4, 4)])
def test_squish_below_one_widens_and_above_one_heightens(scale, wide, high):
    pixels = torch.zeros(1, 16, 16)
    pixels[:, 6:10, 6:10] = 1
    squished = squish(Image(pixels), scale).data[0] > 0.5
    assert (int(squished.any(0).sum()), int(squished.any(1).sum())) == (wide, high)


def test_squish_looks_where_row_and_column_say():
    pixels = torch.arange(16.0).expand(1, 16, 16) / 16
    left, right = (squish(Image(pixels.clone()), 0.5, col_pct=place).data.mean() for place in (0.0, 1.0))
    assert left < 0.3 < 0.6 < right
    top, bottom = (squish(Image(pixels.mT.clone()), 2.0, row_pct=place).data.mean() for place in (0.0, 1.0))
    assert top < 0.3 < 0.6 < bottom


def test_warps_show_corners_where_they_say():
    img = Image(torch.rand(1, 40, 40))
    m = img.clone().perspective_warp([0.2, 0, 0, 0, 0, 0, 0, 0])._geometry
    from onecycle.vision.geometry import map_points

    where = map_points(m.matrix(), torch.tensor([[-0.8, -1.0], [1.0, 1.0]]))
    torch.testing.assert_close(where, torch.tensor([[-1.0, -1.0], [1.0, 1.0]]))
    inverse = img.clone().perspective_warp([0.2, 0, 0, 0, 0, 0, 0, 0], invert=True)._geometry
    torch.testing.assert_close(
        map_points(inverse.matrix(), torch.tensor([[-1.0, -1.0]])), torch.tensor([[-0.8, -1.0]])
    )
    skewed = map_points(skew(img.clone(), 5, 0.5)._geometry.matrix(), torch.tensor([[1.0, -1.5]]))
    torch.testing.assert_close(skewed, torch.tensor([[1.0, -1.0]]))


def test_cutout_and_noise_follow_their_seed(img):
    a, b = cutout(img.clone(), 2, 6, seed=5), cutout(img.clone(), 2, 6, seed=5)
    assert torch.equal(a.data, b.data) and 0 < (a.data == 0).float().mean() < 0.2
    assert not torch.equal(a.data, cutout(img.clone(), 2, 6, seed=6).data)
    noisy = rgb_randomize(img.clone(), channel=1, thresh=0.5, seed=1).data
    assert noisy[1].max() <= 0.5 and torch.equal(noisy[0], img.data[0])


def test_a_mask_moves_as_its_picture_does(img):
    both = [rotate(degrees=(-30, 30)), jitter(magnitude=(0.05, 0.1)), flip_lr(p=0.5), crop_pad()]
    px = torch.zeros(1, 24, 32)
    px[:, 8:16, 8:20] = 1
    for i in range(6):
        with item_stream(2, 0, i):
            x = Image(px.clone()).apply_tfms(both, size=20, mode="nearest")
            y = ImageSegment(px.clone()).apply_tfms(both, size=20, do_resolve=False)
        assert torch.equal(x.data.long(), y.data)


def test_drawn_flags_use_rand_bool(img):
    def _maybe(x, on: rand_bool, k: partial(uniform_int, 1, 3)):
        return x * 0 + (k if on else 0)

    maybe = TfmPixel(_maybe)
    call = maybe(on=0.5)
    seen = set()
    for _ in range(60):
        call.resolve()
        seen.add((call.resolved["on"], call.resolved["k"]))
    assert len(seen) == 6


def test_numpy_seed_repeats_a_plain_look(img):
    def look():
        np.random.seed(4)
        return img.apply_tfms(get_transforms()[0], size=16).data

    assert torch.equal(look(), look())
    assert not torch.equal(
        img.apply_tfms(crop(size=8, row_pct=(0, 1)), do_resolve=True).data, torch.zeros(3, 8, 8)
    )
