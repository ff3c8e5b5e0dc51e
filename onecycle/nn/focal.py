"""The focal loss: a binary cross-entropy in which what is easy counts little."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

__all__ = ["sigmoid_focal_loss"]


def sigmoid_focal_loss(logits: Tensor, targets: Tensor, gamma: float = 2.0, alpha: float | None = 0.25) -> Tensor:
    """Return -a (1 - p)^gamma log(p) of each logit, p being the probability it gives to the truth.

    Args:
        logits: One a class.
        targets: 1 where the class is there, 0 where it is not.
        gamma: How little what is easy counts; 0 is the binary cross-entropy.
        alpha: Weight a of ones, that of zeros being 1 - alpha; None weighs nothing.

    Shape: `(*)`, `(*)` -> `(*)`

    Reference:
        Lin et al. 2017, "Focal loss for dense object detection", equation 5.

    Example:
        >>> sigmoid_focal_loss(torch.zeros(1), torch.ones(1), gamma=2, alpha=None)  # log(2) / 4
        tensor([0.1733])
    """
    sign = 1 - 2 * targets  # the probability of what is not true is sigmoid(sign * logit)
    loss = torch.sigmoid(sign * logits) ** gamma * F.softplus(sign * logits)
    return loss if alpha is None else loss * (alpha * targets + (1 - alpha) * (1 - targets))
