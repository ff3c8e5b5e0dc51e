"""Rates that fall from layer group to layer group, as Transformers are fine-tuned."""

from __future__ import annotations

from typing import Any

from onecycle.errors import ArgumentError, explain
from onecycle.utils.checks import is_real

__all__ = ["layer_decay"]


def layer_decay(learn: Any, lr: float, decay: float = 0.75) -> list[float]:
    """Return one rate per layer group: `lr` for the last, each earlier one `decay` times that of the next.

    Args:
        learn: The learner whose layer groups are counted.
        lr: Rate of the last group, the head; above 0.
        decay: Factor from a group to the one before it, above 0 and at most 1.

    Raises:
        ArgumentError: a number is out of its range.

    References:
        Clark et al. 2020, "ELECTRA", appendix A; Bao et al. 2022, "BEiT: BERT pre-training of image Transformers".

    Example:
        >>> from types import SimpleNamespace
        >>> layer_decay(SimpleNamespace(layer_groups=[1, 2, 3]), 1.0, 0.5)
        [0.25, 0.5, 1.0]
    """
    if not is_real(lr) or not lr > 0:
        raise ArgumentError(explain("layer_decay", "lr", "must be a number above 0", lr))
    if not is_real(decay) or not 0 < decay <= 1:
        raise ArgumentError(explain("layer_decay", "decay", "must be above 0 and at most 1", decay))
    count = len(learn.layer_groups)
    return [float(lr) * float(decay) ** (count - 1 - i) for i in range(count)]
