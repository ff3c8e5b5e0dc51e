"""Views of pictures whose targets are pixels: a model that sees each pixel alone must not notice them."""

import numpy as np
import pytest
import torch
from PIL import Image as PILImage
from torch import nn

from onecycle.data.loaders import DatasetType
from onecycle.errors import ArgumentTypeError, DataError
from onecycle.learner import Learner
from onecycle.metrics.segmentation import dice, foreground_acc
from onecycle.nn.losses import MSELossFlat
from onecycle.vision.affine_transforms import rotate
from onecycle.vision.image_list import ImageImageList, ImageList
from onecycle.vision.object_list import ObjectItemList
from onecycle.vision.pixel_transforms import flip_lr
from onecycle.vision.points_list import PointsItemList
from onecycle.vision.recipes import get_transforms, rand_pad
from onecycle.vision.segmentation_list import SegmentationItemList
from onecycle.vision.transform_base import TfmCoord
from onecycle.vision.tta_pixels import traced, transforms_of_pixels
from onecycle.vision.warp_transforms import jitter, symmetric_warp

SIZE = (36, 48)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Eight pictures of slow waves, and masks of where the red one is high."""
    path = tmp_path_factory.mktemp("waves")
    for part in ("images", "masks"):
        (path / part).mkdir()
    y, x = np.mgrid[: SIZE[0], : SIZE[1]]
    for i in range(8):
        red = 127 + 100 * np.sin((x + 3 * i) / 9 + y / 17)
        blue = 127 + 100 * np.cos(x / 13 - (y + i) / 11)
        picture = np.stack([red, (red + blue) / 2, blue], -1).astype(np.uint8)
        PILImage.fromarray(picture).save(path / "images" / f"{i}.png")
        PILImage.fromarray((red > 127).astype(np.uint8)).save(path / "masks" / f"{i}.png")
    return path


def bunch(folder, tfms=None, normalised=True, **how):
    data = (
        SegmentationItemList.from_folder(folder / "images")
        .split_by_idx([5, 6, 7])
        .label_from_func(lambda file: folder / "masks" / file.name, classes=["low", "high"])
        .transform(tfms, tfm_y=True, **how)
        .databunch(bs=2, num_workers=0, device="cpu")
    )
    return data.normalize() if normalised else data


def pixelwise(outputs=2):
    """A network that looks at each pixel alone: it sees the same thing wherever a view has moved it."""
    torch.manual_seed(0)
    model = nn.Conv2d(3, outputs, 1)
    with torch.no_grad():
        model.weight.copy_(torch.tensor([[-1.0, 0, 0.3], [1.0, 0, -0.3]])[:, :, None, None])
        model.bias.zero_()
    return model


def segmenter(data, model=None, **how):
    return Learner(data, model or pixelwise(), silent=True, **how)


@pytest.mark.parametrize(("tfms", "how", "scale"), [
    (None, {}, 1.0),
    (None, {}, 1.35),
    (None, {"size": (32, 40)}, 1.35),
    (None, {"size": 32}, 1.2),
    (get_transforms(max_lighting=0, max_rotate=20, p_affine=1), {}, 1.35),
    (get_transforms(max_lighting=0, flip_vert=True), {"size": 32}, 1.35),
    (get_transforms(max_lighting=0, flip_vert=True), {}, 1.35),
    (None, {}, 2.5),
    (get_transforms(max_lighting=0.3, max_rotate=20, p_affine=1), {}, None),
    (get_transforms(flip_vert=True), {"size": 32}, None),
    ([[flip_lr(p=0.5), *rand_pad(4, SIZE)], []], {}, None),
])  # fmt: skip
def test_a_network_of_single_pixels_does_not_notice(folder, tfms, how, scale):
    learn = segmenter(bunch(folder, tfms, **how))
    plain, averaged, targets = learn.TTA(beta=None, scale=scale)
    assert torch.equal(plain, learn.get_preds()[0]) and plain.shape[0] == len(targets) == 3
    assert float((plain - averaged).abs().mean()) < 0.004
    assert float((plain - averaged).abs()[..., 3:-3, 3:-3].max()) < 0.06  # what interpolation smooths


def test_mirrored_views_come_back_exactly(folder):
    learn = segmenter(bunch(folder))
    plain, averaged, _ = learn.TTA(beta=None, scale=1.0)
    assert torch.allclose(plain, averaged, atol=1e-5)


def test_pixels_that_a_view_does_not_show_do_not_count(folder):
    data = bunch(folder)
    for loader in data.augmented_loaders(DatasetType.Valid, 2.0):
        _, maps = next(iter(loader))
        moved, seen = loader.dataset.in_place(torch.ones(2, 1, *SIZE), maps, SIZE)
        assert float(seen.mean()) == pytest.approx(0.25) and torch.equal(moved, torch.ones(2, 1, *SIZE))


def test_where_no_view_looks_the_plain_prediction_stays(folder):
    learn = segmenter(bunch(folder), nn.Conv2d(3, 2, 5, padding=2))
    plain, averaged, _ = learn.TTA(beta=None, scale=4.0)
    middle = (..., slice(12, 24), slice(15, 33))  # the views show a quarter of each side
    assert torch.equal(plain[middle], averaged[middle]) and not torch.allclose(plain, averaged)


def test_it_is_better_than_one_noisy_look(folder):
    """A network whose fault sits at a place, not in the picture: views put the fault elsewhere."""

    class Spotted(nn.Module):
        def __init__(self):
            super().__init__()
            self.see = pixelwise()

        def forward(self, x):
            out = self.see(x).clone()
            out[..., 10:16, 4:12] = -out[..., 10:16, 4:12]
            return out

    learn = segmenter(bunch(folder), Spotted(), metrics=[dice])
    plain, targets = learn.get_preds()
    preds, same = learn.TTA(beta=0.2, scale=1.35)
    assert torch.equal(targets, same) and preds.shape == plain.shape
    assert torch.allclose(preds.sum(1), torch.ones(3, *SIZE), atol=1e-5)
    right = (preds.argmax(1) == targets[:, 0]).float().mean()
    assert float(foreground_acc(preds, targets, void_code=9)) == pytest.approx(float(right))
    assert float(dice(preds, targets)) > float(dice(plain, targets)) + 0.01


def test_its_weight_and_its_loss(folder):
    learn = segmenter(bunch(folder, get_transforms()), nn.Conv2d(3, 2, 3, padding=1))
    plain, averaged, targets = learn.TTA(beta=None)
    preds, _, losses = learn.TTA(beta=0.3, with_loss=True)
    assert torch.allclose(preds, 0.3 * plain + 0.7 * averaged, atol=1e-6)
    wanted = -preds.gather(1, targets).log().mean(dim=(1, 2, 3))
    assert torch.allclose(losses, wanted, atol=1e-5)


def test_a_test_set_has_no_masks(folder):
    learn = segmenter(bunch(folder, get_transforms()))
    learn.data.add_test(ImageList.from_folder(folder / "images"), tfm_y=False)
    assert learn.TTA(DatasetType.Test)[0].shape == (8, 2, *SIZE)


def test_smaller_predictions_lie_in_their_own_frame(folder):
    learn = segmenter(bunch(folder), nn.Sequential(nn.AvgPool2d(2), pixelwise()))
    plain, averaged, _ = learn.TTA(beta=None, scale=1.35)
    assert plain.shape[2:] == (18, 24) and float((plain - averaged).abs().mean()) < 0.02


def test_pictures_as_targets(folder):
    labelled = ImageImageList.from_folder(folder / "images").split_by_idx([6, 7]).label_from_func(lambda file: file)
    moved = labelled.transform(None, tfm_y=True, size=32)
    data = moved.databunch(bs=2, num_workers=0, device="cpu").normalize(do_y=True)
    learn = Learner(data, nn.Identity(), loss_func=MSELossFlat(), silent=True)
    preds, targets = learn.TTA(beta=0.0, scale=1.35)
    assert float((preds - targets).abs().mean()) < 0.03


def test_moves_that_cannot_be_undone_are_left_out(folder):
    wild = [*get_transforms(max_lighting=0)[0], jitter(magnitude=0.05)]
    learn = segmenter(bunch(folder, (wild, [jitter(magnitude=0.0)])))
    plain, averaged, _ = learn.TTA(beta=None)
    assert float((plain - averaged).abs().mean()) < 0.01
    assert traced(SIZE, [jitter(magnitude=0.05)], {}, True) is None


def test_a_view_that_cannot_be_undone_is_refused(folder):
    bend = TfmCoord(lambda flow: flow)
    loader = next(iter(bunch(folder).augmented_loaders(scale=1.35)))
    loader.dataset.tfms = [bend()]
    with pytest.raises(DataError, match="TTA: transforms must be maps that can be undone"):
        loader.dataset[0]


def test_the_map_of_a_mirror():
    matrix = traced((4, 6), transforms_of_pixels([], False, 1.0)[4], {}, True)
    assert np.allclose(matrix, np.diag([-1, 1, 1]).flatten())
    assert traced((4, 6), [rotate(degrees=0.0, p=1.0), symmetric_warp(magnitude=(0, 0))], {}, True) is not None
    ways = [view[1].kwargs["k"] for view in transforms_of_pixels([], True)]
    assert ways == list(range(8))


@pytest.mark.parametrize("kind", ["points", "boxes"])
def test_points_and_boxes_are_refused(folder, kind):
    kinds = {"points": PointsItemList, "boxes": ObjectItemList}
    source = kinds[kind].from_folder(folder / "images").split_by_idx([6, 7])
    label = (lambda _: torch.tensor([[4.0, 5.0]])) if kind == "points" else (lambda _: [[[1, 2, 9, 8]], ["wave"]])
    how = {} if kind == "points" else {"no_check": True}
    data = source.label_from_func(label).transform(None, size=32).databunch(bs=1, num_workers=0, device="cpu", **how)
    learn = Learner(data, nn.Conv2d(3, 2, 1), loss_func=MSELossFlat(), silent=True)
    with pytest.raises(ArgumentTypeError, match=r"TTA: .* part of the picture \(points, boxes: .* learn.get_preds"):
        learn.TTA()
