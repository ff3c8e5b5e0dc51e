"""LAMB: Adam with a rate of its own for each layer, by the ratio of weights and update."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer

from onecycle.errors import ArgumentError, TrainingError, explain
from onecycle.utils.checks import check_numbers
from onecycle.utils.registry import register

__all__ = ["LAMB"]


def check_betas(owner: str, betas: Any) -> None:
    """Refuse what are no two fractions.

    Raises:
        ArgumentError: says what was received.
    """
    rule = "must be two numbers, each from 0 to 1 (exclusive)"
    if not isinstance(betas, (tuple, list)) or len(betas) != 2:
        raise ArgumentError(explain(owner, "betas", rule, betas))
    check_numbers(owner, "betas", list(betas), rule, lambda beta: 0 <= beta < 1)


@register("optimizer")
class LAMB(Optimizer):
    """Step as Adam does, each parameter tensor by a length in proportion to its own: for large batches.

    With w the weights and u the corrected step of Adam plus `weight_decay` · w: w ← w - lr · (‖w‖ / ‖u‖) · u; the
    ratio is 1 where either norm is 0. All tensors are computed at once (foreach).

    Args:
        params: Parameters, or parameter groups.
        lr: Learning rate, at least 0.
        betas: Weight of the past in the means of gradients and squared gradients, each 0 to 1 (exclusive).
        eps: Added to the root of the squares, at least 0.
        weight_decay: Weight decay, at least 0.
        decoupled_weight_decay: Add the decay to the step, as the paper does; else to the gradient.

    Raises:
        ArgumentError: a value is out of its range.

    Reference: You et al., "Large Batch Optimization for Deep Learning" (2020), algorithm 2, with the identity as φ.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-6,
        weight_decay: float = 0.0,
        decoupled_weight_decay: bool = True,
    ) -> None:
        for name, value in {"lr": lr, "eps": eps, "weight_decay": weight_decay}.items():
            check_numbers("LAMB", name, value, "must be at least 0", lambda number: number >= 0)
        check_betas("LAMB", betas)
        settings = {
            "lr": lr, "betas": tuple(betas), "eps": eps, "weight_decay": weight_decay,
            "decoupled_weight_decay": decoupled_weight_decay,
        }  # fmt: skip
        super().__init__(params, settings)

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:  # type: ignore[override]
        """Take a step.

        Args:
            closure: Computes the loss and its gradients anew.

        Returns:
            What the closure returned.

        Raises:
            TrainingError: a gradient is sparse.
        """
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            for params in _alike(group["params"]):
                _step(params, [self._state_of(p) for p in params], group)
        return loss

    def _state_of(self, p: Tensor) -> dict[str, Any]:
        state = self.state[p]
        if not state:
            state["step"] = torch.zeros(())
            state["exp_avg"] = torch.zeros_like(p, memory_format=torch.preserve_format)
            state["exp_avg_sq"] = torch.zeros_like(p, memory_format=torch.preserve_format)
        elif state["step"].device.type != "cpu":  # loaded to the device with the rest
            state["step"] = state["step"].cpu()
        return state


def _alike(parameters: Iterable[Tensor]) -> list[list[Tensor]]:
    """Return the parameters that have a gradient, in lists of one device and type each."""
    found: dict[Any, list[Tensor]] = {}
    for p in parameters:
        if p.grad is None:
            continue
        if p.grad.is_sparse:
            raise TrainingError(
                "LAMB: gradients must be dense; one is sparse. Pass sparse=False to the embedding, or use SparseAdam."
            )
        found.setdefault((p.device, p.dtype), []).append(p)
    return list(found.values())


def _step(params: list[Tensor], states: list[dict[str, Any]], group: dict[str, Any]) -> None:
    """Step all parameters of a list at once."""
    (beta1, beta2), decay = group["betas"], group["weight_decay"]
    grads = [p.grad for p in params if p.grad is not None]
    if decay and not group["decoupled_weight_decay"]:
        grads = list(torch._foreach_add(grads, params, alpha=decay))
    means, squares = [s["exp_avg"] for s in states], [s["exp_avg_sq"] for s in states]
    steps = [s["step"] for s in states]  # on the CPU: to read them waits for nothing
    torch._foreach_add_(steps, 1.0)
    torch._foreach_lerp_(means, grads, 1 - beta1)
    torch._foreach_mul_(squares, beta2)
    torch._foreach_addcmul_(squares, grads, grads, 1 - beta2)
    counts = [float(step) for step in steps]
    updates = torch._foreach_div(means, [1 - beta1**count for count in counts])
    roots = torch._foreach_div(squares, [1 - beta2**count for count in counts])
    torch._foreach_sqrt_(roots)
    torch._foreach_add_(roots, group["eps"])
    torch._foreach_div_(updates, roots)
    if decay and group["decoupled_weight_decay"]:
        torch._foreach_add_(updates, params, alpha=decay)
    torch._foreach_mul_(updates, _ratios(params, updates))
    torch._foreach_add_(params, updates, alpha=-group["lr"])


def _ratios(params: list[Tensor], updates: Iterable[Tensor]) -> list[Tensor]:
    """Return norm of weights over norm of update for each tensor, 1 where either is 0."""
    weights = torch.stack(list(torch._foreach_norm(params)))
    lengths = torch.stack(list(torch._foreach_norm(list(updates))))
    usable = (weights > 0) & (lengths > 0)
    return list(torch.where(usable, weights / lengths, torch.ones_like(weights)).unbind())
