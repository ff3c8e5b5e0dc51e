import math

import numpy as np
import pytest
import torch
from torch import nn

from onecycle.data.loaders import DatasetType
from onecycle.errors import ArgumentError, ArgumentTypeError
from onecycle.learner import Learner
from onecycle.metrics.classification import accuracy
from onecycle.nn.losses import activation_for, inverse_of
from onecycle.utils.seeding import mix
from onecycle.vision.image_list import ImageList
from onecycle.vision.recipes import get_transforms, rand_pad
from onecycle.vision.transform import (
    brightness,
    crop_pad,
    cutout,
    dihedral,
    flip_lr,
    jitter,
    random_erasing,
    rotate,
    solarize,
    trivial_augment,
    zoom,
)
from onecycle.vision.tta import ViewStream, augmented_loaders, moves, tta_transforms, varies


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    "Twelve bright and twelve dark pictures of 12 x 12 pixels, with a gradient so that views differ."
    from PIL import Image

    folder = tmp_path_factory.mktemp("pictures")
    draw = np.random.RandomState(0)
    for name, low in (("bright", 130), ("dark", 40)):
        (folder / name).mkdir()
        for number in range(12):
            slope = np.add.outer(np.arange(12), 2 * np.arange(12))[..., None] * 2
            pixels = np.clip(low + slope + draw.randint(0, 50, (12, 12, 3)), 0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(folder / name / f"{number}.png")
    return folder


def bunch(pictures, tfms=None, **how):
    labelled = ImageList.from_folder(pictures).split_by_rand_pct(0.5, seed=1).label_from_folder()
    return labelled.transform(tfms, size=12, **how).databunch(bs=5, num_workers=0, device="cpu").normalize()


def net(end=None):
    layers = [nn.Conv2d(3, 4, 5, stride=2), nn.ReLU(), nn.AdaptiveMaxPool2d(2), nn.Flatten(), nn.Linear(16, 2)]
    return nn.Sequential(*layers, *([end] if end else []))


def learner(data, model=None, **how):
    return Learner(data, model or net(), metrics=accuracy, silent=True, **how)


def test_eight_views_look_at_corners_mirrored_and_not():
    views = tta_transforms(get_transforms()[0], 1.35)
    names = [[tfm.tfm.name for tfm in view] for view in views]
    kept = ["symmetric_warp", "rotate", "brightness", "contrast"]
    assert names == [[*kept, "zoom", "crop_pad"]] * 4 + [[*kept, "zoom", "flip_lr", "crop_pad"]] * 4
    corners = {(view[4].kwargs["row_pct"], view[4].kwargs["col_pct"]) for view in views}
    assert corners == {(0, 0), (0, 1), (1, 0), (1, 1)}


def test_views_show_what_they_say(pictures):
    data = bunch(pictures)
    views = [next(iter(loader))[0][0] for loader in augmented_loaders(data, scale=1.0)]
    plain = data.one_batch(DatasetType.Valid, denorm=False)[0][0]
    assert len(views) == 8
    assert all(torch.allclose(view, plain, atol=1e-5) for view in views[:4])
    assert all(torch.allclose(view, plain.flip(-1), atol=1e-5) for view in views[4:])


def test_the_average_is_that_of_its_formula(pictures):
    learn = learner(bunch(pictures))
    plain, averaged, targets = learn.TTA(beta=None, scale=1.35)
    wanted, labels = learn.get_preds()
    assert torch.equal(plain, wanted) and torch.equal(targets, labels)
    views = [learn.preds_of(loader)[0] for loader in learn.data.augmented_loaders(scale=1.35)]
    assert torch.allclose(averaged, sum(views) / 8)
    assert not torch.allclose(plain, averaged, atol=1e-4)
    preds, targets = learn.TTA(scale=1.35)
    assert torch.allclose(preds, 0.4 * plain + 0.6 * averaged)
    assert torch.allclose(preds.sum(1), torch.ones(len(preds)))


@pytest.mark.parametrize(("end", "loss"), [
    (None, nn.CrossEntropyLoss()), (nn.LogSoftmax(1), nn.NLLLoss()), (nn.LogSoftmax(1), nn.functional.nll_loss),
])  # fmt: skip
def test_the_log_loss_is_that_of_the_averaged_predictions(pictures, end, loss):
    from sklearn.metrics import accuracy_score, log_loss

    learn = learner(bunch(pictures), net(end), loss_func=loss)
    preds, targets, losses = learn.TTA(scale=1.35, with_loss=True)
    assert float(losses.double().mean()) == pytest.approx(log_loss(targets, preds.numpy()), rel=1e-5)
    assert float(accuracy(preds, targets)) == pytest.approx(accuracy_score(targets, preds.argmax(1)))


def test_a_loss_of_the_output_itself(pictures):
    learn = learner(bunch(pictures), loss_func=lambda out, y: nn.functional.mse_loss(out[:, 0], y.float()))
    preds, targets, losses = learn.TTA(scale=1.2, with_loss=True)
    assert torch.allclose(losses, (preds[:, 0] - targets) ** 2, atol=1e-6)


def test_inverses_of_activations():
    for loss in (nn.CrossEntropyLoss(), nn.BCEWithLogitsLoss(), nn.NLLLoss(), nn.MSELoss()):
        activ = activation_for(loss)
        fractions = torch.tensor([[0.2, 0.8]])
        assert torch.allclose(activ(inverse_of(activ)(fractions)), fractions)
    assert inverse_of(torch.tanh) is None
    assert torch.isfinite(inverse_of(torch.exp)(torch.zeros(1)))


def test_random_transforms_are_the_same_each_time_and_leave_no_trace(pictures):
    learn = learner(bunch(pictures, get_transforms(max_rotate=30)))
    before = torch.get_rng_state(), np.random.get_state()[1].copy()
    first = learn.TTA()[0]
    assert torch.equal(first, learn.TTA()[0])
    assert torch.equal(before[0], torch.get_rng_state()) and (before[1] == np.random.get_state()[1]).all()
    assert learn.model.training


def test_the_training_set_is_taken_in_order(pictures):
    learn = learner(bunch(pictures, get_transforms()))
    preds, targets = learn.TTA(DatasetType.Train)
    assert len(preds) == 12 and targets.tolist() == [int(y) for y in learn.data.train_ds.y]


def test_it_helps_a_loaded_learner_and_a_test_set(pictures, tmp_path):
    learn = learner(bunch(pictures, get_transforms()))
    learn.data.add_test(ImageList.from_folder(pictures / "dark"))
    assert len(learn.TTA(ds_type=DatasetType.Test)[0]) == 12


def test_accuracy_does_not_fall(pictures):
    torch.manual_seed(0)
    learn = learner(bunch(pictures, get_transforms(max_warp=0, max_lighting=0.02)))
    learn.fit_sgdr(2, 1e-2, cycle_len=2)
    preds, targets, losses = learn.TTA(with_loss=True)
    assert float(accuracy(preds, targets)) >= 0.9 and float(losses.mean()) < math.log(2)


@pytest.mark.parametrize(("how", "said"), [
    ({"beta": 1.5}, "TTA: beta must be from 0 to 1, or None; got 1.5"),
    ({"scale": 0.5}, "TTA: scale must be at least 1, or None; got 0.5"),
    ({"n_views": 0}, "TTA: n_views must be a whole number of at least 1; got 0"),
    ({"n_views": 2.5}, "TTA: n_views must be a whole number of at least 1; got 2.5"),
    ({"beta": None, "with_loss": True}, "TTA: beta must be a number where the loss is wanted"),
    ({"activ": torch.tanh, "with_loss": True}, "TTA: with_loss needs an activation whose inverse is known"),
])  # fmt: skip
def test_limits(pictures, how, said):
    with pytest.raises(ArgumentError, match=said):
        learner(bunch(pictures, get_transforms())).TTA(**how)


def views_of(data, count=8):
    loaders = list(data.augmented_loaders(n_views=count))
    assert len(loaders) == count
    return [next(iter(loader))[0] for loader in loaders]


def test_views_are_such_as_training_may_have_seen(pictures):
    "With flips and shifts by up to two pixels: half of the views are mirrored, and each is a shift of the image."
    data = bunch(pictures, ([flip_lr(p=0.5), *rand_pad(2, 12)], []))
    plain = data.one_batch(DatasetType.Valid, denorm=False)[0]
    padded = torch.nn.functional.pad(plain, (2, 2, 2, 2), mode="reflect")
    shifts = {(y, x): padded[..., y : y + 12, x : x + 12] for y in range(5) for x in range(5)}
    found, mirrored, inside = set(), [], (0, slice(None), slice(2, -2), slice(2, -2))
    for view in views_of(data):
        alike = [
            (place, turned)
            for place, shift in shifts.items()
            for turned in (False, True)
            if torch.allclose(view[inside], (shift.flip(-1) if turned else shift)[inside], atol=1e-4)
        ]
        assert len(alike) == 1
        found.add(alike[0][0])
        mirrored.append(alike[0][1])
    assert sum(mirrored) == 4 and len(found) >= 5


def test_colours_holes_and_choices_are_left_out(pictures):
    hard = [brightness(change=(0.1, 0.9)), cutout(length=8), random_erasing(), solarize(threshold=(0.0, 1.0))]
    tfms = [*get_transforms(max_warp=0)[0], *hard, *trivial_augment()[0][2:], jitter(magnitude=0.2)]
    assert [call.tfm.name for call in moves(tfms)] == ["crop_pad", "flip_lr", "rotate", "zoom"]
    shown = []
    for data in (bunch(pictures, (tfms, [])), bunch(pictures, (moves(tfms), []))):
        shown.append([data.denorm(view) for view in views_of(data)])
    assert all(torch.allclose(a, b, atol=1e-5) for a, b in zip(*shown))


def test_the_draws_of_the_views_of_an_item_share_each_range_evenly():
    for count in (1, 3, 8, 9):
        streams = [ViewStream(5, number, count) for number in range(count)]
        for _ in range(20):
            drawn = sorted(stream.random() for stream in streams)
            assert drawn == pytest.approx([(k + 0.5) / count for k in range(count)])


def test_views_are_the_same_with_workers_and_others_for_other_items(pictures):
    data = bunch(pictures, get_transforms(max_rotate=30))
    alone = [next(iter(loader))[0] for loader in data.augmented_loaders()]
    workers = [next(iter(loader.new(num_workers=2)))[0] for loader in data.augmented_loaders()]
    assert all(torch.equal(a, b) for a, b in zip(alone, workers))
    assert len({view[0].numpy().tobytes() for view in alone}) == 8
    turns = [[ViewStream(mix(17, item), number, 8).random() for number in range(8)] for item in range(6)]
    assert len(set(map(tuple, turns))) > 1


def test_without_anything_that_moves_the_plain_predictions_are_returned_and_it_is_said(pictures):
    for tfms in (None, ([brightness(change=(0.4, 0.6)), rotate(degrees=10)], []), ([flip_lr(p=1)], [])):
        learn = learner(bunch(pictures, tfms))
        with pytest.warns(UserWarning, match="TTA: the transforms of training never move an image, .* scale=1.1"):
            preds, _ = learn.TTA()
        torch.testing.assert_close(preds, learn.get_preds()[0])


def test_what_varies():
    moving = [dihedral(), rotate(degrees=(-5, 5)), flip_lr(p=0.5), crop_pad(row_pct=(0, 1)), zoom(scale=1.1, p=0.5)]
    still = [rotate(degrees=5), crop_pad(), flip_lr(), zoom(scale=(1, 2), is_random=False), rotate(degrees=(1, 2), p=0)]
    assert [varies(call) for call in moving] == [True] * 5
    assert [varies(call) for call in still] == [False] * 5


def test_other_data_have_no_views(make_learner):
    with pytest.raises(ArgumentTypeError, match="TTA: data must be pictures with labels or masks beside them"):
        make_learner().TTA()


def test_targets_in_the_picture_are_refused(pictures):
    learn = learner(bunch(pictures))
    learn.data.valid_ds.tfm_y = True
    with pytest.raises(ArgumentTypeError, match="TTA: data must be pictures .* got LabelList whose targets are part"):
        learn.TTA()


def test_unknown_words(pictures):
    with pytest.raises(TypeError, match="bta"):
        learner(bunch(pictures)).TTA(bta=0.1)
