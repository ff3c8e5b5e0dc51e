"""One picture explained: what is kept, and what is drawn."""

import pytest
import torch
from interpret_fakes import FakeLearner

from onecycle.errors import ArgumentError
from onecycle.interpret.activation_maps import activation_map, grad_cam
from onecycle.interpret.class_maps import class_activation_map
from onecycle.interpret.classification import ClassificationInterpretation
from onecycle.interpret.grad_cam import GradCAM
from onecycle.interpret.multilabel import MultiLabelClassificationInterpretation


@pytest.fixture
def interp(learn):
    return ClassificationInterpretation.from_learner(learn)


def titles(figure):
    return [ax.get_title() for ax in figure.axes]


def test_of_an_item_of_a_set(learn, interp):
    wrong = int(interp.wrong_items().nonzero()[0])
    cam = GradCAM.from_interp(learn, interp, wrong)
    predicted, actual = int(interp.pred_class[wrong]), int(interp.y_true[wrong])
    assert (cam.predicted, cam.actual) == (predicted, actual)
    assert cam.layer is learn.model[0]
    xb = learn.x[wrong][None]
    assert torch.equal(cam.heat(), grad_cam(learn.model, xb, predicted))
    assert torch.equal(cam.heat("grad_cam", actual), grad_cam(learn.model, xb, actual))
    assert torch.equal(cam.heat("cam", "dog"), class_activation_map(learn.model, xb, 1))
    assert torch.equal(cam.heat("activation"), activation_map(learn.model, xb))


def test_one_figure(learn, interp):
    wrong = int(interp.wrong_items().nonzero()[0])
    cam = GradCAM.from_interp(learn, interp, wrong)
    names = ["cat", "dog", "horse"]
    said, true = names[cam.predicted], names[cam.actual]
    figure = cam.plot(return_fig=True)
    assert titles(figure) == [
        f"actual: {true}",
        "mean activation",
        f"Grad-CAM: {said} {interp.preds[wrong, cam.predicted]:.2f}",
        f"Grad-CAM: {true} {interp.preds[wrong, cam.actual]:.2f}",
    ]
    assert [len(ax.images) for ax in figure.axes] == [1, 2, 2, 2]
    several = cam.plot(["cat", 2], kinds=["cam"], figsize=(4, 2), return_fig=True)
    assert [title.rpartition(" ")[0] for title in titles(several)[1:]] == ["CAM: cat", "CAM: horse"]
    assert cam.plot() is None


def test_a_right_item_has_one_class(learn, interp):
    right = int((~interp.wrong_items()).nonzero()[0])
    assert len(GradCAM.from_interp(learn, interp, right).plot(return_fig=True).axes) == 3


def test_of_several_labels_the_true_class_is_not_one(multi_learn):
    interp = MultiLabelClassificationInterpretation.from_learner(multi_learn)
    cam = GradCAM.from_interp(multi_learn, interp, 0)
    assert cam.actual is None
    assert titles(cam.plot(return_fig=True))[0] == ""


def test_of_a_picture_that_is_not_in_the_data():
    learn = FakeLearner(["cat", "dog", "horse"])
    image = learn.data.dl(None).dataset[3][0]
    learn.predict = lambda img, return_x: (img, "dog", torch.tensor(1), torch.tensor([0.1, 0.7, 0.2]))
    cam = GradCAM.from_one_img(learn, image)
    assert cam.predicted == 1 and cam.actual is None and cam.classes == ["cat", "dog", "horse"]
    assert torch.equal(cam.heat(), grad_cam(learn.model, image.px[None], 1))


def test_what_does_not_exist_is_refused(learn, interp):
    with pytest.raises(ArgumentError, match=r"GradCAM.from_interp: idx must lie in 0..11; got 12"):
        GradCAM.from_interp(learn, interp, 12)
    cam = GradCAM.from_interp(learn, interp, 0)
    with pytest.raises(ArgumentError, match=r"kind must be one of .*cam; got 'gradcam'.*mean 'grad_cam'"):
        cam.heat("gradcam")
    with pytest.raises(ArgumentError, match=r"kind must be one of activation, grad_cam, cam"):
        cam.plot(kinds=["all"])
    with pytest.raises(ArgumentError, match=r"GradCAM: category must be an index or .*; got 'dogs'.*'dog'"):
        cam.heat("grad_cam", "dogs")


def test_interpretation_has_both_in_one_call(learn, interp):
    import matplotlib.pyplot as plt

    xb = learn.x[2][None]
    heat = interp.cam(2, "horse")
    assert torch.equal(heat, class_activation_map(learn.model, xb, 2))
    assert len(plt.gca().images) == 2
    assert torch.equal(interp.cam(2, show=False), class_activation_map(learn.model, xb, int(interp.pred_class[2])))
    with pytest.raises(ArgumentError, match="cam: category must be an index or the name of a class; got 'hors'"):
        interp.cam(2, "hors")
