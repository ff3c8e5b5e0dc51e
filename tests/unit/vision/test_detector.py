"""Tests of onecycle.vision.detector."""

import numpy as np
import pytest
import torch
from PIL import Image as PILImage
from torch import nn

from onecycle.callbacks.loss_metrics import LossMetrics
from onecycle.data.bunch import DataBunch
from onecycle.data.loaders import DatasetType
from onecycle.errors import ArgumentError, ArgumentTypeError, DataError
from onecycle.learner import load_learner
from onecycle.metrics.detection import MeanAveragePrecision
from onecycle.vision.boxes import ImageBBox
from onecycle.vision.detector import detection_learner
from onecycle.vision.image_list import ImageList
from onecycle.vision.interpret import ObjectDetectionInterpretation
from onecycle.vision.object_list import ObjectItemList, bb_pad_collate
from onecycle.vision.opening import open_image

# top, left, bottom, right in pixels of 40 x 60: none, one, a crowd
BOXES = {
    "0.png": [[[2, 2, 20, 30]], ["cat"]],
    "1.png": [[], []],
    "2.png": [[[y, x, y + 9, x + 9] for y in range(0, 30, 6) for x in range(0, 50, 6)], ["cat", "dog"] * 22 + ["cat"]],
    "3.png": [[], []],
    "4.png": [[[0, 0, 40, 60], [5, 5, 12, 20]], ["dog", "cat"]],
    "5.png": [[[5, 5, 12, 20]], ["dog"]],
}
SMALL = {"pretrained": False, "channels": 8, "depth": 1, "levels": 2}


def tiny_body(pretrained=False):
    """Return an architecture without a name in files."""
    strides = [nn.Conv2d(a, b, 3, stride=2, padding=1) for a, b in ((3, 4), (4, 8), (8, 16))]
    return nn.Sequential(*strides, nn.AdaptiveAvgPool2d(1))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("boxes")
    for i, name in enumerate(BOXES):
        pixels = np.random.default_rng(i).integers(0, 256, (40, 60, 3), dtype=np.uint8)
        PILImage.fromarray(pixels).save(path / name)
    return path


def make_data(folder, bs=2, boxes=BOXES, **how):
    lists = ObjectItemList.from_folder(folder).split_by_idx([2, 3, 4]).label_from_func(lambda file: boxes[file.name])
    return lists.transform(None, size=(32, 48), tfm_y=True, **how).databunch(
        bs=bs, val_bs=1, num_workers=0, collate_fn=bb_pad_collate, device="cpu"
    )


@pytest.fixture(scope="module")
def data(folder):
    return make_data(folder)


@pytest.fixture
def learn(data):
    torch.manual_seed(0)
    return detection_learner(data, "resnet18", metrics=MeanAveragePrecision(), silent=True, **SMALL)


def test_it_learns_from_pictures_without_boxes_with_one_and_crowded(learn):
    learn.callback_fns.append(LossMetrics)
    learn.fit(1, 1e-3)
    assert np.isfinite(learn.recorder.losses).all()
    assert learn.recorder.names[3:6] == ["mAP", "focal_loss", "box_loss"]


def test_only_batches_without_boxes(folder):
    labels = {**BOXES, "0.png": [[], []], "5.png": [[], []], "1.png": BOXES["0.png"]}
    with pytest.warns(UserWarning, match="labels that are no class of the training set: dog"):
        data = make_data(folder, bs=1, boxes=labels)
    learn = detection_learner(data, tiny_body, silent=True, **SMALL)
    learn.fit(1, 1e-3)
    assert all(p.isfinite().all() for p in learn.model.parameters())


def test_sets_with_different_numbers_of_boxes_are_predicted_whole(learn):
    preds, (boxes, classes), losses = learn.get_preds(with_loss=True)
    assert preds.shape[0] == 3 and preds.shape[2] == 6
    assert boxes.shape == (3, 45, 4) and (classes != 0).sum(1).tolist() == [45, 0, 2]
    assert losses.shape == (3,)
    assert float(losses.mean()) == pytest.approx(learn.validate()[0], rel=1e-4)
    assert len(learn.get_preds(DatasetType.Fix)[0]) == 3


def test_with_weights_the_body_is_frozen(data, monkeypatch):
    from onecycle.vision import archs

    monkeypatch.setattr(archs, "_call_with", lambda builder, pretrained: ([], {"pretrained": False}))
    learn = detection_learner(data, "resnet18", **{**SMALL, "pretrained": True})
    assert len(learn.layer_groups) == 3
    assert all(p.requires_grad for p in learn.model[1].parameters())
    assert not learn.model[0][0].weight.requires_grad


