"""Mixup: training on mixtures of two items."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from onecycle.callbacks.mixing import ItemMixer, MixUpLoss
from onecycle.errors import CallbackError

__all__ = ["MixUpCallback", "MixUpLoss"]


class MixUpCallback(ItemMixer):
    """Mix each item of a batch with another one of the same batch.

    Args:
        learn: The learner.
        alpha: Parameter of the Beta distribution of the mixing weight, above 0.
        stack_x: Hand the model `[x, x of the partner, weight]` instead of the mixture.
        stack_y: Mix the losses of both targets instead of the targets: for classes. Without it the targets
            themselves are mixed: for numbers, such as one-hot floats.

    Raises:
        ArgumentError: alpha is not above 0.
        CallbackError: the targets are of the other kind, the batches are mixed already, or the loss gives none an item.

    Reference: Zhang et al., "mixup: beyond empirical risk minimization" (2018), equation 1, with a weight of its
    own for each item, of which the larger part goes to the item itself.
    """

    def __init__(self, learn: Any, alpha: float = 0.4, stack_x: bool = False, stack_y: bool = True) -> None:
        super().__init__(learn, alpha, stack_y)
        self.stack_x = stack_x

    def mixed(self, x: Tensor, partner: Tensor) -> tuple[Any, Tensor]:
        """Return the mixtures, or both items and the weight; and the weight, at least a half."""
        if not isinstance(x, Tensor):
            parts = f"{len(x)} parts" if isinstance(x, (list, tuple, dict)) else f"a {type(x).__name__}"
            raise CallbackError(f"MixUpCallback: inputs must be one tensor; got {parts}. Train without mixup.")
        draws = self.draw(len(partner))
        own = torch.as_tensor(np.maximum(draws, 1 - draws), dtype=torch.float32).to(x.device)  # (N,)
        if self.stack_x:
            return [x, x[partner], own], own
        share = own.to(x.dtype).reshape(-1, *[1] * (x.ndim - 1))  # (N, 1, …)
        return x * share + x[partner] * (1 - share), own
