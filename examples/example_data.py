"""Pictures for the examples: a folder of yours, the data sets beside the checkout, or drawn on the spot."""

from __future__ import annotations

import argparse
import math
import os
import tarfile
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from onecycle.errors import DownloadError
from onecycle.utils.home import home_path
from onecycle.vision.learner import cnn_learner

HERE = Path(__file__).resolve().parent


def arguments(purpose: str, argv: list[str] | None = None, **defaults: object) -> argparse.Namespace:
    """Read the command line: --data, --out and one option for each default."""
    parser = argparse.ArgumentParser(description=purpose)
    parser.add_argument("--data", type=Path, help="folder of pictures; see the top of the file for its layout")
    parser.add_argument("--out", type=Path, default=Path("example_out"), help="where pictures and models go")
    for name, value in defaults.items():
        parser.add_argument(f"--{name}", type=type(value), default=value, help=f"default {value}")
    args = parser.parse_args(argv)
    args.out.mkdir(parents=True, exist_ok=True)
    args.out = args.out.resolve()
    return args


def saved(args: argparse.Namespace, name: str) -> None:
    """Save the current matplotlib figure where the example's results go."""
    import matplotlib.pyplot as plt

    plt.savefig(args.out / name, bbox_inches="tight", dpi=80)
    plt.close("all")
    print(f"→ {args.out / name}")


def learner_with_or_without_weights(data, arch, **kwargs):
    """Make a `cnn_learner` that starts from ImageNet weights, or from random ones on a machine without network."""
    try:
        return cnn_learner(data, arch, **kwargs)
    except DownloadError as error:
        print(f"{error}\nGoing on without: pretrained=False. Expect to need many more pictures and epochs.")
        return cnn_learner(data, arch, pretrained=False, **kwargs)


def real_data(archive: str) -> Path | None:
    """Unpack an archive of the folder that ONECYCLE_DATA names; None where there is none."""
    where = os.environ.get("ONECYCLE_DATA")
    if not where or not (Path(where) / f"{archive}.tgz").exists():
        return None
    unpacked = home_path("data")
    if not (unpacked / archive).exists():
        with tarfile.open(Path(where) / f"{archive}.tgz") as tar:
            tar.extractall(unpacked, filter="data")
    return unpacked / archive


# Drawn pictures: what a network can tell apart and has to look for, as the background and the place change.

_CORNERS = {"triangle": 3, "square": 4, "hexagon": 6, "star": 5, "circle": 60, "cross": 12}
_COLOURS = {"red": (205, 60, 50), "blue": (60, 90, 200), "green": (60, 160, 70)}


def drawn_pets(folder: Path, count: int = 40, size: int = 96, breeds: int = 6) -> Path:
    """Draw `count` pictures each of several kinds of thing, named like the pets: `red_star_12.jpg`."""
    folder.mkdir(parents=True, exist_ok=True)
    kinds = [(colour, shape) for colour in _COLOURS for shape in _CORNERS][:: max(1, 18 // breeds)][:breeds]
    for number, (colour, shape) in enumerate(kinds):
        for i in range(count):
            rng = np.random.default_rng(1000 * number + i)
            draw_thing(rng, _COLOURS[colour], shape, size).save(folder / f"{colour}_{shape}_{i}.jpg", quality=90)
    return folder


def draw_thing(rng: np.random.Generator, colour: tuple[int, int, int], shape: str, size: int) -> Image.Image:
    """Draw one thing at a random place, size and angle on a blurred random background."""
    noise = rng.integers(40, 215, (6, 6, 3)).astype(np.uint8)
    picture = Image.fromarray(noise).resize((size, size), Image.Resampling.BICUBIC)
    middle, radius = rng.uniform(0.35, 0.65, 2) * size, rng.uniform(0.22, 0.34) * size
    tint = tuple(int(np.clip(part + rng.integers(-25, 26), 0, 255)) for part in colour)
    ImageDraw.Draw(picture).polygon(_outline(shape, middle, radius, rng.uniform(0, math.tau)), fill=tint)
    return picture.filter(ImageFilter.GaussianBlur(size / 200))


def _outline(shape: str, middle: np.ndarray, radius: float, turn: float) -> list[tuple[float, float]]:
    if shape == "star":
        radii = [1.0, 0.45] * 5
    elif shape == "cross":
        radii = [1.0, 1.0, 0.45] * 4
    else:
        radii = [1.0] * _CORNERS[shape]
    angles = [turn + math.tau * i / len(radii) for i in range(len(radii))]
    return [
        (middle[0] + radius * r * math.cos(angle), middle[1] + radius * r * math.sin(angle))
        for angle, r in zip(angles, radii, strict=True)
    ]


def digits_as_mnist(folder: Path) -> Path:
    """Write scikit-learn's 1,797 digits as MNIST is laid out: training/<digit>/*.png and testing, 28x28 grey."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    for number, (ink, target) in enumerate(zip(digits.images, digits.target, strict=True)):
        part = "testing" if number % 5 == 0 else "training"
        file = folder / part / str(target) / f"{number}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        grey = Image.fromarray((ink * 255 / 16).astype(np.uint8))
        grey.resize((28, 28), Image.Resampling.BICUBIC).save(file)
    return folder
