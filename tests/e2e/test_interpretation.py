"""Interpretation of real learners of pictures: one class an item, several labels an item."""

import numpy as np
import pytest
import torch
from PIL import Image as PillowImage

from onecycle.data.loaders import DatasetType
from onecycle.interpret.classification import ClassificationInterpretation
from onecycle.interpret.grad_cam import GradCAM
from onecycle.interpret.multilabel import MultiLabelClassificationInterpretation
from onecycle.learner import Learner
from onecycle.metrics.classification import accuracy
from onecycle.metrics.multilabel import accuracy_thresh
from onecycle.nn.blocks import simple_cnn
from onecycle.vision.image import open_image
from onecycle.vision.image_list import ImageList
from onecycle.vision.recipes import get_transforms

COLOURS = {"blue": 2, "green": 1, "red": 0}


@pytest.fixture
def folder(tmp_path):
    rng = np.random.default_rng(0)
    for name, channel in COLOURS.items():
        (tmp_path / name).mkdir()
        for i in range(8):
            pixels = rng.integers(0, 120, size=(20, 24, 3))
            pixels[..., channel] += 100
            PillowImage.fromarray(pixels.astype(np.uint8)).save(tmp_path / name / f"{i}.png")
    return tmp_path


@pytest.fixture
def learn(folder):
    data = (
        ImageList.from_folder(folder)
        .split_by_rand_pct(0.4, seed=1)
        .label_from_folder()
        .transform(get_transforms(), size=16)
        .databunch(bs=5, num_workers=0)
        .normalize()
    )
    return Learner(data, simple_cnn((3, 8, 8, 3), bn=True), metrics=accuracy, silent=True)


def test_a_classifier(learn):
    learn.fit_one_cycle(2, 0.02)
    interp = ClassificationInterpretation.from_learner(learn)
    assert len(interp.ds) == len(interp.losses) == 9
    assert [int(interp.ds[i][1]) for i in range(9)] == interp.y_true.tolist()
    assert float(learn.validate()[1]) == pytest.approx((interp.pred_class == interp.y_true).float().mean())
    assert interp.confusion_matrix().sum() == 9
    assert interp.losses.mean() == pytest.approx(float(learn.validate()[0]), rel=1e-5)
    figure = interp.plot_top_losses(4, heatmap=True, return_fig=True)
    worst = int(interp.top_losses(1)[1])
    names = figure.axes[0].get_title().replace("\n", " / ").split(" / ")[0]
    assert names == f"{interp.classes[interp.pred_class[worst]]}/{interp.classes[interp.y_true[worst]]}"
    assert len(figure.axes[0].images) == 2
    assert figure.axes[0].images[0].get_array().shape[:2] == (16, 16)


def test_one_picture_explained(learn, folder):
    learn.fit_one_cycle(2, 0.02)
    interp = ClassificationInterpretation.from_learner(learn)
    cam = GradCAM.from_interp(learn, interp, 3)
    assert cam.actual == int(interp.y_true[3])
    assert torch.equal(cam.heat(), interp.grad_cam(3, show=False))
    assert torch.equal(cam.heat("cam", "red"), interp.cam(3, "red", show=False))
    assert [len(ax.images) for ax in cam.plot(return_fig=True).axes[:3]] == [1, 2, 2]
    again = GradCAM.from_one_img(learn, open_image(learn.data.valid_ds.x.items[3]))
    torch.testing.assert_close(again.probabilities, interp.preds[3], atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(again.heat(), cam.heat(), atol=1e-5, rtol=1e-3)
    assert again.picture.shape == (3, 16, 16)
    again.plot(kinds=["activation", "grad_cam", "cam"])


def test_looking_changes_nothing(learn):
    before = {name: value.clone() for name, value in learn.model.state_dict().items()}
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    ClassificationInterpretation.from_learner(learn).plot_top_losses(2, heatmap=True)
    assert torch.equal(torch.rand(3), expected)
    assert all(torch.equal(before[name], value) for name, value in learn.model.state_dict().items())
    assert all(p.grad is None for p in learn.model.parameters())


def test_the_training_set_is_read_in_order(learn):
    interp = ClassificationInterpretation.from_learner(learn, DatasetType.Train)
    assert len(interp.losses) == 15
    assert [int(interp.ds[i][1]) for i in range(15)] == interp.y_true.tolist()


def test_several_labels(folder):
    data = (
        ImageList.from_folder(folder)
        .split_by_rand_pct(0.4, seed=1)
        .label_from_func(lambda path: [path.parent.name, "even" if int(path.stem) % 2 == 0 else "odd"])
        .transform(size=16)
        .databunch(bs=5, num_workers=0)
    )
    learn = Learner(data, simple_cnn((3, 8, 8, 5), bn=True), metrics=accuracy_thresh, silent=True)
    learn.fit_one_cycle(1, 0.02)
    interp = MultiLabelClassificationInterpretation.from_learner(learn, thresh=0.5)
    assert interp.classes == ["blue", "even", "green", "odd", "red"]
    assert torch.allclose(interp.preds, learn.get_preds()[0], atol=1e-6)
    assert 1 - interp.wrong.float().mean() == pytest.approx(float(learn.validate()[1]))
    assert interp.confusion_matrix().sum() == 9 * 5
    assert len(interp.plot_top_losses(2, heatmap=True, return_fig=True).axes[0].images) == 2
