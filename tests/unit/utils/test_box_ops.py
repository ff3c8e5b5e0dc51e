"""Tests of onecycle.utils.box_ops."""

import torch

from onecycle.utils.box_ops import box_areas, box_overlaps, decode_boxes, encode_boxes


def random_boxes(*shape, seed=0):
    torch.manual_seed(seed)
    start = torch.rand(*shape, 2) * 1.5 - 1
    return torch.cat([start, start + torch.rand(*shape, 2) * 0.5 + 0.01], dim=-1)


def test_areas_and_inverted_boxes():
    assert box_areas(torch.tensor([[0.0, 0, 2, 3], [1, 1, 0, 0], [1, 1, 1, 2]])).tolist() == [6, 0, 0]


def test_overlaps_of_each_with_each():
    a = torch.tensor([[0.0, 0, 2, 2], [0.0, 0, 0, 0]])
    b = torch.tensor([[0.0, 0, 2, 2], [1.0, 1, 3, 3], [5.0, 5, 6, 6]])
    torch.testing.assert_close(box_overlaps(a, b), torch.tensor([[1, 1 / 7, 0], [0, 0, 0]]))


def test_overlaps_picture_by_picture():
    a, b = random_boxes(3, 5), random_boxes(3, 4, seed=1)
    together = box_overlaps(a, b)
    assert together.shape == (3, 5, 4)
    for i in range(3):
        torch.testing.assert_close(together[i], box_overlaps(a[i], b[i]))


def test_no_boxes_at_all():
    assert box_overlaps(torch.zeros(2, 4), torch.zeros(0, 4)).shape == (2, 0)


def test_decoding_undoes_encoding():
    boxes, anchors = random_boxes(50), random_boxes(50, seed=1)
    torch.testing.assert_close(decode_boxes(encode_boxes(boxes, anchors), anchors), boxes, atol=1e-5, rtol=1e-5)


def test_offsets_count_in_sizes_of_the_anchor():
    anchor = torch.tensor([[-1.0, -1, 1, 0]])  # 2 high, 1 wide
    shifted = anchor + torch.tensor([0.2, 0.1, 0.2, 0.1])
    torch.testing.assert_close(encode_boxes(shifted, anchor), torch.tensor([[1.0, 1, 0, 0]]))
    grown = torch.tensor([[-2.0, -1, 2, 0]])
    torch.testing.assert_close(encode_boxes(grown, anchor)[0, 2], torch.tensor(2.0).log() * 5)


def test_wild_offsets_give_finite_boxes():
    assert decode_boxes(torch.full((1, 4), 1e3), torch.tensor([[-1.0, -1, 1, 1]])).isfinite().all()
