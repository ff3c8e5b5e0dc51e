"""Cosine annealing with restarts, for the parameter groups of any torch optimiser."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from torch import nn
from torch.optim import Optimizer

from onecycle.errors import TrainingError
from onecycle.optim.groups import decay_pairs, spread
from onecycle.optim.schedules import annealing_cos
from onecycle.utils.checks import check_numbers, check_whole

__all__ = ["CosineRestarts", "cycle_lengths", "layer_optimizer"]


def cycle_lengths(n_cycles: int, cycle_len: int = 1, cycle_mult: int = 1) -> list[int]:
    """Return how long each cycle is: each is `cycle_mult` times as long as the one before.

    Args:
        n_cycles: How many, at least 1.
        cycle_len: Length of the first, at least 1.
        cycle_mult: By what the length grows, at least 1.

    Raises:
        ArgumentError: one of them is no whole number of at least 1.

    Example:
        >>> cycle_lengths(3, cycle_len=1, cycle_mult=2)
        [1, 2, 4]
    """
    for name, value in {"n_cycles": n_cycles, "cycle_len": cycle_len, "cycle_mult": cycle_mult}.items():
        check_whole("cycle_lengths", name, value)
    return [cycle_len * cycle_mult**cycle for cycle in range(n_cycles)]


def place_in_cycle(step: int, cycle_len: int, cycle_mult: int = 1) -> tuple[int, float]:
    """Return the number of the cycle in which a step lies, and how far along it is there, 0 to 1 (exclusive).

    Args:
        step: From 0.
        cycle_len: Steps of the first cycle.
        cycle_mult: By what the length grows from cycle to cycle.

    Example:
        >>> place_in_cycle(5, cycle_len=2, cycle_mult=2)
        (1, 0.75)
    """
    cycle = 0
    while step >= cycle_len:
        step -= cycle_len
        cycle_len *= cycle_mult
        cycle += 1
    return cycle, step / cycle_len


class CosineRestarts:
    """Let the rate of each parameter group fall on half a cosine wave, and start again from the top.

    The rates that the groups have now are the highest. Call `step` after each step of the optimiser.

    Args:
        optimizer: Any optimiser of torch.
        batches: Batches of an epoch, e.g. `len(loader)`.
        cycle_len: Epochs of the first cycle, at least 1.
        cycle_mult: Each cycle is so many times as long as the one before, at least 1.
        lr_min: Lowest rate, a number or one a parameter group.
        on_cycle_end: Called with the number of the cycle, from 0, when one is through, e.g. to save a snapshot.

    Raises:
        ArgumentError: a value is out of its range.

    Example:
        restarts = CosineRestarts(optimizer, len(loader), cycle_mult=2, on_cycle_end=save)
        for epoch in range(7):  # 1 + 2 + 4
            for xb, yb in loader:
                F.cross_entropy(model(xb), yb).backward()
                optimizer.step()
                optimizer.zero_grad()
                restarts.step()

    Reference: Loshchilov and Hutter, "SGDR: Stochastic Gradient Descent with Warm Restarts" (2017), equation 5.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        batches: int,
        cycle_len: int = 1,
        cycle_mult: int = 1,
        lr_min: Any = 0.0,
        on_cycle_end: Callable[[int], Any] | None = None,
    ) -> None:
        for name, value in {"batches": batches, "cycle_len": cycle_len, "cycle_mult": cycle_mult}.items():
            check_whole("CosineRestarts", name, value)
        check_numbers("CosineRestarts", "lr_min", lr_min, "must be at least 0", lambda rate: rate >= 0)
        self.optimizer, self.batches, self.cycle_len, self.cycle_mult = optimizer, batches, cycle_len, cycle_mult
        self.on_cycle_end = on_cycle_end
        self.lr_max = [float(group["lr"]) for group in optimizer.param_groups]
        self.lr_min = spread(lr_min, len(self.lr_max), "CosineRestarts", "lr_min")
        self.steps = 0
        self.lrs: list[list[float]] = [[*self.lr_max]]

    @property
    def cycle(self) -> int:
        """Number of the cycle in which the next step lies, from 0."""
        return self._place()[0]

    def _place(self) -> tuple[int, float]:
        return place_in_cycle(self.steps, self.cycle_len * self.batches, self.cycle_mult)

    def step(self) -> None:
        """Set the rates of the next step; tell when a cycle is through."""
        before = self.cycle
        self.steps += 1
        self._set()
        self.lrs.append([group["lr"] for group in self.optimizer.param_groups])
        if self.cycle > before and self.on_cycle_end is not None:
            self.on_cycle_end(before)

    def _set(self) -> None:
        part = self._place()[1]
        for group, high, low in zip(self.optimizer.param_groups, self.lr_max, self.lr_min):
            group["lr"] = annealing_cos(high, low, part)

    def state_dict(self) -> dict[str, Any]:
        """Return how far the schedule is: numbers only."""
        return {"steps": self.steps, "lr_max": [*self.lr_max]}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on where a schedule was.

        Raises:
            ArgumentError: its optimiser had another number of parameter groups.
        """
        self.lr_max = spread(list(state["lr_max"]), len(self.optimizer.param_groups), "CosineRestarts", "lr_max")
        self.steps = int(state["steps"])
        self._set()
        self.lrs = [[group["lr"] for group in self.optimizer.param_groups]]

    def plot_lr(self, return_fig: bool = False) -> Any:
        """Plot the rate of each parameter group over the steps.

        Args:
            return_fig: Return the figure.

        Raises:
            TrainingError: no step was taken.
        """
        if len(self.lrs) == 1:
            raise TrainingError("CosineRestarts.plot_lr: no step was taken yet. Train first.")
        import matplotlib.pyplot as plt

        figure, axes = plt.subplots()
        for number, rates in enumerate(zip(*self.lrs[:-1])):
            axes.plot(rates, label=f"group {number}")
        axes.set(xlabel="Iterations", ylabel="Learning Rate")
        if len(self.lr_max) > 1:
            axes.legend()
        return figure if return_fig else None


def layer_optimizer(
    opt_func: Callable[..., Optimizer], layer_groups: Sequence[nn.Module], lrs: Any, wds: Any = 0.0, **settings: Any
) -> Optimizer:
    """Make a torch optimiser with a parameter group, a rate and a weight decay a layer group.

    Args:
        opt_func: An optimiser class, e.g. `torch.optim.SGD`.
        layer_groups: Modules in order from the input to the output; frozen parameters are left out.
        lrs: Learning rate, a number or one a layer group.
        wds: Weight decay, a number or one a layer group.
        **settings: More settings of the optimiser, e.g. `momentum`.

    Raises:
        ArgumentError: the number of values and layer groups differs.

    Example:
        >>> model = nn.Sequential(nn.Linear(4, 3), nn.Linear(3, 2))
        >>> import torch
        >>> opt = layer_optimizer(torch.optim.SGD, list(model), [1e-3, 1e-2], [0.0, 1e-5], momentum=0.9)
        >>> [(group["lr"], group["weight_decay"]) for group in opt.param_groups]
        [(0.001, 0.0), (0.01, 1e-05)]
    """
    groups = [[*decayed, *spared] for decayed, spared in decay_pairs(layer_groups)]
    rates = spread(lrs, len(groups), "layer_optimizer", "lrs")
    decays = spread(wds, len(groups), "layer_optimizer", "wds")
    made = [{"params": part, "lr": lr, "weight_decay": wd} for part, lr, wd in zip(groups, rates, decays)]
    return opt_func(made, **{"lr": rates[-1], **settings})
