"""Metrics of numbers: squared, absolute, logarithmic and relative errors, explained variance."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from onecycle.metrics.base import Metric
from onecycle.metrics.counting import Counts, counted, fraction, like_shape, register_metric, wide

__all__ = [
    "ExpRMSPE",
    "ExplainedVariance",
    "R2Score",
    "RMSE",
    "RegMetrics",
    "exp_rmspe",
    "explained_variance",
    "mae",
    "mean_absolute_error",
    "mean_squared_error",
    "mean_squared_logarithmic_error",
    "mse",
    "msle",
    "r2_score",
    "rmse",
    "root_mean_squared_error",
]


def _pair(owner: str, pred: Tensor, targ: Tensor) -> tuple[Tensor, Tensor]:
    """Return predictions and targets as two long rows of wide floats."""
    return wide(pred).flatten(), wide(like_shape(owner, targ, pred.shape)).flatten()


def _squares(pred: Tensor, targ: Tensor) -> Counts:
    pred, targ = _pair("mean_squared_error", pred, targ)
    return {"hits": (pred - targ).square().sum(), "n": pred.numel()}


def _absolutes(pred: Tensor, targ: Tensor) -> Counts:
    pred, targ = _pair("mean_absolute_error", pred, targ)
    return {"hits": (pred - targ).abs().sum(), "n": pred.numel()}


def _log_squares(pred: Tensor, targ: Tensor) -> Counts:
    pred, targ = _pair("mean_squared_logarithmic_error", pred, targ)
    return {"hits": (pred.log1p() - targ.log1p()).square().sum(), "n": pred.numel()}


def _percent_squares(pred: Tensor, targ: Tensor) -> Counts:
    pred, targ = _pair("exp_rmspe", pred, targ)
    return {"hits": (1 - (pred - targ).exp()).square().sum(), "n": pred.numel()}


def _root(hits: Tensor, n: int) -> Tensor:
    return (hits / n).sqrt()


def _moments(pred: Tensor, targ: Tensor) -> Counts:
    pred, targ = _pair("r2_score", pred, targ)
    error = targ - pred
    return {
        "n": pred.numel(),
        "target": targ.sum(),
        "target_2": targ.square().sum(),
        "error": error.sum(),
        "error_2": error.square().sum(),
    }


_ROUNDING = 1e-14  # of a sum of squares: a smaller spread is that of equal numbers


def _spread(total: Tensor, total_2: Tensor, n: Any) -> Tensor:
    """Return the sum of squared distances from the mean; exactly 0 for equal numbers."""
    spread = total_2 - total.square() / n
    return torch.where(spread <= _ROUNDING * total_2, torch.zeros_like(spread), spread)


def _share_explained(left: Tensor, spread: Tensor) -> Tensor:
    """Return 1 - left / spread; where targets are equal 1 if nothing is left, else 0; NaN where anything is NaN."""
    flat = (left == 0).to(left.dtype)
    share = 1 - left / torch.where(spread == 0, torch.ones_like(spread), spread)
    return torch.where((spread == 0) & ~left.isnan(), flat, share)


def _r2(n: Any, target: Tensor, target_2: Tensor, error: Tensor, error_2: Tensor) -> Tensor:
    figure = _share_explained(error_2, _spread(target, target_2, n))
    return torch.where(torch.as_tensor(n, device=figure.device) > 1, figure, torch.full_like(figure, float("nan")))


def _explained(n: Any, target: Tensor, target_2: Tensor, error: Tensor, error_2: Tensor) -> Tensor:
    return _share_explained(_spread(error, error_2, n), _spread(target, target_2, n))


def _narrow(figure: Tensor) -> Tensor:
    """Return a figure in torch's default float."""
    return figure.to(torch.get_default_dtype())


