"""Tests of onecycle.metrics.detection; its figures are in tests/numeric/test_average_precision.py."""

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
