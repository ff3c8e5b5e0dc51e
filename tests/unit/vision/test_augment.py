"""TrivialAugment and RandAugment, and the choice they are made of."""

import numpy as np
import pytest
import torch

from onecycle.errors import ArgumentError, ArgumentTypeError
from onecycle.utils.registry import decode, encode
from onecycle.utils.seeding import item_stream
from onecycle.vision.image import FlowField, Image, ImagePoints, ImageSegment
from onecycle.vision.transform import (
    RandChoice,
    brightness,
    contrast,
    flip_lr,
    posterize,
    rand_augment,
    random_erasing,
    rotate,
    saturation,
    translate,
    trivial_augment,
    zoom,
)


def photo(height=40, width=56):
    y, x = np.mgrid[0:height, 0:width]
    return np.stack([60 + x * 2 + y, 40 + y * 4, 90 + (x * y) % 70], axis=-1).astype(np.uint8)


def at(tfms, index, size=32, seed=7):
    with item_stream(seed, 0, index):
        return Image.from_pixels(photo()).apply_tfms(tfms, size=size).data


@pytest.mark.parametrize("lists", [trivial_augment(), rand_augment(), rand_augment(3, 30, flip_vert=True)])
def test_the_same_address_gives_the_same_image_and_others_give_others(lists):
    images = [at(lists[0], index) for index in range(12)]
    assert all(torch.equal(at(lists[0], index), image) for index, image in enumerate(images))
    assert len({image.numpy().tobytes() for image in images}) > 8
    assert all(tuple(image.shape) == (3, 32, 32) for image in images)


def test_trivial_augment_chooses_each_of_its_kinds_equally_often():
    choice = trivial_augment()[0][-1]
    assert len(choice.options) == 14 and choice.n == 1
    counts = dict.fromkeys([id(option.tfm) for option in choice.options], 0)
    for index in range(2800):
        with item_stream(1, 0, index):
            choice.resolve()
        counts[id(choice.expanded()[0].tfm)] += 1
    expected = {key: sum(id(option.tfm) == key for option in choice.options) * 200 for key in counts}
    assert all(abs(counts[key] - expected[key]) < 4.5 * expected[key] ** 0.5 for key in counts)  # 4.5 sigma


def test_strength_scales_every_range():
    weak = {option.tfm.name: option.kwargs for option in trivial_augment(strength=0.1)[0][-1].options}
    assert weak["rotate"] == {"degrees": (-13.5, 13.5)} and weak["posterize"] == {"bits": (7, 8)}
    assert weak["solarize"] == {"threshold": (0.9, 1.0)}
    assert weak["saturation"]["factor"] == pytest.approx((0.901, 1.099))


def test_rand_augment_does_n_things_of_one_strength():
    choice = rand_augment(n=3, magnitude=15)[0][-1]
    turns, counts = set(), set()
    for index in range(300):
        with item_stream(2, 0, index):
            choice.resolve()
        calls = choice.expanded()
        counts.add(len(calls))
        turns |= {call.resolved["degrees"] for call in calls if call.tfm is rotate}
        assert [call.order for call in calls] == sorted(call.order for call in calls)
    assert counts == {3} and turns == {15.0, -15.0}


def test_magnitude_zero_changes_little_but_what_has_no_strength():
    for option in rand_augment(magnitude=0)[0][-1].options[:-3]:
        image = Image.from_pixels(photo())
        option.resolve()
        assert (option(image.clone()).data - image.data).abs().max() < 2 / 255


