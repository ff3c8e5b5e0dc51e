"""What is done to an image right after its file is opened, before all transforms: functions of Pillow images."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Self

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


class Opening:
    """Be lists or a bunch of images that says what is done to an image right after its file is opened."""

    def _opened_sets(self) -> tuple[Any, Any, Any]:
        """Return the labelled lists for training, validation and test; None for each that there is not."""
        raise NotImplementedError(f"{type(self).__name__} must define _opened_sets(self).")

    def pre_transform(
        self, train_tfm: Opened | Sequence[Opened] | None, valid_tfm: Opened | Sequence[Opened] | None
    ) -> Self:
        """Say what is done to each image right after it is opened, before all transforms.

        Args:
            train_tfm: A function from a Pillow image to a Pillow image, or several, for the training set; None for
                nothing.
            valid_tfm: For the validation and test sets.

        Raises:
            ArgumentError: the inputs are not opened from files of images.
            ArgumentTypeError: one is no function.
        """
        caller = f"{type(self).__name__}.pre_transform"
        train, valid = _after_open(caller, train_tfm), _after_open(caller, valid_tfm)
        for labelled, function in zip(self._opened_sets(), (train, valid, valid), strict=True):
            if labelled is not None:
                _set_after_open(caller, labelled, function)
        return self

    def presize(
        self,
        size: int,
        val_xtra_size: int = 32,
        scale: tuple[float, float] = (0.08, 1.0),
        ratio: tuple[float, float] = (0.75, 4.0 / 3.0),
        interpolation: int = 2,
    ) -> Self:
        """Open images of the training set as random parts, those of the other sets as their middle.

        Args:
            size: Sides in pixels of what transforms get.
            val_xtra_size: Pixels by which the shorter side of the others is larger before the middle is cut out.
            scale: Bounds of the part's area, as shares of the image's, above 0 and up to 1.
            ratio: Bounds of its width over its height.
            interpolation: Filter of Pillow's; 2 is bilinear.

        Raises:
            ArgumentError: an argument is out of its range, or the inputs are not opened from files of images.

        References:
            Szegedy et al., "Going Deeper with Convolutions" (2015), section 6.
        """
        _check_presizing(size, val_xtra_size, scale, ratio, interpolation)
        bounds = {name: (float(pair[0]), float(pair[1])) for name, pair in (("scale", scale), ("ratio", ratio))}
        return self.pre_transform(
            partial(random_part, size=int(size), **bounds, interpolation=int(interpolation)),
            partial(middle_part, size=int(size), larger=int(size) + int(val_xtra_size)),
        )


def _after_open(caller: str, functions: Opened | Sequence[Opened] | None) -> Opened | None:
    """Return one function that does what none, one or several do."""
    if functions is None:
        return None
    several: list[Any] = list(functions) if isinstance(functions, (list, tuple)) else [functions]
    for function in several:
        check_function(caller, "train_tfm and valid_tfm", function)
    if len(several) > 1:
        return partial(in_turn, several)
    return several[0] if several else None


def _set_after_open(caller: str, labelled: Any, function: Opened | None) -> None:
    """Give the inputs of a labelled list a list of their own that opens its files with a function."""
    inputs: Any = getattr(labelled, "x", None)
    if not hasattr(inputs, "after_open"):
        raise ArgumentError(explain(caller, "the inputs", "must be a list of images, such as ImageList", inputs))
    labelled.x = opened = inputs.fresh()
    opened.after_open = function


@register("function")
def in_turn(functions: Sequence[Opened], image: Any) -> Any:
    """Return what functions make of an image, each of what the one before it made."""
    for function in functions:
        image = function(image)
    return image


def _check_presizing(size: Any, val_xtra_size: Any, scale: Any, ratio: Any, interpolation: Any) -> None:
    caller = "presize"
    check_whole(caller, "size", size, 1)
    check_whole(caller, "val_xtra_size", val_xtra_size, 0)
    _check_pair(caller, "scale", scale, "must be two numbers above 0 and up to 1, the smaller first", 1)
    _check_pair(caller, "ratio", ratio, "must be two numbers above 0, the smaller first", math.inf)
    check_whole(caller, "interpolation", interpolation, 0)
    if interpolation >= _FILTERS:
        rule = f"must be one of Pillow's filters, 0 to {_FILTERS - 1}"
        raise ArgumentError(explain(caller, "interpolation", rule, interpolation, "2 is bilinear."))


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
