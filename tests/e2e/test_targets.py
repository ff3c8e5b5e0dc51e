"""The data sentence with targets that live in the picture: masks, points, boxes and pictures, moved along."""

import numpy as np
import pytest
import torch
from PIL import Image as PILImage

from onecycle.utils.seeding import item_stream
from onecycle.vision import (
    FlowField,
    ImageImageList,
    ObjectItemList,
    PointsItemList,
    SegmentationItemList,
    bb_pad_collate,
    get_transforms,
    scale_flow,
)

pytestmark = pytest.mark.usefixtures("one_thread")
SIZE = (60, 80)
PLACES = {f"{i}.png": (18.0 + 4 * i, 56.0 - 5 * i) for i in range(6)}  # (y, x) in pixels
TFMS = get_transforms(flip_vert=True, max_rotate=25, p_affine=1, max_lighting=0.1)
HOW = {"size": (48, 64), "tfm_y": True, "padding_mode": "zeros"}


@pytest.fixture
def folder(tmp_path):
    """Dark pictures with one bright square of 9 pixels a side, and their masks."""
    (tmp_path / "pictures").mkdir()
    (tmp_path / "masks").mkdir()
    for name, (y, x) in PLACES.items():
        mask = np.zeros(SIZE, np.uint8)
        mask[int(y) - 4 : int(y) + 5, int(x) - 4 : int(x) + 5] = 1
        PILImage.fromarray(mask).save(tmp_path / "masks" / name)
        PILImage.fromarray((mask * 255)[..., None].repeat(3, 2)).save(tmp_path / "pictures" / name)
    return tmp_path


def labelled(kind, folder, label, **how):
    items = kind.from_folder(folder / "pictures").split_by_idx([5])
    return items.label_from_func(label, **how).transform(TFMS, **HOW)


def samples(lists):
    for i in range(len(lists.train)):
        with item_stream(0, 0, i):
            yield lists.train[i]


def bright_centre(picture):
    light = picture.data.mean(0)
    rows, columns = torch.arange(light.shape[0]) + 0.5, torch.arange(light.shape[1]) + 0.5
    return torch.stack([(light.sum(1) * rows).sum(), (light.sum(0) * columns).sum()]) / light.sum()


def test_masks_cover_what_they_covered(folder):
    lists = labelled(
        SegmentationItemList, folder, lambda file: folder / "masks" / file.name, classes=["ground", "square"]
    )
    for picture, mask in samples(lists):
        bright = picture.data.mean(0) > 0.5
        both, either = (bright & (mask.data[0] == 1)).sum(), (bright | (mask.data[0] == 1)).sum()
        assert both / either > 0.8
    _, yb = lists.databunch(bs=5, num_workers=0).one_batch()
    assert (yb.dtype, tuple(yb.shape)) == (torch.int64, (5, 1, 48, 64))
    assert yb.unique().tolist() == [0, 1]


def test_points_stay_on_what_they_marked(folder):
    lists = labelled(PointsItemList, folder, lambda file: torch.tensor([PLACES[file.name]]) + 0.5)
    for picture, point in samples(lists):
        (place,) = scale_flow(FlowField(point.size, point.data), to_unit=False).flow
        assert (bright_centre(picture) - place).norm() < 0.5
    _, yb = lists.databunch(bs=5, num_workers=0).one_batch()
    assert yb.shape == (5, 1, 2)


def box_of(file):
    y, x = PLACES[file.name]
    return [[[y - 4, x - 4, y + 5, x + 5]], ["square"]]


def test_boxes_hold_what_they_held(folder):
    lists = labelled(ObjectItemList, folder, box_of)
    for picture, box in samples(lists):
        ((top, left, bottom, right),) = scale_flow(FlowField(box.size, box.data[0].view(-1, 2)), False).flow.view(-1, 4)
        rows, columns = torch.nonzero(picture.data.mean(0) > 0.5).T
        assert top - 0.6 <= rows.min() and rows.max() + 1 <= bottom + 0.6
        assert left - 0.6 <= columns.min() and columns.max() + 1 <= right + 0.6
        assert (bottom - top) * (right - left) < 3.5 * len(rows)
    _, (boxes, classes) = lists.databunch(bs=5, num_workers=0, collate_fn=bb_pad_collate).one_batch()
    assert boxes.shape == (5, 1, 4) and (classes == 1).all()


def test_target_pictures_follow_their_inputs(folder):
    calls = [[call for call in calls if call.tfm.name not in ("brightness", "contrast")] for calls in TFMS]
    items = ImageImageList.from_folder(folder / "pictures").split_by_idx([5])
    lists = items.label_from_func(lambda file: folder / "pictures" / file.name).transform(calls, **HOW)
    data = lists.databunch(bs=5, num_workers=0).normalize(do_y=True)
    xb, yb = data.one_batch(denorm=False)
    torch.testing.assert_close(xb, yb)
    assert xb.mean().abs() < 0.5
