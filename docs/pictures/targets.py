"""Draws the picture of docs/targets.md from a drawn scene: `python docs/pictures/targets.py`."""

from __future__ import annotations

import sys
from pathlib import Path

import matplotlib
import numpy as np
import torch
from PIL import Image as PILImage

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(Path(__file__).resolve().parent))
matplotlib.use("Agg")

import matplotlib.pyplot as plt
from transforms import SIZE, scene

from onecycle.utils.seeding import item_stream
from onecycle.vision.image import FlowField, Image, ImageBBox, ImagePoints, ImageSegment
from onecycle.vision.transform import get_transforms

OUT = Path(__file__).with_suffix("")
CLASSES = 4  # ground, house, roof, tree


def mask() -> ImageSegment:
    """Return the classes of the scene's house, roof and tree."""
    height, width = SIZE
    y, x = (np.mgrid[0:height, 0:width] + 0.5) / np.array(SIZE).reshape(2, 1, 1)
    indices = np.zeros(SIZE, np.uint8)
    indices[(y > 0.41) & (y < 0.72) & (x > 0.22) & (x < 0.50)] = 1
    indices[(y > 0.20) & (y < 0.41) & (abs(x - 0.36) < (y - 0.20) * 0.18 / 0.21)] = 2
    for centre_x, centre_y, radius in ((0.765, 0.40, 0.075), (0.72, 0.46, 0.055), (0.81, 0.46, 0.055)):
        indices[(x - centre_x) ** 2 + ((y - centre_y) * 3 / 4) ** 2 < radius**2] = 3
    made = ImageSegment.from_pixels(indices)
    made.n_classes = CLASSES
    return made


def in_pixels(*rows: tuple[float, ...]) -> torch.Tensor:
    """Return places given as shares of height and width, in pixels."""
    return torch.tensor(rows) * torch.tensor(SIZE).float().repeat(len(rows[0]) // 2)


def main() -> None:
    """Write the picture: a mask, points and boxes that follow six draws."""
    house = Image.from_pixels(scene())
    points = ImagePoints(FlowField(SIZE, in_pixels((0.20, 0.36), (0.41, 0.18), (0.41, 0.54), (0.40, 0.765))))
    edges = in_pixels((0.20, 0.18, 0.72, 0.54), (0.30, 0.665, 0.74, 0.865))
    boxes = ImageBBox.create(*SIZE, edges, labels=[0, 1], classes=["house", "tree"])
    train, _ = get_transforms(max_rotate=25, p_affine=1)
    figure, axes = plt.subplots(3, 6, figsize=(10.5, 5.3))
    for i, column in enumerate(axes.T):
        with item_stream(0, 0, i):
            picture = house.apply_tfms(train, size=160)
        for ax, target in zip(column, (mask(), points, boxes)):
            picture.show(ax)
            moved = target.apply_tfms(train, size=160, do_resolve=False)
            moved.show(ax=ax, **({"s": 90} if target is points else {}))
    figure.tight_layout(pad=0.3)
    OUT.mkdir(exist_ok=True)
    path = OUT / "all.png"
    figure.savefig(path, dpi=80)
    with PILImage.open(path) as written:
        reduced = written.convert("RGB").quantize(128)
    reduced.save(path, optimize=True)


if __name__ == "__main__":
    main()
