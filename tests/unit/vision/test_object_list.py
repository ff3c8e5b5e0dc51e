"""Tests of onecycle.vision.object_list."""

import numpy as np
import pytest
import torch
from PIL import Image as PILImage

from onecycle.data.items import EmptyLabel
from onecycle.errors import ArgumentError, DataError
from onecycle.vision.boxes import ImageBBox
from onecycle.vision.object_list import (
    ObjectCategoryList,
    ObjectCategoryProcessor,
    ObjectItemList,
    bb_pad_collate,
)
from onecycle.vision.picture import Image
from onecycle.vision.recipes import get_transforms
from onecycle.vision.resize import ResizeMethod

BOXES = {
    "0.png": [[[0, 0, 10, 15], [5, 5, 20, 30]], ["dog", "cat"]],
    "1.png": [[[2, 2, 8, 8]], ["cat"]],
    "2.png": [[[1, 1, 19, 29]], ["dog"]],
    "3.png": [[[0, 0, 4, 4]], ["owl"]],
}  # top, left, bottom, right in pixels


@pytest.fixture
def folder(tmp_path):
    for i, name in enumerate(BOXES):
        pixels = np.random.default_rng(i).integers(0, 256, (20, 30, 3), dtype=np.uint8)
        PILImage.fromarray(pixels).save(tmp_path / name)
    return tmp_path


@pytest.fixture
def labelled(folder):
    with pytest.warns(UserWarning, match="labels that are no class of the training set: owl; leaving out these labels"):
        return ObjectItemList.from_folder(folder).split_by_idx([3]).label_from_func(lambda file: BOXES[file.name])


def test_boxes_lie_in_the_frame_of_their_picture_with_their_classes(labelled):
    _, y = labelled.train[0]
    assert isinstance(y, ImageBBox)
    boxes, classes = y.data
    torch.testing.assert_close(boxes[0], torch.tensor([-1.0, -1.0, 0.0, 0.0]))
    assert classes.tolist() == [2, 1]


def test_the_background_is_the_first_class(labelled):
    assert labelled.classes == ["background", "cat", "dog"]
    assert labelled.c == 3


def test_boxes_of_unknown_classes_are_left_out(labelled):
    assert labelled.valid.y.items[0] == [[], []]


def test_batches_are_padded_in_front_to_the_most_boxes(labelled):
    data = labelled.transform(size=20, tfm_y=True).databunch(bs=3, num_workers=0, collate_fn=bb_pad_collate)
    xb, (boxes, classes) = data.one_batch()
    assert xb.shape == (3, 3, 20, 20)
    assert (boxes.shape, classes.shape) == ((3, 2, 4), (3, 2))
    for row, found in zip(boxes, classes, strict=True):
        assert (row[found == 0] == 0).all()
        assert found[-1] != 0


def test_boxes_follow_their_pictures(labelled):
    flipped = [t for t in get_transforms(max_lighting=0, max_rotate=0, max_zoom=1, max_warp=0)[0]]
    x, y = labelled.transform((flipped, []), size=(20, 30), tfm_y=True).train[1]
    boxes, _ = y.data
    left, right = sorted((2 / 15 - 1, 8 / 15 - 1))
    as_is, mirrored = [left, right], [-right, -left]
    found = boxes[0, [1, 3]].tolist()
    assert found == pytest.approx(as_is, abs=1e-4) or found == pytest.approx(mirrored, abs=1e-4)


def test_samples_without_boxes_collate_as_others_do():
    samples = [(Image(torch.zeros(3, 4, 4)), EmptyLabel()) for _ in range(2)]
    xb, yb = bb_pad_collate(samples)
    assert xb.shape == (2, 3, 4, 4) and yb.tolist() == [0, 0]


def test_a_batch_without_any_box():
    empty = ImageBBox.create(4, 4, torch.zeros(0, 4), [])
    xb, (boxes, classes) = bb_pad_collate([(Image(torch.zeros(3, 4, 4)), empty)])
    assert boxes.shape == (1, 0, 4) and classes.shape == (1, 0)


def test_padding_is_left_out_of_what_is_shown(labelled):
    picture = Image(torch.zeros(3, 20, 30))
    boxes = torch.tensor([[0.0, 0, 0, 0], [-1.0, -1, 0, 0]])
    found = labelled.train.y.reconstruct((boxes, torch.tensor([0, 2])), picture)
    assert [str(label) for label in found.labels] == ["dog"]
    assert labelled.train.y.reconstruct((boxes, torch.tensor([0, 0])), picture) is None


def test_a_prediction_is_left_to_the_model(labelled):
    said = (torch.zeros(2), torch.ones(2))
    assert labelled.train.y.analyze_pred(said) is said


def test_its_processor_goes_to_a_file_and_back(labelled):
    (processor,) = labelled.train.y.processor
    again = ObjectCategoryProcessor.from_state(processor.get_state())
    assert again.process_one([[[0, 0, 1, 1]], ["dog"]]) == [[[0, 0, 1, 1]], [2]]
    assert (again.pad_idx, again.classes) == (0, processor.classes)
    empty = EmptyLabel()
    assert again.process_one(empty) is empty


def test_before_it_is_processed_it_shows_what_it_was_given():
    raw = ObjectCategoryList([BOXES["1.png"]])
    assert raw[0].data == BOXES["1.png"]