@counted(_squares, fraction)
def mean_squared_error(pred: Tensor, targ: Tensor) -> Tensor:
    """Return the mean of (pred - targ)^2.

    Shape: any two of equal size -> `()`
    """
    return _narrow(fraction(**_squares(pred, targ)))


@counted(_absolutes, fraction)
def mean_absolute_error(pred: Tensor, targ: Tensor) -> Tensor:
    """Return the mean of |pred - targ|.

    Shape: any two of equal size -> `()`
    """
    return _narrow(fraction(**_absolutes(pred, targ)))


@counted(_squares, _root)
def root_mean_squared_error(pred: Tensor, targ: Tensor) -> Tensor:
    """Return the root of the mean of (pred - targ)^2; over a set, the root of the set's mean.

    Shape: any two of equal size -> `()`
    """
    return _narrow(_root(**_squares(pred, targ)))


@counted(_log_squares, fraction)
def mean_squared_logarithmic_error(pred: Tensor, targ: Tensor) -> Tensor:
    """Return the mean of (log(1 + pred) - log(1 + targ))^2; values are above -1.

    Shape: any two of equal size -> `()`
    """
    return _narrow(fraction(**_log_squares(pred, targ)))


@counted(_percent_squares, _root)
def exp_rmspe(pred: Tensor, targ: Tensor) -> Tensor:
    """Return the root mean squared percentage error of values given as logarithms.

    Both are logarithms; the error of an item is (exp(targ) - exp(pred)) / exp(targ) = 1 - exp(pred - targ).

    Shape: any two of equal size -> `()`
    """
    return _narrow(_root(**_percent_squares(pred, targ)))


@counted(_moments, _explained)
def explained_variance(pred: Tensor, targ: Tensor) -> Tensor:
    """Return 1 - var(targ - pred) / var(targ); a constant offset costs nothing.

    Where all targets are equal it is 1 for predictions that are equal too, else 0.

    Shape: any two of equal size -> `()`
    """
    return _narrow(_explained(**_moments(pred, targ)))


@counted(_moments, _r2)
def r2_score(pred: Tensor, targ: Tensor) -> Tensor:
    """Return the coefficient of determination, 1 - sum (targ - pred)^2 / sum (targ - mean targ)^2.

    Where all targets are equal it is 1 if they are met, else 0; of fewer than two items it is NaN.

    Shape: any two of equal size -> `()`
    """
    return _narrow(_r2(**_moments(pred, targ)))


mse, mae, msle, rmse = (
    mean_squared_error,
    mean_absolute_error,
    mean_squared_logarithmic_error,
    root_mean_squared_error,
)


class RegMetrics(Metric):
    """Sum what figures of numbers need; the base of those below.

    Shape: outputs and targets of equal size, taken as two long rows.
    """

    def update(self, output: Tensor, target: Tensor) -> None:
        """Add the moments of a batch."""
        self.add(**_moments(output, target))


@register_metric
class R2Score(RegMetrics):
    """Return the coefficient of determination of the set: see `r2_score`."""

    def compute(self) -> Tensor:
        """Return the figure of the set."""
        return _r2(**self.sums)


@register_metric
class ExplainedVariance(RegMetrics):
    """Return the explained variance of the set: see `explained_variance`."""

    def compute(self) -> Tensor:
        """Return the figure of the set."""
        return _explained(**self.sums)


@register_metric
class RMSE(RegMetrics):
    """Return the root of the mean squared error of the set: see `root_mean_squared_error`."""

    def compute(self) -> Tensor:
        """Return the figure of the set."""
        return _root(self.sums["error_2"], self.sums["n"])


@register_metric
class ExpRMSPE(RegMetrics):
    """Return the root mean squared percentage error of the set: see `exp_rmspe`."""

    def update(self, output: Tensor, target: Tensor) -> None:
        """Add the squared percentage errors of a batch."""
        self.add(**_percent_squares(output, target))

    def compute(self) -> Tensor:
        """Return the figure of the set."""
        return _root(**self.sums)
