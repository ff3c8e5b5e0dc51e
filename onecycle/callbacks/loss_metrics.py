"""The parts of a loss as columns of the epoch table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from onecycle.errors import CallbackError, did_you_mean
from onecycle.nn.loss_weight import Part, common_weight
from onecycle.training.callback import LearnerCallback
from onecycle.utils.distributed import added_up

__all__ = ["LossMetrics"]


class LossMetrics(LearnerCallback):
    """Show the parts of a loss in the table: their means over the validation set, weighed as the loss is.

    The loss function lists their names in `metric_names` and leaves their values of the latest batch, 0-d
    tensors, in the dict `metrics`.

    Args:
        learn: The learner.

    Raises:
        CallbackError: the loss names no parts, at the beginning of training; or leaves no value for one.

    Example:
        class TwoParts(nn.Module):
            metric_names = ["mse", "size"]

            def forward(self, output, target):
                self.metrics = {"mse": F.mse_loss(output, target), "size": output.abs().mean()}
                return self.metrics["mse"] + 0.1 * self.metrics["size"]

        learn = Learner(data, model, loss_func=TwoParts(), callback_fns=LossMetrics)
    """

    _order = -20  # before the recorder

    def on_train_begin(self, **kwargs: Any) -> None:
        """Add the columns."""
        names = getattr(self.learn.loss_func, "metric_names", None)
        if not names:
            raise CallbackError(
                "LossMetrics: the loss must list the names of its parts in metric_names; "
                f"{_name(self.learn.loss_func)} does not. Add it, and fill the dict metrics in forward."
            )
        self.names = list(names)
        self.learn.recorder.add_metric_names(self.names)

    def on_epoch_begin(self, **kwargs: Any) -> None:
        """Begin with nothing counted."""
        self.metrics: dict[str, Tensor] = {}
        self.nums = 0.0

    def on_batch_end(
        self, last_target: Any, train: bool, loss_parts: Sequence[Part] | None = None, **kwargs: Any
    ) -> None:
        """Count a batch of the validation set, by what its loss divides by."""
        if train:
            return
        first = last_target[0] if isinstance(last_target, (list, tuple)) else last_target
        weight = common_weight(loss_parts, len(first)) if loss_parts else len(first)
        size = float(len(first) if weight is None else weight)
        for name in self.names:
            part = size * self._part(name) if size else torch.zeros(())
            self.metrics[name] = self.metrics.get(name, torch.zeros(())) + part
        self.nums += size

    def _part(self, name: str) -> Tensor:
        parts = getattr(self.learn.loss_func, "metrics", {})
        if name not in parts:
            raise CallbackError(
                f"LossMetrics: the loss must put {name!r} into its dict metrics; "
                f"there are {', '.join(parts) or 'none'}.{did_you_mean(name, parts)}"
            )
        return torch.as_tensor(parts[name]).detach().float().cpu()

    def on_epoch_end(self, last_metrics: Any, **kwargs: Any) -> dict[str, Any] | None:
        """Put the means into the table."""
        sums = torch.stack([torch.tensor(self.nums), *[self.metrics.get(name, torch.zeros(())) for name in self.names]])
        count, *totals = added_up(sums.double())  # of all processes
        if not count:
            return None
        means = {name: (total / count).float() for name, total in zip(self.names, totals, strict=True)}
        return self.learn.recorder.with_values(last_metrics, means)


def _name(loss_func: Any) -> str:
    return getattr(loss_func, "__name__", type(loss_func).__name__)
