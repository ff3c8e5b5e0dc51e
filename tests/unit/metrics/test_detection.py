"""Tests of onecycle.metrics.detection; its figures are in tests/numeric/test_average_precision.py."""

import numpy as np
import pytest
import torch

from onecycle.errors import ArgumentError, DataError
from onecycle.metrics.detection import MeanAveragePrecision, mean_average_precision
from onecycle.utils.box_ops import encode_boxes

ANCHORS = torch.tensor([[-1.0, -1, 0, 0], [-1.0, -1, 0, 0.1], [0.0, 0, 1, 1]])
BOX = torch.tensor([[[-0.9, -0.9, 0.1, 0.1]]])


def output_of(probabilities):
    offsets = encode_boxes(BOX[0].expand(3, 4), ANCHORS)
    return torch.cat([torch.tensor(probabilities).logit(), offsets, ANCHORS], dim=1)[None]


def test_it_reads_what_a_detector_gives_out():
    metric = MeanAveragePrecision()
    metric.update(output_of([[0.9, 0.01], [0.8, 0.01], [0.01, 0.01]]), BOX, torch.tensor([[1]]))
    assert metric.per_class == {1: 1.0}
    metric.update(output_of([[0.01, 0.99], [0.01, 0.01], [0.01, 0.01]]), BOX, torch.tensor([[1]]))
    assert float(metric.compute()) == pytest.approx(51 / 101)


def test_boxes_that_are_too_unsure_do_not_count():
    metric = MeanAveragePrecision(score_thresh=0.95)
    metric.update(output_of([[0.9, 0.01], [0.8, 0.01], [0.01, 0.01]]), BOX, torch.tensor([[1]]))
    assert float(metric.compute()) == 0


def test_padding_is_no_target():
    metric = MeanAveragePrecision()
    boxes, classes = torch.cat([torch.zeros(1, 2, 4), BOX], 1), torch.tensor([[0, 1, 1]])  # one of class 1, no area
    metric.update(output_of([[0.9], [0.01], [0.01]]), boxes, classes)
    assert float(metric.compute()) == 1


def test_a_set_without_any_box_has_no_figure():
    metric = MeanAveragePrecision()
    metric.update(output_of([[0.9], [0.01], [0.01]]), torch.zeros(1, 0, 4), torch.zeros(1, 0, dtype=torch.long))
    assert metric.compute().isnan()
    assert MeanAveragePrecision().figure().isnan()


def boxes_of(*edges):
    """Return boxes of a picture of 100 by 200 pixels as targets and as what was found."""
    rows = torch.tensor(edges) / torch.tensor([50.0, 100, 50, 100]) - 1
    return rows[None], torch.cat([rows, torch.tensor([[1, 0.9]]).expand(len(rows), 2)], 1)[None]


def test_areas_are_those_in_the_pictures_that_were_seen():
    """A box of 20 by 40 is small, one of 64 by 160 is large; of another picture both are medium."""
    boxes, found = boxes_of([0.0, 0, 20, 40], [30, 30, 94, 190])
    classes = torch.ones(1, 2, dtype=torch.long)
    counted = {}
    for area in ("small", "medium", "large"):
        metric = MeanAveragePrecision(area=area)
        metric.on_batch_end(found[:, :1], (boxes, classes), last_input=torch.zeros(1, 3, 100, 200))
        counted[area] = float(metric.compute())
    assert counted["small"] == 1 and counted["large"] == 0 and counted["medium"] != counted["medium"]
    metric = MeanAveragePrecision(area="medium")
    for height, width in ((100, 200), (200, 200)):  # in the second picture, twice as high, the first box is medium
        metric.on_batch_end(found, (boxes, classes), last_input=torch.zeros(1, 3, height, width))
    assert float(metric.compute()) == 1 and len(metric.kept("pixels")) == 2


def test_the_size_of_pictures_can_be_told():
    boxes, found = boxes_of([0.0, 0, 20, 40])
    metric = MeanAveragePrecision(area="small", size=(100, 200))
    metric.update(found, boxes, torch.ones(1, 1, dtype=torch.long))
    assert float(metric.compute()) == 1
    assert MeanAveragePrecision.from_state(metric.get_state()).size == (100, 200)
    with pytest.raises(ArgumentError, match=r"size must be \(height, width\) in pixels where areas are asked for"):
        MeanAveragePrecision(area="small").update(found, boxes, torch.ones(1, 1, dtype=torch.long))


def test_it_is_named_by_its_area():
    assert MeanAveragePrecision(area="small").name == "mAP_small"
    assert MeanAveragePrecision(0.5, area=(0, 400)).name == "mAP50_0_400"


