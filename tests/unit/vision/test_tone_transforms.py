"""Tones, colour and sharpness against Pillow and OpenCV; several of them are one look-up."""

import cv2
import numpy as np
import pytest
import torch
from PIL import Image as PILImage
from PIL import ImageEnhance, ImageOps

from onecycle.errors import ArgumentError
from onecycle.vision.image import Image
from onecycle.vision.lighting import Light, Tones, combined
from onecycle.vision.pixels import BytePixels
from onecycle.vision.tone_transforms import autocontrast, equalize, posterize, saturation, sharpness, solarize
from onecycle.vision.transform import brightness, contrast, random_erasing


def photo(height=40, width=56, channels=3):
    y, x = np.mgrid[0:height, 0:width]
    planes = [60 + x * 2 + y, 40 + y * 4, 90 + (x * y) % 70]
    return np.stack(planes[:channels], axis=-1).astype(np.uint8).squeeze()


def as_bytes(image):
    pixels = image.refresh()._pixels
    assert isinstance(pixels, BytePixels)  # an 8-bit image stays one
    return pixels.array.astype(int)


def done(*calls, array=None):
    return as_bytes(Image.from_pixels(photo() if array is None else array).apply_tfms(list(calls)))


def by_pillow(function, *args):
    return np.asarray(function(PILImage.fromarray(photo()), *args)).astype(int)


@pytest.mark.parametrize("bits", [1, 4, 7])
def test_posterize_is_pillows(bits):
    assert (done(posterize(bits=bits)) == by_pillow(ImageOps.posterize, bits)).all()


@pytest.mark.parametrize("threshold", [0, 90, 180, 256])
def test_solarize_is_pillows(threshold):
    assert (done(solarize(threshold=threshold / 255)) == by_pillow(ImageOps.solarize, threshold)).all()


def test_autocontrast_is_pillows():
    assert np.abs(done(autocontrast()) - by_pillow(ImageOps.autocontrast)).max() <= 1
    assert done(autocontrast()).min() == 0 and done(autocontrast()).max() == 255


def test_equalize_is_opencvs():
    expected = np.stack([cv2.equalizeHist(np.ascontiguousarray(channel)) for channel in photo().transpose(2, 0, 1)], -1)
    assert np.abs(done(equalize()) - expected.astype(int)).max() <= 1


@pytest.mark.parametrize("factor", [0.0, 0.4, 1.0, 1.9])
def test_saturation_is_pillows(factor):
    expected = np.asarray(ImageEnhance.Color(PILImage.fromarray(photo())).enhance(factor)).astype(int)
    assert np.abs(done(saturation(factor=factor)) - expected).max() <= 2  # Pillow rounds the grey first


@pytest.mark.parametrize("factor", [0.0, 0.4, 1.0, 1.9])
def test_sharpness_is_pillows_inside(factor):
    expected = np.asarray(ImageEnhance.Sharpness(PILImage.fromarray(photo())).enhance(factor)).astype(int)
    assert np.abs(done(sharpness(factor=factor)) - expected)[1:-1, 1:-1].max() <= 1


@pytest.mark.parametrize("call", [autocontrast(), equalize()])
def test_an_image_of_one_value_stays_as_it_is(call):
    flat = np.full((6, 8, 3), 77, np.uint8)
    assert (done(call, array=flat) == 77).all()


@pytest.mark.parametrize("array", [photo(channels=1), photo(channels=2)])
def test_images_of_one_and_two_channels(array):
    calls = [posterize(bits=3), equalize(), saturation(factor=0.2), sharpness(factor=1.5), random_erasing(fill=0)]
    assert done(*calls, array=array).shape == array.shape


def test_what_is_no_number_counts_as_black():
    image = Image(torch.tensor([float("nan"), 0.2, 0.4, 0.8]).view(1, 2, 2))
    values = image.apply_tfms([equalize(), autocontrast()]).data.flatten().tolist()
    assert values == pytest.approx([0, 1 / 3, 2 / 3, 1], abs=0.01)


