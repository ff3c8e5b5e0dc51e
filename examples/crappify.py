"""Ways to spoil pictures, so that a network can learn to mend them.

Each way takes a Pillow picture and a random generator and returns a Pillow picture. `crappifier` does it to files, one
call a file, so that `parallel(crappifier(path_lr, path_hr), files)` spoils a whole folder on all cores.
"""

from __future__ import annotations

import io

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from onecycle.vision import resize_to

__all__ = ["crappifier", "greyed", "holed", "low_quality", "noised"]


def low_quality(picture, rng, size=96):
    """Make it small, write a number into it, and squeeze it into a JPEG of that quality."""
    picture = picture.resize(resize_to(picture, size, use_min=True), resample=Image.Resampling.BILINEAR)
    quality = int(rng.integers(10, 70))
    _write(picture, str(quality), rng)
    return _as_jpeg(picture, quality)


def _write(picture, text, rng):
    """Write a text at a random place, in grey of a random lightness."""
    height = max(8, picture.height // 6)
    place = tuple(rng.integers(0, (max(1, picture.width - 2 * height), max(1, picture.height - height))).tolist())
    light = int(rng.integers(128, 256))
    ImageDraw.Draw(picture).text(place, text, fill=(light, light, light), font=ImageFont.load_default(height))


def _as_jpeg(picture, quality):
    stream = io.BytesIO()
    picture.save(stream, format="JPEG", quality=quality)
    return Image.open(stream).convert("RGB")


def greyed(picture, rng):
    """Take the colours away: the network learns to colour."""
    return picture.convert("L").convert("RGB")


def holed(picture, rng, count=4):
    """Cut holes into it: the network learns to fill them in."""
    spoilt, side = picture.copy(), min(picture.size)
    for _ in range(count):
        width, height = rng.integers(side // 8, side // 4 + 1, 2).tolist()
        x, y = (int(rng.integers(0, max(1, whole - part))) for whole, part in zip(picture.size, (width, height)))
        ImageDraw.Draw(spoilt).rectangle((x, y, x + width, y + height), fill=(255, 255, 255))
    return spoilt


def noised(picture, rng, strength=40):
    """Add noise: the network learns to take it away."""
    pixels = np.asarray(picture).astype(float)
    return Image.fromarray((pixels + rng.normal(0, strength, pixels.shape)).clip(0, 255).astype(np.uint8))


class crappifier:
    """Spoil the picture of a file and write it under the same name into another folder.

    What is random depends on the index of the file alone: any number of processes writes the same pictures.
    """

    def __init__(self, path_lr, path_hr, spoil=low_quality):
        self.path_lr, self.path_hr, self.spoil = path_lr, path_hr, spoil

    def __call__(self, fn, i):
        dest = self.path_lr / fn.relative_to(self.path_hr)
        dest.parent.mkdir(parents=True, exist_ok=True)
        with Image.open(fn) as opened:
            picture = opened.convert("RGB")
        self.spoil(picture, np.random.default_rng(i)).save(dest, quality=95)
