"""Rows of items that could not be read (`on_error="skip"`): put among those of a set, where these items are."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from onecycle.data.addresses import BatchAddress
from onecycle.data.collate import data_of
from onecycle.errors import OnecycleError

__all__: list[str] = []

NO_TARGET = -100  # the class index that torch's losses leave out


@dataclass(frozen=True, slots=True)
class MissingItem:
    """Say where an item that was left out belongs.

    Args:
        row: Its place among all items that were asked for.
        index: Its index in the dataset.
        batch: How many batches came before it.
    """

    row: int
    index: int
    batch: int


class Gaps:
    """Keep count of the items that an iteration of a loader leaves out.

    Attributes:
        items: What was left out so far, in order.
    """

    def __init__(self) -> None:
        self.items: list[MissingItem] = []
        self._asked: list[int] = []
        self._rows = self._opened = self._yielded = 0

    def watched(self, addresses: Iterator[BatchAddress]) -> Iterator[BatchAddress]:
        """Yield addresses, remembering how many items each asks for; workers may be ahead of what was opened."""
        for address in addresses:
            self._asked.append(len(address.indices))
            yield address

    def add(self, left_out: Sequence[tuple[int, int]], is_empty: bool) -> None:
        """Take in the next batch: `(position, index)` of what was left out, and whether nothing is left of it."""
        self.items += [MissingItem(self._rows + place, index, self._yielded) for place, index in sorted(left_out)]
        self._rows += self._asked[self._opened]
        self._opened += 1
        self._yielded += not is_empty


def missing_of(loader: Any, n_batch: int | None = None) -> list[MissingItem]:
    """Return the items that the latest iteration of a loader left out, up to a batch where it was stopped."""
    found = getattr(loader, "missing", [])
    return [item for item in found if n_batch is None or item.batch < n_batch]


def fill_rows(values: Any, missing: Sequence[MissingItem], fill: float = math.nan) -> Any:
    """Return rows of a set with one more for each item that is missing.

    Args:
        values: A tensor `(N, …)`, or a list of such.
        missing: The items that are missing among them.
        fill: What stands in their rows; `NO_TARGET` in whole numbers and False in truth values where it is NaN.

    Shape: `(N, …) -> (N + len(missing), …)`
    """
    if isinstance(values, (list, tuple)):
        return [fill_rows(part, missing, fill) for part in values]
    if fill != fill and not (values.is_floating_point() or values.is_complex()):
        fill = False if values.dtype == torch.bool else NO_TARGET if values.dtype != torch.uint8 else 255
    filled = values.new_full((len(values) + len(missing), *values.shape[1:]), fill)
    there = torch.ones(len(filled), dtype=torch.bool)
    there[[item.row for item in missing]] = False
    filled[there] = values
    return filled


def is_missing_row(values: Any) -> Tensor:
    """Return which rows of a set are those of items that could not be read: all NaN.

    Shape: `(N, …) -> (N,)`
    """
    if isinstance(values, (list, tuple)):
        return is_missing_row(values[0])
    if not isinstance(values, Tensor) or not values.is_floating_point() or values.numel() == 0:
        return torch.zeros(len(values), dtype=torch.bool)
    return values.isnan().reshape(len(values), -1).all(dim=1)


def fill_targets(targets: Any, missing: Sequence[MissingItem], dataset: Any) -> Any:
    """Return targets of a set with one more for each item that is missing: its label, where it can be read.

    Boxes of such an item are none (padding); masks have the index that stands for no class.
    """
    labels = getattr(dataset, "y", None)
    has_boxes = isinstance(targets, (list, tuple)) and getattr(labels, "targets_in_picture", None) == "places"
    ignore = getattr(labels, "ignore", None)
    no_class = isinstance(targets, Tensor) and not targets.is_floating_point() and ignore is not None
    filled = fill_rows(targets, missing, 0 if has_boxes else ignore if no_class and ignore is not None else math.nan)
    if isinstance(filled, Tensor) and labels is not None and not getattr(dataset, "tfm_y", False):
        for item in missing:
            _write(filled[item.row], labels, item.index)
    return filled


def _write(row: Tensor, labels: Any, index: int) -> None:
    """Write a label into its row, if it can be read and has the shape of the others."""
    try:
        target = torch.as_tensor(data_of(labels[index]))
    except (OnecycleError, OSError, TypeError, ValueError, RuntimeError):
        return
    if target.shape == row.shape:
        row.copy_(target)
