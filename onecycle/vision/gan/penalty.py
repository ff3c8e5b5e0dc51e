"""The gradient penalty, which keeps a critic's slope at one without clipping its weights."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

__all__ = ["gradient_penalty"]


def gradient_penalty(critic: Callable[[Tensor], Any], real: Tensor, fake: Tensor) -> Tensor:
    """Return the mean of (slope - 1)² of a critic, taken at random places between real and made pictures.

    Args:
        critic: Rates pictures; one value or several a picture.
        real: Real pictures.
        fake: Made ones, as many.

    Shape: `(N, …), (N, …) -> ()`

    Reference: Gulrajani et al. 2017, "Improved training of Wasserstein GANs", section 4. A critic with batch norm
        rates a batch, not a picture; build it with `norm_type=NormType.Instance` or None, as advised there.

    Example:
        >>> ones = torch.ones(4, 2)
        >>> gradient_penalty(lambda x: 3 * x[:, :1], ones, -ones)
        tensor(4.)
    """
    count = len(real)
    share = torch.rand(count, *[1] * (real.ndim - 1), device=real.device, dtype=real.dtype)
    between = torch.lerp(fake.detach(), real.detach(), share).requires_grad_()
    scores = critic(between)
    a_picture = scores.reshape(len(scores), -1).mean(1).sum() * (count / len(scores))
    (slopes,) = torch.autograd.grad(a_picture, between, create_graph=True)
    return (slopes.flatten(1).norm(dim=1) - 1).square().mean()
