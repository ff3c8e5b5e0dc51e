"""Reading pictures: the float way against torch's grid_sample, the 8-bit way against the float way."""

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from onecycle.utils.seeding import item_stream
from onecycle.vision import transform as tfms
from onecycle.vision.image import FlowField, Image, ImageSegment, ResizeMethod
from onecycle.vision.transform import TfmCoord, get_transforms

TOLERANCE = 2 / 255  # mean difference of the 8-bit way


def photo(height=150, width=200, seed=0):
    """A picture with the spectrum of a photo: strong slow waves, weak fast ones, a few hard edges."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width]
    planes = []
    for _ in range(3):
        plane = np.zeros((height, width))
        for octave in (1, 2, 4, 8, 16):
            angle, phase = rng.uniform(0, 2 * math.pi, 2)
            wave = 2 * math.pi * octave * (math.cos(angle) * x / width + math.sin(angle) * y / height) + phase
            plane += np.sin(wave) / octave
        planes.append(plane)
    picture = np.stack(planes, axis=-1)
    picture = (picture - picture.min()) / (picture.max() - picture.min())
    picture[height // 4 : height // 2, width // 4 : width // 2] *= 0.4
    return (picture * 255).astype(np.uint8)


ARRAY = photo()
PX = torch.from_numpy(ARRAY.transpose(2, 0, 1).astype(np.float32) / 255)


def both(calls, **kwargs):
    """Return the float and the 8-bit way's result for the same draw."""
    exact = Image(PX.clone()).apply_tfms(calls, **kwargs)
    fast = Image.from_pixels(ARRAY).apply_tfms(calls, do_resolve=False, **kwargs)
    return exact.data, fast.data


def grid_of(matrix, height, width):
    y = (torch.arange(height, dtype=torch.float64) * 2 + 1) / height - 1
    x = (torch.arange(width, dtype=torch.float64) * 2 + 1) / width - 1
    places = torch.stack(
        [x.expand(height, width), y[:, None].expand(height, width), torch.ones(height, width)], dim=-1
    )
    moved = places.double() @ torch.tensor(matrix, dtype=torch.float64).T
    return (moved[..., :2] / moved[..., 2:]).float()


def sampled(px, grid, mode="bilinear", padding_mode="reflection"):
    return F.grid_sample(px[None], grid[None], mode=mode, padding_mode=padding_mode, align_corners=False)[0]


@pytest.mark.parametrize("padding_mode", ["reflection", "border", "zeros"])
@pytest.mark.parametrize("mode", ["bilinear", "bicubic"])
def test_the_float_way_is_grid_sample_of_the_composed_map(mode, padding_mode):
    turn, ratio = math.radians(17), 150 / 200
    cosine, sine = math.cos(turn), math.sin(turn)
    rotation = np.array([[cosine, -sine * ratio, 0], [sine / ratio, cosine, 0], [0, 0, 1]])
    zoom = np.diag([1 / 1.3, 1 / 1.3, 1])
    img = Image(PX.clone()).set_sample(mode=mode, padding_mode=padding_mode).rotate(17).zoom(1.3)
    expected = sampled(PX, grid_of(rotation @ zoom, 150, 200), mode, padding_mode)
    torch.testing.assert_close(img.data, expected, atol=2e-4, rtol=0)


def test_the_float_way_of_a_warp_is_grid_sample_of_the_solved_homography():
    corners = np.array([(-1, -1), (-1, 1), (1, -1), (1, 1)], float)
    shown = corners + np.array([(-0.1, -0.2), (0.1, 0.15), (0.2, -0.05), (0.1, 0.1)])
    rows, values = [], []
    for (x, y), (u, v) in zip(shown, corners):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        values += [u, v]
    homography = np.append(np.linalg.solve(np.array(rows), np.array(values)), 1).reshape(3, 3)
    img = Image(PX.clone()).perspective_warp((shown - corners).flatten().tolist())
    torch.testing.assert_close(img.data, sampled(PX, grid_of(homography, 150, 200)), atol=2e-4, rtol=0)


def test_a_user_flow_is_grid_sample_of_that_flow():
    def _swirl(c: FlowField) -> FlowField:
        return FlowField(c.size, c.flow + 0.05 * torch.sin(5 * c.flow.flip(-1)))

    grid = grid_of(np.eye(3), 150, 200)
    expected = sampled(PX, grid + 0.05 * torch.sin(5 * grid.flip(-1)))
    torch.testing.assert_close(TfmCoord(_swirl)(Image(PX.clone())).data, expected, atol=2e-4, rtol=0)


def test_resize_then_crop_reads_each_place_once():
    img = Image(PX.clone()).resize((120, 160)).crop((100, 90), 0.0, 0.0)
    matrix = [[90 / 160, 0, 90 / 160 - 1], [0, 100 / 120, 100 / 120 - 1], [0, 0, 1]]
    torch.testing.assert_close(img.data, sampled(PX, grid_of(matrix, 100, 90)), atol=2e-4, rtol=0)


