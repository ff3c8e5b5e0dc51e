"""Lookahead around any optimiser, and Ranger: Lookahead around RAdam."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer

import onecycle.optim.torch_optimizers  # noqa: F401 - gives torch's optimisers, the usual bases, their names
from onecycle.errors import ArgumentTypeError, explain
from onecycle.optim.lamb import check_betas
from onecycle.utils.checks import check_numbers, check_whole
from onecycle.utils.registry import register

__all__ = ["Lookahead", "Ranger"]

_COUNT, _SLOW = "steps_ahead", "slow"


@register("optimizer")
class Lookahead(Optimizer):
    """Let an optimiser go `k` steps ahead, then go a part of that way: slow weights after fast ones.

    The slow weights are part of the state of each parameter, so saving and loading need nothing more.

    Args:
        params: Parameters, or parameter groups.
        base: Makes the optimiser of the fast weights: a class, or a partial of one.
        k: Steps ahead, at least 1.
        alpha: Which part of the way the slow weights go, above 0 and up to 1.
        **settings: Settings of `base`: `lr`, `momentum` …

    Raises:
        ArgumentError: a value is out of its range.
        ArgumentTypeError: `base` is no function that makes an optimiser.

    Example:
        learn = Learner(data, model, opt_func=partial(Lookahead, base=partial(torch.optim.SGD, momentum=0.9)))

    Reference: Zhang et al., "Lookahead Optimizer: k steps forward, 1 step back" (2019), algorithm 1.
    """

    def __init__(
        self,
        params: Iterable[Any],
        base: Callable[..., Optimizer] = torch.optim.Adam,
        k: int = 5,
        alpha: float = 0.5,
        **settings: Any,
    ) -> None:
        if isinstance(base, Optimizer) or not callable(base):
            cure = "Pass the class or a partial, e.g. partial(torch.optim.SGD, momentum=0.9)."
            rule = "must be a function that makes an optimiser"
            raise ArgumentTypeError(explain("Lookahead", "base", rule, base, cure))
        k = check_whole("Lookahead", "k", k)
        check_numbers("Lookahead", "alpha", alpha, "must be above 0 and at most 1", lambda part: 0 < part <= 1)
        self.base = base(params, **settings)
        own = {"k": k, "alpha": float(alpha), _COUNT: 0}
        super().__init__(self.base.param_groups, {**self.base.defaults, **own})
        self.param_groups, self.state = self.base.param_groups, self.base.state
        for group in self.param_groups:
            group.update(own)

    def step(self, closure: Callable[[], Any] | None = None) -> Any:  # type: ignore[override]
        """Take a fast step, and after each `k` of them a slow one.

        Args:
            closure: Computes the loss and its gradients anew.

        Returns:
            What the closure returned.
        """
        self.base.param_groups, self.base.state = self.param_groups, self.state  # either may have been replaced
        starts = self._unmarked(all_of_them=closure is not None)
        loss = self.base.step(closure)
        for p, start in starts:
            if p.grad is not None:
                self.state[p][_SLOW] = start
        for group in self.param_groups:
            group[_COUNT] += 1
            if group[_COUNT] >= group["k"]:
                group[_COUNT] = 0
                self._go_slow(group)
        return loss

    def _unmarked(self, all_of_them: bool) -> list[tuple[Tensor, Tensor]]:
        """Return the parameters about to move that have no slow weights, each with a copy of where it starts."""
        parameters = [p for group in self.param_groups for p in group["params"]]
        moving = [p for p in parameters if all_of_them or p.grad is not None]
        return [(p, p.detach().clone()) for p in moving if _SLOW not in self.state.get(p, {})]

    @torch.no_grad()
    def _go_slow(self, group: dict[str, Any]) -> None:
        fast = [p for p in group["params"] if _SLOW in self.state.get(p, {})]
        if fast:
            slow = [self.state[p][_SLOW] for p in fast]
            torch._foreach_lerp_(slow, fast, group["alpha"])
            torch._foreach_copy_(fast, slow)

    def __repr__(self) -> str:
        return f"Lookahead over {self.base!r}"


@register("optimizer")
def Ranger(
    params: Iterable[Any],
    lr: float = 1e-3,
    betas: tuple[float, float] = (0.95, 0.999),
    eps: float = 1e-5,
    weight_decay: float = 0.0,
    k: int = 6,
    alpha: float = 0.5,
) -> Lookahead:
    """Make `Lookahead` around `torch.optim.RAdam`; goes well with `learn.fit_fc`.

    Args:
        params: Parameters, or parameter groups.
        lr: Learning rate, at least 0.
        betas: Weight of the past in the means of gradients and squared gradients, each 0 to 1 (exclusive).
        eps: Added to the root of the squares, at least 0.
        weight_decay: Weight decay, at least 0.
        k: Steps ahead, at least 1.
        alpha: Which part of the way the slow weights go, above 0 and up to 1.

    Raises:
        ArgumentError: a value is out of its range.

    References:
        Liu et al., "On the Variance of the Adaptive Learning Rate and Beyond" (2020); Zhang et al., "Lookahead
        Optimizer" (2019).
    """
    for name, value in {"lr": lr, "eps": eps, "weight_decay": weight_decay}.items():
        check_numbers("Ranger", name, value, "must be at least 0", lambda number: number >= 0)
    check_betas("Ranger", betas)
    return Lookahead(
        params, torch.optim.RAdam, k, alpha, lr=lr, betas=tuple(betas), eps=eps, weight_decay=weight_decay
    )
