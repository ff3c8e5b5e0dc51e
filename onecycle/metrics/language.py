"""Metrics of language models: perplexity."""

from __future__ import annotations

from torch import Tensor
from torch.nn.functional import cross_entropy

from onecycle.metrics.base import Metric
from onecycle.metrics.counting import like_shape, register_metric, wide

__all__ = ["Perplexity"]


@register_metric
class Perplexity(Metric):
    """Return exp(mean negative log likelihood of a token), over all tokens of the set.

    Shape: outputs `(N, L, K)` before softmax, targets `(N, L)`; a target of -100 is not counted.
    """

    def update(self, output: Tensor, target: Tensor) -> None:
        """Add the log losses of a batch's tokens."""
        target = like_shape("Perplexity", target, output.shape[:-1]).flatten()
        losses = cross_entropy(output.flatten(0, -2), target, reduction="none", ignore_index=-100)  # (N * L,)
        self.add(loss=wide(losses).sum(), n=(target != -100).sum())

    def compute(self) -> Tensor:
        """Return the perplexity."""
        return (self.sums["loss"] / self.sums["n"]).exp()