def test_moves_by_whole_pixels_are_exact():
    img = Image(PX.clone()).crop((60, 70), 0.3, 0.7).flip_lr()
    top, left = int(91 * 0.3), int(131 * 0.7)
    assert torch.equal(img.data, PX[:, top : top + 60, left : left + 70].flip(2))
    fast = Image.from_pixels(ARRAY).crop((60, 70), 0.3, 0.7).flip_lr()
    torch.testing.assert_close(fast.data, img.data)


@pytest.mark.parametrize("padding_mode", ["reflection", "border", "zeros"])
def test_whole_pixel_margins_are_what_grid_sample_gives(padding_mode):
    out = Image(PX.clone()).pad(7, mode=padding_mode).data
    matrix = np.diag([214 / 200, 164 / 150, 1])
    torch.testing.assert_close(
        out, sampled(PX, grid_of(matrix, 164, 214), padding_mode=padding_mode), atol=2e-4, rtol=0
    )


def test_reduction_averages_blocks_before_reading():
    for size, block in (((30, 40), 5), ((75, 100), 2)):
        img = Image(PX.clone()).resize(size)
        torch.testing.assert_close(img.data, F.avg_pool2d(PX[None], block)[0], atol=1e-4, rtol=0)
    fine = torch.zeros(1, 64, 64)
    fine[:, ::2, ::2] = fine[:, 1::2, 1::2] = (
        1  # a chessboard finer than the result: only its mean may remain
    )
    out = Image(fine).resize(16).data
    torch.testing.assert_close(out, torch.full_like(out, 0.5), atol=1e-5, rtol=0)


RANGES = {
    "brightness": {"change": (0.2, 0.8)},
    "contrast": {"scale": (0.5, 2.0)},
    "crop": {"size": 90, "row_pct": (0, 1), "col_pct": (0, 1)},
    "crop_pad": {"size": 180, "row_pct": (0, 1), "col_pct": (0, 1)},
    "cutout": {"n_holes": (1, 4), "length": (10, 40)},
    "dihedral": {},
    "dihedral_affine": {},
    "flip_affine": {},
    "flip_lr": {},
    "jitter": {"magnitude": (0.0, 0.02)},
    "pad": {"padding": 20},
    "perspective_warp": {"magnitude": (-0.2, 0.2)},
    "rgb_randomize": {},
    "rotate": {"degrees": (-40, 40)},
    "skew": {"direction": (0, 7), "magnitude": (-0.3, 0.3)},
    "squish": {"scale": (0.6, 1.6)},
    "symmetric_warp": {"magnitude": (-0.2, 0.2)},
    "tilt": {"direction": (0, 3), "magnitude": (-0.3, 0.3)},
    "zoom": {"scale": (0.7, 1.5), "row_pct": (0, 1), "col_pct": (0, 1)},
    "zoom_squish": {"scale": (1, 2, 4), "squish": (0.75, 1.33, 4), "invert": (0.5, 4)},
}


@pytest.mark.parametrize("name", RANGES)
def test_both_ways_agree_for_every_transform(name):
    call = getattr(tfms, name)(**RANGES[name])
    for i in range(3):
        with item_stream(0, 0, i):
            exact, fast = both([call])
        assert exact.shape == fast.shape and (exact - fast).abs().mean() < TOLERANCE


@pytest.mark.parametrize("padding_mode", ["reflection", "border", "zeros"])
@pytest.mark.parametrize("method", [ResizeMethod.CROP, ResizeMethod.PAD, ResizeMethod.SQUISH])
@pytest.mark.parametrize("size", [32, 64, 130, 224])
def test_both_ways_agree_for_all_of_it_together(size, method, padding_mode):
    warps = [
        tfms.tilt(direction=(0, 3), magnitude=(-0.2, 0.2), p=0.5),
        tfms.skew(direction=(0, 7), magnitude=(-0.2, 0.2), p=0.5),
        tfms.jitter(magnitude=(0, 0.01), p=0.3),
    ]
    calls = get_transforms(max_rotate=30, max_zoom=1.4)[0] + warps
    for i in range(3):
        with item_stream(size, int(method), i):
            exact, fast = both(calls, size=size, resize_method=method, padding_mode=padding_mode)
        assert exact.shape == fast.shape == (3, size, size)
        assert (exact - fast).abs().mean() < TOLERANCE


def test_nearest_and_bicubic_agree_too():
    for mode, limit in (("nearest", 4 / 255), ("bicubic", TOLERANCE)):
        exact, fast = both([tfms.rotate(degrees=12), tfms.zoom(scale=1.2)], mode=mode)
        assert (exact - fast).abs().mean() < limit


def test_masks_of_bytes_and_of_floats_agree_but_for_ties():
    indices = (ARRAY[..., 0] // 64).astype(np.uint8)
    calls = get_transforms(max_lighting=0)[0]
    exact = ImageSegment(torch.from_numpy(indices)[None].float()).apply_tfms(calls, size=100)
    fast = ImageSegment.from_pixels(indices).apply_tfms(calls, size=100, do_resolve=False)
    assert (exact.data == fast.data).float().mean() > 0.97


def test_five_channels_go_the_float_way():
    array = np.concatenate([ARRAY, ARRAY[..., :2]], axis=-1)
    out = Image.from_pixels(array).rotate(10).data
    torch.testing.assert_close(out[3:], out[:2])
    assert out.shape == (5, 150, 200)
