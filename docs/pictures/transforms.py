"""Draws the pictures of docs/transforms.md from a drawn scene: `python docs/pictures/transforms.py`."""

from __future__ import annotations

import math
import sys
from pathlib import Path

import matplotlib
import numpy as np
from PIL import Image as PILImage
from PIL import ImageDraw, ImageFilter

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
matplotlib.use("Agg")

import matplotlib.pyplot as plt

from onecycle.utils.seeding import item_stream
from onecycle.vision.image import Image, ImageBBox, ImageSegment, ResizeMethod
from onecycle.vision.transform import (
    RandTransform, brightness, contrast, crop, cutout, dihedral, flip_lr, get_transforms, jitter, pad,
    autocontrast, equalize, perspective_warp, posterize, rand_augment, rand_resize_crop, random_erasing, rgb_randomize,
    rotate, saturation, sharpness, shear, skew, solarize, squish, symmetric_warp, tilt, translate, trivial_augment, zoom,
)

OUT = Path(__file__).with_suffix("")
SIZE = (360, 480)  # (H, W) of the scene
FINE = 3  # drawn so many times larger, then reduced: smooth edges


def scene() -> np.ndarray:
    """Draw a house by a path under an evening sky, uint8 (H, W, 3)."""
    height, width = (side * FINE for side in SIZE)
    rows = np.linspace(0, 1, height)[:, None, None]
    sky = (1 - rows) * np.array([70, 120, 190]) + rows * np.array([250, 190, 130])
    picture = PILImage.fromarray(np.broadcast_to(sky, (height, width, 3)).astype(np.uint8))
    draw = ImageDraw.Draw(picture)

    def at(*points: tuple[float, float]) -> list[tuple[float, float]]:
        return [(x * width, y * height) for x, y in points]

    draw.ellipse(at((0.72, 0.10), (0.82, 0.235)), fill=(255, 240, 200))
    hills = [(i / 60, 0.52 + 0.05 * math.sin(i / 5) + 0.02 * math.sin(i / 2)) for i in range(61)]
    draw.polygon(at(*hills, (1, 1), (0, 1)), fill=(88, 120, 92))
    draw.polygon(at((0, 0.68), (0.4, 0.64), (1, 0.70), (1, 1), (0, 1)), fill=(108, 150, 84))
    draw.polygon(at((0.46, 0.70), (0.52, 0.70), (0.80, 1), (0.46, 1)), fill=(200, 180, 150))
    for i in range(9):
        top, bottom = 0.71 + 0.29 * (i / 9) ** 1.5, 0.71 + 0.29 * ((i + 0.4) / 9) ** 1.5
        a, d = (0.47 + (y - 0.70) * 0.02 for y in (top, bottom))
        b, c = (0.52 + (y - 0.70) * 0.90 for y in (top, bottom))
        draw.polygon(at((a, top), (b, top), (c, bottom), (d, bottom)), fill=(150, 126, 100))
    draw.polygon(at((0.22, 0.40), (0.50, 0.40), (0.50, 0.72), (0.22, 0.72)), fill=(222, 200, 170))
    draw.polygon(at((0.18, 0.41), (0.36, 0.20), (0.54, 0.41)), fill=(165, 62, 48))
    draw.polygon(at((0.43, 0.20), (0.47, 0.20), (0.47, 0.34), (0.43, 0.31)), fill=(120, 70, 60))
    draw.rectangle(at((0.42, 0.54), (0.475, 0.72)), fill=(80, 56, 44))
    for x in (0.26, 0.34):
        draw.rectangle(at((x, 0.47), (x + 0.055, 0.57)), fill=(255, 226, 140), outline=(90, 70, 60), width=FINE * 2)
        draw.line(at((x + 0.0275, 0.47), (x + 0.0275, 0.57)), fill=(90, 70, 60), width=FINE * 2)
    draw.rectangle(at((0.755, 0.50), (0.775, 0.74)), fill=(96, 70, 50))
    for x, y, r in ((0.765, 0.40, 0.075), (0.72, 0.46, 0.055), (0.81, 0.46, 0.055)):
        draw.ellipse(at((x - r, y - r * 4 / 3), (x + r, y + r * 4 / 3)), fill=(52, 96, 60))
    small = picture.filter(ImageFilter.BoxBlur(1)).resize(SIZE[::-1], PILImage.Resampling.BOX)
    grain = np.random.default_rng(0).normal(0, 4, (*SIZE, 1))
    return (np.asarray(small) + grain).clip(0, 255).astype(np.uint8)


def grid(name: str, rows: list[tuple[str, list[Image]]], cell: float = 1.5) -> None:
    """Write a figure with one row of pictures a label."""
    columns = max(len(pictures) for _, pictures in rows)
    figure, axes = plt.subplots(len(rows), columns, figsize=(columns * cell, len(rows) * cell * 0.88), squeeze=False)
    for axis in axes.flat:
        axis.axis("off")
    for (label, pictures), line in zip(rows, axes):
        line[0].set_title(label, fontsize=8, loc="left", pad=3)
        for axis, picture in zip(line, pictures):
            picture.show(axis)
    save(figure, name)


def save(figure: plt.Figure, name: str) -> None:
    """Write a figure with a palette of 128 colours: a quarter of the bytes."""
    figure.tight_layout(pad=0.3)
    OUT.mkdir(exist_ok=True)
    path = OUT / f"{name}.png"
    figure.savefig(path, dpi=80)
    plt.close(figure)
    with PILImage.open(path) as written:
        reduced = written.convert("RGB").quantize(128)
    reduced.save(path, optimize=True)


