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


def test_it_is_named_by_its_overlap():
    assert [MeanAveragePrecision(iou=iou).name for iou in (None, 0.5, [0.5, 0.75])] == ["mAP", "mAP50", "mAP"]


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"iou": 50}, "iou must be a number between 0 and 1"),
        ({"score_thresh": 2}, "score_thresh must be a number between 0 and 1"),
        ({"nms_thresh": -1}, "nms_thresh must be a number between 0 and 1"),
        ({"max_boxes": 0}, "max_boxes must be a whole number of at least 1"),
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
