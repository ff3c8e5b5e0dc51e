"""Metrics of order: the receiver operating characteristic of two classes and the area under it."""

from __future__ import annotations

import torch
from torch import Tensor

from onecycle.errors import DataError, explain
from onecycle.metrics.base import Metric
from onecycle.metrics.counting import (
    NOT_COUNTED,
    check_no_nan,
    is_at_hand,
    like_shape,
    register_metric,
    whole_set,
)

__all__ = ["AUROC", "auc_roc_score", "roc_curve"]


def _scores(owner: str, output: Tensor) -> Tensor:
    """Return one score an item, larger for class 1: two outputs a row are compared, one is taken as it is."""
    check_no_nan(owner, "output", output)
    if output.ndim < 2 or output.shape[-1] == 1:
        return output.reshape(-1)
    if output.ndim == 2 and output.shape[1] == 2:
        return output.softmax(dim=1)[:, 1]  # (N, 2) -> (N,)
    rule = "must be one score an item, or two columns for two classes"
    raise DataError(explain(owner, "output", rule, output, "Pass the column of one class against the rest."))


def _positive(owner: str, targets: Tensor) -> Tensor:
    """Return which targets are of class 1.

    Raises:
        DataError: they are of more than two classes, of two without 1, or not numbers (looked at on the CPU only).
    """
    if is_at_hand(targets):
        check_no_nan(owner, "targets", targets)
        values = targets.unique().tolist()
        if len(values) > 2 or (len(values) == 2 and 1 not in values):
            cure = "Pass the column and the truth of one class against the rest: (target == 2)."
            raise DataError(explain(owner, "targets", "must be of two classes, 1 and another", values[:5], cure))
    return targets == 1


def roc_curve(input: Tensor, targ: Tensor) -> tuple[Tensor, Tensor]:
    """Return the false and the true positive rate at every threshold, from the strictest on.

    Items of equal score cross the threshold together.

    Args:
        input: Scores, larger for class 1.
        targ: 1 for the positive class, another number for the negative one; -100 does not count.

    Shape: `(N,)`, `(N,)` -> `(T + 1,)`, `(T + 1,)` for T thresholds; the rate of an absent class is NaN.

    Example:
        >>> fpr, tpr = roc_curve(torch.tensor([0.1, 0.4, 0.35, 0.8]), torch.tensor([0, 0, 1, 1]))
        >>> fpr.tolist(), tpr.tolist()
        ([0.0, 0.0, 0.5, 0.5, 1.0], [0.0, 0.5, 0.5, 1.0, 1.0])
    """
    scores = _scores("roc_curve", input)
    targ = like_shape("roc_curve", targ, scores.shape)
    known = targ != NOT_COUNTED
    scores, positive = scores[known], _positive("roc_curve", targ[known])
    scores, order = scores.sort(descending=True)
    true_positives = positive[order].cumsum(0)  # (N,)
    places = torch.arange(1, len(scores) + 1, device=scores.device)
    last_of_ties = torch.ones_like(positive)
    last_of_ties[:-1] = scores[1:] != scores[:-1]
    tp = true_positives[last_of_ties]
    fp = places[last_of_ties] - tp
    return _rate(fp), _rate(tp)


def _rate(counts: Tensor) -> Tensor:
    """Return running counts as shares of the last, with the threshold that nothing passes put first."""
    counts = torch.cat([counts.new_zeros(1), counts])
    return counts / counts[-1]


@whole_set
def auc_roc_score(input: Tensor, targ: Tensor) -> Tensor:
    """Return the area under the receiver operating characteristic; ties count half.

    Args:
        input: Scores, larger for class 1; or two outputs an item.
        targ: 1 for the positive class; -100 does not count.

    Shape: `(N,)` or `(N, 2)`, `(N,)` -> `()`; NaN unless both classes occur.

    Example:
        >>> float(auc_roc_score(torch.tensor([0.1, 0.4, 0.35, 0.8]), torch.tensor([0, 0, 1, 1])))
        0.75
    """
    fpr, tpr = roc_curve(input, targ)
    return torch.trapezoid(tpr, fpr) if len(fpr) > 1 else torch.tensor(float("nan"))  # nothing counts


@register_metric
class AUROC(Metric):
    """Return the area under the receiver operating characteristic of a set with two classes.

    Shape: outputs `(N, 2)` before softmax, or one score an item; targets `(N,)` of 0 and 1; -100, and what the loss
    of the learner ignores, is not counted.
    """

    def __init__(self) -> None:
        super().__init__()

    def update(self, output: Tensor, target: Tensor) -> None:
        """Keep the scores of a batch."""
        scores = _scores("AUROC", output)
        target = like_shape("AUROC", target, scores.shape)
        known = target != (NOT_COUNTED if self.ignore is None else self.ignore)
        self.keep(scores=scores, target=torch.where(known, target, torch.full_like(target, NOT_COUNTED)))

    def compute(self) -> Tensor:
        """Return the area under the curve of all scores."""
        return auc_roc_score(self.kept("scores"), self.kept("target"))
