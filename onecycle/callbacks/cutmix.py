"""CutMix: training on pictures with a patch of another one."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from onecycle.callbacks.mixing import ItemMixer
from onecycle.errors import CallbackError

__all__ = ["CutMixCallback"]


class CutMixCallback(ItemMixer):
    """Paste into each picture of a batch a rectangle of another one of the same batch.

    Args:
        learn: The learner.
        alpha: Parameter of the Beta distribution of the part that stays, above 0; 1 makes all parts alike.
        stack_y: Mix the losses of both targets instead of the targets: for classes. Without it the targets
            themselves are mixed: for numbers, such as one-hot floats.

    Raises:
        ArgumentError: alpha is not above 0.
        CallbackError: the inputs are no pictures, the targets of the other kind, or the batches mixed already.

    Reference: Yun et al., "CutMix: regularization strategy to train strong classifiers with localizable features"
    (2019), section 3.1; each picture has a rectangle of its own here, the paper draws one a batch. Targets go by
    the part that is pasted in the end, the rectangle cut off at the border.
    """

    def __init__(self, learn: Any, alpha: float = 1.0, stack_y: bool = True) -> None:
        super().__init__(learn, alpha, stack_y)

    def mixed(self, x: Tensor, partner: Tensor) -> tuple[Tensor, Tensor]:
        """Return the pictures with their patches, and the part of each that stayed."""
        if not isinstance(x, Tensor) or x.ndim != 4:
            said = f"shape {tuple(x.shape)}" if isinstance(x, Tensor) else f"a {type(x).__name__}"
            raise CallbackError(f"CutMixCallback: inputs must be pictures (N, C, H, W); got {said}. Use mixup.")
        height, width = x.shape[-2:]
        scale = np.sqrt(1 - self.draw(len(x)))  # side of the patch, as a part of the picture's
        inside = _between(height, scale)[:, :, None] & _between(width, scale)[:, None, :]  # (N, H, W)
        own = 1 - inside.float().mean((1, 2))
        patched = torch.where(inside[:, None].to(x.device), x[partner], x)
        return patched, own


def _between(size: int, scale: np.ndarray) -> Tensor:
    """Return which of `size` pixels lie in each patch: (N,) -> (N, size)."""
    centre = torch.randint(size, (len(scale),)).numpy()
    side = (size * scale).astype(int)
    start = centre - side // 2
    pixel = np.arange(size)
    return torch.from_numpy((pixel >= start[:, None]) & (pixel < (start + side)[:, None]))
