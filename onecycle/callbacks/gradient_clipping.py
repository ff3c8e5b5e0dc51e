"""Gradient clipping."""

from __future__ import annotations

from typing import Any

from torch import nn

from onecycle.training.callback import LearnerCallback

__all__ = ["GradientClipping"]


class GradientClipping(LearnerCallback):
    """Scale the gradients down where their norm, all together, is above a limit.

    Args:
        learn: The learner.
        clip: Largest norm; 0 leaves the gradients alone.

    Reference: Pascanu et al., "On the difficulty of training recurrent neural networks" (2013), algorithm 1.
    """

    def __init__(self, learn: Any, clip: float = 0.0) -> None:
        super().__init__(learn)
        self.clip = clip

    def on_backward_end(self, **kwargs: Any) -> None:
        """Clip."""
        if self.clip:
            nn.utils.clip_grad_norm_(self.learn.model.parameters(), self.clip)
