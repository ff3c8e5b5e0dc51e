"""Metrics of language models: perplexity."""

from __future__ import annotations

from torch import Tensor
from torch.nn.functional import cross_entropy

from onecycle.metrics.base import Metric
from onecycle.metrics.counting import check_outputs, class_targets, register_metric, wide

__all__ = ["Perplexity"]


@register_metric
class Perplexity(Metric):
    """Return exp(mean negative log likelihood of a token), over all tokens of the set.

    Shape: outputs `(N, L, K)` before softmax, targets `(N, L)`; a target of -100, or that the loss ignores, is
    not counted.
    """

    def update(self, output: Tensor, target: Tensor) -> None:
        """Add the log losses of a batch's tokens."""
        num_classes = check_outputs("Perplexity", output)
        actual, known = class_targets("Perplexity", target, output.shape[:-1], num_classes, self.ignore)
        losses = cross_entropy(output.flatten(0, -2), actual.flatten(), reduction="none")  # (N * L,)
        self.add(loss=(wide(losses) * known.flatten()).sum(), n=known.sum())

    def compute(self) -> Tensor:
        """Return the perplexity."""
        return (self.sums["loss"] / self.sums["n"]).exp()
