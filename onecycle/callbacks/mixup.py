"""Mixup: training on mixtures of two items."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from onecycle.training.callback import LearnerCallback
from onecycle.utils.checks import check_numbers

__all__ = ["MixUpCallback", "MixUpLoss"]


class MixUpCallback(LearnerCallback):
    """Mix each item of a batch with another one of the same batch.

    Args:
        learn: The learner.
        alpha: Parameter of the Beta distribution of the mixing weight, above 0.
        stack_x: Hand the model `[x, x of the partner, weight]` instead of the mixture.
        stack_y: Mix the losses of both targets instead of the targets.

    Raises:
        ArgumentError: alpha is not above 0.

    Reference: Zhang et al., "mixup: beyond empirical risk minimization" (2018), equation 1, with a weight of its
    own for each item, of which the larger part goes to the item itself.
    """

    def __init__(self, learn: Any, alpha: float = 0.4, stack_x: bool = False, stack_y: bool = True) -> None:
        super().__init__(learn)
        check_numbers("MixUpCallback", "alpha", alpha, "must be above 0", lambda number: number > 0)
        self.alpha, self.stack_x, self.stack_y = alpha, stack_x, stack_y

    def on_train_begin(self, **kwargs: Any) -> None:
        """Let the loss take two targets."""
        if self.stack_y:
            self.learn.loss_func = MixUpLoss(self.learn.loss_func)

    def on_batch_begin(
        self, last_input: Tensor, last_target: Tensor, train: bool, **kwargs: Any
    ) -> dict[str, Any] | None:
        """Mix; the draw is the step's own, since torch's generator stands at its address."""
        if not train:
            return None
        weight, partner = self._draw(len(last_target), last_input)
        return {
            "last_input": self._inputs(last_input, weight, partner),
            "last_target": self._targets(last_target, weight, partner),
        }

    def _draw(self, count: int, like: Tensor) -> tuple[Tensor, Tensor]:
        """Return the weight of each item itself, at least a half, and its partner."""
        draws = np.random.default_rng(int(torch.randint(2**62, (1,)))).beta(self.alpha, self.alpha, count)
        weight = torch.as_tensor(np.maximum(draws, 1 - draws), dtype=torch.float32, device=like.device)
        return weight, torch.randperm(count).to(like.device)

    def _inputs(self, x: Tensor, weight: Tensor, partner: Tensor) -> Any:
        if self.stack_x:
            return [x, x[partner], weight]
        share = weight.to(x.dtype).reshape(-1, *[1] * (x.ndim - 1))  # (N, 1, …)
        return x * share + x[partner] * (1 - share)

    def _targets(self, y: Tensor, weight: Tensor, partner: Tensor) -> Tensor:
        if self.stack_y:
            return torch.stack([y.float(), y[partner].float(), weight], dim=1)  # (N, 3)
        share = weight.reshape(-1, *[1] * (y.ndim - 1))
        return y.float() * share + y[partner].float() * (1 - share)

    def on_train_end(self, **kwargs: Any) -> None:
        """Give the loss back."""
        if self.stack_y and isinstance(self.learn.loss_func, MixUpLoss):
            self.learn.loss_func = self.learn.loss_func.get_old()


class MixUpLoss(nn.Module):
    """Mix the losses of two targets; a plain target is passed on.

    Args:
        crit: The loss.
        reduction: What to make of the losses of the items: `mean`, `sum` or `none`.

    Shape:
        output (N, …), target (N, 3): target, partner's target, weight -> ()
    """

    def __init__(self, crit: Any, reduction: str = "mean") -> None:
        super().__init__()
        self.crit, self.reduction = crit, reduction

    def _each(self, output: Tensor, target: Tensor) -> Tensor:
        """Return the loss of each item."""
        if not hasattr(self.crit, "reduction"):
            return self.crit(output, target, reduction="none")
        before, self.crit.reduction = self.crit.reduction, "none"
        try:
            return self.crit(output, target)
        finally:
            self.crit.reduction = before

    def forward(self, output: Tensor, target: Tensor) -> Tensor:
        """Return the mixed loss."""
        if target.ndim == 2 and target.shape[1] == 3 and target.is_floating_point():
            own, partner, weight = target[:, 0].long(), target[:, 1].long(), target[:, 2]
            losses = self._each(output, own) * weight + self._each(output, partner) * (1 - weight)
        else:
            losses = self._each(output, target)
        return {"mean": losses.mean, "sum": losses.sum}.get(self.reduction, lambda: losses)()

    def get_old(self) -> Any:
        """Return the loss that was wrapped."""
        return self.crit
