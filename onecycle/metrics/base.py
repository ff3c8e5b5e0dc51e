"""What a metric is: something that counts each batch of a set, then reduces the count to one figure."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from onecycle.errors import ArgumentTypeError, add_context, describe
from onecycle.metrics.check import check_metric, follows_torchmetrics, is_metric_object, metric_name
from onecycle.metrics.counting import (
    CountingForm,
    counting_form,
    is_whole_set,
    register_metric,
    takes_ignore,
    wide_zero,
)
from onecycle.utils.distributed import gather_tensors, processes_connected
from onecycle.utils.tensors import add_metrics
from onecycle.utils.words import camel2snake

__all__ = ["AverageMetric", "Metric", "as_metric"]


class Metric:
    """Count a set batch by batch and reduce the count to one figure; a base to inherit from.

    A subclass writes `update` (with `self.add` for numbers that may be summed, `self.keep` for rows that must
    be kept) and `compute`. Counts stay on the device of the batch: nothing waits for it until the epoch ends.
    At the end of an epoch the sums and rows of all processes of a distributed run are joined (`join`), so that
    each of them has the figure of the whole set.

    Example:
        >>> class Mistakes(Metric):
        ...     "Count what is wrong."
        ...     def update(self, output, target): self.add(wrong=(output.argmax(-1) != target).sum())
        ...     def compute(self): return self.sums["wrong"]
        >>> m = Mistakes()
        >>> m.update(torch.eye(3), torch.tensor([0, 1, 1]))
        >>> int(m.compute())
        1
    """

    name: str
    sums: dict[str, Any]
    rows: dict[str, list[Tensor]]
    ignore: int | None = None  # a class index that does not count
    _joined = False

    def __init__(self) -> None:
        self.name = camel2snake(type(self).__name__)
        self.reset()

    def reset(self) -> None:
        """Forget every batch."""
        self.sums, self.rows = {}, {}
        self._joined = False

    def update(self, output: Any, target: Any) -> None:
        """Count one batch."""
        raise NotImplementedError(f"{type(self).__name__} must define update(self, output, target).")

    def compute(self) -> Tensor:
        """Return the figure of all batches since `reset`."""
        raise NotImplementedError(f"{type(self).__name__} must define compute(self).")

    def leave_out(self, index: int) -> None:
        """Do not count targets of a class index that the loss of the learner ignores, if nothing else was said."""
        if self.ignore is None:
            self.ignore = index

    # Counting.

    def add(self, **parts: Any) -> None:
        """Add numbers, or tensors of one shape, to the sums of their names."""
        sums = self.sums
        for name, part in parts.items():
            sums[name] = sums[name] + part if name in sums else part

    def keep(self, **parts: Tensor) -> None:
        """Keep the rows of a batch until the set is whole."""
        for name, part in parts.items():
            self.rows.setdefault(name, []).append(part.detach())

    def kept(self, name: str) -> Tensor:
        """Return the kept rows of a name as one tensor."""
        return torch.cat(self.rows[name])

    @property
    def is_empty(self) -> bool:
        """Whether no batch was counted since `reset`."""
        return not self.sums and not self.rows

    # Several processes.

    def state_tensors(self) -> dict[str, Tensor]:
        """Return the sums as tensors; added up over processes they are the sums of the whole set."""
        device = next((v.device for v in self.sums.values() if isinstance(v, Tensor)), None)
        return {name: torch.as_tensor(value, device=device) for name, value in self.sums.items()}

    def row_tensors(self) -> dict[str, Tensor]:
        """Return the kept rows as tensors; concatenated over processes they are those of the whole set."""
        return {name: self.kept(name) for name in self.rows}

    def join(self) -> None:
        """Take in what the other processes have counted; once a set, and alone nothing happens.

        Every process must call it, one without a batch of its own too.
        """
        if self._joined or not processes_connected():
            return
        sums, rows = self.state_tensors(), self.row_tensors()
        place = next((t.device for t in [*sums.values(), *rows.values()]), torch.device("cpu"))
        everyones_sums, everyones_rows = _by_name(gather_tensors(sums)), _by_name(gather_tensors(rows))
        self.load_state(
            {name: torch.stack(parts).sum(0).to(place) for name, parts in everyones_sums.items()},
            {name: torch.cat(parts).to(place) for name, parts in everyones_rows.items()},
        )
        self._joined = True

    def load_state(self, sums: dict[str, Tensor], rows: dict[str, Tensor] | None = None) -> None:
        """Take sums and rows, e.g. those of all processes together, in place of one's own."""
        self.sums = dict(sums)
        self.rows = {name: [value] for name, value in (rows or {}).items()}

    # Settings, as files keep them.

    def get_state(self, minimal: bool = True) -> dict[str, Any]:
        """Return the settings: the keywords that make an equal metric."""
        return {}

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Metric:
        """Make a metric from what `get_state` returned."""
        return cls(**state)

    # The events of the loop.

    def on_train_begin(self, **kwargs: Any) -> None:
        """Begin with nothing counted."""
        self.reset()

    def on_epoch_begin(self, **kwargs: Any) -> None:
        """Begin with nothing counted."""
        self.reset()

    def on_batch_end(self, last_output: Any, last_target: Any, train: bool = False, **kwargs: Any) -> None:
        """Count a batch of the validation set."""
        if train:
            return
        targets = last_target if isinstance(last_target, (list, tuple)) else (last_target,)
        if not torch.is_grad_enabled():  # as in the loop; entering no_grad costs as much as a small sum
            self.update(last_output, *targets)
            return
        with torch.no_grad():
            self.update(last_output, *targets)

    def on_epoch_end(self, last_metrics: Sequence[Any] | None = None, **kwargs: Any) -> dict[str, Any] | None:
        """Add the figure of the set to the row of the epoch."""
        self.join()
        return add_metrics(last_metrics, self.figure())

    def figure(self) -> Tensor:
        """Return `compute()`, or NaN where nothing was counted."""
        return torch.tensor(float("nan")) if self.is_empty else self.compute()

    def __repr__(self) -> str:
        settings = ", ".join(f"{name}={value!r}" for name, value in self.get_state().items())
        return f"{type(self).__name__}({settings})"


