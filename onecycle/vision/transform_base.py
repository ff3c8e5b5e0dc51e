"""Transforms as things: a named function on pictures, and one call of it that draws its numbers anew each time.

`rotate` is a `Transform`. `rotate(degrees=(-10, 10), p=0.75)` is a `RandTransform`: each time it is resolved it
draws the degrees from -10 to 10 and whether it runs at all. `rotate(img, 10)` turns this picture by 10 degrees.

How a parameter is drawn is written at the parameter: `degrees: uniform` or `degrees: Annotated[float, uniform]`
draws with `uniform`.
"""

from __future__ import annotations

import functools
import math
import sys
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from onecycle.errors import ArgumentError, ArgumentTypeError, check_keywords, explain
from onecycle.utils.registry import encode, lookup, name_of, register
from onecycle.utils.seeding import rand_bool
from onecycle.utils.values import to_scalar
from onecycle.vision.transform_parameters import REQUIRED, parameters_of

__all__ = [
    "RandTransform",
    "TfmAffine",
    "TfmCoord",
    "TfmCrop",
    "TfmLighting",
    "TfmList",
    "TfmPixel",
    "Transform",
]


def composes(func: Callable[..., Any]) -> Callable[..., Any]:
    """Mark a function that touches no pixel: it returns its part of the picture's one map or one table.

    A marked pixel function takes the (H, W) of the frame first and returns a `View`. A marked coordinate function
    takes its parameters alone and returns a homography, a marked lighting function a `Light` or a `Tone`.
    """
    func.composes = True  # type: ignore[attr-defined]
    return func


def is_composing(func: Callable[..., Any]) -> bool:
    """Whether a function is marked with `composes`."""
    return getattr(func, "composes", False)


def recolours(func: Callable[..., Any]) -> Callable[..., Any]:
    """Mark a pixel function that changes what pixels show and moves nothing: masks stay as they are."""
    func.recolours = True  # type: ignore[attr-defined]
    return func


def is_recolouring(func: Callable[..., Any]) -> bool:
    """Whether a function is marked with `recolours`."""
    return getattr(func, "recolours", False)


def on_arrays(func: Callable[..., Any]) -> Callable[..., Any]:
    """Mark a pixel function that recolours an array as it is kept, so that an 8-bit image stays one.

    It takes the array (H, W) or (H, W, C) first, uint8 or float32 from 0 to 1, must not change it, and returns one of
    the same shape and type.
    """
    func.on_arrays = True  # type: ignore[attr-defined]
    return recolours(func)


def works_on_arrays(func: Callable[..., Any]) -> bool:
    """Whether a function is marked with `on_arrays`."""
    return getattr(func, "on_arrays", False)


class Transform:
    """Make a named transform of a function.

    Args:
        func: What it does to a picture. A leading underscore is left out of its name.
        order: Where it stands among others in `apply_tfms`, lowest first.

    Example:
        >>> def _darken(x, share: float = 0.5): return x * share
        >>> darken = TfmPixel(_darken)
        >>> darken
        TfmPixel (darken)
        >>> darken(share=0.9, p=0.5).p
        0.5
    """

    order = 0
    _kind = "Transform"
    _given_later: tuple[str, ...] = ()  # parameters that `apply_tfms` gives

    def __init__(self, func: Callable[..., Any], order: int | None = None) -> None:
        if not callable(func):
            raise ArgumentTypeError(
                explain(type(self).__name__, "func", "must be a function on a picture", func)
            )
        if order is not None:
            self.order = order
        functools.update_wrapper(self, func)
        self.func = func
        self.__name__ = func.__name__.removeprefix("_")
        self._parameters, self._takes_any = parameters_of(func, self._takes_picture())
        self.params = {name: p.draw for name, p in self._parameters.items() if p.draw is not None}
        self.def_args = {name: p.default for name, p in self._parameters.items() if p.default is not REQUIRED}
        known = {*self.def_args, *self._given_later}
        self._required = [p for name, p in self._parameters.items() if name not in known]

    @property
    def name(self) -> str:
        """The transform's name."""
        return self.__name__

    def __repr__(self) -> str:
        return f"{self._kind} ({self.name})"

    def __call__(
        self, *args: Any, p: float = 1.0, is_random: bool = True, use_on_y: bool = True, **kwargs: Any
    ) -> Any:
        """Transform a picture when one is given; else return a `RandTransform` for later.

        Args:
            *args: A picture and values for the function's parameters, in their order.
            p: Probability that it runs, 0 to 1; more than 1 is taken as 1, with a warning.
            is_random: Draw values from what is given; take what is given as the values when False.
            use_on_y: Do the same to a target that is a picture, points or boxes.
            **kwargs: Ranges to draw the function's parameters from, or fixed numbers.
        """
        if args:
            return self.calc(*args, **kwargs)
        if not self._takes_any:
            check_keywords(self.name, kwargs, [*self._parameters, "p", "is_random", "use_on_y"])
        for name, value in kwargs.items():
            _check_finite(self.name, name, value)
        return RandTransform(self, kwargs=kwargs, p=_probability(self.name, p), is_random=is_random, use_on_y=use_on_y)

    def __reduce__(self) -> Any:
        """Travel to a worker process by name where the name is known there, else by function."""
        if getattr(sys.modules.get(self.__module__), self.__name__, None) is self:
            return self.__name__
        return type(self), (self.func, self.order)

    def _takes_picture(self) -> bool:
        """Whether the function's first parameter is the picture, not one of the transform's own."""
        return True

    def calc(self, x: Any, *args: Any, **kwargs: Any) -> Any:
        """Transform the picture `x` with these values; draws what is left out and can be drawn."""
        names = list(self._parameters)
        given = {**dict(zip(names, args)), **kwargs}
        for name in names:
            if name not in given:
                given[name] = self._parameters[name].missing(self.name)
        return self.apply_to(x, given)

    def apply_to(self, x: Any, values: dict[str, Any]) -> Any:
        """Transform the picture `x`; every parameter has its value."""
        return self.func(x, **values)

    def draw(self, kwargs: dict[str, Any]) -> dict[str, Any]:
        """Return a value for every parameter: drawn from what is given, or its default."""
        values, parameters, owner = dict(self.def_args), self._parameters, self.__name__
        for name, given in kwargs.items():
            known = parameters.get(name)
            values[name] = given if known is None else known.value(given, owner)
        for required in self._required:
            if required.name not in values:
                values[required.name] = required.missing(owner)
        return values