def test_it_is_named_by_its_overlap():
    assert [MeanAveragePrecision(iou=iou).name for iou in (None, 0.5, [0.5, 0.75])] == ["mAP", "mAP50", "mAP"]


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"iou": 50}, "iou must be a number between 0 and 1"),
        ({"score_thresh": 2}, "score_thresh must be a number between 0 and 1"),
        ({"nms_thresh": -1}, "nms_thresh must be a number between 0 and 1"),
        ({"max_boxes": 0}, "max_boxes must be a whole number of at least 1"),
        ({"area": "smal"}, "area must be the name of a range of areas; got 'smal'.* Did you mean 'small'"),
        ({"area": (9, 4)}, "area must be a name, or the least and the greatest area; got .*Pass e.g. 'small'"),
        ({"area": 32}, "area must be a name, or the least and the greatest area; got 32"),
        ({"size": 32}, r"size must be \(height, width\) in pixels; got 32"),
    ],
)
def test_settings_out_of_range(settings, said):
    with pytest.raises(ArgumentError, match=said):
        MeanAveragePrecision(**settings)


def test_targets_must_be_boxes_with_classes():
    with pytest.raises(DataError, match=r"target must be boxes \(N, P, 4\) and classes \(N, P\) of the 1 pictures"):
        MeanAveragePrecision().update(torch.zeros(1, 2, 6), torch.zeros(1, 3))


def test_each_picture_needs_its_targets():
    with pytest.raises(ArgumentError, match="must have one entry a picture; got 1 and 0"):
        mean_average_precision([(torch.zeros(0, 4), torch.zeros(0), torch.zeros(0))], [])


def grid(count):
    """Return boxes of one picture that do not touch."""
    return torch.tensor([[2.0 * i, 0, 2 * i + 1, 1] for i in range(count)])


def test_boxes_are_counted_class_by_class_as_coco_does():
    boxes, classes, scores = grid(8), torch.arange(8) % 4 + 1, torch.linspace(1, 0.3, 8)
    answer = [(boxes, classes, scores)], [(boxes, classes)]
    assert float(mean_average_precision(*answer, max_boxes=2)) == 1
    # one of two of each class is found: precision is 1 up to a recall of a half, 51 of 101
    assert float(mean_average_precision(*answer, max_boxes=1)) == pytest.approx(51 / 101)
    rows = torch.cat([boxes, classes[:, None], scores[:, None]], dim=1)[None]
    for limit, expected in ((2, 1), (1, 51 / 101)):
        metric = MeanAveragePrecision(max_boxes=limit)
        metric.update(rows, boxes[None], classes[None])
        assert float(metric.compute()) == pytest.approx(expected)


def test_a_score_of_0_is_a_box_too():
    boxes, classes = grid(2), torch.tensor([1, 1])
    found = (boxes, classes, torch.tensor([0.5, 0.0]))
    assert float(mean_average_precision([found], [(boxes, classes)])) == 1


BOXES, ONES = grid(2), torch.ones(2)
NAN = torch.tensor([1.0, float("nan")])


@pytest.mark.parametrize(
    ("pred", "target", "said"),
    [
        ((BOXES, ONES, NAN), (BOXES, ONES), "preds must be finite numbers; got .*nan"),
        ((BOXES, ONES, ONES / 0), (BOXES, ONES), "preds must be finite numbers; got .*inf"),
        ((BOXES, ONES, -ONES), (BOXES, ONES), "preds must have scores of at least 0; got -1.0"),
        ((BOXES * torch.nan, ONES, ONES), (BOXES, ONES), "preds must be finite numbers"),
        ((BOXES, ONES, ONES), (BOXES * torch.nan, ONES), "targets must be finite numbers"),
        ((BOXES, ONES, ONES), (BOXES, NAN), "targets must be finite numbers"),
        ((BOXES, ONES, ONES), (BOXES, -ONES), "targets must have class indices, whole numbers of at least 0"),
        ((BOXES, ONES / 2, ONES), (BOXES, ONES), "preds must have class indices"),
        ((BOXES, ONES, ONES), (BOXES[:, [2, 3, 0, 1]], ONES), "targets must be boxes with an area; got"),
        ((BOXES, ONES[:1], ONES), (BOXES, ONES), r"preds must have boxes \(P, 4\), and a class \(and score\) for each"),
        ((BOXES[:, :3], ONES, ONES), (BOXES, ONES), r"preds must have boxes \(P, 4\)"),
    ],
)
def test_boxes_that_cannot_be_counted_are_refused(pred, target, said):
    with pytest.raises(DataError, match=f"mean_average_precision: {said}"):
        mean_average_precision([pred], [target])


