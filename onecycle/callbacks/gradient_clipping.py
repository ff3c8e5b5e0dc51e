"""Gradient clipping."""

from __future__ import annotations

from typing import Any

from torch import nn

from onecycle.training.callback import LearnerCallback
from onecycle.utils.checks import check_numbers

__all__ = ["GradientClipping"]


class GradientClipping(LearnerCallback):
    """Scale the gradients down where their norm, all together, is above a limit.

    Args:
        learn: The learner.
        clip: Largest norm; 0 leaves the gradients alone.

    Raises:
        ArgumentError: clip is below 0.

    Reference: Pascanu et al., "On the difficulty of training recurrent neural networks" (2013), algorithm 1.
    """

    _order = 1000  # after MixedPrecision has scaled the gradients back, and what is gathered is whole

    def __init__(self, learn: Any, clip: float = 0.0) -> None:
        super().__init__(learn)
        check_numbers("GradientClipping", "clip", clip, "must be at least 0", lambda number: number >= 0)
        self.clip = clip

    def on_backward_end(self, **kwargs: Any) -> None:
        """Clip the gradients of a step."""
        if self.clip and not kwargs.get("skip_step"):
            nn.utils.clip_grad_norm_(self.learn.model.parameters(), self.clip)