def _by_name(everyones: list[dict[str, Tensor]]) -> dict[str, list[Tensor]]:
    """Return for each name the tensors of the processes that have it."""
    names = {name: None for tensors in everyones for name in tensors}
    return {name: [tensors[name] for tensors in everyones if name in tensors] for name in names}


@register_metric
class AverageMetric(Metric):
    """Carry a metric function over a set: by its counting form if it has one, else by its weighted mean.

    Args:
        func: `func(output, target)`, returning one number for a batch. Functions of `onecycle.metrics` (and
            `functools.partial` of them) are counted over the set; any other function's values are averaged,
            weighted by the items of their batch, which is exact for means over items.

    A subclass may read `val` and `count`, of which `val / count` is the figure so far, and may count for itself by
    setting them: `val` the sum of the values times the items of their batches, `count` the items; 0 begins again.

    Raises:
        ArgumentTypeError: `func` does not take (output, target), or returns something that is not one number.

    Example:
        >>> m = AverageMetric(lambda output, target: (output - target).abs().mean())
        >>> m.update(torch.zeros(3), torch.ones(3)); m.update(torch.zeros(1), torch.full((1,), 5.0))
        >>> float(m.compute())
        2.0
    """

    def __init__(self, func: Any) -> None:
        check_metric(func)
        self.func = func
        self._form: CountingForm | None = counting_form(func)
        self._whole = self._form is None and is_whole_set(func)
        super().__init__()
        self.name = metric_name(func)

    def reset(self) -> None:
        """Forget every batch."""
        super().reset()
        self._items = 0
        self._by_hand = False  # a subclass sets `val` and `count`

    @property
    def count(self) -> Any:
        """Return the items that were counted since `reset`."""
        return self.sums.get("n", 0) if self._by_hand else self._items

    @count.setter
    def count(self, value: Any) -> None:
        self._set("n", value)

    @property
    def val(self) -> Any:
        """Return the figure so far times `count`."""
        if self._by_hand:
            return self.sums.get("total", 0.0)
        return 0.0 if self.is_empty else self.compute() * self._items

    @val.setter
    def val(self, value: Any) -> None:
        self._set("total", value)

    def _set(self, name: str, value: Any) -> None:
        """Take a sum of a subclass that counts for itself; a plain 0 begins again."""
        if not isinstance(value, Tensor) and value == 0:
            self.reset()
            return
        if not self._by_hand:
            self.reset()
            self._by_hand = True
        self.sums[name] = value

    def leave_out(self, index: int) -> None:
        """Give the index to the function, if it has a setting `ignore` that is not set."""
        if self._form is not None and takes_ignore(self.func):
            self._form = counting_form(partial(self.func, ignore=index))

    def update(self, output: Any, *targets: Any) -> None:  # type: ignore[override]
        """Count one batch; every target is passed in its place."""
        self._items += len(targets[0])
        if self._by_hand:
            self._add_mean(self._measured(output, targets), len(targets[0]))
        elif self._form is not None:
            self.add(**self._form.count(output, *targets))
        elif self._whole:
            self.keep(output=output, target=targets[0])
        else:
            self._add_mean(self._measured(output, targets), len(targets[0]))

    def _measured(self, output: Any, targets: tuple[Any, ...]) -> Any:
        try:
            return self.func(output, *targets)
        except Exception as error:
            if isinstance(error, TypeError):
                check_metric(self.func, len(targets))  # says it better, if it is the call that does not fit
            add_context(error, metric=self.name)
            raise

    def _add_mean(self, value: Any, n: int) -> None:
        value = self._one_number(value)
        sums = self.sums
        total = sums["total"] if sums else wide_zero(value.device)
        sums["total"] = torch.add(total, value, alpha=n)
        sums["n"] = sums.get("n", 0) + n

    def _one_number(self, value: Any) -> Tensor:
        if isinstance(value, (int, float, np.generic, np.ndarray)):
            value = torch.as_tensor(value)
        if not isinstance(value, Tensor) or value.numel() != 1:
            raise ArgumentTypeError(
                f"metrics: {self.name} must return one number for a batch; got {describe(value)}. "
                f"Reduce it, e.g. with .mean()."
            )
        value = value.detach() if value.requires_grad else value
        return value if value.ndim == 0 else value.reshape(())

    def compute(self) -> Tensor:
        """Return the figure of the set."""
        if self._by_hand:
            return torch.as_tensor(self.sums.get("total", 0.0) / self.sums.get("n", 0))
        if self._form is not None:
            return self._form.finish(**self.sums)
        if self._whole:
            return self.func(self.kept("output"), self.kept("target"))
        return self.sums["total"] / self.sums["n"]

    def get_state(self, minimal: bool = True) -> dict[str, Any]:
        """Return the function."""
        return {"func": self.func}

    def __repr__(self) -> str:
        given = self.func.keywords if isinstance(self.func, partial) else {}
        settings = "".join(f", {name}={value!r}" for name, value in given.items())
        return f"AverageMetric({self.name}{settings})"


def as_metric(thing: Any) -> Any:
    """Return a metric object: itself if it counts on its own, else an `AverageMetric` around the function.

    A metric of torchmetrics, or any object with `update`, `compute` and `reset`, is carried by a `TorchMetric`.

    Raises:
        ArgumentTypeError: it is neither, or has the wrong parameters.
    """
    check_metric(thing)
    if follows_torchmetrics(thing):
        from onecycle.metrics.torchmetrics_adapter import TorchMetric

        return TorchMetric(thing)
    return thing if is_metric_object(thing) else AverageMetric(thing)