@pytest.mark.parametrize("max_boxes", [0, -1, 1.5, True, float("nan")])
def test_a_count_of_boxes_is_a_whole_number(max_boxes):
    with pytest.raises(ArgumentError, match="max_boxes must be a whole number of at least 1"):
        mean_average_precision([], [], max_boxes=max_boxes)


def test_a_detector_that_says_nan_is_not_taken_for_one_that_finds_nothing():
    with pytest.raises(DataError, match="MeanAveragePrecision: output must be numbers"):
        MeanAveragePrecision().update(torch.full((1, 2, 6), torch.nan), BOX, torch.ones(1, 1))
    with pytest.raises(DataError, match="MeanAveragePrecision: target must be numbers"):
        MeanAveragePrecision().update(torch.zeros(1, 2, 6), BOX * torch.nan, torch.ones(1, 1))


EDGES, LABEL, SCORE = torch.tensor([[0.0, 0, 4, 4]]), torch.tensor([1]), torch.tensor([0.9])
SOUND = [(EDGES, LABEL, SCORE)], [(EDGES, LABEL)]


@pytest.mark.parametrize(
    "settings",
    [
        {"iou": torch.tensor([0.5])},
        {"iou": np.array([0.5, 0.75])},
        {"area": (0, float("inf"))},
        {"area": np.array([0, 99])},
    ],
)
def test_settings_may_be_arrays(settings):
    assert float(mean_average_precision(*SOUND, **settings)) == 1


@pytest.mark.parametrize(
    "settings", [{"iou": []}, {"iou": "0.5"}, {"area": (0, float("nan"))}, {"area": (float("inf"),) * 2}]
)
def test_settings_that_say_nothing(settings):
    with pytest.raises(ArgumentError, match=f"mean_average_precision: {next(iter(settings))} must be"):
        mean_average_precision(*SOUND, **settings)


@pytest.mark.parametrize(
    ("preds", "targets", "said"),
    [
        (None, [(EDGES, LABEL)], "preds must have boxes, classes, scores of each"),
        ([None], [(EDGES, LABEL)], "preds must have boxes, classes, scores of each"),
        ([(EDGES, LABEL)], [(EDGES, LABEL)], "preds must have boxes, classes, scores of each"),
        ([{"boxes": EDGES}], [(EDGES, LABEL)], "preds must have boxes, classes, scores of each"),
        ([(EDGES, LABEL, SCORE)], [EDGES], "targets must have boxes, classes of each"),
        ([("a", "b", "c")], [(EDGES, LABEL)], "preds must be numbers"),
    ],
)
def test_what_is_no_list_of_boxes(preds, targets, said):
    with pytest.raises(DataError, match=said):
        mean_average_precision(preds, targets)


def counted(target, classes, found=((0.0, 0, 1, 1, 1, 0.9),)):
    metric = MeanAveragePrecision(iou=0.5)
    metric.update(torch.tensor([list(found)]), torch.tensor([target]), torch.tensor([classes]))
    return float(metric.compute())


@pytest.mark.parametrize("line", [[0.0, 0.5, 0.9, 0.5], [0.5, 0.0, 0.5, 0.9]])
def test_boxes_pressed_to_a_line_count_on_neither_side(line):
    assert counted([[0.0, 0, 1, 1], line], [1, 1]) == 1


@pytest.mark.parametrize(
    ("target", "label", "said"),
    [
        ([1.0, 0, 0, 1], 1, "target must be boxes: top, left, bottom, right"),
        ([0.0, 1, 1, 0], 1, "target must be boxes: top, left, bottom, right"),
        ([0.0, 0, 1, 1], -1, "target must have class indices"),
        ([0.0, 0, 1, 1], 1.5, "target must have class indices"),
        ([0.0, 0, 1, 1], float("nan"), "target must have class indices"),
    ],
)
def test_targets_that_would_vanish_are_refused(target, label, said):
    with pytest.raises(DataError, match=said):
        counted([[0.0, 0, 1, 1], target], [1.0, label])


def test_found_boxes_without_pictures_are_refused():
    with pytest.raises(DataError, match=r"output must be \(N, D, 6\)"):
        MeanAveragePrecision().update(torch.zeros(1, 6), torch.zeros(1, 1, 4), torch.ones(1, 1))
    with pytest.raises(DataError, match="target must be boxes"):
        MeanAveragePrecision().update(torch.zeros(1, 1, 6), torch.zeros(1, 1, 4), torch.ones(1))
