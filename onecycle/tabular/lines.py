"""One row of a table as an item."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch

from onecycle.data.items import ItemBase
from onecycle.errors import did_you_mean

__all__ = ["TabularLine"]


class TabularLine(ItemBase):
    """Hold one row: codes of its categories and its numbers.

    Args:
        cats: The codes, `(categories,)`.
        conts: The numbers as a model gets them, `(numbers,)`.
        classes: For each column of categories its classes, `#na#` first.
        names: The columns: those of categories, then those of numbers.
        shown: The numbers as a person reads them; `conts` when left out.

    Example:
        >>> TabularLine([1], [0.5], {"work": ["#na#", "state"]}, ["work", "age"])
        TabularLine work state; age 0.5000;
    """

    def __init__(
        self, cats: Any, conts: Any, classes: Mapping[Any, Sequence[Any]], names: Sequence[Any], shown: Any = None
    ) -> None:
        self.cats, self.conts, self.classes, self.names = cats, conts, classes, list(names)
        self.shown = conts if shown is None else shown
        self.data = [torch.as_tensor(cats, dtype=torch.int64), torch.as_tensor(conts, dtype=torch.float32)]
        self.obj = self

    def __str__(self) -> str:
        return " ".join(f"{name} {text};" for name, text in zip(self.names, self.texts(), strict=True))

    def texts(self) -> list[str]:
        """Return the value of each column as text."""
        codes = [int(code) for code in self.data[0]]
        kinds = [str(self.classes[name][code]) for name, code in zip(self.names, codes, strict=False)]
        return kinds + [_number_text(float(value)) for value in np.asarray(self.shown)]

    def __getitem__(self, name: Any) -> str:
        """Return the value of one column as text."""
        if name not in self.names:
            raise KeyError(f"there is no column {name!r}.{did_you_mean(str(name), map(str, self.names))}")
        return self.texts()[self.names.index(name)]


def _number_text(value: float) -> str:
    near = round(value)
    return str(near) if abs(value) >= 1 and abs(value - near) <= 1e-5 * abs(value) else f"{value:.4f}"
