"""Tests of onecycle.vision.points_list."""

import matplotlib

matplotlib.use("Agg")

import numpy as np
import pytest
import torch
from PIL import Image as PILImage

from onecycle.errors import ArgumentError, DataError
from onecycle.vision.boxes import ImageBBox
from onecycle.vision.flow import FlowField, scale_flow
from onecycle.vision.picture import Image
from onecycle.vision.points import ImagePoints
from onecycle.vision.points_list import PointsItemList, PointsLabelList
from onecycle.vision.recipes import get_transforms

PLACES = {f"{i}.png": (4 + 2 * i, 5 + 3 * i) for i in range(6)}  # (y, x) in pixels


@pytest.fixture
def folder(tmp_path):
    """Pictures 24 high and 30 wide, black but for one white place."""
    for name, (y, x) in PLACES.items():
        pixels = np.zeros((24, 30, 3), dtype=np.uint8)
        pixels[y - 1 : y + 2, x - 1 : x + 2] = 255
        PILImage.fromarray(pixels).save(tmp_path / name)
    return tmp_path


@pytest.fixture
def labelled(folder):
    items = PointsItemList.from_folder(folder).split_by_idx([1])
    return items.label_from_func(lambda file: torch.tensor([[float(v) + 0.5 for v in PLACES[file.name]]]))


def test_a_point_lies_in_the_frame_of_its_picture(labelled):
    x, y = labelled.train[0]
    assert isinstance(y, ImagePoints)
    torch.testing.assert_close(y.data, torch.tensor([[4.5 / 12 - 1, 5.5 / 15 - 1]]))
    assert tuple(y.size) == tuple(x.size) == (24, 30)


def test_c_counts_the_numbers_of_a_set_of_points(labelled):
    assert labelled.c == labelled.valid.y.c == 2


def test_points_follow_their_pictures(labelled):
    tfms = get_transforms(max_lighting=0, max_warp=0, max_zoom=1.0)
    data = labelled.transform(tfms, size=(24, 30), tfm_y=True, remove_out=False).databunch(bs=5, num_workers=0)
    xb, yb = data.one_batch()
    assert yb.shape == (5, 1, 2)
    for picture, point in zip(xb, yb, strict=True):
        y, x = scale_flow(FlowField((24, 30), point), to_unit=False).flow[0].long().clamp(0)
        assert picture[0, min(y, 23), min(x, 29)] > 0.3


def test_the_loss_is_the_mean_of_squares(labelled):
    loss = labelled.train.y.loss_func
    torch.testing.assert_close(loss(torch.zeros(3, 2), torch.ones(3, 1, 2)), torch.tensor(1.0))


def test_a_prediction_becomes_points_in_its_picture():
    points = PointsLabelList([])
    found = points.reconstruct(points.analyze_pred(torch.tensor([0.5, -0.5, 0.0, 0.25])), Image(torch.zeros(3, 8, 8)))
    assert isinstance(found, ImagePoints)
    assert found.data.tolist() == [[0.5, -0.5], [0.0, 0.25]]


def test_it_goes_to_a_file_and_back(labelled, folder):
    data = labelled.transform(size=8, tfm_y=True).databunch(bs=2, num_workers=0)
    again = type(data).from_state(data.export_state(), folder)
    assert type(again.single_ds.y) is PointsLabelList
    assert again.c == 2


@pytest.mark.parametrize("place", [(25.0, 4.0), (4.0, 31.0), (-1.0, 4.0)])
def test_a_point_beyond_its_picture_is_named_unless_it_is_welcome(folder, place):
    items = PointsItemList.from_folder(folder).split_none()
    found = items.label_from_func(lambda file: torch.tensor([[2.0, 2.0], place]))
    said = rf"must lie in their picture, here 24 x 30 pixels; got \({place[0]}, {place[1]}\) for .*0\.png"
    with pytest.raises(DataError, match=said):
        found.train[0]
    welcome = items.label_from_func(lambda file: torch.tensor([[2.0, 2.0], place]), outside=True)
    assert len(welcome.transform(size=20, tfm_y=True, remove_out=False).train[0][1].data) == 2


@pytest.mark.parametrize("label", ["here", [[1, 2, 3]], [[float("nan"), 2]], [["a", "b"]], None])
def test_a_label_that_is_no_point_is_named(folder, label):
    labels = PointsLabelList([label], x=PointsItemList.from_folder(folder)[[0]])
    said = r"PointsLabelList: the label of .*png must be points, rows of two numbers \(y, x\) in pixels; got .*Return"
    with pytest.raises(DataError, match=said):
        labels.get(0)


def test_show_results_shows_a_point_that_lies_outside(labelled):
    import matplotlib.pyplot as plt

    x, y = labelled.train[0]
    outside = labelled.train.y.reconstruct(torch.tensor([[0.5, 1.5]]), x)  # (y, x) in -1..1
    labelled.train.x.show_xyzs([x, x], [y, y], [outside, y])
    figure = plt.gcf()
    figure.draw_without_rendering()
    shown = figure.axes[1]  # the first prediction
    (place,) = shown.transData.transform(shown.collections[0].get_offsets())
    frame = shown.get_window_extent()
    assert frame.x0 <= place[0] <= frame.x1 and frame.y0 <= place[1] <= frame.y1
    assert shown.get_xlim()[1] > 37 and figure.axes[3].get_xlim() == (-0.5, 29.5)
    plt.close("all")


@pytest.mark.parametrize("label", [torch.zeros(2, 3), np.zeros((2, 6)), [[1, 2, 1], [3, 4, 0]]])
def test_rows_that_are_no_pairs_are_refused_not_cut_anew(tmp_path, label):
    PILImage.new("RGB", (20, 24)).save(tmp_path / "a.png")
    labelled = PointsItemList.from_folder(tmp_path).split_none().label_from_func(lambda file: label)
    with pytest.raises(DataError, match=r"the label of .*a.png must be points, rows of two numbers \(y, x\)"):
        labelled.train.y[0]


@pytest.mark.parametrize("boxes", [torch.zeros(2, 6), [[1, 2, 3], [4, 5, 6], [7, 8, 9], [1, 2, 3]], [1, 2, 3]])
def test_boxes_that_are_not_four_numbers_each_are_refused(boxes):
    with pytest.raises(ArgumentError, match=r"ImageBBox.create: bboxes must be rows of four numbers"):
        ImageBBox.create(20, 20, boxes)
