"""A choice among transforms, made again for each image."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

from onecycle.errors import ArgumentError, ArgumentTypeError, explain
from onecycle.utils.checks import check_numbers, check_whole
from onecycle.utils.registry import register
from onecycle.utils.seeding import rand_bool, uniform_int
from onecycle.vision.transform_base import RandTransform, Transform

__all__ = ["RandChoice"]


def _choice(x: Any) -> Any:
    return x


_CHOICE = Transform(_choice)


@register("transform")
class RandChoice(RandTransform):
    """Choose `n` of several transforms for each image, with equal probability, and draw their values.

    One that is chosen twice is done twice, with values of its own. What is chosen joins the other transforms of the
    list: geometry the one map, light the one look-up.

    Args:
        options: Calls of transforms to choose from.
        n: How many to choose, with replacement.
        p: Probability that any are chosen.
        use_on_y: Whether a target in the image is moved along.

    Raises:
        ArgumentError: there is nothing to choose from, or a number is out of its range.
        ArgumentTypeError: an option is no call of a transform.

    Example:
        >>> from onecycle.vision.transform import brightness, rotate
        >>> choice = RandChoice([rotate(degrees=(-10, 10)), brightness(change=(0.4, 0.6))])
        >>> choice.resolve()
        >>> len(choice.expanded())
        1
    """

    def __init__(
        self, options: Sequence[RandTransform], n: int = 1, p: float = 1.0, use_on_y: bool = True
    ) -> None:
        rule = "must be a probability, a number from 0 to 1"
        check_numbers("RandChoice", "p", p, rule, lambda share: 0 <= share <= 1)
        super().__init__(_CHOICE, {}, p=p, use_on_y=use_on_y)
        self.options, self.n = _checked_options(options, use_on_y), check_whole("RandChoice", "n", n)
        self.chosen: list[RandTransform] = []

    def __repr__(self) -> str:
        names = ", ".join(option.tfm.name for option in self.options)
        return f"RandChoice (n={self.n} of {names})"

    def resolve(self) -> None:
        """Choose, and draw the values of what is chosen."""
        self.do_run = self.p >= 1 or bool(rand_bool(self.p))
        picks = [int(uniform_int(0, len(self.options) - 1)) for _ in range(self.n)]  # type: ignore[arg-type]
        self.chosen = [copy.copy(self.options[pick]) for pick in picks]
        for call in self.chosen:
            call.resolve()

    def expanded(self) -> list[RandTransform]:
        """Return the calls that were chosen, in the order in which they are done."""
        calls = [one for call in self.chosen for one in call.expanded()] if self.do_run else []
        return sorted(calls, key=lambda call: call.order)

    def __call__(self, x: Any, **kwargs: Any) -> Any:
        """Transform the image `x` by what the last draw chose."""
        if not self.chosen:
            self.resolve()
        for call in self.expanded():
            x = call(x)
        return x

    def get_state(self) -> dict[str, Any]:
        """Return what a file needs to rebuild it."""
        return {"options": self.options, "n": self.n, "p": self.p, "use_on_y": self.use_on_y}

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> RandChoice:
        """Rebuild it from what `get_state` returned."""
        return cls(**state)


def _checked_options(options: Sequence[RandTransform], use_on_y: bool) -> list[RandTransform]:
    if isinstance(options, RandTransform) or not hasattr(options, "__iter__"):
        raise ArgumentTypeError(explain("RandChoice", "options", "must be a list of calls of transforms", options))
    calls = list(options)
    if not calls:
        raise ArgumentError(explain("RandChoice", "options", "must hold at least one call of a transform", options))
    for call in calls:
        if not isinstance(call, RandTransform):
            hint = "Pass e.g. [rotate(degrees=(-10, 10)), flip_lr(p=0.5)]."
            raise ArgumentTypeError(explain("RandChoice", "options", "must hold calls of transforms", call, hint))
        if use_on_y and not call.use_on_y:
            rule, hint = "must all move targets along, or none", "Pass use_on_y=False to RandChoice."
            raise ArgumentError(explain("RandChoice", "options", rule, call.tfm, hint))
    return calls
