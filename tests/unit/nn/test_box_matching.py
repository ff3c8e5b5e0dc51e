"""Tests of onecycle.nn.box_matching."""

import torch

from onecycle.nn.box_matching import match_anchors

ANCHORS = torch.tensor([[0.0, 0, 4, 4], [0.0, 0, 4, 3], [0.0, 0, 4, 1.8], [8.0, 8, 9, 9]])[None]


def match(boxes, real=None):
    boxes = torch.tensor(boxes).view(1, -1, 4).float()
    real = torch.ones(boxes.shape[:2], dtype=torch.bool) if real is None else torch.tensor([real])
    return [part[0].tolist() for part in match_anchors(ANCHORS, boxes, real)]


def test_anchors_have_a_box_none_or_no_say():
    _, positive, background = match([[0, 0, 4, 4]])  # overlaps 1, 0.75, 0.45, 0
    assert positive == [True, True, False, False]
    assert background == [False, False, False, True]


def test_each_anchor_has_the_box_it_overlaps_most():
    box, positive, _ = match([[0, 0, 4, 1.9], [0, 0, 4, 3.9]])
    assert box[:3] == [1, 1, 0]
    assert positive == [True, True, True, False]


def test_a_box_has_its_best_anchor_however_little_they_overlap():
    box, positive, background = match([[0, 0, 4, 4], [8, 8, 12, 12]])
    assert (box[3], positive[3], background[3]) == (1, True, False)


def test_a_box_takes_its_only_anchor_from_another():
    box, positive, _ = match([[0, 0, 4, 4.2], [0, 0, 4, 6.0]])  # the second one's best is the first one's too
    assert box[0] in (0, 1) and positive[0]


def test_padding_is_no_box():
    assert match([[0, 0, 0, 0], [0, 0, 4, 4]], [True, True])[1:] == match([[0, 0, 4, 4]])[1:]
    _, positive, background = match([[0, 0, 4, 4]], [False])
    assert not any(positive) and all(background)


def test_a_batch_without_any_box():
    found = match_anchors(ANCHORS, torch.zeros(1, 0, 4), torch.zeros(1, 0, dtype=torch.bool))
    assert not found.positive.any() and found.background.all()
