"""Tests of onecycle.utils.detections."""

import pytest
import torch

from onecycle.errors import ArgumentError
from onecycle.utils.box_ops import box_overlaps, encode_boxes
from onecycle.utils.detections import candidates, check_share, detect, nms, split_rows, suppress

ANCHORS = torch.tensor([[-1.0, -1, 0, 0], [-1.0, -1, 0, 0.1], [0.0, 0, 1, 1], [-0.5, -0.5, 0.5, 0.5]])


def output_of(probabilities, boxes=None):
    """Return a detector's output for one picture of the four anchors."""
    logits = torch.tensor(probabilities).logit()  # (4, K)
    offsets = torch.zeros(4, 4) if boxes is None else encode_boxes(boxes, ANCHORS)
    return torch.cat([logits, offsets, ANCHORS], dim=1)[None]


def test_rows_have_three_parts():
    logits, offsets, anchors = split_rows(torch.zeros(2, 7, 11))
    assert (logits.shape, offsets.shape, anchors.shape) == ((2, 7, 3), (2, 7, 4), (2, 7, 4))


@pytest.mark.parametrize("shape", [(2, 7), (2, 7, 8)])
def test_other_outputs_are_refused(shape):
    with pytest.raises(ArgumentError, match=r"output must be of shape \(N, anchors, K \+ 8\)"):
        split_rows(torch.zeros(shape))


@pytest.mark.parametrize("value", [-0.1, 1.1, "0.5", True, None])
def test_shares_lie_between_0_and_1(value):
    with pytest.raises(ArgumentError, match="detect: thresh must be a number between 0 and 1"):
        check_share("detect", "thresh", value)


def test_candidates_are_the_surest_of_all_anchors_and_classes():
    found = candidates(output_of([[0.9, 0.2], [0.8, 0.01], [0.01, 0.7], [0.01, 0.01]]), count=5)
    assert found.shape == (1, 5, 6)
    torch.testing.assert_close(found[0, :, 5], torch.tensor([0.9, 0.8, 0.7, 0.2, 0]))
    assert found[0, :4, 4].tolist() == [1, 1, 2, 2]
    torch.testing.assert_close(found[0, 2, :4], ANCHORS[2])


def test_the_background_need_not_be_the_first_class():
    assert candidates(output_of([[0.9, 0.2]] * 4), pad_idx=2)[0, 0, 4] == 0
    assert candidates(output_of([[0.2, 0.9]] * 4), pad_idx=1)[0, 0, 4] == 2


def test_boxes_are_the_changed_anchors_cut_at_the_edges():
    boxes = torch.tensor([[-1.5, -1, 0, 0.5]]).expand(4, 4)
    found = candidates(output_of([[0.9]] * 4, boxes))
    torch.testing.assert_close(found[0, :, :4], torch.tensor([[-1.0, -1, 0, 0.5]]).expand(4, 4))


def test_what_overlaps_is_found_once():
    found = detect(output_of([[0.9, 0.01], [0.8, 0.01], [0.01, 0.7], [0.01, 0.01]]))
    assert found.shape == (1, 2, 6)
    assert found[0, :, 4].tolist() == [1, 2]


def test_boxes_of_two_classes_do_not_touch_each_other():
    assert detect(output_of([[0.9, 0.3], [0.01, 0.8], [0.01, 0.01], [0.01, 0.01]])).shape[1] == 2
    assert detect(output_of([[0.9, 0.01], [0.8, 0.01], [0.01, 0.01], [0.01, 0.01]])).shape[1] == 1


def test_pictures_with_fewer_boxes_are_filled_up():
    two = torch.cat([output_of([[0.9], [0.01], [0.8], [0.01]]), output_of([[0.01], [0.01], [0.8], [0.01]])])
    found = detect(two)
    assert found.shape == (2, 2, 6)
    assert found[1, 0, 5] > 0 and not found[1, 1].any()


def test_nothing_found():
    assert detect(output_of([[0.01]] * 4)).shape == (1, 0, 6)
    assert suppress(torch.zeros(2, 0, 6)).shape == (2, 0, 6)


def test_the_number_of_boxes_is_limited():
    assert detect(output_of([[0.9], [0.01], [0.8], [0.7]]), max_boxes=2)[0, :, 5].tolist() == pytest.approx([0.9, 0.8])


def greedy(boxes, scores, classes, thresh):
    """Return what is kept, by the words of the definition."""
    kept = []
    for i in scores.argsort(descending=True).tolist():
        same = [k for k in kept if classes[k] == classes[i]]
        if all(box_overlaps(boxes[i : i + 1], boxes[k : k + 1]) <= thresh for k in same):
            kept.append(i)
    return kept


def crowd(n, seed):
    torch.manual_seed(seed)
    start = torch.rand(n, 2)
    boxes = torch.cat([start, start + 0.2 + torch.rand(n, 2) * 0.3], dim=1)
    return boxes, torch.rand(n) * 0.9 + 0.1, torch.randint(1, 4, (n,))


@pytest.mark.parametrize("seed", range(3))
def test_suppression_is_greedy(seed):
    boxes, scores, classes = crowd(60, seed)
    kept = greedy(boxes, scores, classes, 0.4)
    assert nms(boxes, scores, classes, 0.4).tolist() == kept
    order = scores.argsort(descending=True)
    rows = torch.cat([boxes, classes[:, None].float(), scores[:, None]], dim=1)[order]
    together = suppress(torch.stack([rows, rows.flip(0) * 0]), 0.4)
    torch.testing.assert_close(together[0], rows[[order.tolist().index(k) for k in kept]])
    assert not together[1].any()


def test_without_classes_all_are_of_one():
    boxes, scores, _ = crowd(30, 0)
    assert nms(boxes, scores).tolist() == greedy(boxes, scores, torch.zeros(30), 0.5)


def test_a_threshold_out_of_range_is_refused():
    with pytest.raises(ArgumentError, match="nms: thresh must be a number between 0 and 1"):
        nms(torch.zeros(1, 4), torch.ones(1), thresh=50)
