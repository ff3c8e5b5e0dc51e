"""Light: changes of brightness and contrast as one straight line in logit space.

A pixel value p in (0, 1) becomes sigmoid(scale * logit(p) + shift). Lines compose into lines, so any number of
lighting transforms is one look-up in a table of 256 values, or one pass over a float picture.
"""

from __future__ import annotations

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


_levels = np.clip(np.arange(256) / 255.0, _EPSILON, 1 - _EPSILON)
_LOGITS = np.log(_levels / (1 - _levels))


def table(light: Light) -> np.ndarray:
    """Return what each of the 256 values becomes, uint8."""
    lit = 255.0 / (1.0 + np.exp(-(_LOGITS * light.scale + light.shift)))
    return (lit + 0.5).astype(np.uint8)
