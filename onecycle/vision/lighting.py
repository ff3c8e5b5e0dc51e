"""Light: changes of brightness, contrast and tone as one look-up.

A pixel value p in (0, 1) becomes sigmoid(scale * logit(p) + shift). Lines compose into lines, so any number of
lighting transforms is one look-up in a table of 256 values, or one pass over a float picture. Tones (solarize,
equalize …) are curves that may follow from how often the image has each value: they join the same table, and one
count of the values is enough for all of them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

__all__: list[str] = []

_EPSILON = 1e-7  # keeps the logit of black and white finite


class Light(NamedTuple):
    """A line in logit space."""

    scale: float = 1.0
    shift: float = 0.0

    def then(self, other: Light) -> Light:
        """Return the line that applies this one first and `other` second."""
        return Light(self.scale * other.scale, self.shift * other.scale + other.shift)


def logit(px: Tensor) -> Tensor:
    """Return log(p / (1 - p)) of values in [0, 1]."""
    return torch.logit(px, eps=_EPSILON)


def logit_of(value: float) -> float:
    """Return log(p / (1 - p)) of one number."""
    p = min(max(float(value), _EPSILON), 1 - _EPSILON)
    return float(np.log(p / (1 - p)))


def relight(px: Tensor, light: Light) -> Tensor:
    """Return a float picture in another light."""
    return torch.sigmoid(logit(px) * light.scale + light.shift)


def _logits(levels: np.ndarray) -> np.ndarray:
    inside = np.clip(levels, _EPSILON, 1 - _EPSILON)
    return np.log(inside / (1 - inside))


_LOGITS = _logits(np.arange(256) / 255.0)


def table(light: Light) -> np.ndarray:
    """Return what each of the 256 values becomes, uint8."""
    lit = 255.0 / (1.0 + np.exp(-(_LOGITS * light.scale + light.shift)))
    return (lit + 0.5).astype(np.uint8)


class Tone(NamedTuple):
    """A curve that is no line in logit space.

    Attributes:
        curve: From what each of the 256 values has become, (256, C) from 0 to 1, and how many pixels have the value,
            (256, C), to what it becomes next, (256, C).
        sees_counts: Whether the curve looks at the counts; they are zeros for a curve that does not.
    """

    curve: Callable[[np.ndarray, np.ndarray], np.ndarray]
    sees_counts: bool = False


class Tones(NamedTuple):
    """Lines and curves, one after the other."""

    steps: tuple[Light | Tone, ...]

    @property
    def sees_counts(self) -> bool:
        """Whether a curve looks at how often the image has each value."""
        return any(isinstance(step, Tone) and step.sees_counts for step in self.steps)


def combined(first: Light | Tones | None, second: Light | Tone) -> Light | Tones:
    """Return the change that applies `first`, then `second`; two lines are one line."""
    if first is None:
        return second if isinstance(second, Light) else Tones((second,))
    steps = (first,) if isinstance(first, Light) else first.steps
    last = steps[-1]
    if isinstance(last, Light) and isinstance(second, Light):
        steps, second = steps[:-1], last.then(second)
    return second if not steps and isinstance(second, Light) else Tones((*steps, second))


def levels_of(tones: Tones, counts: np.ndarray) -> np.ndarray:
    """Return what each of the 256 values becomes, float (256, C) from 0 to 1.

    Args:
        tones: The lines and curves.
        counts: How many pixels of each channel have the value, (256, C).
    """
    levels = np.repeat(np.arange(256.0)[:, None] / 255, counts.shape[1], axis=1)
    for step in tones.steps:
        if isinstance(step, Light):
            levels = 1 / (1 + np.exp(-(_logits(levels) * step.scale + step.shift)))
        else:
            levels = step.curve(levels, counts)
    return levels


def with_tones(px: Tensor, tones: Tones) -> Tensor:
    """Return a float image (C, H, W) after lines and curves, read between the 256 levels where a value lies between."""
    places = px.nan_to_num().clamp(0, 1) * 255
    counts = np.zeros((256, len(px)))
    if tones.sees_counts:
        rounded = places.round().long().flatten(1)
        counts = torch.stack([torch.bincount(channel, minlength=256) for channel in rounded], 1).cpu().numpy()
    levels = torch.from_numpy(levels_of(tones, counts)).to(px).T.flatten()  # (C * 256,)
    below = places.floor()
    start = below.long() + 256 * torch.arange(len(px), device=px.device).view(-1, 1, 1)
    low, high = levels[start], levels[start + (below < 255).long()]
    return low + (high - low) * (places - below)


def tone_table(tones: Tones, counts: np.ndarray) -> np.ndarray:
    """Return what each of the 256 values becomes in each channel, uint8 (256, C)."""
    return (levels_of(tones, counts) * 255 + 0.5).astype(np.uint8)
