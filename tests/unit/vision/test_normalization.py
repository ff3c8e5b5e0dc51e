"""Tests of onecycle.vision.normalization."""

import json

import numpy as np
import pytest
import torch

from onecycle.errors import ArgumentError, DataError
from onecycle.utils.registry import decode, encode
from onecycle.vision.image import Image
from onecycle.vision.normalization import (
    Denormalize,
    Normalize,
    channel_view,
    cifar_stats,
    denormalize,
    imagenet_stats,
    mnist_stats,
    normalize,
    normalize_funcs,
)


@pytest.fixture
def pictures():
    return torch.rand(4, 3, 5, 6, generator=torch.Generator().manual_seed(0))  # (N, C, H, W)


def test_the_known_statistics():
    assert imagenet_stats == ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
    assert cifar_stats == ([0.491, 0.482, 0.447], [0.247, 0.243, 0.261])
    assert mnist_stats == ([0.131], [0.308])


def test_normalised_by_its_own_statistics_a_batch_has_mean_0_and_spread_1(pictures):
    view = channel_view(pictures)
    assert view.shape == (3, 4 * 5 * 6)
    assert torch.equal(view[1].sort().values, pictures[:, 1].flatten().sort().values)
    done = channel_view(normalize(pictures, view.mean(1), view.std(1)))
    torch.testing.assert_close(done.mean(1), torch.zeros(3), atol=1e-6, rtol=0)
    torch.testing.assert_close(done.std(1), torch.ones(3))


@pytest.mark.parametrize("shape", [(3, 5, 6), (2, 3, 5, 6)])
def test_denormalize_undoes_normalize_for_one_picture_and_for_a_batch(shape):
    x = torch.rand(shape)
    torch.testing.assert_close(denormalize(normalize(x, *imagenet_stats), *imagenet_stats), x)


def test_denormalize_leaves_what_was_not_normalised(pictures):
    assert torch.equal(denormalize(pictures, *imagenet_stats, do_x=False), pictures)


def test_denormalize_gives_float32_from_half(pictures):
    assert denormalize(pictures.half(), *imagenet_stats).dtype == torch.float32


def test_the_fused_form_equals_the_formula(pictures):
    xb, yb = Normalize(*imagenet_stats)((pictures, torch.arange(4)))
    torch.testing.assert_close(xb, normalize(pictures, *imagenet_stats))
    assert torch.equal(yb, torch.arange(4))


def test_the_batch_it_was_given_is_not_changed(pictures):
    before = pictures.clone()
    Normalize(*imagenet_stats)((pictures, None))
    assert torch.equal(pictures, before)


def test_one_value_serves_any_number_of_channels(pictures):
    xb, _ = Normalize(*mnist_stats)((pictures, None))
    torch.testing.assert_close(xb, (pictures - 0.131) / 0.308)


def test_do_y_normalises_targets_that_are_pictures(pictures):
    norm = Normalize(*imagenet_stats, do_x=False, do_y=True)
    xb, yb = norm((pictures, pictures))
    assert torch.equal(xb, pictures)
    torch.testing.assert_close(yb, normalize(pictures, *imagenet_stats))
    assert torch.equal(norm((pictures, torch.arange(4)))[1], torch.arange(4))


def test_do_y_alone_leaves_inputs_as_they_are_when_undone(pictures):
    _, denorm = normalize_funcs(*imagenet_stats, do_x=False, do_y=True)
    assert torch.equal(denorm(pictures), pictures)
    torch.testing.assert_close(denorm(normalize(pictures, *imagenet_stats), do_x=denorm.do_y), pictures)


def test_of_an_item_of_several_parts_the_pictures_are_normalised(pictures):
    cats = torch.zeros(4, 2, dtype=torch.long)
    norm, denorm = normalize_funcs(*imagenet_stats)
    (pics, same), _ = norm(([pictures, cats], None))
    torch.testing.assert_close(pics, normalize(pictures, *imagenet_stats))
    assert same is cats
    torch.testing.assert_close(denorm([pics, same])[0], pictures)


def test_half_precision_stays_half(pictures):
    assert Normalize(*imagenet_stats)((pictures.half(), None))[0].dtype == torch.float16


def test_it_goes_to_a_file_and_back(pictures):
    norm = Normalize(*imagenet_stats, do_y=True)
    again = decode(json.loads(json.dumps(encode(norm))))
    assert repr(again) == repr(norm)
    assert torch.equal(again((pictures, None))[0], norm((pictures, None))[0])


def test_stats_may_be_tensors(pictures):
    mean, std = map(torch.tensor, imagenet_stats)
    torch.testing.assert_close(Normalize(mean, std).pictures(pictures), normalize(pictures, mean, std))
    assert Denormalize(mean, std).mean == pytest.approx(imagenet_stats[0])


def test_statistics_of_colour_on_grey_pictures_are_refused():
    with pytest.raises(DataError, match=r"got 3 means for pictures of 1 channel\..*convert_mode='RGB'"):
        Normalize(*imagenet_stats)((torch.rand(2, 1, 4, 4), None))


def test_two_statistics_on_three_channels_are_refused(pictures):
    with pytest.raises(DataError, match="got 2 means for pictures of 3 channels. Pass one mean"):
        Normalize([0.1, 0.2], [1, 1])((pictures, None))


def test_means_and_deviations_of_different_number_are_refused():
    with pytest.raises(ArgumentError, match="as many means as standard deviations; got 1 and 2"):
        Normalize([0.5], [0.5, 0.5])


def test_a_deviation_of_nought_is_refused():
    with pytest.raises(ArgumentError, match=r"std must be above 0; got \[0.0\]"):
        Normalize([0.5], [0.0])


@pytest.mark.parametrize("mean", [[], "imagenet", None])
def test_stats_that_are_no_numbers_are_refused(mean):
    with pytest.raises(ArgumentError, match="mean must hold one number a channel"):
        Normalize(mean, [1.0])


def test_packed_pictures_are_normalised_while_they_are_unpacked():
    values = np.random.default_rng(0).integers(0, 256, (2, 6, 5, 3)).astype(np.uint8)
    pictures, cpu = [Image.from_pixels(array) for array in values], torch.device("cpu")
    own, one = Normalize([0.4, 0.5, 0.6], [0.2, 0.3, 0.4]), Normalize([0.5], [0.25])
    for tfm in (own, one, Normalize([0.5], [0.25], do_x=False)):
        packed = Image.pack(pictures)
        x, y = tfm.place([packed, torch.ones(2)], cpu)
        expected, _ = tfm((packed.unpack(cpu), torch.ones(2)))
        torch.testing.assert_close(x, expected)
        assert torch.equal(y, torch.ones(2))
    both = Normalize([0.5], [0.25], do_y=True)
    x, y = both.place([Image.pack(pictures), Image.pack(pictures)], cpu)
    torch.testing.assert_close(x, y)
    with pytest.raises(DataError, match="one value a channel"):
        Normalize([0.1, 0.2], [1, 1]).place([Image.pack(pictures), None], cpu)


def test_a_normalisation_with_a_call_of_its_own_is_called():
    class Halved(Normalize):
        def __call__(self, batch):
            return super().__call__(batch)[0] / 2, batch[1]

    packed = Image.pack([Image.from_pixels(np.full((2, 2, 3), 255, np.uint8))])
    assert Halved([0.5], [0.5]).place([packed, 0], torch.device("cpu"))[0].unique().tolist() == [0.5]
