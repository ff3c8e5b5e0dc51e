"""Progressive resizing: which epoch sees which size, targets and crops along with it, and runs that are resumed."""

import numpy as np
import pytest
import torch
from PIL import Image as PILImage
from torch import nn

from onecycle.data.bunch import DataBunch
from onecycle.data.resizing import as_size, scaled
from onecycle.errors import ArgumentError, DataError
from onecycle.learner import Learner
from onecycle.metrics.classification import accuracy
from onecycle.training.callback import Callback
from onecycle.vision.image_list import ImageImageList, ImageList
from onecycle.vision.random_choice import RandChoice
from onecycle.vision.recipes import get_transforms, rand_pad
from onecycle.vision.segmentation_list import SegmentationItemList


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    "Sixteen images of 32 x 32: a bright square at the left or right; and their masks."
    path = tmp_path_factory.mktemp("squares")
    draw = np.random.RandomState(0)
    for i in range(16):
        name, x = (("left", 3), ("right", 19))[i % 2]
        pixels, mask = draw.randint(0, 60, (32, 32, 3), np.uint8), np.zeros((32, 32), np.uint8)
        pixels[8:18, x : x + 10], mask[8:18, x : x + 10] = 220, 1
        for kind, array in (("images", pixels), ("masks", mask)):
            (path / kind / name).mkdir(parents=True, exist_ok=True)
            PILImage.fromarray(array).save(path / kind / name / f"{i}.png")
    return path


class Seen(Callback):
    "Notes the size of inputs and targets of each epoch's batches."

    def __init__(self):
        self.train, self.valid, self.targets = [], [], []

    def on_batch_begin(self, last_input, last_target, train, epoch, **kwargs):
        (self.train if train else self.valid).append((epoch, *last_input.shape[2:]))
        self.targets.append(tuple(last_target.shape[2:]))

    def run_state(self):
        return {}


def net():
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 6, 3, 2, 1), nn.BatchNorm2d(6), nn.ReLU(), nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Dropout(0.1),
        nn.Linear(24, 2),
    )  # fmt: skip


def learner(folder, tfms=None, workers=0, size=32, **how):
    labelled = ImageList.from_folder(folder / "images").split_by_rand_pct(0.25, seed=1).label_from_folder()
    data = labelled.transform(tfms or get_transforms(), size=size, **how)
    data = data.databunch(bs=4, num_workers=workers, device="cpu", path=folder)
    return Learner(data, net(), metrics=accuracy, silent=True)


def epochs_of(seen):
    return sorted(set(seen.train)), sorted(set(seen.valid))


def test_each_epoch_comes_at_its_size_and_the_data_ends_as_it_was(folder):
    learn, seen = learner(folder), Seen()
    train, valid = learn.data.train_ds, learn.data.valid_ds
    before = [(ds.tfms, ds.tfmargs) for ds in (train, valid)]
    learn.fit_progressive(5, sizes=(16, 24, 32), max_lr=1e-2, callbacks=[seen])
    expected = [(0, 16, 16), (1, 24, 24), (2, 24, 24), (3, 32, 32), (4, 32, 32)]
    assert epochs_of(seen) == (expected, expected)
    assert learn.recorder.names[-2:] == ["size", "time"]
    assert [float(row[-1]) for row in learn.recorder.metrics] == [16, 24, 24, 32, 32]
    assert [(ds.tfms, ds.tfmargs) for ds in (train, valid)] == before
    assert all(a is b[0] for a, b in zip((train.tfms, valid.tfms), before))
    assert learn.data.one_batch()[0].shape[2:] == (32, 32)


def test_epochs_may_be_given_for_each_size_and_sizes_be_pairs(folder):
    learn, seen = learner(folder, size=(16, 32)), Seen()
    learn.fit_progressive(np.array([2, 1]), sizes=[(8, 16), (16, 32)], callbacks=[seen])
    assert epochs_of(seen)[0] == [(0, 8, 16), (1, 8, 16), (2, 16, 32)]


def test_it_is_one_cycle_over_all_sizes(folder):
    learn = learner(folder)
    learn.fit_progressive(3, sizes=(16, 32), max_lr=1e-2)
    rates = learn.recorder.lrs
    learn = learner(folder)
    learn.fit_one_cycle(3, 1e-2)
    assert rates == learn.recorder.lrs


def test_one_size_is_fit_one_cycle_bit_for_bit(folder):
    def weights(train):
        learn = learner(folder)
        torch.manual_seed(5)
        train(learn)
        return learn.model.state_dict().values()

    plain = weights(lambda learn: learn.fit_one_cycle(2, 1e-2))
    again = weights(lambda learn: learn.fit_progressive(2, sizes=[32], max_lr=1e-2))
    assert all(torch.equal(a, b) for a, b in zip(plain, again, strict=True))


@pytest.mark.parametrize("workers", [0, 2])
def test_crops_with_a_size_of_their_own_go_along(folder, workers):
    for tfms in (rand_pad(2, 32), [RandChoice(rand_pad(2, 32)[1:])]):
        learn, seen = learner(folder, (tfms, []), workers), Seen()
        learn.fit_progressive(2, sizes=(16, 32), callbacks=[seen])
        assert epochs_of(seen)[0] == [(0, 16, 16), (1, 32, 32)]


def test_workers_that_stay_follow_too(folder):
    learn, seen = learner(folder), Seen()
    loader = learn.data.train_dl.new(num_workers=1, persistent_workers=True)
    learn.data.train_dl = loader
    learn.fit_progressive(2, sizes=(16, 32), callbacks=[seen])
    assert epochs_of(seen)[0] == [(0, 16, 16), (1, 32, 32)]