def test_images_of_many_channels():
    array = np.concatenate([photo(), photo()], axis=-1)
    changed = done(equalize(), array=array)
    assert (changed[..., :3] == done(equalize())).all() and (changed[..., 3:] == changed[..., :3]).all()


def test_tones_are_one_look_up_as_they_are_one_after_the_other():
    calls = [solarize(threshold=0.6), autocontrast(), brightness(change=0.6), contrast(scale=1.5), equalize()]
    one_by_one = Image(torch.from_numpy(photo().transpose(2, 0, 1) / 255.0).float())
    for call in calls:
        one_by_one = call(one_by_one)
        one_by_one.refresh()
    together = Image.from_pixels(photo()).apply_tfms(calls)
    assert np.abs(as_bytes(together) - one_by_one.px.permute(1, 2, 0).numpy() * 255).mean() < 2


def test_lines_stay_one_line_and_meet_in_one_step():
    first, second = Light(1.2, 0.1), Light(0.8, -0.2)
    tone = posterize.func(bits=3)
    assert combined(first, second) == first.then(second) and combined(None, first) == first
    assert combined(None, tone) == Tones((tone,))
    assert combined(combined(combined(None, tone), first), second) == Tones((tone, first.then(second)))


def test_what_is_counted_is_what_is_shown():
    "Equalizing looks at the final crop, not at what the crop leaves out."
    half = np.concatenate([np.zeros((20, 20, 3), np.uint8), photo(20, 20)], axis=1)
    left = Image.from_pixels(half)
    changed = as_bytes(left.apply_tfms([autocontrast()], size=20))
    cut = as_bytes(Image.from_pixels(half).apply_tfms([], size=20))
    assert changed.min() == 0 and changed.max() == 255 and cut.max() < 255


def erased(**kwargs):
    black = np.zeros((50, 80, 3), np.uint8)
    np.random.seed(3)
    return done(random_erasing(fill=1.0, **kwargs), array=black)


def test_random_erasing_covers_one_rectangle_of_its_share():
    for ratio in (0.5, 1.0, 2.0):
        white = (erased(area=0.1, ratio=ratio) == 255).all(-1)
        rows, columns = np.flatnonzero(white.any(1)), np.flatnonzero(white.any(0))
        assert white.sum() == len(rows) * len(columns) == pytest.approx(0.1 * 50 * 80, rel=0.05)
        assert len(rows) / len(columns) == pytest.approx(ratio, rel=0.1)


def test_random_erasing_draws_the_papers_shares_and_takes_all_at_most():
    shares = [(erased() == 255).all(-1).mean()]
    call = random_erasing()
    for _ in range(200):
        call.resolve()
        shares.append(call.resolved["area"])
        assert 0.3 <= call.resolved["ratio"] <= 1 / 0.3
    assert 0.02 <= min(shares) < 0.06 and 0.36 < max(shares) <= 0.4
    assert (erased(area=1.0, ratio=1.6) == 255).mean() == 50 * 50 / (50 * 80)  # 80 rows are cut to 50


def test_random_erasing_leaves_the_image_it_was_given_alone():
    array = photo()
    before = array.copy()
    Image.from_pixels(array).apply_tfms([random_erasing(area=0.3)])
    assert (array == before).all()


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (posterize(bits=9), "posterize: bits must be from 0 to 8; got 9"),
        (random_erasing(area=2.0), "random_erasing: area must be a share from 0 to 1; got 2"),
        (random_erasing(ratio=0.0), "random_erasing: ratio must be above 0; got 0"),
        (random_erasing(fill=128), "random_erasing: fill must be from 0 to 1, or None; got 128"),
    ],
)
def test_values_out_of_range_are_refused(call, match):
    with pytest.raises(ArgumentError, match=match):
        Image.from_pixels(photo()).apply_tfms([call])