def test_masks_and_points_move_as_their_image_does():
    marked = np.zeros((40, 40, 3), np.uint8)
    marked[10:14, 20:24] = 255
    tfms = [RandChoice([rotate(degrees=(20, 40)), translate(dx=(0.1, 0.2)), zoom(scale=(1.2, 1.4))], n=2)]
    for index in range(6):
        with item_stream(3, 0, index):
            x = Image.from_pixels(marked).apply_tfms(tfms, padding_mode="zeros")
        settings = {"padding_mode": "zeros", "do_resolve": False}
        mask = ImageSegment(torch.from_numpy(marked[None, ..., 0] // 255)).apply_tfms(tfms, **settings)
        point = ImagePoints(FlowField((40, 40), torch.tensor([[12.0, 22.0]]))).apply_tfms(tfms, **settings)
        white = x.data[0] > 0.5
        assert (white != mask.data[0].bool()).float().mean() < 0.01
        place = torch.nonzero(white).float().mean(0) + 0.5
        torch.testing.assert_close((point.data[0] + 1) * 20, place, atol=0.7, rtol=0)


def test_what_changes_no_place_leaves_masks_alone():
    mask = ImageSegment(torch.arange(12).view(1, 3, 4))
    for call in (saturation(factor=0.1), posterize(bits=1), random_erasing(area=0.5)):
        call.resolve()
        assert torch.equal(call(mask.clone()).data, mask.data)


def test_geometry_of_a_choice_joins_the_one_resample(monkeypatch):
    reads = []
    original = Image._resample
    monkeypatch.setattr(Image, "_resample", lambda self, geometry: (reads.append(1), original(self, geometry)))
    tfms = [RandChoice([rotate(degrees=5), zoom(scale=1.2)], n=4), flip_lr(p=1), saturation(factor=0.5)]
    Image.from_pixels(photo()).apply_tfms(tfms, size=24).refresh()
    assert len(reads) == 1


def test_a_choice_in_a_choice_with_a_probability_and_in_a_file():
    inner = RandChoice([rotate(degrees=10), rotate(degrees=-10)])
    choice = RandChoice([inner, contrast(scale=2.0)], n=2, p=0.5)
    again = decode(encode(choice))
    assert repr(again) == repr(choice) == "RandChoice (n=2 of choice, contrast)"
    for index in range(20):
        assert torch.equal(at([choice], index), at([again], index))
    ran = 0
    for index in range(400):
        with item_stream(0, 0, index):
            choice.resolve()
        ran += len(choice.expanded()) > 0
    assert 150 < ran < 250
    assert inner(Image.from_pixels(photo())).shape == (3, 40, 56)


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda: RandChoice([]), "RandChoice: options must hold at least one call"),
        (lambda: RandChoice([rotate]), r"RandChoice: options must hold calls of transforms; got TfmAffine \(rotate\)"),
        (lambda: RandChoice(rotate(degrees=3)), "RandChoice: options must be a list"),
        (lambda: RandChoice([rotate(degrees=3)], n=0), "RandChoice: n must be"),
        (lambda: RandChoice([rotate(degrees=3)], p=1.5), "RandChoice: p must be a probability"),
        (lambda: RandChoice([rotate(degrees=3, use_on_y=False)]), "options must all move targets along, or none"),
        (lambda: trivial_augment(strength=0), "trivial_augment: strength must be above 0 and at most 1; got 0"),
        (lambda: trivial_augment(strength="1"), "trivial_augment: strength must be above 0 and at most 1"),
        (lambda: rand_augment(n=1.5), "rand_augment: n must be"),
        (lambda: rand_augment(magnitude=31), "rand_augment: magnitude must be from 0 to 30; got 31"),
        (lambda: rand_augment(xtra_tfms=[random_erasing]), "rand_augment: xtra_tfms must hold calls of transforms"),
        (lambda: trivial_augment(xtra_tfms=[3]), "trivial_augment: xtra_tfms must hold calls of transforms; got 3"),
        (lambda: trivial_augment(do_flip=False, flip_vert=True), "trivial_augment: flip_vert needs do_flip=True"),
        (lambda: trivial_augment(max_rotate=3), "trivial_augment: unknown keyword"),
    ],
)
def test_bad_input_is_refused_in_a_sentence(make, match):
    with pytest.raises((ArgumentError, ArgumentTypeError), match=match):
        make()


def test_more_transforms_may_be_one_or_several():
    one = trivial_augment(xtra_tfms=random_erasing(p=0.25))[0]
    two = rand_augment(xtra_tfms=[brightness(change=0.5), random_erasing()])[0]
    assert one[-1].tfm.name == "random_erasing" and one[-1].p == 0.25
    assert [call.tfm.name for call in two[-2:]] == ["brightness", "random_erasing"]
