"""Pictures for the examples: a folder of yours, the data sets beside the checkout, or drawn on the spot."""

from __future__ import annotations

import argparse
import math
import os
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from onecycle.utils.home import home_path
from onecycle.utils.unpack import safe_unpack
from onecycle.vision import DownloadError, Learner, cnn_learner


def arguments(
    purpose: str,
    argv: list[str] | None,
    archive: str,
    small: dict[str, Any],
    fast: dict[str, Any] | None = None,
    **defaults: Any,
) -> argparse.Namespace:
    """Read the command line: --data, --out and one option for each default.

    Args:
        purpose: What the help says.
        argv: The words; those of the process when None.
        archive: Data set taken where --data is not given, if it lies beside the checkout.
        small: Other defaults for the few pictures that are made where there is none of both.
        fast: Other defaults again for --fast, which shows in seconds that everything runs.
        **defaults: Options with the values for the data set.
    """
    parser = argparse.ArgumentParser(description=purpose, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="folder of pictures")
    parser.add_argument("--out", type=Path, default=Path("out"), help="where pictures and models go")
    parser.add_argument("--from-scratch", action="store_true", help="do without ImageNet weights")
    for name, value in defaults.items():
        parser.add_argument(f"--{name}", type=type(value), help=f"default {value}")
    if fast:
        parser.add_argument("--fast", action="store_true", help="a few seconds, to see that it runs")
    args = parser.parse_args(argv)
    args.data = args.data or real_data(archive)
    changed = {**({} if args.data else small), **(fast if fast and args.fast else {})}
    for name, value in {**defaults, **changed}.items():
        if getattr(args, name) is None:
            setattr(args, name, value)
    args.out.mkdir(parents=True, exist_ok=True)
    args.out = args.out.resolve()
    return args


def saved(args: argparse.Namespace, name: str) -> None:
    """Save the current matplotlib figure where the example's results go."""
    import matplotlib.pyplot as plt

    plt.savefig(args.out / name, bbox_inches="tight", dpi=80)
    plt.close("all")
    print(f"→ {args.out / name}")


def pretrained_learner(args: argparse.Namespace, data: Any, **kwargs: Any) -> Learner:
    """Make a `cnn_learner` that starts from ImageNet weights, or from random ones on a machine without network."""
    try:
        return cnn_learner(data, args.arch, pretrained=not args.from_scratch, **kwargs)
    except DownloadError as error:
        print(f"{error}\nGoing on without: pretrained=False. Expect to need many more pictures and epochs.")
        return cnn_learner(data, args.arch, pretrained=False, **kwargs)


def real_data(archive: str) -> Path | None:
    """Unpack a data set of the folder that ONECYCLE_DATA names; None where there is none."""
    where = os.environ.get("ONECYCLE_DATA")
    if not where or not (Path(where) / f"{archive}.tgz").exists():
        return None
    unpacked = home_path("data_path") / archive
    return unpacked if unpacked.exists() else safe_unpack(Path(where) / f"{archive}.tgz", unpacked)


# Drawn pictures: what a network can tell apart and has to look for, as the background and the place change.

_CORNERS = {"triangle": 3, "square": 4, "hexagon": 6, "star": 5, "circle": 60, "cross": 12}
_COLOURS = {
    "red": (205, 50, 45),
    "blue": (50, 80, 210),
    "green": (50, 165, 65),
    "yellow": (230, 205, 50),
    "violet": (150, 70, 190),
}
_BREEDS = ("red_star", "red_circle", "blue_square", "green_triangle", "yellow_cross", "violet_hexagon")


def drawn_pets(folder: Path, count: int = 40, size: int = 96, breeds: int = len(_BREEDS)) -> Path:
    """Draw `count` pictures of each of a few kinds of thing, named like the pets: `red_star_12.jpg`."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, breed in enumerate(_BREEDS[:breeds]):
        for i in range(count):
            rng = np.random.default_rng(1000 * number + i)
            draw_thing(rng, *breed.split("_"), size).save(folder / f"{breed}_{i}.jpg", quality=90)
    return folder


def draw_thing(rng: np.random.Generator, colour: str, shape: str, size: int) -> Image.Image:
    """Draw one thing at a random place, size and angle on a cloudy grey background."""
    clouds = rng.integers(50, 210, (6, 6, 1)) + rng.integers(-15, 16, (6, 6, 3))
    picture = Image.fromarray(clouds.astype(np.uint8)).resize((size, size), Image.Resampling.BICUBIC)
    middle, radius = rng.uniform(0.35, 0.65, 2) * size, rng.uniform(0.22, 0.34) * size
    tint = tuple(int(np.clip(part + rng.integers(-25, 26), 0, 255)) for part in _COLOURS[colour])
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