def variants(image: Image, calls: list[RandTransform], count: int = 6, **kwargs: object) -> list[Image]:
    """Return the picture as `count` addresses of randomness see it."""
    seen = []
    for i in range(count):
        with item_stream(0, 0, i):
            seen.append(image.apply_tfms(calls, **kwargs))
    return seen


def main() -> None:
    """Write every picture of the page."""
    house = Image.from_pixels(scene())
    grid("scene", [("", [house])], cell=4)
    train, valid = get_transforms()
    grid("get_transforms", [
        ("training", variants(house, train, size=128)),
        ("validation", variants(house, valid, count=1, size=128)),
    ])
    lists = {
        "trivial_augment()": trivial_augment(),
        "rand_augment(n=2, magnitude=9)": rand_augment(),
        "trivial_augment(xtra_tfms=random_erasing())": trivial_augment(xtra_tfms=random_erasing()),
    }
    grid("augment", [(label, variants(house, train, 8, size=128)) for label, (train, _) in lists.items()], cell=1.2)
    methods = [ResizeMethod.CROP, ResizeMethod.PAD, ResizeMethod.SQUISH]
    grid("resize", [
        (mode, [house.apply_tfms([], size=128, resize_method=m, padding_mode=mode) for m in methods])
        for mode in ("reflection", "border", "zeros")
    ])
    shown = {
        "rotate(degrees=(-30, 30))": rotate(degrees=(-30, 30)),
        "zoom(scale=(1, 2), row_pct=(0, 1), col_pct=(0, 1))": zoom(scale=(1, 2), row_pct=(0, 1), col_pct=(0, 1)),
        "squish(scale=(0.5, 2))": squish(scale=(0.5, 2)),
        "symmetric_warp(magnitude=(-0.3, 0.3))": symmetric_warp(magnitude=(-0.3, 0.3)),
        "perspective_warp(magnitude=(-0.3, 0.3))": perspective_warp(magnitude=(-0.3, 0.3)),
        "tilt(direction=(0, 3), magnitude=(-0.4, 0.4))": tilt(direction=(0, 3), magnitude=(-0.4, 0.4)),
        "skew(direction=(0, 7), magnitude=(-0.5, 0.5))": skew(direction=(0, 7), magnitude=(-0.5, 0.5)),
        "shear(dx=(-0.4, 0.4), dy=(-0.4, 0.4))": shear(dx=(-0.4, 0.4), dy=(-0.4, 0.4)),
        "translate(dx=(-0.3, 0.3), dy=(-0.3, 0.3))": translate(dx=(-0.3, 0.3), dy=(-0.3, 0.3)),
        "jitter(magnitude=(0, 0.05))": jitter(magnitude=(0, 0.05)),
    }
    grid("geometry", [(label, variants(house, [call], size=(96, 128))) for label, call in shown.items()])
    shown = {
        "flip_lr(p=0.5)": flip_lr(p=0.5),
        "dihedral()": dihedral(),
        "brightness(change=(0.2, 0.8))": brightness(change=(0.2, 0.8)),
        "contrast(scale=(0.4, 2.5))": contrast(scale=(0.4, 2.5)),
        "crop(size=160, row_pct=(0, 1), col_pct=(0, 1))": crop(size=160, row_pct=(0, 1), col_pct=(0, 1)),
        "pad(padding=60, mode='zeros')": pad(padding=60, mode="zeros"),
        "cutout(n_holes=(1, 4), length=(20, 100))": cutout(n_holes=(1, 4), length=(20, 100)),
        "rgb_randomize()": rgb_randomize(),
    }
    grid("pixels", [(label, variants(house, [call])) for label, call in shown.items()])
    shown = {
        "posterize(bits=(1, 6))": posterize(bits=(1, 6)),
        "solarize(threshold=(0, 1))": solarize(threshold=(0.0, 1.0)),
        "contrast(scale=0.3), autocontrast()": [contrast(scale=0.3), autocontrast()],
        "brightness(change=(0.2, 0.8)), equalize()": [brightness(change=(0.2, 0.8)), equalize()],
        "saturation(factor=(0, 2))": saturation(factor=(0.0, 2.0)),
        "sharpness(factor=(0, 5))": sharpness(factor=(0.0, 5.0)),
        "random_erasing()": random_erasing(),
    }
    grid("tones", [(label, variants(house, calls)) for label, calls in shown.items()])
    grid("rand_resize_crop", [("rand_resize_crop(96), size=(96, 96)", variants(house, rand_resize_crop(96), size=(96, 96)))])
    targets(house)


def targets(house: Image) -> None:
    """Write the picture with a mask and a box that follow it."""
    height, width = SIZE
    indices = np.zeros(SIZE, np.uint8)
    indices[int(0.4 * height) : int(0.72 * height), int(0.22 * width) : int(0.5 * width)] = 3
    mask = ImageSegment.from_pixels(indices)
    box = ImageBBox.create(height, width, [[0.2 * height, 0.18 * width, 0.72 * height, 0.54 * width]], [0], ["house"])
    train, _ = get_transforms(max_rotate=25)
    figure, axes = plt.subplots(2, 6, figsize=(9, 3))
    for i, (above, below) in enumerate(zip(*axes)):
        with item_stream(0, 0, i):
            picture = house.apply_tfms(train, size=128)
        picture.show(above, y=mask.apply_tfms(train, size=128, do_resolve=False))
        picture.show(below, y=box.apply_tfms(train, size=128, do_resolve=False))
    save(figure, "targets")


if __name__ == "__main__":
    main()
