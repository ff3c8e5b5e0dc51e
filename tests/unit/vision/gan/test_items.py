"""Noise as items, with an address."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch

from onecycle.data.bunch import DatasetType
from onecycle.errors import ArgumentError
from onecycle.utils.functions import noop
from onecycle.utils.seeding import item_stream
from onecycle.vision.gan.items import GANItemList, NoisyItem
from onecycle.vision.transform import crop_pad, flip_lr


@pytest.fixture
def pictures(tmp_path):
    import PIL.Image

    draw = np.random.RandomState(0)
    for i in range(8):
        PIL.Image.fromarray(draw.randint(0, 255, (20, 24, 3), np.uint8)).save(tmp_path / f"{i}.png")
    return tmp_path


def bunch(pictures, tfms=None, **how):
    items = GANItemList.from_folder(pictures, noise_sz=6).split_none().label_from_func(noop)
    data = items.transform(tfms, size=16, tfm_y=True).databunch(bs=4, device="cpu", num_workers=0, **how)
    return data.normalize(([0.5] * 3, [0.5] * 3), do_x=False, do_y=True)


def test_a_batch_is_noise_and_normalised_pictures(pictures):
    noise, real = bunch(pictures).train_dl.one_batch()
    assert noise.shape == (4, 6, 1, 1) and real.shape == (4, 3, 16, 16) and real.min() < 0


def test_noise_has_an_address():
    def at(epoch, index):
        with item_stream(1, epoch, index):
            return NoisyItem(50).data

    assert torch.equal(at(0, 3), at(0, 3))
    assert not torch.equal(at(0, 3), at(0, 4)) and not torch.equal(at(0, 3), at(1, 3))


def test_any_number_of_workers_gives_the_same_noise(pictures):
    seen = []
    for workers in (0, 2):
        data = bunch(pictures, [[flip_lr(p=0.5)], []])
        data.train_dl.dl.num_workers = workers
        data.train_dl.set_epoch(5, 0)
        seen.append([torch.cat([x.flatten(), y.flatten()]) for x, y in data.train_dl])
    assert all(torch.equal(a, b) for a, b in zip(*seen, strict=True))


def test_it_is_standard_normal():
    with item_stream(0, 0, 0):
        noise = NoisyItem(20_000).data
    assert abs(noise.mean()) < 0.02 and abs(noise.std() - 1) < 0.02


def test_a_plain_look_varies_and_follows_numpys_seed(pictures):
    items = GANItemList.from_folder(pictures, noise_sz=6)
    np.random.seed(0)
    first = items[0]
    assert first != items[0]
    np.random.seed(0)
    assert first == items[0]


@pytest.mark.parametrize("size", [0, 1.5, True, None])
def test_noise_of_no_length_is_refused(size):
    with pytest.raises(ArgumentError, match="noise_sz must be a whole number of at least 1"):
        NoisyItem(size)


def test_random_transforms_of_the_target_draw_anew(pictures):
    tfms = [[crop_pad(size=16, row_pct=(0, 1), col_pct=(0, 1))], []]
    items = GANItemList.from_folder(pictures).split_none().label_from_func(noop).transform(tfms, size=16, tfm_y=True)
    crops = {tuple(items.train[0][1].data[0, 0].tolist()) for _ in range(12)}
    assert len(crops) > 3


def test_it_shows_real_and_made_pictures(pictures):
    data = bunch(pictures)
    data.show_batch(rows=2)
    assert len(plt.gcf().axes) == 4
    noise, real = data.one_batch(DatasetType.Train)
    items = data.train_ds.x
    xs, ys = [items.reconstruct(x) for x in noise], [data.train_ds.y.reconstruct(y) for y in real]
    items.show_xyzs(xs, ys, ys, figsize=(2, 2))
    assert len(plt.gcf().axes) == 4 and xs[0] == items.as_item(noise[0]) and items.as_item(xs[0]) is xs[0]
    plt.close("all")


def test_its_settings_go_into_files(pictures):
    from onecycle.data.bunch import DataBunch

    again = DataBunch.from_state(bunch(pictures).export_state(), pictures, "cpu")
    assert again.single_ds.x.noise_sz == 6
    assert again.single_batch(torch.zeros(6))[0].shape == (1, 6, 1, 1)


def test_the_object_of_noise_is_its_size():
    assert NoisyItem(10).obj == 10
    assert NoisyItem.of(torch.zeros(7)).obj == 7
