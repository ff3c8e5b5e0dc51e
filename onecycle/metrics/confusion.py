"""Metrics read off the confusion matrix of a set: precision, recall, F-beta, kappa, Matthews correlation."""

from __future__ import annotations

import warnings
from typing import Any

import torch
from torch import Tensor

from onecycle.errors import ArgumentError, DataError, did_you_mean, explain
from onecycle.metrics.base import Metric
from onecycle.metrics.counting import check_outputs, class_targets, register_metric, wide
from onecycle.utils.checks import check_numbers

__all__ = ["CMScores", "ConfusionMatrix", "FBeta", "KappaScore", "MatthewsCorreff", "Precision", "Recall"]


def count_pairs(actual: Tensor, predicted: Tensor, num_classes: int, known: Tensor | None = None) -> Tensor:
    """Count how often each class was taken for each: rows are actual classes, columns predicted ones.

    Waits for no device.

    Args:
        actual: Class indices in 0..num_classes-1, as `class_targets` returns them.
        predicted: Class indices.
        num_classes: How many classes there are.
        known: Which of them count; all when None.

    Shape: `(N,)`, `(N,)` -> `(K, K)`
    """
    cell = actual.flatten() * num_classes + predicted.flatten()  # (N,)
    counts = torch.zeros(num_classes * num_classes, dtype=torch.int64, device=cell.device)
    ones = torch.ones_like(cell) if known is None else known.long().flatten()
    return counts.index_add_(0, cell, ones).view(num_classes, num_classes)


@register_metric
class ConfusionMatrix(Metric):
    """Count how often each class was taken for each; rows are actual classes, columns predicted ones.

    The matrix is in `cm` (and `metric`); the epoch's row shows the share on the diagonal.

    Shape: outputs `(N, ..., K)`, targets `(N, ...)`; -100, and what the loss of the learner ignores, is not counted.
    """

    metric: Any = None

    @property
    def cm(self) -> Tensor:
        """The counts, `(K, K)`."""
        if "cm" not in self.sums:
            raise DataError("ConfusionMatrix: cm is there once a batch was counted. Validate first.")
        return self.sums["cm"]

    @property
    def n_classes(self) -> int:
        """How many classes the model tells apart; 0 before the first batch."""
        return len(self.sums["cm"]) if "cm" in self.sums else 0

    def update(self, output: Tensor, target: Tensor) -> None:
        """Count a batch."""
        num_classes = check_outputs(type(self).__name__, output)
        predicted = output.argmax(dim=-1)  # (N, ..., K) -> (N, ...)
        actual, known = class_targets(type(self).__name__, target, predicted.shape, num_classes, self.ignore)
        self.add(cm=count_pairs(actual, predicted, num_classes, known))

    def compute(self) -> Tensor:
        """Return the matrix, `(K, K)`."""
        return self.cm

    def figure(self) -> Tensor:
        """Return the share on the diagonal, and leave the matrix in `metric`."""
        if self.is_empty:
            return super().figure()
        self.metric = self.cm
        return self.cm.diagonal().sum() / self.cm.sum()


class _OneFigure(ConfusionMatrix):
    """A figure that is computed from the matrix."""

    def compute(self) -> Tensor:
        """Return the figure of the set; NaN where nothing of it counts."""
        cm = wide(self.cm)
        figure = self.from_matrix(cm)
        return torch.where(cm.sum() > 0, figure, torch.full_like(figure, float("nan")))

    def figure(self) -> Tensor:
        """Return the figure of the set, left in `metric` too."""
        self.metric = Metric.figure(self)
        return self.metric

    def from_matrix(self, cm: Tensor) -> Tensor:
        """Return the figure of a matrix of floats."""
        raise NotImplementedError(f"{type(self).__name__} must define from_matrix(self, cm).")


_AVERAGES = ("binary", "micro", "macro", "weighted", "none")


def _no_nan(x: Tensor) -> Tensor:
    """Return 0 where a division had nothing to divide by."""
    return torch.nan_to_num(x, nan=0.0)


