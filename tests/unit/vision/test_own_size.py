"""What is predicted for an image lies where it belongs in the image as it was given, at its own size."""

import warnings

import numpy as np
import pytest
import torch
from PIL import Image as PILImage
from torch import nn

from onecycle.learner import Learner, load_learner
from onecycle.vision.boxes import ImageBBox
from onecycle.vision.flow import FlowField
from onecycle.vision.opening import open_image
from onecycle.vision.points import ImagePoints
from onecycle.vision.points_list import PointsItemList
from onecycle.vision.resize import ResizeMethod
from onecycle.vision.segmentation_list import SegmentationItemList

SQUARE = (slice(10, 30), slice(20, 50))


class Bright(nn.Module):
    """Say of each pixel whether it is bright."""

    def __init__(self):
        super().__init__()
        self.w = nn.Parameter(torch.ones(1))

    def forward(self, x):
        bright = (x.mean(1, keepdim=True) - 0.5) * self.w
        return torch.cat([-bright, bright], dim=1)


class Middle(nn.Module):
    """Say that the point is in the middle of the bright pixels."""

    def __init__(self):
        super().__init__()
        self.w = nn.Parameter(torch.ones(1))

    def forward(self, x):
        bright = x.mean(1) * (x.mean(1) > 0.5)  # (N, H, W)
        rows = torch.linspace(-1, 1, x.shape[2] * 2 + 1)[1::2]
        columns = torch.linspace(-1, 1, x.shape[3] * 2 + 1)[1::2]
        y = (bright.sum(2) * rows).sum(1) / bright.sum((1, 2))
        return self.w * torch.stack([y, (bright.sum(1) * columns).sum(1) / bright.sum((1, 2))], dim=1)


@pytest.fixture
def folder(tmp_path):
    for part in ("i", "m"):
        (tmp_path / part).mkdir()
    for k in range(4):
        mask = np.zeros((40, 60), np.uint8)
        mask[SQUARE] = 255
        PILImage.fromarray(mask).save(tmp_path / f"m/{k}.png")
        PILImage.fromarray(mask).convert("RGB").save(tmp_path / f"i/{k}.png")
    return tmp_path


def masks(folder, **settings):
    lists = SegmentationItemList.from_folder(folder / "i").split_by_idx([3])
    labelled = lists.label_from_func(lambda f: folder / "m" / f.name, values={0: "ground", 255: "car"})
    data = labelled.transform((None, None), tfm_y=True, **settings).databunch(bs=1, num_workers=0)
    return Learner(data, Bright(), silent=True)


@pytest.mark.parametrize(
    ("settings", "at_least"),
    [({}, 1.0), ({"size": (20, 30)}, 1.0), ({"size": 32, "resize_method": ResizeMethod.SQUISH}, 0.96),
     ({"size": 32, "resize_method": ResizeMethod.PAD}, 0.96), ({"size": (80, 120)}, 1.0)],
)  # fmt: skip
def test_masks_at_the_images_own_size(folder, settings, at_least):
    learn = masks(folder, **settings)
    mask, pred, scores = learn.predict(folder / "i/0.png")
    truth = torch.zeros(40, 60)
    truth[SQUARE] = 1
    assert mask.data.shape == (1, 40, 60)
    assert pred.shape[-2:] == scores.shape[-2:] == learn.data.train_ds[0][0].size
    assert (mask.data[0] == truth).float().mean() >= at_least
    mask.save(folder / "out.png")
    assert np.unique(np.asarray(PILImage.open(folder / "out.png"))).tolist() == [0, 255]


def test_what_the_transforms_cut_away_is_no_class(folder):
    learn = masks(folder, size=32)  # the middle, 40 x 40 pixels
    with pytest.warns(UserWarning, match=r"cut away 33% of the image; those pixels have no class \(255\)"):
        mask = learn.predict(folder / "i/0.png")[0]
    assert (mask.data[0, :, 10:50] < 2).all()
    assert (mask.data[0, :, :10] == 255).all()
    mask.save(folder / "out.png")
    assert np.unique(np.asarray(PILImage.open(folder / "out.png"))).tolist() == [0, 128, 255]
    seen = learn.predict(folder / "i/0.png", return_x=True)
    assert seen[1].size == seen[0].size == (32, 32)


def test_an_export_knows_the_values_of_the_files(folder):
    masks(folder, size=(20, 30)).export(folder / "seg.onecycle")
    learn = load_learner(folder, "seg.onecycle", model=Bright())
    assert list(learn.data.classes) == ["ground", "car"]
    learn.predict(folder / "i/0.png")[0].save(folder / "out.png")
    assert np.unique(np.asarray(PILImage.open(folder / "out.png"))).tolist() == [0, 255]


@pytest.mark.parametrize("settings", [{"size": 32}, {"size": 32, "resize_method": ResizeMethod.SQUISH}, {}])
def test_points_in_the_frame_of_the_image(folder, settings):
    lists = PointsItemList.from_folder(folder / "i").split_by_idx([3])
    labelled = lists.label_from_func(lambda f: torch.tensor([20.0, 35.0]))
    data = labelled.transform((None, None), tfm_y=True, **settings).databunch(bs=1, num_workers=0)
    learn = Learner(data, Middle(), silent=True)
    points = learn.predict(open_image(folder / "i/0.png"))[0]
    assert points.size == (40, 60)
    torch.testing.assert_close(points.data, torch.tensor([[0.0, 35 / 30 - 1]]), atol=0.02, rtol=0)


def test_only_transforms_drop_points():
    places = torch.tensor([[0.0, 0.0], [1.05, 0.2], [0.3, -1.3], [0.3, 0.3]])
    points = ImagePoints(FlowField((48, 64), places), scale=False)
    assert torch.equal(points.data, places)
    assert len(points.apply_tfms(None).data) == 4
    assert len(points.apply_tfms(None, size=(24, 32)).data) == 2
    assert len(points.apply_tfms(None, size=(24, 32), remove_out=False).data) == 4
    assert len(points.clone().zoom(1.01).data) == 2


def test_only_transforms_drop_boxes():
    edges = torch.tensor([[-0.5, -0.5, 0.5, 0.5], [1.1, 0.0, 1.3, 0.5], [0.2, 0.2, 0.2, 0.4]])
    boxes = ImageBBox.create(10, 20, edges, labels=[0, 1, 2], scale=False, scores=torch.tensor([0.9, 0.8, 0.7]))
    found, labels = boxes.data
    assert len(found) == len(labels) == len(boxes.scores) == 3
    assert len(boxes.apply_tfms(None, size=(5, 10)).data[0]) == 1
    assert len(boxes.apply_tfms(None, size=(5, 10), remove_out=False).data[0]) == 3


@pytest.mark.parametrize("flow", [torch.tensor([3.0, 4.0]), torch.tensor([[3.0, 4.0]]), torch.tensor([3, 4])])
def test_one_point_alone(flow):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert ImagePoints(FlowField((6, 8), flow)).data.tolist() == [[0.0, 0.0]]


@pytest.mark.parametrize("flow", [torch.tensor(3.0), torch.zeros(3), torch.zeros(4), "points"])
def test_what_is_no_points(flow):
    with pytest.raises(ValueError, match=r"ImagePoints: flow must be points, rows of two numbers \(y, x\); got"):
        ImagePoints(FlowField((6, 8), flow))
