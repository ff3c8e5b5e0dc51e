"""Records how large the outputs of layers are while they learn, and draws it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from onecycle.callbacks import activation_plots
from onecycle.callbacks.hook_callback import HookCallback
from onecycle.errors import ArgumentError, TrainingError, explain
from onecycle.nn.summary import get_layer_name
from onecycle.utils.checks import check_numbers
from onecycle.utils.values import to_list

__all__ = ["ActivationStats"]

_FIGURES = 3  # mean, standard deviation, share near zero; the histogram follows
_SAMPLE = 16_384  # values of an output that its histogram looks at: the error of a share is below 1 %


class ActivationStats(HookCallback):
    """Record mean, standard deviation, share near zero and histogram of the outputs of layers, step by step.

    A layer that trains well keeps its standard deviation near 1 and few values near zero; a mean that drifts and
    a histogram that collapses onto zero show a rate too high or first values too small, long before the loss does.

    Args:
        learn: The learner.
        modules: The layers, or one; all that have a weight when None.
        do_remove: Take the hooks off when training ends.
        every: Record each so many training steps.
        bins: Cells of a histogram.
        hist_range: Smallest and largest value of the histograms; what lies beyond counts in the cell at the edge.
        near: What counts as near zero: an absolute value of at most this.

    Attributes:
        stats: After training, a tensor `(2, layers, records)`: means, then standard deviations.
        near_zero: Share of values near zero, 0..1, `(layers, records)`.
        hists: Histograms as shares, `(layers, bins, records)`.
        iterations: The training steps that were recorded.
        layer_names: Where each layer stands in the model, and its class.

    Mean and deviation are of all values (the deviation is good to 1 % while the mean is below 300 times as large).
    Of an output with more than 16,384 values, histogram and share near zero are taken of so many, evenly spread.
    A layer that is not called in a step has NaN there.

    Raises:
        ArgumentError: `every` or `bins` is less than 1, or `hist_range` does not rise.
    """

    def __init__(
        self,
        learn: Any,
        modules: Iterable[nn.Module] | nn.Module | None = None,
        do_remove: bool = True,
        every: int = 1,
        bins: int = 40,
        hist_range: tuple[float, float] = (-5.0, 5.0),
        near: float = 0.05,
    ) -> None:
        _check(every, bins, hist_range)
        super().__init__(learn, modules, do_remove)
        check_numbers("ActivationStats", "near", near, "must be at least 0", lambda value: value >= 0)
        self.every, self.bins, self.hist_range, self.near = every, bins, hist_range, near
        self._clear()

    def _clear(self) -> None:
        self._records: list[Tensor] = []
        self._watching = False
        self.stats: Any = []
        self.near_zero: Any = []
        self.hists: Any = []
        self.iterations: list[int] = []

    def on_train_begin(self, **kwargs: Any) -> None:
        """Begin with nothing recorded."""
        super().on_train_begin(**kwargs)
        self._clear()
        places = {id(layer): name for name, layer in self.learn.model.named_modules()}
        self.layer_names = [f"{places.get(id(m), '')} {get_layer_name(m)}".strip() for m in self.modules or []]

    def on_batch_begin(self, train: bool, iteration: int, **kwargs: Any) -> None:
        """Settle whether this batch is recorded."""
        self._watching = train and iteration % self.every == 0
        for hook in self.hooks or ():
            hook.stored = None

    def hook(self, m: nn.Module, i: Any, o: Any) -> Tensor | None:
        """Return what is recorded of an output, on its device; None for a batch that is not recorded."""
        if not self._watching:
            return None
        first = o[0] if isinstance(o, (list, tuple)) else o
        values = first.detach().float()
        mean, deviation = _mean_and_deviation(values)
        sample = _spread(_flat(values))
        share = (sample.abs() <= self.near).float().mean()
        low, high = self.hist_range
        counts = torch.histc(sample.clamp(low, high), self.bins, low, high)
        return torch.cat([torch.stack([mean, deviation, share]), counts / sample.numel()])

    def on_batch_end(self, train: bool, iteration: int, **kwargs: Any) -> None:
        """Keep the record of a training step."""
        if not self._watching or self.hooks is None:
            return
        rows = self.hooks.stored
        seen = next((row for row in rows if row is not None), None)
        if seen is not None:
            missing = torch.full_like(seen, torch.nan)
            self._records.append(torch.stack([missing if row is None else row for row in rows]))
            self.iterations.append(iteration)

    def on_train_end(self, **kwargs: Any) -> None:
        """Gather all records."""
        super().on_train_end(**kwargs)
        if self._records:
            table = torch.stack(self._records).cpu().permute(2, 1, 0)  # (3 + bins, layers, records)
            self.stats, self.near_zero = table[:2], table[2]
            self.hists = table[_FIGURES:].transpose(0, 1)  # (layers, bins, records)
            self._records = []

    def plot_layer_stats(self, idx: int | Sequence[int] | None = None, return_fig: bool | None = None) -> Any:
        """Draw mean, standard deviation and share near zero over the steps, a line a layer.

        Args:
            idx: Index of a layer, or several; all when left out.
            return_fig: Whether to return the figure; `defaults.return_fig` when None.

        Raises:
            TrainingError: nothing is recorded yet.
            ArgumentError: there is no such layer.
        """
        chosen = self._chosen("plot_layer_stats", idx)
        table = torch.cat([self.stats, self.near_zero[None]])  # (3, layers, records)
        names = [self.layer_names[i] for i in chosen]
        return activation_plots.lines(table[:, chosen].numpy(), self.iterations, names, self.near, return_fig)

    def plot_hist(self, idx: int | Sequence[int] | None = None, return_fig: bool | None = None) -> Any:
        """Draw how the values of each layer are spread, a column a step: the brighter, the more (logarithmic).

        Args:
            idx: Index of a layer, or several; all when left out.
            return_fig: Whether to return the figure; `defaults.return_fig` when None.

        Raises:
            TrainingError: nothing is recorded yet.
            ArgumentError: there is no such layer.
        """
        chosen = self._chosen("plot_hist", idx)
        names = [self.layer_names[i] for i in chosen]
        return activation_plots.histograms(
            self.hists[chosen].numpy(), self.iterations, names, self.hist_range, return_fig
        )

    def _chosen(self, owner: str, idx: int | Sequence[int] | None) -> list[int]:
        if not len(self.stats):
            raise TrainingError(
                f"{owner}: ActivationStats has recorded nothing yet. Train with it: "
                f"Learner(…, callback_fns=ActivationStats), then learn.fit(…)."
            )
        count = self.stats.shape[1]
        chosen = list(range(count)) if idx is None else to_list(idx)
        for index in chosen:
            if not -count <= index < count:
                raise ArgumentError(explain(owner, "idx", f"must lie in 0..{count - 1}", index))
        return [index % count for index in chosen]


def _check(every: int, bins: int, hist_range: tuple[float, float]) -> None:
    for name, value in {"every": every, "bins": bins}.items():
        if not isinstance(value, int) or value < 1:
            raise ArgumentError(explain("ActivationStats", name, "must be a whole number of at least 1", value))
    if not hist_range[0] < hist_range[1]:
        raise ArgumentError(explain("ActivationStats", "hist_range", "must be (smallest, largest)", hist_range))


def _mean_and_deviation(values: Tensor) -> tuple[Tensor, Tensor]:
    """Return both in two fast passes; torch.var_mean takes twenty times as long on a CPU."""
    mean = values.mean()
    squares = torch.linalg.vector_norm(values).square() / values.numel()
    return mean, (squares - mean.square()).clamp(min=0).sqrt()


def _flat(values: Tensor) -> Tensor:
    """Return all values in a row, in the order in which they lie in memory where that needs no copy."""
    if values.ndim == 4 and values.is_contiguous(memory_format=torch.channels_last):
        values = values.permute(0, 2, 3, 1)  # (N, C, H, W) -> (N, H, W, C)
    return values.reshape(-1)


def _spread(values: Tensor) -> Tensor:
    """Return at most `_SAMPLE` values, evenly spread; the step shares no factor with the shape's period."""
    step = math.ceil(values.numel() / _SAMPLE)
    while step > 1 and math.gcd(step, values.numel()) > 1:
        step += 1
    return values[::step]
