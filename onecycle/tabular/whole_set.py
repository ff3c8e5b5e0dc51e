"""The rows of a set as a model gets them, to be changed column by column and predicted."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from onecycle.data.collate import place
from onecycle.data.loaders import DatasetType
from onecycle.errors import ArgumentError, ArgumentTypeError, DataError, explain
from onecycle.interpret.base import in_order
from onecycle.tabular.rows import TableRows
from onecycle.utils.checks import check_numbers
from onecycle.utils.seeding import Stream
from onecycle.utils.values import nearest

__all__: list[str] = []

_ROWS_AT_ONCE = 4096
_ROWS_READ = 100_000  # of a set that is read from files
_SAMPLE = 11  # the seed of the draw of rows
_MOST_CATEGORIES = 30  # in one plot


class WholeSet:
    """Hold the rows of a set, or some of them, as arrays, to be changed column by column and predicted.

    Args:
        owner: Who asks, for messages.
        learn: The learner.
        ds_type: Which set.
        rows: The most rows to hold, drawn from the set by a seed of their own; all when left out, of a set that is read
            from files 100,000.

    Raises:
        ArgumentTypeError: the learner is not one of a table.
        ArgumentError: `rows` is below 1.
        DataError: the set is empty.
    """

    def __init__(self, owner: str, learn: Any, ds_type: DatasetType, rows: int | None = None) -> None:
        rows_of_learner(owner, learn)
        self.owner, self.learn = owner, learn
        dataset = learn.data.dl(in_order(ds_type)).dataset
        if not len(dataset):
            raise DataError(f"{owner}: the set must hold at least one row; it is empty. Split off a validation set.")
        chosen = _chosen(owner, len(dataset), dataset.x.codes is None, rows)
        self.items = copy.copy(dataset.x)
        self.items.items = dataset.x.items[chosen]
        self.targets = dataset.y.get_batch(chosen)
        self.cat_names, self.cont_names = list(self.items.cat_names), list(self.items.cont_names)
        self.names = [*self.cat_names, *self.cont_names]

    def __len__(self) -> int:
        return len(self.items)

    def is_category(self, name: Any) -> bool:
        """Say whether a column holds categories.

        Raises:
            ArgumentError: there is no such column.
        """
        if name not in self.names:
            raise ArgumentError(no_column(self.owner, name, self.names, "column"))
        return name in self.cat_names

    def column(self, name: Any) -> np.ndarray:
        """Return the codes or the scaled numbers of a column, `(N,)`."""
        if self.is_category(name):
            return self.items.codes[:, self.cat_names.index(name)]
        return self.items.conts[:, self.cont_names.index(name)]

    def outputs(self, name: Any = None, column: Any = None) -> Tensor:
        """Return what the model makes of all rows, `(N, outputs)`.

        Args:
            name: A column in the place of which another one is put; none when left out.
            column: The codes or scaled numbers, `(N,)` or one for all rows.
        """
        codes, conts = self.items.codes.copy(), self.items.conts.copy()
        if name is not None:
            names, values = (self.cat_names, codes) if self.is_category(name) else (self.cont_names, conts)
            values[:, names.index(name)] = column
        changed = copy.copy(self.items)
        changed.items = TableRows(np.arange(len(codes)), codes, conts)
        starts = range(0, len(codes), _ROWS_AT_ONCE)
        parts = [self._predicted(changed, range(len(codes))[at : at + _ROWS_AT_ONCE]) for at in starts]
        return torch.cat(parts)

    def _predicted(self, items: Any, rows: range) -> Tensor:
        batch = place((items.get_batch(rows), self.targets[list(rows)]), self.learn.data.device)
        return self.learn.pred_batch(batch=batch, activ=_unchanged)

    # Values of one column

    def grid_of(self, name: Any, count: int) -> tuple[list[Any], list[Any]]:
        """Return values of a column as a person reads them, and as the model gets them."""
        column = self.column(name)
        if self.is_category(name):
            counts = np.bincount(column, minlength=len(self.items.classes[name]))
            counts[0] = 0
            common = sorted(np.argsort(-counts, kind="stable")[: min(_MOST_CATEGORIES, int((counts > 0).sum()))])
            return [self.items.classes[name][code] for code in common], [int(code) for code in common]
        low, high = np.quantile(column, [0.02, 0.98])
        inner = np.unique(column) if len(np.unique(column)) <= count else np.linspace(low, high, count)
        offset, scale = self._scale(name)
        return [float(offset + scale * value) for value in inner], [float(value) for value in inner]

    def given(self, name: Any, values: list[Any]) -> tuple[list[Any], list[Any]]:
        """Return given values of a column, and how the model gets them.

        Raises:
            ArgumentError: a value is no category of the column, or no number; or there is none.
        """
        if not values:
            cure = "Leave values out for some that are spread over the column."
            raise ArgumentError(explain(self.owner, "values", "must hold at least one value", values, cure))
        if not self.is_category(name):
            check_numbers(self.owner, "values", values, f"must be numbers, as column {name!r} holds")
            offset, scale = self._scale(name)
            return values, [(float(value) - offset) / scale for value in values]
        classes = list(self.items.classes[name])
        for value in values:
            if value not in classes:
                near = nearest(value, classes)
                raise ArgumentError(f"{self.owner}: {value!r} is no category of column {name!r}.{near}")
        return values, [classes.index(value) for value in values]

    def _scale(self, name: Any) -> tuple[float, float]:
        """Return offset and factor that lead from scaled numbers of a column back to its own."""
        place = self.cont_names.index(name)
        ends = np.zeros((2, len(self.cont_names)))
        ends[1, place] = 1.0
        zero, one = (float(row[place]) for row in self.items.processor[0].readable(ends))
        return zero, one - zero


def _chosen(owner: str, count: int, is_read: bool, rows: int | None) -> np.ndarray:
    """Return which rows of a set are held, in their order."""
    if rows is not None:
        check_numbers(owner, "rows", rows, "must be at least 1, or None", lambda most: most >= 1)
    most = min(count, int(rows) if rows is not None else _ROWS_READ if is_read else count)
    return np.arange(count) if most == count else np.sort(Stream(_SAMPLE).permutation(count)[:most])


def _unchanged(outputs: Any) -> Any:
    return outputs


def rows_of_learner(owner: str, learn: Any) -> Any:
    """Return the training rows of a learner.

    Raises:
        ArgumentTypeError: it is no learner, its data are no table, or have no rows.
    """
    data = getattr(learn, "data", None)
    items: Any = getattr(getattr(data, "train_ds", None), "x", None)
    if not hasattr(items, "get_emb_szs"):
        rule = f"must be a learner of a table; got {type(learn).__name__}"
        raise ArgumentTypeError(explain(owner, "learn", rule, cure="Make it with tabular_learner(data, …)."))
    if not isinstance(items.items, TableRows):
        cure = "Give it the data again: learn.data = data."
        raise ArgumentTypeError(f"{owner}: the learner has no rows, as it was loaded from a file. {cure}")
    return items


def no_column(owner: str, name: Any, names: Sequence[Any], what: str) -> str:
    shown = ", ".join(map(repr, names))
    return f"{owner}: {name!r} is no {what} of the inputs.{nearest(name, names)} There are {shown}."
