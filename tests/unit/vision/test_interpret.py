"""Tests of onecycle.vision.interpret."""

from types import SimpleNamespace

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from torch import nn

from onecycle.errors import ArgumentError, ArgumentTypeError, DataError
from onecycle.learner import Learner
from onecycle.vision.interpret import ObjectDetectionInterpretation, SegmentationInterpretation
from onecycle.vision.object_list import ObjectCategoryList
from onecycle.vision.picture import Image
from onecycle.vision.segmentation_list import SegmentationItemList

CODES = ["sky", "road", "tree"]


@pytest.fixture(autouse=True)
def no_figures_left():
    yield
    plt.close("all")


def learner_of(n=4, classes=CODES):
    pictures = [(Image(torch.rand(3, 6, 8)), None) for _ in range(n)]
    data = SimpleNamespace(classes=classes, c=len(classes), dl=lambda ds_type: SimpleNamespace(dataset=pictures))
    return SimpleNamespace(data=data)


@pytest.fixture
def masks():
    return torch.randint(3, (4, 1, 6, 8), generator=torch.Generator().manual_seed(0))


@pytest.fixture
def interp(masks):
    """Everything is right, but in picture 2 all that is road is taken for sky."""
    predicted = masks[:, 0].clone()
    predicted[2][predicted[2] == 1] = 0
    preds = nn.functional.one_hot(predicted, 3).permute(0, 3, 1, 2).float()
    return SegmentationInterpretation(learner_of(), preds, masks, torch.tensor([0.1, 0.2, 0.9, 0.3]))


def test_the_worst_pictures_come_first(interp):
    losses, indices = interp.top_losses((6, 8), k=2)
    assert indices.tolist() == [2, 3]
    assert interp.top_losses(k=1, largest=False)[1].tolist() == [0]
    torch.testing.assert_close(losses, torch.tensor([0.9, 0.3]))


def test_losses_of_pixels_are_averaged(masks):
    preds, losses = torch.rand(4, 3, 6, 8), torch.arange(4.0).repeat_interleave(48)
    found = SegmentationInterpretation(learner_of(), preds, masks, losses).top_losses(sizes=(6, 8))
    assert found[0].tolist() == [3, 2, 1, 0]


def test_another_size_is_refused(interp):
    with pytest.raises(ArgumentError, match=r"sizes must be the \(height, width\) of the masks, \(6, 8\)"):
        interp.top_losses((8, 6))


def test_pixels_are_counted_by_class(interp, masks):
    matrix = interp.confusion_matrix()
    road = int((masks[2] == 1).sum())
    assert matrix.sum() == masks.numel()
    assert matrix[1, 0] == road and matrix.sum() - matrix.trace() == road
    assert interp.confusion_matrix(0).sum() == 48
    mean, each = interp.generate_confusion()
    np.testing.assert_allclose(mean[1], [0.25, 0.75, 0])
    np.testing.assert_allclose(each[2][1], [1, 0, 0])
    np.testing.assert_allclose(mean.sum(1), 1)


def test_intersection_over_union_of_each_class(interp, masks):
    road, sky = int((masks == 1).sum()), int((masks == 0).sum())
    lost = int((masks[2] == 1).sum())
    expected = torch.tensor([sky / (sky + lost), (road - lost) / road, 1.0], dtype=torch.float64)
    torch.testing.assert_close(interp.iou(), expected)
    assert interp.iou(0).tolist() == [1, 1, 1]


def test_void_is_left_out(masks):
    masks[0, 0, 0, 0] = 255
    preds = torch.rand(4, 3, 6, 8)
    made = SegmentationInterpretation(learner_of(), preds, masks, torch.rand(4), ignore=255)
    assert made.confusion_matrix().sum() == masks.numel() - 1
    with pytest.raises(DataError, match=r"class indices in 0\.\.2, the model's outputs; got 255"):
        SegmentationInterpretation(learner_of(), preds, masks, torch.rand(4)).confusion_matrix()


def test_other_shapes_are_refused():
    with pytest.raises(DataError, match=r"must be of shape \(N, classes, H, W\).*ClassificationInterpretation"):
        SegmentationInterpretation(learner_of(), torch.rand(4, 3), torch.zeros(4), torch.rand(4))


def test_a_picture_shows_with_both_masks_and_the_names_of_its_classes(interp):
    interp.show_xyz(2)
    figure = plt.gcf()
    assert [len(ax.images) for ax in figure.axes] == [1, 2, 2]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == CODES
    interp.show_xyz(2, classes=["tree", 1])
    drawn = plt.gcf().axes[2].images[1].get_array()
    assert np.ma.getmaskarray(drawn).sum() == int((interp.masks[2] == 0).sum())
    with pytest.raises(ArgumentError, match="classes must be names or indices of classes; got 'tre'.*Did you mean"):
        interp.show_xyz(0, classes=["tre"])


def within(figure):
    """Say whether all titles lie within a figure as it is drawn."""
    figure.canvas.draw()
    heights = [ax.title.get_window_extent().y1 for ax in figure.axes]
    return max(heights) <= figure.bbox.height


def test_titles_are_not_cut_off(interp, detected):
    for sz in (5, 10):
        interp.show_xyz(2, sz=sz)
        assert within(plt.gcf())
        detected.show_xyz(0, sz=sz)
        assert within(plt.gcf())


