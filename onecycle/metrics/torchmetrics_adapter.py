"""Carries a metric of torchmetrics, or of anything with its protocol, through the events of the loop."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from onecycle.errors import ArgumentTypeError, describe, explain
from onecycle.metrics.base import Metric
from onecycle.metrics.check import follows_torchmetrics, metric_name
from onecycle.utils.distributed import processes_connected

__all__ = ["TorchMetric"]


class TorchMetric(Metric):
    """Carry an object with `update(output, target)`, `compute()` and `reset()`, as torchmetrics makes them.

    A learner does this by itself for such objects in `metrics`. torchmetrics is never imported here: what
    counts is the protocol. The object is moved to the device of the first batch where it has `to`. Over
    several processes torchmetrics joins its counts itself, in its `compute`; nothing is joined here.

    Args:
        metric: The object; it is used as it is, and reset at the start of each epoch.

    Raises:
        ArgumentTypeError: the object has not the three methods, or computes something that is not one number.

    Example:
        >>> class Count:
        ...     "Count items."
        ...     n = 0
        ...     def update(self, output, target): self.n += len(target)
        ...     def compute(self): return self.n
        ...     def reset(self): self.n = 0
        >>> m = TorchMetric(Count())
        >>> m.update(torch.zeros(3), torch.zeros(3)); m.figure()
        tensor(3.)
    """

    def __init__(self, metric: Any) -> None:
        if not follows_torchmetrics(metric):
            rule = "must be an object with update, compute and reset"
            raise ArgumentTypeError(explain("TorchMetric", "metric", rule, metric))
        self.metric = metric
        super().__init__()
        self.name = metric_name(metric)

    def reset(self) -> None:
        """Forget every batch."""
        super().reset()
        self.metric.reset()
        self._counted = False

    def update(self, output: Any, *targets: Any) -> None:  # type: ignore[override]
        """Count one batch; every target is passed in its place."""
        if not self._counted and hasattr(self.metric, "to") and isinstance(output, Tensor):
            self.metric.to(output.device)
        self._counted = True
        self.metric.update(output, *targets)

    def compute(self) -> Tensor:
        """Return the figure of the set."""
        value = self.metric.compute()
        if isinstance(value, (int, float)):
            value = torch.tensor(float(value))
        if not isinstance(value, Tensor) or value.numel() != 1:
            raise ArgumentTypeError(
                f"metrics: {self.name} must compute one number for the set; got {describe(value)}. Pass the parts "
                f"of a collection one by one, and set an average where there is a figure a class."
            )
        return value.reshape(())

    @property
    def is_empty(self) -> bool:
        """Whether no batch was counted since `reset`."""
        return not self._counted

    def join(self) -> None:
        """Do nothing: torchmetrics joins processes in its own `compute`."""

    def figure(self) -> Tensor:
        """Return `compute()`, which a process without batches must call too; NaN where there is nobody else."""
        return self.compute() if processes_connected() else super().figure()

    def __repr__(self) -> str:
        return f"TorchMetric({self.metric!r})"