def test_the_layer_groups_can_be_chosen(data):
    assert len(detection_learner(data, "resnet18", cut=6, **SMALL).layer_groups) == 2
    learn = detection_learner(data, tiny_body, split_on=lambda m: (m[0][1], m[1]), **SMALL)
    assert len(learn.layer_groups) == 3
    assert learn.model_spec is None


def test_boxes_are_in_the_frame_of_the_picture_given(learn, folder):
    picture = open_image(folder / "0.png")
    found, (boxes, labels, scores), rows = learn.predict(picture, thresh=0.0)
    assert isinstance(found, ImageBBox) and tuple(found.size) == (40, 60)
    assert len(found.labels) == len(found.scores) == len(boxes) == len(rows)
    assert {str(label) for label in found.labels} <= {"cat", "dog"}
    seen, as_seen, *_ = learn.predict(picture, return_x=True, thresh=0.0)
    assert tuple(as_seen.size) == tuple(seen.size) == (32, 48)


def test_nothing_sure_is_an_item_without_boxes(learn, folder):
    found, _, _ = learn.predict(open_image(folder / "0.png"), thresh=1)
    assert found.labels == [] and found.data[0].shape == (0, 4)


def test_what_a_batch_holds_as_items(learn):
    items = learn.pred_batch(reconstruct=True)
    assert all(isinstance(item, ImageBBox) and tuple(item.size) == (32, 48) for item in items)


def test_results_show_both_kinds_of_boxes(learn):
    import matplotlib.pyplot as plt

    learn.show_results(rows=1, thresh=0.0)
    assert len(plt.gcf().axes) == 2
    plt.close("all")
    interp = ObjectDetectionInterpretation.from_learner(learn, thresh=0.5)
    assert sum(sum(row[:2]) for row in interp.counts().values()) == 47
    interp.show_xyz(0)
    plt.close("all")


def test_it_goes_through_a_file(learn, folder, tmp_path):
    learn.path = tmp_path
    learn.loss_func.nms_thresh = 0.3
    learn.export()
    again = load_learner(tmp_path, device="cpu")
    assert again.loss_func.nms_thresh == 0.3
    picture = open_image(folder / "2.png")
    for one, other in zip(learn.predict(picture)[1:], again.predict(picture)[1:], strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=0)


def test_the_same_seed_gives_the_same_weights(data):
    weights = []
    for _ in range(2):
        torch.manual_seed(3)
        learn = detection_learner(data, tiny_body, silent=True, **SMALL)
        learn.fit_one_cycle(1, 1e-3)
        weights.append(torch.cat([p.flatten() for p in learn.model.parameters()]))
    assert torch.equal(*weights)


class TestBadInput:
    def test_data_without_boxes(self, folder):
        data = ImageList.from_folder(folder).split_none().label_from_func(lambda f: "ab"[int(f.stem) % 2])
        with pytest.raises(
            ArgumentTypeError, match=r"data must be pictures labelled by boxes; its labels are CategoryList\. Make it"
        ):
            detection_learner(data.databunch(bs=2, num_workers=0), "resnet18", pretrained=False)

    def test_ready_batches(self):
        ready = DataBunch([(torch.zeros(2, 3, 8, 8), torch.zeros(2))], None, device="cpu")
        with pytest.raises(ArgumentTypeError, match="its labels are DataBunch"):
            detection_learner(ready, "resnet18", pretrained=False)

    def test_no_class_at_all(self, folder):
        nothing = lambda file: [[], []]
        lists = ObjectItemList.from_folder(folder).split_by_idx([2])
        with pytest.raises(DataError, match="labels must be there for some of the 5 training items"):
            lists.label_from_func(nothing)
        labelled = lists.label_from_func(nothing, classes=["background"])
        data = labelled.databunch(bs=2, num_workers=0, collate_fn=bb_pad_collate, device="cpu")
        with pytest.raises(ArgumentError, match=r"data\.classes must have a class beside the background"):
            detection_learner(data, tiny_body, **SMALL)

    def test_a_body_without_feature_maps(self, data):
        def flat(pretrained=False):
            return nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.AdaptiveAvgPool2d(1))

        with pytest.raises(ArgumentError, match=r"RetinaNet: encoder must end in a feature map .* found: Conv2d"):
            detection_learner(data, flat, **SMALL)

    def test_thresholds_out_of_range(self, data):
        for name in ("score_thresh", "nms_thresh"):
            with pytest.raises(ArgumentError, match=f"{name} must be a number between 0 and 1"):
                detection_learner(data, tiny_body, **SMALL, **{name: 50})

    def test_an_unknown_keyword(self, data):
        with pytest.raises(ArgumentTypeError, match="Did you mean 'metrics'"):
            detection_learner(data, tiny_body, metric=1, **SMALL)

    def test_what_is_no_data(self):
        with pytest.raises(ArgumentTypeError, match="detection_learner: data must be a DataBunch"):
            detection_learner(3, tiny_body)