def test_masks_and_larger_targets_go_along(folder):
    def mask_of(file):
        return folder / "masks" / file.parent.name / file.name

    source = SegmentationItemList.from_folder(folder / "images").split_by_rand_pct(0.25, seed=1)
    masks = source.label_from_func(mask_of, classes=["ground", "square"])
    masks = masks.transform(get_transforms(), size=32, tfm_y=True).databunch(bs=4, device="cpu", num_workers=0)
    source = ImageImageList.from_folder(folder / "images").split_by_rand_pct(0.25, seed=1).label_from_func(lambda f: f)
    larger = source.transform(get_transforms(), size=16, tfm_y=True).transform_y(size=32)
    larger = larger.databunch(bs=4, device="cpu", num_workers=0)
    up = nn.Sequential(nn.Conv2d(3, 3, 3, padding=1), nn.Upsample(scale_factor=2))
    for data, model, sizes, targets in (
        (masks, nn.Conv2d(3, 2, 3, padding=1), (16, 32), [(16, 16), (32, 32)]),
        (larger, up, (8, 16), [(16, 16), (32, 32)]),
    ):
        loss = {"loss_func": nn.MSELoss()} if data is larger else {}
        learn, seen = Learner(data, model, silent=True, **loss), Seen()
        learn.fit_progressive(2, sizes=sizes, callbacks=[seen])
        assert sorted(set(seen.targets)) == targets


class Killed(Exception):
    pass


class KillAt(Seen):
    def __init__(self, step):
        super().__init__()
        self.step = step

    def on_batch_end(self, iteration, train, **kwargs):
        if train and iteration == self.step:
            raise Killed


@pytest.mark.parametrize("step", [2, 3, 4, 8])  # in the first epoch, at its end, and in those of the next sizes
def test_a_killed_run_is_resumed_at_its_size_and_ends_with_the_same_bits(folder, tmp_path, step):
    def train(kill, **run):
        learn, seen = learner(folder), KillAt(kill)
        torch.manual_seed(3)
        learn.fit_progressive(3, sizes=(16, 24, 32), max_lr=1e-2, callbacks=[seen], **run)
        return learn

    whole = train(None)
    with pytest.raises(Killed):
        train(step, checkpoint=tmp_path / "run", every=1)
    learn, seen = learner(folder), KillAt(None)
    learn.resume(tmp_path / "run", callbacks=[seen])
    assert all(torch.equal(a, b) for a, b in zip(whole.model.state_dict().values(), learn.model.state_dict().values()))
    assert str(whole.recorder.metrics) == str(learn.recorder.metrics)
    assert {size for _, size, _ in seen.train} <= {16, 24, 32} and learn.data.one_batch()[0].shape[-1] == 32


def test_a_training_that_breaks_off_leaves_the_data_as_it_was(folder):
    learn = learner(folder)
    with pytest.raises(Killed):
        learn.fit_progressive(2, sizes=(16, 32), callbacks=[KillAt(1)])
    assert learn.data.one_batch()[0].shape[-1] == 32
    learn.fit_one_cycle(1, 1e-3)


@pytest.mark.parametrize(("how", "match"), [
    ({"sizes": (16, 24)}, r"fit_progressive: sizes must end with the size of the data, 32; got \(16, 24\)"),
    ({"sizes": ()}, "fit_progressive: sizes must be a list of sizes in pixels"),
    ({"sizes": 32}, "fit_progressive: sizes must be a list of sizes in pixels"),
    ({"sizes": "32"}, "fit_progressive: sizes must be a list of sizes in pixels"),
    ({"sizes": (16.5, 32)}, "fit_progressive: sizes must be a list of sizes in pixels"),
    ({"sizes": (0, 32)}, "fit_progressive: sizes must be a list of sizes in pixels"),
    ({"epochs": 1}, "fit_progressive: epochs must be at least one per size, 2; got 1"),
    ({"epochs": [1, 1, 1]}, "fit_progressive: epochs must be one number per size, 2"),
    ({"epochs": [1, 0]}, "fit_progressive: epochs must be a whole number of at least 1; got 0"),
    ({"epochs": "2"}, "fit_progressive: epochs must be a whole number of at least 1; got '2'"),
])  # fmt: skip
def test_bad_input_is_refused_before_anything_happens(folder, how, match):
    learn = learner(folder)
    with pytest.raises(ArgumentError, match=match):
        learn.fit_progressive(**{"epochs": 2, "sizes": (16, 32), **how})
    assert learn.data.train_ds.tfmargs["size"] == 32


def test_data_without_a_size_is_refused(folder, make_learner):
    labelled = ImageList.from_folder(folder / "images").split_by_rand_pct(0.25, seed=1).label_from_folder()
    plain = Learner(labelled.databunch(bs=4, device="cpu"), net(), silent=True)
    batches = [(torch.zeros(2, 3, 8, 8), torch.zeros(2).long())]
    ready = Learner(DataBunch(batches, None, device="cpu"), net(), silent=True)
    for learn in (plain, ready, make_learner()):
        with pytest.raises(DataError, match="fit_progressive: the data must have a size that can change"):
            learn.fit_progressive(2, sizes=(16, 32))


def test_sizes_are_made_plain():
    assert as_size(np.int64(8)) == as_size([8, 8]) == as_size(torch.tensor([8, 8])) == (8, 8)
    assert [as_size(value) for value in (None, True, "8", (8,), (8, -1), 8.5, (1, 2, 3))] == [None] * 7
    assert scaled((30, 40), (60, 80), (45, 60)) == (22, 30) and scaled(7, (10, 10), (20, 20)) == 14
