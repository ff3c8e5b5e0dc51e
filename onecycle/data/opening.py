"""What is done to an image right after its file is opened, before all transforms: functions of Pillow images."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from onecycle.errors import ArgumentError, check_function, explain
from onecycle.utils.checks import check_whole, is_real
from onecycle.utils.registry import register
from onecycle.utils.seeding import log_uniform, uniform

if TYPE_CHECKING:
    from PIL import Image as PillowImage

__all__: list[str] = []

_TRIES = 10  # draws of a part that must lie within the image
_FILTERS = 6  # Pillow numbers its filters from 0 to 5

Opened = Callable[[Any], Any]


class Presizing(NamedTuple):
    """The two functions of `presize`: for the training set, and for the others."""

    train: Opened
    valid: Opened


def set_after_open(caller: str, labelled: Any, functions: Opened | Sequence[Opened] | None) -> None:
    """Give the inputs of a labelled list a list of their own that opens its files with functions, one after the other.

    Args:
        caller: The method that is called, for messages.
        labelled: The labelled list; None for none.
        functions: One or several functions from a Pillow image to a Pillow image; None for none.
    """
    if labelled is None:
        return
    several = list(functions) if isinstance(functions, (list, tuple)) else [functions] if functions is not None else []
    for function in several:
        check_function(caller, "train_tfm and valid_tfm", function)
    inputs: Any = getattr(labelled, "x", None)
    if not hasattr(inputs, "after_open"):
        raise ArgumentError(explain(caller, "the inputs", "must be a list of images, such as ImageList", inputs))
    labelled.x = opened = inputs.fresh()
    opened.after_open = partial(in_turn, several) if len(several) > 1 else several[0] if several else None


@register("function")
def in_turn(functions: Sequence[Opened], image: Any) -> Any:
    """Return what functions make of an image, each of what the one before it made."""
    for function in functions:
        image = function(image)
    return image


def presizing(caller: str, size: int, val_xtra_size: int, scale: Any, ratio: Any, interpolation: int) -> Presizing:
    """Return the functions of `presize`, its arguments checked."""
    check_whole(caller, "size", size, 1)
    check_whole(caller, "val_xtra_size", val_xtra_size, 0)
    _check_pair(caller, "scale", scale, "must be two numbers above 0 and up to 1, the smaller first", 1)
    _check_pair(caller, "ratio", ratio, "must be two numbers above 0, the smaller first", math.inf)
    check_whole(caller, "interpolation", interpolation, 0)
    if interpolation >= _FILTERS:
        rule = f"must be one of Pillow's filters, 0 to {_FILTERS - 1}"
        raise ArgumentError(explain(caller, "interpolation", rule, interpolation, "2 is bilinear."))
    numbers = [tuple(float(number) for number in pair) for pair in (scale, ratio)]
    return Presizing(
        partial(random_part, size=int(size), scale=numbers[0], ratio=numbers[1], interpolation=int(interpolation)),
        partial(middle_part, size=int(size), larger=int(size) + int(val_xtra_size)),
    )


def _check_pair(caller: str, name: str, pair: Any, rule: str, most: float) -> None:
    is_pair = isinstance(pair, (list, tuple)) and len(pair) == 2 and all(map(is_real, pair))
    if not is_pair or not 0 < pair[0] <= pair[1] <= most or math.isinf(pair[1]):
        raise ArgumentError(explain(caller, name, rule, pair))


@register("function")
def random_part(
    image: PillowImage.Image, size: int, scale: tuple[float, float], ratio: tuple[float, float], interpolation: int
) -> PillowImage.Image:
    """Return a random part of an image, resized to `size` x `size`.

    Args:
        image: The image.
        size: Sides in pixels.
        scale: Bounds of the part's area, as shares of that of the image.
        ratio: Bounds of its width over its height.
        interpolation: Filter of Pillow's.

    References:
        Szegedy et al., "Going Deeper with Convolutions" (2015), section 6.
    """
    width, height = _sides(image.size, scale, ratio)
    left = uniform(0, image.width - width)
    top = uniform(0, image.height - height)
    return image.resize((size, size), interpolation, box=(left, top, left + width, top + height))  # type: ignore[arg-type]


def _sides(of: tuple[int, int], scale: tuple[float, float], ratio: tuple[float, float]) -> tuple[float, float]:
    """Return width and height of a part: drawn until it lies within the image, else the largest of a fitting ratio."""
    whole_width, whole_height = of
    for _ in range(_TRIES):
        area, shape = whole_width * whole_height * float(uniform(*scale)), float(log_uniform(*ratio))
        width, height = math.sqrt(area * shape), math.sqrt(area / shape)
        if width <= whole_width and height <= whole_height:
            return width, height
    shape = min(max(whole_width / whole_height, ratio[0]), ratio[1])
    return min(whole_width, whole_height * shape), min(whole_height, whole_width / shape)


@register("function")
def middle_part(image: PillowImage.Image, size: int, larger: int) -> PillowImage.Image:
    """Return the `size` x `size` pixels in the middle of an image whose shorter side is resized to `larger`."""
    width, height = (larger * side // min(image.size) for side in image.size)
    left, top = round((width - size) / 2), round((height - size) / 2)
    return image.resize((width, height), 2).crop((left, top, left + size, top + size))
