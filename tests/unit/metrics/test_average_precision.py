"""Tests of onecycle.metrics.average_precision."""

import numpy as np
import torch

from onecycle.metrics import average_precision
from onecycle.metrics.average_precision import find_hits, precisions

FOUND = torch.tensor([[[0.0, 0, 1, 1, 1, 0.9], [0.0, 0, 1, 1, 1, 0.8], [0.0, 0, 0, 0, 0, 0]]])
ACTUAL = torch.tensor([[[0.0, 0, 1, 0.8, 1], [0.0, 0, 0, 0, -1]]])
IOUS = torch.tensor([0.5, 0.9])


def test_a_box_is_found_once_where_the_overlap_is_enough():
    hits, vain = find_hits(FOUND, ACTUAL, IOUS)
    assert hits[0].tolist() == [[True, False], [False, False], [False, False]]
    assert not vain.any()


def test_a_box_that_does_not_count_is_found_in_vain():
    hits, vain = find_hits(FOUND, ACTUAL, IOUS, torch.tensor([[False, False]]))
    assert not hits.any()
    assert vain[0].tolist() == [[True, False], [False, False], [False, False]]


def test_no_boxes_to_find():
    assert not find_hits(FOUND, ACTUAL[:, :0], IOUS)[0].any()
    assert precisions(FOUND, ACTUAL[:, :0], IOUS) == {}


def test_many_pictures_are_worked_on_in_parts(monkeypatch):
    found, actual = FOUND.repeat(5, 1, 1), ACTUAL.repeat(5, 1, 1)
    whole = find_hits(found, actual, IOUS)[0]
    monkeypatch.setattr(average_precision, "_CELLS", 12)
    assert torch.equal(find_hits(found, actual, IOUS)[0], whole)


def test_of_each_class():
    np.testing.assert_allclose(precisions(FOUND, ACTUAL, IOUS)[1], [1, 0])