def test_the_counts_are_drawn(interp):
    texts = interp.plot_confusion_matrix(return_fig=True).axes[0].texts
    assert len(texts) == 9 and texts[0].get_text() == "1.00"
    assert interp.plot_confusion_matrix(normalize=False, plot_txt=False) is None
    ax = interp.plot_iou(return_fig=True).axes[0]
    assert len(ax.patches) == 3 and ax.get_xlabel().startswith("intersection over union; mean")


def test_it_reads_a_learner(tmp_path):
    from PIL import Image as PILImage

    for i in range(4):
        mask = np.random.default_rng(i).integers(0, 3, (8, 8), dtype=np.uint8)
        mask[0, 0] = 255
        PILImage.fromarray(mask).save(tmp_path / f"{i}_mask.png")
        PILImage.fromarray((mask % 3 * 100)[..., None].repeat(3, 2)).save(tmp_path / f"{i}.jpg")
    items = SegmentationItemList.from_folder(tmp_path, extensions=[".jpg"]).split_by_idx([2, 3])
    lists = items.label_from_func(lambda f: f.with_name(f"{f.stem}_mask.png"), classes=CODES, ignore=255)
    data = lists.transform(size=8, tfm_y=True).databunch(bs=2, num_workers=0, device="cpu")
    interp = SegmentationInterpretation.from_learner(Learner(data, nn.Conv2d(3, 3, 1)))
    assert interp.preds.shape == (2, 3, 8, 8) and interp.ignore == 255
    torch.testing.assert_close(interp.preds.sum(1), torch.ones(2, 8, 8))
    assert interp.confusion_matrix().sum() == 2 * 63
    interp.show_xyz(int(interp.top_losses((8, 8), k=1)[1]))
    data.show_batch(rows=1)


def boxes_of(*rows):
    return torch.tensor([row[:4] for row in rows]).view(-1, 4).float(), torch.tensor([int(row[4]) for row in rows])


@pytest.fixture
def detected():
    actual = [boxes_of((-1, -1, 0, 0, 1), (0, 0, 1, 1, 2)), boxes_of((-1, -1, 1, 0, 1)), boxes_of()]
    found = [
        boxes_of((-1, -1, 0.1, 0, 1), (-1, -1, 0, 0, 1), (0, 0, 1, 1, 1)),
        boxes_of(),
        boxes_of((0, 0, 1, 1, 2)),
    ]
    return ObjectDetectionInterpretation(
        learner_of(3, ["background", "cat", "dog"]), found, actual, torch.tensor([1.0, 3.0, 2.0])
    )


def test_a_box_is_found_once_and_only_in_its_class(detected):
    assert [detected.matches(i) for i in range(3)] == [[(0, 0)], [], []]
    assert detected.counts() == {"cat": (1, 1, 2), "dog": (0, 1, 1)}
    assert detected.top_losses(2)[1].tolist() == [1, 2]


def test_boxes_show_on_their_picture(detected):
    detected.show_xyz(0)
    assert [len(ax.patches) for ax in plt.gcf().axes] == [3, 2]


def test_an_overlap_out_of_range():
    with pytest.raises(ArgumentError, match="ObjectDetectionInterpretation: iou must be a number between 0 and 1"):
        ObjectDetectionInterpretation(learner_of(), [], [], torch.zeros(0), iou=50)


class TestDetectionFromALearner:
    def learner(self, preds):
        learn = learner_of(2, ["background", "cat", "dog"])
        dataset = SimpleNamespace(y=ObjectCategoryList([], classes=["background", "cat", "dog"]))
        learn.data.dl = lambda ds_type: SimpleNamespace(dataset=dataset)
        boxes = torch.tensor([[[0.0, 0, 0, 0], [-1, -1, 0, 0]], [[0, 0, 1, 1], [-1, -1, 0, 0]]])
        targets = [boxes, torch.tensor([[0, 1], [2, 1]])]
        learn.get_preds = lambda ds_type, with_loss: [preds, targets, torch.tensor([1.0, 2.0])]
        return learn

    def test_the_sure_boxes_and_the_targets_without_padding(self):
        found = torch.tensor([[[-1.0, -1, 0, 0, 1, 0.8], [0, 0, 1, 1, 2, 0.4]], [[0, 0, 1, 1, 2, 0.6], [0] * 6]])
        interp = ObjectDetectionInterpretation.from_learner(self.learner(found))
        assert interp.counts() == {"cat": (1, 1, 0), "dog": (1, 0, 0)}
        unsure = ObjectDetectionInterpretation.from_learner(self.learner(found), thresh=0.3)
        assert unsure.counts() == {"cat": (1, 1, 0), "dog": (1, 0, 1)}
        assert interp.top_losses(1)[1].tolist() == [1]

    def test_a_threshold_out_of_range(self):
        with pytest.raises(ArgumentError, match="thresh must be a number between 0 and 1"):
            ObjectDetectionInterpretation.from_learner(self.learner(None), thresh=2)

    def test_what_is_no_learner(self):
        with pytest.raises(ArgumentTypeError, match="from_learner: learn must be a Learner"):
            ObjectDetectionInterpretation.from_learner(3)

    def test_predictions_that_are_no_boxes(self):
        with pytest.raises(ArgumentTypeError, match=r"learn must give boxes \(N, D, 6\), as detection_learner's do"):
            ObjectDetectionInterpretation.from_learner(self.learner(torch.zeros(2, 3)))


def test_each_picture_needs_its_boxes_and_its_loss():
    with pytest.raises(ArgumentError, match="must have one entry a picture; got 1, 2 and 1"):
        ObjectDetectionInterpretation(learner_of(), [boxes_of()], [boxes_of()] * 2, torch.zeros(1))