def _probability(owner: str, p: Any) -> float:
    """Return a probability; more than 1 is 1, as `rand_zoom(1.0, 2.0)` by habit means a range."""
    rule = "must be a probability, a number from 0 to 1"
    p = to_scalar(p)
    if not isinstance(p, (int, float)) or not 0 <= p < math.inf:
        raise ArgumentError(explain(owner, "p", rule, p))
    if p > 1:
        hint = "It is taken as 1; a range to draw values from is a tuple, e.g. (1.0, 2.0)."
        warnings.warn(explain(owner, "p", rule, p, hint), UserWarning, stacklevel=3)
        return 1.0
    return p


def _check_finite(owner: str, name: str, value: Any) -> None:
    """Refuse a number, or a range of numbers, that is NaN or infinite: what is drawn from it is no value."""
    numbers = value if isinstance(value, (list, tuple)) else (value,)
    if any(isinstance(number, float) and not math.isfinite(number) for number in numbers):
        raise ArgumentError(explain(owner, name, "must be finite", value))


class TfmAffine(Transform):
    """Make a transform of a function that returns a 3x3 matrix in unit coordinates.

    The matrix says, for each place (x, y, 1) of the result, where in the picture it is read.
    """

    order = 5
    _kind = "TfmAffine"

    def _takes_picture(self) -> bool:
        return False

    def apply_to(self, x: Any, values: dict[str, Any]) -> Any:
        return x.affine(self.func, **values)


class TfmCoord(Transform):
    """Make a transform of a function that takes a `FlowField`, first, and returns it with the places moved."""

    order = 4
    _kind = "TfmCoord"

    def _takes_picture(self) -> bool:
        return not is_composing(self.func)

    def apply_to(self, x: Any, values: dict[str, Any]) -> Any:
        return x.coord(self.func, **values)


class TfmLighting(Transform):
    """Make a transform of a function that takes the logits of the pixels, first, and returns new ones."""

    order = 8
    _kind = "TfmLighting"

    def _takes_picture(self) -> bool:
        return not is_composing(self.func)

    def apply_to(self, x: Any, values: dict[str, Any]) -> Any:
        return x.lighting(self.func, **values)


class TfmPixel(Transform):
    """Make a transform of a function that takes the pixels (C, H, W), first, and returns new ones."""

    order = 10
    _kind = "TfmPixel"

    def apply_to(self, x: Any, values: dict[str, Any]) -> Any:
        return x.pixel(self.func, **values)


class TfmCrop(TfmPixel):
    """Make a pixel transform that brings the picture to its final size; `apply_tfms` gives it `size`."""

    order = 99
    _kind = "TfmCrop"
    _given_later = ("size",)


@register("transform")
@dataclass
class RandTransform:
    """Hold one call of a transform with what its values are drawn from.

    Args:
        tfm: The transform.
        kwargs: What to draw each parameter from.
        p: Probability that it runs.
        resolved: The values of the last draw.
        do_run: Whether it runs, by the last draw.
        is_random: Whether `kwargs` are ranges; they are the values themselves when False.
        use_on_y: Whether a target in the picture is moved along.
    """

    tfm: Transform
    kwargs: dict[str, Any]
    p: float = 1.0
    resolved: dict[str, Any] = field(default_factory=dict)
    do_run: bool = True
    is_random: bool = True
    use_on_y: bool = True

    @property
    def order(self) -> int:
        """Where the transform stands among others, lowest first."""
        return self.tfm.order

    def resolve(self) -> None:
        """Draw the values and whether the transform runs."""
        if self.is_random:
            self.resolved = self.tfm.draw(self.kwargs)
            self.do_run = self.p >= 1 or bool(rand_bool(self.p))
        else:
            self.resolved = {**self.tfm.def_args, **self.kwargs}

    def __call__(self, x: Any, **kwargs: Any) -> Any:
        """Transform the picture `x` with the values of the last draw."""
        if not self.resolved and self.tfm._parameters:
            self.resolve()
        return self.tfm.apply_to(x, {**self.resolved, **kwargs}) if self.do_run else x

    def expanded(self) -> list[RandTransform]:
        """Return the calls that the last draw stands for: itself, or those that a choice has chosen."""
        return [self]

    def get_state(self) -> dict[str, Any]:
        """Return what a file needs to rebuild it.

        Raises:
            ArgumentError: the transform has no registered name.
        """
        tfm = name_of("transform", self.tfm) or encode(self.tfm)
        return {
            "tfm": tfm,
            "kwargs": self.kwargs,
            "p": self.p,
            "is_random": self.is_random,
            "use_on_y": self.use_on_y,
        }

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> RandTransform:
        """Rebuild it from what `get_state` returned."""
        return cls(**{**state, "tfm": lookup("transform", state["tfm"])})


TfmList = Sequence[RandTransform]
