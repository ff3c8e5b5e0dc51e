"""What callbacks share that mix each item of a batch with a partner from the same batch."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from onecycle.errors import CallbackError, explain
from onecycle.nn.loss_weight import ignores_targets, mean_over, unreduced
from onecycle.training.callback import LearnerCallback
from onecycle.utils.checks import check_numbers

__all__ = ["MixUpLoss"]


def check_alpha(owner: str, alpha: Any) -> None:
    """Refuse a parameter of the Beta distribution that is not above 0."""
    check_numbers(owner, "alpha", alpha, "must be above 0", lambda number: number > 0)


class ItemMixer(LearnerCallback):
    """Mix inputs and targets of training batches; a subclass says how inputs are mixed.

    Args:
        learn: The learner.
        alpha: Parameter of the Beta distribution of the weight, above 0.
        stack_y: Mix the losses of both targets instead of the targets.

    Raises:
        ArgumentError: alpha is not above 0.
    """

    def __init__(self, learn: Any, alpha: float, stack_y: bool) -> None:
        super().__init__(learn)
        check_alpha(type(self).__name__, alpha)
        self.alpha, self.stack_y = alpha, stack_y

    def mixed(self, x: Tensor, partner: Tensor) -> tuple[Any, Tensor]:
        """Return the inputs, and of each item the part (N,) that is its own."""
        raise NotImplementedError

    def on_train_begin(self, **kwargs: Any) -> None:
        """Let the loss take two targets."""
        loss = self.learn.loss_func
        if isinstance(loss, MixUpLoss):
            raise CallbackError(
                f"{type(self).__name__}: the batches are mixed already. Use one of mixup and cutmix, once."
            )
        if self.stack_y:
            _check_takes_apart(type(self).__name__, loss)
            self.learn.loss_func = MixUpLoss(loss, _reduction_of(loss))

    def on_batch_begin(
        self, last_input: Tensor, last_target: Tensor, train: bool, **kwargs: Any
    ) -> dict[str, Any] | None:
        """Mix; the draw is the step's own, since torch's generator stands at its address."""
        if not train:
            return None
        self._check_targets(last_target)
        partner = torch.randperm(len(last_target)).to(last_target.device)
        inputs, own = self.mixed(last_input, partner)
        return {"last_input": inputs, "last_target": self._targets(last_target, own, partner)}

    def draw(self, count: int) -> np.ndarray:
        """Return numbers of the Beta distribution, as many as there are items."""
        return np.random.default_rng(int(torch.randint(2**62, (1,)))).beta(self.alpha, self.alpha, count)

    def _check_targets(self, y: Any) -> None:
        classes = isinstance(y, Tensor) and not y.is_floating_point()
        if classes == self.stack_y and (not self.stack_y or y.ndim == 1):
            return
        said = f"{y.dtype} of shape {tuple(y.shape)}" if isinstance(y, Tensor) else f"a {type(y).__name__}"
        cure = "one class an item" if self.stack_y else "numbers, such as one-hot floats"
        raise CallbackError(
            f"{type(self).__name__}: targets must be {cure} with stack_y={self.stack_y}; got {said}. "
            f"Pass stack_y={not self.stack_y}, or other targets."
        )

    def _targets(self, y: Tensor, own: Tensor, partner: Tensor) -> Tensor:
        if self.stack_y:
            return torch.stack([y.float(), y[partner].float(), own.to(y.device)], dim=1)  # (N, 3)
        share = own.to(y).reshape(-1, *[1] * (y.ndim - 1))
        return y * share + y[partner] * (1 - share)

    def on_train_end(self, **kwargs: Any) -> None:
        """Give the loss back."""
        if self.stack_y and isinstance(self.learn.loss_func, MixUpLoss):
            self.learn.loss_func = self.learn.loss_func.get_old()


def _check_takes_apart(owner: str, loss: Any) -> None:
    """Refuse a loss that gives no loss an item."""
    if not hasattr(loss, "reduction"):
        parameters = inspect.signature(loss.forward if isinstance(loss, nn.Module) else loss).parameters
        if "reduction" not in parameters:
            rule = "must give a loss an item where asked for: have a parameter or an attribute `reduction`"
            cure = "Pass e.g. nn.CrossEntropyLoss() or F.cross_entropy, or mix targets: stack_y=False."
            raise CallbackError(explain(owner, "loss_func", rule, loss, cure))


def _reduction_of(loss: Any) -> str:
    """Return how a loss puts its items together, as far as one number comes out."""
    return "sum" if getattr(loss, "reduction", "mean") == "sum" else "mean"


class MixUpLoss(nn.Module):
    """Mix the losses of two targets; a plain target is passed on.

    Where the loss weighs or ignores classes, the mean divides by what the classes of both targets count, mixed alike.

    Args:
        crit: The loss.
        reduction: What to make of the losses of the items: `mean`, `sum` or `none`.

    Shape:
        output (N, …), target (N, 3): target, partner's target, weight -> ()
    """

    def __init__(self, crit: Any, reduction: str = "mean") -> None:
        super().__init__()
        self.crit, self.reduction = crit, reduction

    def _reduced(self, output: Tensor, target: Tensor, reduction: str = "none") -> Tensor:
        """Return the wrapped loss, reduced in a given way; that of each item where not at all."""
        if not hasattr(self.crit, "reduction"):
            return self.crit(output, target, reduction=reduction)
        before, self.crit.reduction = self.crit.reduction, reduction
        try:
            return self.crit(output, target)
        finally:
            self.crit.reduction = before

    def _mixed(self, output: Tensor, target: Tensor) -> tuple[Tensor, Tensor | None]:
        """Return the mixed loss of each item, and what each counts, its classes mixed alike; None where all are 1."""
        share = target[:, 2]
        first, of_first = unreduced(self._reduced, output, target[:, 0].long())
        second, of_second = unreduced(self._reduced, output, target[:, 1].long())
        losses = first * share + second * (1 - share)
        if of_first is None or of_second is None or (of_first.dtype == torch.bool and not ignores_targets(self.crit)):
            return losses, None
        return losses, of_first * share + of_second * (1 - share)

    def forward(self, output: Tensor, target: Tensor) -> Tensor:
        """Return the mixed loss."""
        if target.ndim != 2 or target.shape[1] != 3 or not target.is_floating_point():
            return self._reduced(output, target, self.reduction)
        losses, counts = self._mixed(output, target)
        if self.reduction == "mean" and counts is not None:
            return mean_over(losses.sum(), counts.sum())
        return {"mean": losses.mean, "sum": losses.sum}.get(self.reduction, lambda: losses)()

    def get_old(self) -> Any:
        """Return the loss that was wrapped."""
        return self.crit
