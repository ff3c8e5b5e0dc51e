"""A U-Net learns to find drawn shapes, from files on disk to a mask."""

import numpy as np
import pytest
import torch
from PIL import Image as PILImage

from onecycle.metrics.segmentation import dice, foreground_acc
from onecycle.nn.norm import NormType
from onecycle.vision.learner import unet_learner
from onecycle.vision.opening import open_image
from onecycle.vision.recipes import get_transforms
from onecycle.vision.segmentation_list import SegmentationItemList

SIDE, CODES = 32, ["ground", "disc"]


def draw(seed):
    """Return a picture of a red disc and a blue square on a dark ground, and the mask of the disc."""
    rng = np.random.default_rng(seed)
    picture = rng.integers(0, 60, (SIDE, SIDE, 3), dtype=np.uint8)
    rows, columns = np.mgrid[:SIDE, :SIDE]
    y, x, radius = *rng.integers(7, SIDE - 7, 2), rng.integers(5, 8)
    disc = (rows - y) ** 2 + (columns - x) ** 2 <= radius**2
    picture[disc] = [230, 60, 60]
    top, left = rng.integers(0, SIDE - 8, 2)
    square = (rows >= top) & (rows < top + 8) & (columns >= left) & (columns < left + 8) & ~disc
    picture[square] = [60, 60, 230]
    return picture, disc.astype(np.uint8)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("shapes")
    (path / "images").mkdir()
    (path / "masks").mkdir()
    for i in range(48):
        picture, mask = draw(i)
        PILImage.fromarray(picture).save(path / "images" / f"{i:02}.png")
        PILImage.fromarray(mask).save(path / "masks" / f"{i:02}.png")
    return path


def test_it_finds_the_discs(folder):
    torch.manual_seed(1)
    data = (
        SegmentationItemList.from_folder(folder / "images")
        .split_by_idx(list(range(40, 48)))
        .label_from_func(lambda file: folder / "masks" / file.name, classes=CODES)
        .transform(get_transforms(max_rotate=0, max_zoom=1, max_warp=0), tfm_y=True)
        .databunch(bs=8, num_workers=0)
        .normalize()
    )
    learn = unet_learner(
        data, "resnet18", pretrained=False, cut=6, norm_type=NormType.Batch, bottle=True, metrics=[dice]
    )
    learn.fit_one_cycle(4, 3e-3)
    loss, overlap = learn.validate()
    assert overlap > 0.8
    picture, mask = draw(100)
    PILImage.fromarray(picture).save(folder / "new.png")
    found, classes, scores = learn.predict(open_image(folder / "new.png"))
    assert found.shape == (1, SIDE, SIDE)
    assert (classes[0].numpy() == mask).mean() > 0.93
    assert foreground_acc(scores[None], torch.tensor(mask)[None, None].long(), void_code=0) > 0.7
