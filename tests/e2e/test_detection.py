"""A detector learns to find drawn shapes, from files on disk to boxes, and back from a file."""

import numpy as np
import pytest
import torch
from PIL import Image as PILImage
from torch import nn

from onecycle.learner import load_learner
from onecycle.metrics.detection import MeanAveragePrecision
from onecycle.utils.box_ops import box_overlaps
from onecycle.vision.detector import detection_learner
from onecycle.vision.interpret import ObjectDetectionInterpretation
from onecycle.vision.models.spec import register_model
from onecycle.vision.object_list import ObjectItemList, bb_pad_collate
from onecycle.vision.opening import open_image

SIDE, TRAIN, VALID = 64, 120, 40
COLOURS = {"block": (60, 90, 220), "disc": (220, 80, 60)}


def draw(seed):
    """Return a picture of up to three blue blocks and red discs on a noisy ground, their boxes and their names."""
    rng = np.random.default_rng(seed)
    picture = rng.integers(0, 70, (SIDE, SIDE, 3), dtype=np.uint8)
    y, x = np.mgrid[:SIDE, :SIDE] + 0.5
    boxes, names = [], []
    for _ in range(rng.integers(1, 4)):
        (height, width), name = rng.integers(14, 30, 2), rng.choice(list(COLOURS))
        top, left = rng.integers(0, SIDE - height), rng.integers(0, SIDE - width)
        box = [int(top), int(left), int(top + height), int(left + width)]
        if boxes and box_overlaps(torch.tensor([box]).float(), torch.tensor(boxes).float()).any():
            continue
        dy, dx = abs(y - top - height / 2) / height, abs(x - left - width / 2) / width
        inside = dy**2 + dx**2 < 0.25 if name == "disc" else np.maximum(dy, dx) < 0.5
        picture[inside] = np.array(COLOURS[name]) + rng.integers(-30, 30, 3)
        boxes.append(box)
        names.append(str(name))
    return picture, boxes, names


@pytest.fixture(scope="module")
def scenes(tmp_path_factory):
    folder, labels = tmp_path_factory.mktemp("scenes"), {}
    for i in range(TRAIN + VALID):
        picture, *labels[f"{i:03}.png"] = draw(i)
        PILImage.fromarray(picture).save(folder / f"{i:03}.png")
    return folder, labels


def layer(channels, out, stride):
    conv = nn.Conv2d(channels, out, 3, stride, 1, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(out), nn.ReLU(inplace=True))


@register_model(cut=-1)
def body_of_the_detection_test(pretrained=False):
    """Return five convolutions, the deepest map a sixteenth of the picture's size."""
    widths = [(3, 16, 2), (16, 32, 2), (32, 64, 2), (64, 64, 1), (64, 96, 2)]
    return nn.Sequential(*[layer(*width) for width in widths], nn.AdaptiveAvgPool2d(1))


def test_it_finds_the_shapes(scenes):
    folder, labels = scenes
    torch.manual_seed(0)
    data = (
        ObjectItemList.from_folder(folder)
        .split_by_idx(list(range(TRAIN, TRAIN + VALID)))
        .label_from_func(lambda file: labels[file.name])
        .transform(None, size=SIDE, tfm_y=True)
        .databunch(bs=8, num_workers=0, collate_fn=bb_pad_collate, device="cpu")
        .normalize()
    )
    learn = detection_learner(
        data, body_of_the_detection_test, pretrained=False, levels=2, channels=48, scales=(2.0, 3.0),
        metrics=[MeanAveragePrecision(iou=0.5), MeanAveragePrecision()], silent=True,
    )  # fmt: skip
    _, before, _ = learn.validate()
    learn.fit_one_cycle(6, 3e-3)
    _, found, closely = learn.validate()
    assert before < 0.05
    assert found > 0.6 and closely > 0.35

    counts = ObjectDetectionInterpretation.from_learner(learn, thresh=0.4).counts()
    assert set(counts) == set(COLOURS)
    assert all(right > missed for right, missed, _ in counts.values())

    learn.export("detector.safetensors")
    again = load_learner(folder, "detector.safetensors", device="cpu")
    picture, boxes, names = draw(1000)
    PILImage.fromarray(picture).resize((96, 96), PILImage.Resampling.NEAREST).save(folder / "large.png")
    there, pred, rows = again.predict(open_image(folder / "large.png"), thresh=0.4)
    assert torch.equal(rows, learn.predict(open_image(folder / "large.png"), thresh=0.4)[2])
    assert tuple(there.size) == (96, 96) and len(there.labels) == len(there.scores) == len(pred[0])
    truth = torch.tensor(boxes) / (SIDE / 2) - 1
    overlaps = box_overlaps(truth, there.data[0])
    assert overlaps.amax(1).mean() > 0.5, (names, there.labels)
