"""The recorder's drawings, and the numbers read off them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from onecycle.errors import ArgumentError, TrainingError, check_keywords, explain
from onecycle.utils.defaults import defaults

__all__: list[str] = []

_AT_LEAST = 3  # points that a gradient needs


def _finish(figure: Any, return_fig: bool | None) -> Any:
    """Return the figure where that is asked for."""
    wanted = defaults.return_fig if return_fig is None else return_fig
    return figure if wanted else None


def _axes(count: int = 1, **keywords: Any) -> tuple[Any, Any]:
    import matplotlib.pyplot as plt

    return plt.subplots(count, 1, **keywords)


def _kept(values: Sequence[float], skip_start: int, skip_end: int) -> tuple[range, list[float]]:
    stop = len(values) - skip_end
    if stop - skip_start < 1:
        raise TrainingError(
            f"Recorder: nothing to plot: {len(values)} steps are recorded and {skip_start} + {skip_end} are skipped. "
            f"Train first, or skip fewer."
        )
    return range(skip_start, stop), list(values[skip_start:stop])


def steepest(lrs: Sequence[float], losses: Sequence[float]) -> float:
    """Return the learning rate where the loss falls fastest a step of the finder.

    Raises:
        TrainingError: fewer than three steps are left.
    """
    if len(losses) < _AT_LEAST:
        raise TrainingError(
            f"Recorder: a suggestion needs at least {_AT_LEAST} steps; {len(losses)} are left. "
            f"Run lr_find with more num_it, or skip fewer."
        )
    return float(lrs[int(np.argmin(np.gradient(np.asarray(losses, dtype=float))))])


def finder(
    lrs: Sequence[float],
    losses: Sequence[float],
    mark: float | None,
    return_fig: bool | None,
    show_grid: bool,
) -> Any:
    """Draw the loss over the learning rate on a logarithmic axis."""
    _kept(losses, 0, 0)
    figure, axes = _axes()
    axes.plot(lrs, losses)
    axes.set(xscale="log", xlabel="Learning Rate", ylabel="Loss")
    if mark is not None:
        at = min(range(len(lrs)), key=lambda i: abs(lrs[i] - mark))
        axes.plot(lrs[at], losses[at], "o", color="tab:red", label=f"steepest: {mark:.2E}")
        axes.legend()
    if show_grid:
        axes.grid(True, which="both", alpha=0.3)
    return _finish(figure, return_fig)


def losses(
    train: Sequence[float],
    valid: Sequence[float | None],
    steps: Sequence[int],
    skip_start: int,
    skip_end: int,
    return_fig: bool | None,
    show_grid: bool,
) -> Any:
    """Draw the training loss a step and the validation loss an epoch."""
    where, kept = _kept(train, skip_start, skip_end)
    figure, axes = _axes()
    axes.plot(where, kept, label="Train")
    ends = [
        (end, loss) for end, loss in zip(np.cumsum(steps), valid) if loss is not None and end > skip_start
    ]
    if ends:
        xs, ys = zip(*ends)
        axes.plot(xs, ys, marker="o", label="Validation")
    axes.set(xlabel="Batches processed", ylabel="Loss")
    axes.legend()
    if show_grid:
        axes.grid(True, alpha=0.3)
    return _finish(figure, return_fig)


def rates(
    lrs: Sequence[float],
    moms: Sequence[float] | None,
    skip_start: int,
    skip_end: int,
    return_fig: bool | None,
) -> Any:
    """Draw the learning rate a step, and the momentum beside it."""
    import matplotlib.pyplot as plt

    where, kept = _kept(lrs, skip_start, skip_end)
    panels = 1 if moms is None else 2
    figure, grid = plt.subplots(1, panels, figsize=(6 * panels, 4), squeeze=False)
    grid[0, 0].plot(where, kept)
    grid[0, 0].set(xlabel="Iterations", ylabel="Learning Rate")
    if moms is not None:
        grid[0, 1].plot(where, _kept(moms, skip_start, skip_end)[1])
        grid[0, 1].set(xlabel="Iterations", ylabel="Momentum")
    figure.tight_layout()
    return _finish(figure, return_fig)


def metrics(
    values: Sequence[Sequence[float]],
    names: Sequence[str],
    steps: Sequence[int],
    skip_start: int,
    skip_end: int,
    return_fig: bool | None,
    show_grid: bool,
) -> Any:
    """Draw one panel a metric."""
    if not values or not values[0]:
        raise TrainingError("Recorder: there is no metric to plot. Pass metrics= to the learner and train.")
    ends = np.cumsum(steps)
    figure, grid = _axes(len(names), figsize=(6, 3 * len(names)), squeeze=False)
    for panel, name, column in zip(grid[:, 0], names, zip(*values)):
        kept = slice(skip_start, len(column) - skip_end)
        panel.plot(ends[: len(column)][kept], column[kept], marker="o")
        panel.set(ylabel=name, xlabel="Batches processed")
        if show_grid:
            panel.grid(True, alpha=0.3)
    figure.tight_layout()
    return _finish(figure, return_fig)


def _residual(roughness: np.ndarray, ys: np.ndarray, weight: float) -> tuple[np.ndarray, float]:
    fitted = np.linalg.solve(np.eye(len(ys)) + weight * roughness, ys)
    return fitted, float(((ys - fitted) ** 2).sum())


def _roughness(n: int) -> np.ndarray:
    """Return the matrix K with y' K y = the integral of the squared second derivative of the spline through y."""
    second = np.diff(np.eye(n), n=2, axis=0)  # (n - 2, n)
    gram = (
        np.diag(np.full(n - 2, 2 / 3))
        + np.diag(np.full(n - 3, 1 / 6), 1)
        + np.diag(np.full(n - 3, 1 / 6), -1)
    )
    return second.T @ np.linalg.solve(gram, second)


def smoothed(ys: Sequence[float], s: float | None = None, k: int = 3, **unknown: Any) -> np.ndarray:
    """Return a cubic smoothing spline's values: the smoothest curve with squared residuals of at most `s`.

    Args:
        ys: Values at equal steps.
        s: Sum of squared residuals to allow; a hundredth of that around the mean when None.
        k: Degree; only 3 is known.

    Raises:
        ArgumentError: the degree is not 3.

    Reference: Reinsch, "Smoothing by spline functions" (1967); Green and Silverman (1994), section 2.3.
    """
    check_keywords("smoothen_by_spline", unknown, ("s", "k"))
    if k != 3:
        raise ArgumentError(explain("smoothen_by_spline", "k", "must be 3, a cubic spline", k))
    values = np.asarray(ys, dtype=float)
    if len(values) < _AT_LEAST + 1:
        return values
    allowed = s if s is not None else 0.01 * float(((values - values.mean()) ** 2).sum())
    return _smoothest_within(values, allowed)


def _smoothest_within(values: np.ndarray, allowed: float) -> np.ndarray:
    """Halve the interval of the weight's logarithm until the residuals just fit."""
    roughness, low, high = _roughness(len(values)), -12.0, 8.0
    fitted = values
    for _ in range(40):
        middle = (low + high) / 2
        trial, residual = _residual(roughness, values, 10.0**middle)
        if residual <= allowed:
            fitted, low = trial, middle
        else:
            high = middle
    return fitted