@pytest.mark.parametrize(
    ("box", "what"),
    [
        ([5, 5, 5, 9], "empty"),
        ([5, 9, 8, 7], "empty"),
        ([20, 0, 30, 5], "outside"),
        ([0, 30, 5, 40], "outside"),
        ([-9, 0, -1, 5], "outside"),
    ],
)
def test_a_box_that_is_empty_or_outside_is_named(folder, box, what):
    items = ObjectItemList.from_folder(folder).split_none()
    found = items.label_from_func(lambda file: [[[0, 0, 4, 4], box], ["cat", "dog"]])
    with pytest.raises(DataError, match=rf"here 20 x 30 pixels; got \[.*\], which is {what}, for .*0\.png"):
        found.train[0]


def test_a_box_that_sticks_out_is_cut(folder):
    items = ObjectItemList.from_folder(folder).split_none()
    found = items.label_from_func(lambda file: [[[-4, 15, 10, 99]], ["cat"]])
    assert found.train[0][1].data[0].tolist() == [[-1, 0, 0, 1]]


def test_there_is_a_class_for_each_box(folder):
    items = ObjectItemList.from_folder(folder).split_none()
    with pytest.raises(DataError, match=r"must have a class for each box; got 2 boxes and 1 classes, \['cat'\]"):
        items.label_from_func(lambda file: [[[0, 0, 4, 4], [1, 1, 5, 5]], ["cat"]])


class TestFoundBoxes:
    rows = torch.tensor([[-1.0, -1, 0, 0, 2, 0.9], [0, 0, 1, 1, 1, 0.6], [0, 0, 1, 1, 1, 0.2], [0, 0, 0, 0, 0, 0]])

    def test_the_sure_ones_are_kept(self, labelled):
        boxes, labels, scores = labelled.train.y.analyze_pred(self.rows)
        assert (boxes.shape, labels.tolist()) == ((2, 4), [2, 1])
        torch.testing.assert_close(scores, torch.tensor([0.9, 0.6]))
        assert len(labelled.train.y.analyze_pred(self.rows, thresh=0)[0]) == 3

    def test_a_threshold_out_of_range(self, labelled):
        with pytest.raises(ArgumentError, match="analyze_pred: thresh must be a number between 0 and 1"):
            labelled.train.y.analyze_pred(self.rows, thresh=1.5)

    def test_they_are_boxes_with_scores(self, labelled):
        y = labelled.train.y
        found = y.reconstruct(y.analyze_pred(self.rows), Image(torch.zeros(3, 20, 30)))
        assert [str(label) for label in found.labels] == ["dog", "cat"]
        assert found._names() == ["dog 0.90", "cat 0.60"]

    def test_nothing_found_is_an_item_without_boxes(self, labelled):
        y = labelled.train.y
        found = y.reconstruct(y.analyze_pred(self.rows * 0), Image(torch.zeros(3, 20, 30)))
        assert isinstance(found, ImageBBox) and found.data[0].shape == (0, 4)

    @pytest.mark.parametrize("how", [{"size": 16}, {"size": (16, 12)}, {"size": 24, "resize_method": "pad"}, {}])
    def test_they_are_put_back_into_the_picture_itself(self, labelled, how):
        how = {**how, "resize_method": ResizeMethod.PAD} if "resize_method" in how else how
        lists = labelled.transform((None, None), tfm_y=True, **how) if how else labelled
        picture = Image(torch.zeros(3, 20, 30))
        actual = ImageBBox.create(20, 30, [[4, 8, 16, 22]], [1], classes=["background", "cat"])
        shown = lists.valid.transformed(actual).data[0] if how else actual.data[0]
        pred = shown, torch.tensor([1]), torch.tensor([0.7])
        back = labelled.train.y.put_back(pred, picture, lists.valid)
        assert back.size == (20, 30)
        torch.testing.assert_close(back.data[0], actual.data[0], atol=1e-4, rtol=0)

    def test_other_predictions_are_not_put_back(self, labelled):
        picture = Image(torch.zeros(3, 20, 30))
        assert labelled.train.y.put_back((self.rows, self.rows), picture, labelled.valid) is None


@pytest.mark.parametrize(
    ("label", "said"),
    [
        ([[0, 0, 4, 4]], r"a label must be a pair \[boxes, names\]; got .*Return e.g."),
        ({"boxes": [], "names": []}, r"a label must be a pair \[boxes, names\]"),
        ([[[0, 0, 4]], ["cat"]], r"each box must have four numbers, \[top, left, bottom, right\]; got"),
        ([["0 0 4 4"], ["cat"]], "each box must have four numbers"),
        ([[[0, 0, 4, 4], [0, 0, 4]], ["cat", "dog"]], "each box must have four numbers"),
        ([[[0, 0, 4, 4]], ["background"]], "a class must not be called 'background'"),
    ],
)
def test_a_label_that_is_none_is_told(folder, label, said):
    with pytest.raises(DataError, match=said):
        ObjectItemList.from_folder(folder).split_none().label_from_func(lambda file: label)


@pytest.mark.parametrize(
    "boxes", [np.array([[0, 0, 10, 15]]), torch.tensor([[0.0, 0, 10, 15]]), [np.array([0, 0, 10, 15])]]
)
def test_boxes_may_be_arrays_and_tensors(folder, boxes):
    label = (boxes, np.array(["cat"]))
    labelled = ObjectItemList.from_folder(folder).split_none().label_from_func(lambda file: label)
    assert labelled.classes == ["background", "cat"]
    torch.testing.assert_close(labelled.train[0][1].data[0], torch.tensor([[-1.0, -1, 0, 0]]))