class CMScores(_OneFigure):
    """Average precision and recall of classes; the base of Precision, Recall and FBeta.

    Args:
        average: 'binary' (the class `pos_label` of two), 'micro' (all classes in one count), 'macro' (mean
            over classes that occur), 'weighted' (mean by how often a class occurs) or None (one figure a
            class). For more than two classes 'binary' means nothing: a warning says so, 'macro' is used.
        pos_label: The class that 'binary' is about.
        eps: Keeps divisions possible.

    Raises:
        ArgumentError: `average` is none of these, or `pos_label` neither 0 nor 1.
    """

    def __init__(self, average: str | None = "binary", pos_label: int = 1, eps: float = 1e-9) -> None:
        if average is not None and average not in _AVERAGES:
            raise ArgumentError(
                f"{type(self).__name__}: average must be one of {', '.join(_AVERAGES)} or None; "
                f"got {average!r}.{did_you_mean(str(average), _AVERAGES)}"
            )
        if pos_label not in (0, 1):
            raise ArgumentError(explain(type(self).__name__, "pos_label", "must be 0 or 1", pos_label))
        self.average, self.pos_label, self.eps = average, pos_label, eps
        super().__init__()

    def score(self, right: Tensor, actual: Tensor, predicted: Tensor) -> Tensor:
        """Return the score of counts: hits, items of the class, items taken for it."""
        raise NotImplementedError(f"{type(self).__name__} must define score(self, right, actual, predicted).")

    def from_matrix(self, cm: Tensor) -> Tensor:
        """Return the averaged score of a matrix."""
        right, actual, predicted = cm.diagonal(), cm.sum(dim=1), cm.sum(dim=0)  # (K,)
        average = self._average_for(len(cm))
        if average == "micro":
            return _no_nan(self.score(right.sum(), actual.sum(), predicted.sum()))
        scores = _no_nan(self.score(right, actual, predicted))  # (K,)
        if average == "binary":
            return scores[self.pos_label]
        if average == "macro":
            return scores[(actual + predicted) > 0].mean()
        return (scores * actual).sum() / actual.sum() if average == "weighted" else scores

    def _average_for(self, num_classes: int) -> str | None:
        if self.average != "binary" or num_classes == 2:
            return self.average
        warnings.warn(
            f"{type(self).__name__}: average='binary' needs two classes; got {num_classes}. 'macro' is used: "
            f"pass {type(self).__name__}(average='macro') to say so.",
            stacklevel=2,
        )
        self.average = "macro"
        return self.average

    def get_state(self, minimal: bool = True) -> dict[str, Any]:
        """Return the settings."""
        return {"average": self.average, "pos_label": self.pos_label, "eps": self.eps}


@register_metric
class Precision(CMScores):
    """Return the share of right ones among the items taken for a class."""

    def score(self, right: Tensor, actual: Tensor, predicted: Tensor) -> Tensor:
        """Return right / predicted."""
        return right / predicted


@register_metric
class Recall(CMScores):
    """Return the share of right ones among the items of a class."""

    def score(self, right: Tensor, actual: Tensor, predicted: Tensor) -> Tensor:
        """Return right / actual."""
        return right / actual


@register_metric
class FBeta(CMScores):
    """Return the weighed harmonic mean of precision and recall, (1 + b^2) right / (b^2 actual + predicted).

    Args:
        average, pos_label, eps: As for `CMScores`.
        beta: How many times as much recall weighs as precision.
    """

    def __init__(
        self, average: str | None = "binary", pos_label: int = 1, eps: float = 1e-9, beta: float = 2
    ) -> None:
        check_numbers(type(self).__name__, "beta", beta, "must be at least 0", lambda number: number >= 0)
        self.beta = beta
        super().__init__(average, pos_label, eps)

    def score(self, right: Tensor, actual: Tensor, predicted: Tensor) -> Tensor:
        """Return the F-beta of counts."""
        return (1 + self.beta**2) * right / (self.beta**2 * actual + predicted + self.eps)

    def on_train_end(self, **kwargs: Any) -> None:
        """Leave the last matrix readable."""

    def get_state(self, minimal: bool = True) -> dict[str, Any]:
        """Return the settings."""
        return {**super().get_state(), "beta": self.beta}


_WEIGHTS = (None, "linear", "quadratic")


@register_metric
class KappaScore(_OneFigure):
    """Return Cohen's kappa: agreement beyond what chance would give.

    Args:
        weights: None (every mistake weighs 1), 'linear' or 'quadratic' (by the distance of the classes).

    Raises:
        ArgumentError: `weights` is none of these.

    Reference: J. Cohen, A coefficient of agreement for nominal scales, 1960.
    """

    def __init__(self, weights: str | None = None) -> None:
        if weights not in _WEIGHTS:
            raise ArgumentError(
                f"KappaScore: weights must be None, 'linear' or 'quadratic'; got {weights!r}."
                f"{did_you_mean(str(weights), _WEIGHTS[1:])}"  # type: ignore[arg-type]
            )
        self.weights = weights
        super().__init__()

    def from_matrix(self, cm: Tensor) -> Tensor:
        """Return 1 - weighed mistakes / weighed mistakes expected by chance."""
        by_chance = cm.sum(dim=1, keepdim=True) @ cm.sum(dim=0, keepdim=True) / cm.sum()  # (K, K)
        cost = self._costs(len(cm)).to(cm)
        return 1 - (cost * cm).sum() / (cost * by_chance).sum()

    def _costs(self, num_classes: int) -> Tensor:
        place = torch.arange(num_classes)
        distance = (place[:, None] - place).abs()  # (K, K)
        if self.weights is None:
            return distance.clamp(max=1)
        return distance if self.weights == "linear" else distance**2

    def get_state(self, minimal: bool = True) -> dict[str, Any]:
        """Return the settings."""
        return {"weights": self.weights}


@register_metric
class MatthewsCorreff(_OneFigure):
    """Return the Matthews correlation coefficient, for any number of classes; 0 where it is not defined.

    Reference: J. Gorodkin, Comparing two K-category assignments by a K-category correlation coefficient,
    Computational Biology and Chemistry, 2004.
    """

    def __init__(self) -> None:
        super().__init__()

    def from_matrix(self, cm: Tensor) -> Tensor:
        """Return covariance(actual, predicted) / root of the product of their variances."""
        actual, predicted, n = cm.sum(dim=1), cm.sum(dim=0), cm.sum()
        together = n * cm.diagonal().sum() - actual @ predicted
        apart = (n**2 - actual @ actual) * (n**2 - predicted @ predicted)
        return _no_nan(together / apart.sqrt())
