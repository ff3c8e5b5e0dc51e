"""Metrics of several labels an item: accuracy at a threshold, F-beta an item, F-beta over labels."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from onecycle.errors import ArgumentError, did_you_mean
from onecycle.metrics.base import Metric
from onecycle.metrics.counting import (
    Counts,
    check_no_nan,
    counted,
    fraction,
    label_targets,
    register_metric,
)
from onecycle.utils.checks import check_numbers

__all__ = ["MultiLabelFbeta", "accuracy_thresh", "fbeta"]


def _chosen(owner: str, y_pred: Tensor, thresh: float, sigmoid: bool) -> Tensor:
    """Return which labels are predicted."""
    check_no_nan(owner, "output", y_pred)
    check_thresh(owner, thresh, sigmoid)
    return (y_pred.sigmoid() if sigmoid else y_pred) > thresh


def check_thresh(owner: str, thresh: Any, sigmoid: bool) -> None:
    """Refuse a threshold that no output, or every output, passes.

    Raises:
        ArgumentError: it is not a number, or with a sigmoid not between 0 and 1.
    """
    if sigmoid:
        check_numbers(owner, "thresh", thresh, "must be between 0 and 1", lambda number: 0 <= number <= 1)
    else:
        check_numbers(owner, "thresh", thresh, "must be a number")


def _label_hits(y_pred: Tensor, y_true: Tensor, thresh: float, sigmoid: bool) -> Counts:
    actual = label_targets("accuracy_thresh", y_true, y_pred.shape)
    return {"hits": (_chosen("accuracy_thresh", y_pred, thresh, sigmoid) == actual).sum(), "n": y_pred.numel()}


@counted(_label_hits, fraction)
def accuracy_thresh(y_pred: Tensor, y_true: Tensor, thresh: float = 0.5, sigmoid: bool = True) -> Tensor:
    """Return the share of labels, over all items, that a threshold decides rightly.

    Args:
        y_pred: Outputs, before the sigmoid unless `sigmoid=False`.
        y_true: 0 or 1 for each label.
        thresh: A label is predicted where its probability is above this.
        sigmoid: Whether to put the outputs through a sigmoid first.

    Shape: `(N, K)`, `(N, K)` -> `()`
    """
    return fraction(**_label_hits(y_pred, y_true, thresh, sigmoid))


def _fbeta_sum(
    y_pred: Tensor, y_true: Tensor, thresh: float, beta: float, eps: float, sigmoid: bool
) -> Counts:
    check_numbers("fbeta", "beta", beta, "must be at least 0", lambda number: number >= 0)
    chosen = _chosen("fbeta", y_pred, thresh, sigmoid)  # (N, K)
    actual = label_targets("fbeta", y_true, y_pred.shape)
    right = (chosen & actual).sum(dim=-1)  # (N, K) -> (N,)
    weighed = beta**2 * actual.sum(dim=-1) + chosen.sum(dim=-1)
    return {"hits": ((1 + beta**2) * right / (weighed + eps)).sum(), "n": right.numel()}


@counted(_fbeta_sum, fraction)
def fbeta(
    y_pred: Tensor,
    y_true: Tensor,
    thresh: float = 0.2,
    beta: float = 2,
    eps: float = 1e-9,
    sigmoid: bool = True,
) -> Tensor:
    """Return the mean over items of an item's F-beta: (1 + b^2) right / (b^2 actual + predicted).

    Args:
        y_pred: Outputs, before the sigmoid unless `sigmoid=False`.
        y_true: 0 or 1 for each label.
        thresh: A label is predicted where its probability is above this.
        beta: How many times as much recall weighs as precision.
        eps: Keeps the division possible; an item with neither labels nor predictions counts 0.
        sigmoid: Whether to put the outputs through a sigmoid first.

    Shape: `(N, K)`, `(N, K)` -> `()`
    """
    return fraction(**_fbeta_sum(y_pred, y_true, thresh, beta, eps, sigmoid))


_AVERAGES = ("micro", "macro", "weighted", "none")


@register_metric
class MultiLabelFbeta(Metric):
    """Return the F-beta of labels counted over the set.

    Args:
        beta: How many times as much recall weighs as precision.
        eps: Keeps divisions possible.
        thresh: A label is predicted where its probability is above this.
        sigmoid: Whether to put the outputs through a sigmoid first.
        average: 'micro' (all labels in one count), 'macro' (mean over labels), 'weighted' (mean over labels
            by how often each occurs) or 'none' (one figure a label).

    Shape: outputs and targets `(N, K)`.

    Raises:
        ArgumentError: `average` is none of these.
    """

    def __init__(
        self,
        beta: float = 2,
        eps: float = 1e-15,
        thresh: float = 0.3,
        sigmoid: bool = True,
        average: str = "micro",
    ) -> None:
        if average not in _AVERAGES:
            raise ArgumentError(
                f"MultiLabelFbeta: average must be one of {', '.join(_AVERAGES)}; got {average!r}."
                f"{did_you_mean(str(average), _AVERAGES)}"
            )
        check_numbers("MultiLabelFbeta", "beta", beta, "must be at least 0", lambda number: number >= 0)
        check_thresh("MultiLabelFbeta", thresh, sigmoid)
        self.beta, self.eps, self.thresh, self.sigmoid, self.average = beta, eps, thresh, sigmoid, average
        super().__init__()

    def update(self, output: Tensor, target: Tensor) -> None:
        """Count a batch label by label."""
        chosen = _chosen("MultiLabelFbeta", output, self.thresh, self.sigmoid)  # (N, K)
        actual = label_targets("MultiLabelFbeta", target, output.shape)
        right = (chosen & actual).sum(dim=0)  # (N, K) -> (K,)
        self.add(right=right, predicted=chosen.sum(dim=0), actual=actual.sum(dim=0))

    def fbeta_score(self, precision: Tensor, recall: Tensor) -> Tensor:
        """Return the F-beta of a precision and a recall."""
        beta_2 = self.beta**2
        return (1 + beta_2) * precision * recall / (beta_2 * precision + recall + self.eps)

    def compute(self) -> Tensor:
        """Return the figure of the set; one a label for 'none'."""
        right, predicted, actual = (self.sums[name].double() for name in ("right", "predicted", "actual"))
        if self.average == "micro":
            right, predicted, actual = right.sum(), predicted.sum(), actual.sum()
        score = self.fbeta_score(right / (predicted + self.eps), right / (actual + self.eps))
        if self.average == "macro":
            return score.mean()
        return (score * actual).sum() / (actual.sum() + self.eps) if self.average == "weighted" else score

    def get_state(self, minimal: bool = True) -> dict[str, Any]:
        """Return the settings."""
        return {name: getattr(self, name) for name in ("beta", "eps", "thresh", "sigmoid", "average")}
