"""Pictures drawn with what is to be found in them: land from above with tags, streets with masks, heads with places."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

STREET = ["sky", "building", "road", "car", "tree", "void"]
TAGS = ["agriculture", "clear", "cloudy", "habitation", "haze", "road", "water"]


def _cloudy(rng: np.random.Generator, size: tuple[int, int], colour: tuple[int, int, int], spread: int) -> Image.Image:
    """Return a ground of this colour with soft spots; `size` is (width, height)."""
    spots = rng.integers(-spread, spread + 1, (7, 7, 1)) + np.array(colour)
    return Image.fromarray(spots.clip(0, 255).astype(np.uint8)).resize(size, Image.Resampling.BICUBIC)


# --- land from above: several tags a picture


def draw_land(rng: np.random.Generator, size: int) -> tuple[Image.Image, list[str]]:
    """Draw a piece of land as a satellite sees it, and say what is on it."""
    land = _cloudy(rng, (size, size), (40, 95, 45), 14)
    draw, tags = ImageDraw.Draw(land), []
    for tag, paint in (("agriculture", _fields), ("water", _river), ("road", _road), ("habitation", _roofs)):
        if rng.random() < 0.4:
            paint(rng, draw, size)
            tags.append(tag)
    weather = str(rng.choice(["clear", "haze", "cloudy"], p=[0.6, 0.2, 0.2]))
    return _under(rng, land, weather), [*tags, weather]


def _fields(rng: np.random.Generator, draw: ImageDraw.ImageDraw, size: int) -> None:
    x, y = rng.uniform(0, 0.55, 2) * size
    side = rng.uniform(0.16, 0.2) * size
    for column in range(2):
        for row in range(2):
            shade = int(rng.integers(-20, 21))
            box = [x + column * side, y + row * side, x + (column + 0.9) * side, y + (row + 0.9) * side]
            draw.rectangle(box, fill=(190 + shade, 175 + shade, 80 + shade))


def _line(rng: np.random.Generator, size: int) -> list[tuple[float, float]]:
    angle, bend = rng.uniform(0, math.tau), rng.uniform(-0.3, 0.3)
    middle = rng.uniform(0.35, 0.65, 2)
    steps = np.linspace(-0.9, 0.9, 12)
    along, across = steps, bend * np.cos(3 * steps)
    x = middle[0] + along * math.cos(angle) - across * math.sin(angle)
    y = middle[1] + along * math.sin(angle) + across * math.cos(angle)
    return [(float(a) * size, float(b) * size) for a, b in zip(x, y, strict=True)]


def _river(rng: np.random.Generator, draw: ImageDraw.ImageDraw, size: int) -> None:
    draw.line(_line(rng, size), fill=(30, 70, 150), width=max(3, size // 8), joint="curve")


def _road(rng: np.random.Generator, draw: ImageDraw.ImageDraw, size: int) -> None:
    draw.line(_line(rng, size), fill=(165, 150, 140), width=max(2, size // 24), joint="curve")


def _roofs(rng: np.random.Generator, draw: ImageDraw.ImageDraw, size: int) -> None:
    middle, side = rng.uniform(0.25, 0.75, 2) * size, size * 0.05
    for place in rng.normal(0, 0.1 * size, (9, 2)) + middle:
        draw.rectangle([*(place - side / 2), *(place + side)], fill=(200, 70, 55))


def _under(rng: np.random.Generator, land: Image.Image, weather: str) -> Image.Image:
    """Return the land as it looks in this weather."""
    if weather == "haze":
        return Image.blend(land, Image.new("RGB", land.size, (215, 215, 220)), 0.45)
    if weather == "clear":
        return land
    cover = Image.fromarray((rng.random((4, 4)) > 0.62).astype(np.uint8) * 255)
    soft = cover.resize(land.size, Image.Resampling.BICUBIC).filter(ImageFilter.GaussianBlur(land.width / 40))
    return Image.composite(Image.new("RGB", land.size, (245, 245, 248)), land, soft)


def drawn_planet(folder: Path, count: int = 400, size: int = 96) -> Path:
    """Draw `count` pieces of land: train/*.jpg and train.csv (image_name, tags), and a tenth more in test/*.jpg."""
    (folder / "train").mkdir(parents=True, exist_ok=True)
    (folder / "test").mkdir(exist_ok=True)
    rows = ["image_name,tags"]
    for i in range(count + count // 10):
        land, tags = draw_land(np.random.default_rng(i), size)
        part = "train" if i < count else "test"
        land.save(folder / part / f"{part}_{i}.jpg", quality=92)
        rows += [f"train_{i},{' '.join(tags)}"] * (part == "train")
    (folder / "train.csv").write_text("\n".join(rows) + "\n")
    return folder


# --- streets: a class a pixel


def draw_street(rng: np.random.Generator, size: tuple[int, int]) -> tuple[Image.Image, Image.Image]:
    """Draw a street of `size` (height, width), and the class of each of its pixels."""
    height, width = size
    picture = _cloudy(rng, (width, height), (150, 185, 225), 12)
    mask = Image.new("L", (width, height), STREET.index("sky"))
    both = ImageDraw.Draw(picture), ImageDraw.Draw(mask)
    horizon = rng.uniform(0.42, 0.55) * height

    def paint(shape: str, box: list[float], kind: str, colour: tuple[int, ...]) -> None:
        for draw, fill in zip(both, (tuple(colour), STREET.index(kind)), strict=True):
            getattr(draw, shape)(box, fill=fill)

    x = -rng.uniform(0, 0.1) * width
    while x < width:
        wide, tall = rng.uniform(0.14, 0.3) * width, rng.uniform(0.1, 0.36) * height
        if rng.random() < 0.75:
            paint("rectangle", [x, horizon - tall, x + wide, horizon], "building", _tint(rng, (140, 95, 80)))
        x += wide
    paint("rectangle", [0, horizon, width, height], "road", _tint(rng, (95, 92, 100)))
    for _ in range(int(rng.integers(1, 3))):
        x, r = rng.uniform(0, width), rng.uniform(0.09, 0.14) * height
        paint("ellipse", [x - r, horizon - 2.4 * r, x + r, horizon - 0.4 * r], "tree", _tint(rng, (45, 120, 50)))
        paint("rectangle", [x - r / 6, horizon - 0.5 * r, x + r / 6, horizon + 2], "tree", (80, 60, 40))
    for _ in range(int(rng.integers(1, 4))):
        x, y = rng.uniform(0.1, 0.8) * width, rng.uniform(horizon, 0.85 * height)
        wide = (0.06 + 0.2 * (y - horizon) / height) * width
        paint("rectangle", [x, y, x + 2 * wide, y + 0.8 * wide], "car", _tint(rng, (200, 40, 45)))
    paint("rectangle", [0, height - max(2, height // 24), width, height], "void", (20, 20, 20))  # the own bonnet
    return picture.filter(ImageFilter.GaussianBlur(height / 300)), mask


def _tint(rng: np.random.Generator, colour: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(int(np.clip(part + rng.integers(-22, 23), 0, 255)) for part in colour)


def drawn_streets(folder: Path, count: int = 120, size: tuple[int, int] = (120, 160)) -> Path:
    """Draw streets as CamVid is laid out: images/*.png, labels/*_P.png, codes.txt and valid.txt (every fifth)."""
    for part in ("images", "labels"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    for i in range(count):
        picture, mask = draw_street(np.random.default_rng(i), size)
        picture.save(folder / "images" / f"street_{i:03}.png")
        mask.save(folder / "labels" / f"street_{i:03}_P.png")
    (folder / "codes.txt").write_text("\n".join(STREET) + "\n")
    (folder / "valid.txt").write_text("".join(f"street_{i:03}.png\n" for i in range(0, count, 5)))
    return folder


# --- heads: a place in the picture, and a number that one has to look for


def draw_head(
    rng: np.random.Generator, person: int, size: tuple[int, int]
) -> tuple[Image.Image, tuple[float, float], float]:
    """Draw the head of a person before a room: the picture, the head's centre (y, x) in pixels, and the age."""
    height, width = size
    picture = _cloudy(rng, (width, height), (110, 120, 140), 45)
    draw = ImageDraw.Draw(picture)
    looks = np.random.default_rng(900 + person)
    skin, hair = _tint(looks, (205, 160, 130)), _tint(looks, (90, 60, 40))
    age = float(rng.uniform(5, 80))
    grey = age / 80
    hair = tuple(int(part * (1 - grey) + 235 * grey) for part in hair)
    r = rng.uniform(0.13, 0.2) * height
    y, x = rng.uniform(0.3, 0.65) * height, rng.uniform(0.22, 0.78) * width
    draw.rectangle([x - 1.5 * r, y + 1.1 * r, x + 1.5 * r, height], fill=_tint(looks, (60, 70, 150)))
    draw.ellipse([x - 1.05 * r, y - 1.45 * r, x + 1.05 * r, y + 0.5 * r], fill=hair)
    draw.ellipse([x - 0.85 * r, y - 1.1 * r, x + 0.85 * r, y + 1.2 * r], fill=skin)
    for side in (-1, 1):
        eye = x + side * 0.35 * r
        draw.ellipse([eye - 0.12 * r, y - 0.3 * r, eye + 0.12 * r, y - 0.06 * r], fill=(30, 30, 40))
    draw.line([x - 0.3 * r, y + 0.6 * r, x + 0.3 * r, y + 0.6 * r], fill=(150, 60, 60), width=max(1, round(r / 9)))
    return picture.filter(ImageFilter.GaussianBlur(height / 300)), (y, x), age


def drawn_heads(folder: Path, people: int = 8, count: int = 40, size: tuple[int, int] = (96, 128)) -> Path:
    """Draw `count` pictures of each person: 03/frame_07.png …, and heads.csv (name, y, x, age)."""
    rows = ["name,y,x,age"]
    for person in range(people):
        where = folder / f"{person:02}"
        where.mkdir(parents=True, exist_ok=True)
        for i in range(count):
            picture, (y, x), age = draw_head(np.random.default_rng(1000 * person + i), person, size)
            picture.save(where / f"frame_{i:02}.png")
            rows.append(f"{person:02}/frame_{i:02}.png,{y:.2f},{x:.2f},{age:.1f}")
    (folder / "heads.csv").write_text("\n".join(rows) + "\n")
    return folder
