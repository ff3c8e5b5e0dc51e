"""One row of a table as an item."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from onecycle.data.items import ItemBase
from onecycle.errors import did_you_mean

__all__ = ["TabularLine"]


class PackedLines:
    """Carry a batch of rows to the device.

    Args:
        codes: Codes of categories, int64 `(N, categories)`.
        conts: Numbers, float32 `(N, numbers)`.
    """

    def __init__(self, codes: Tensor, conts: Tensor) -> None:
        self.codes, self.conts = codes, conts

    def unpack(self, device: Any) -> list[Tensor]:
        """Return codes and numbers on the device."""
        return [self.codes.to(device), self.conts.to(device)]

    def pin_memory(self) -> PackedLines:
        """Return the batch in page-locked memory."""
        return type(self)(self.codes.pin_memory(), self.conts.pin_memory())


class TabularLine(ItemBase):
    """Hold one row: codes of its categories and its numbers.

    Args:
        cats: The codes, `(categories,)`.
        conts: The numbers as a model gets them, `(numbers,)`.
        classes: For each column of categories its classes, `#na#` first.
        names: The columns: those of categories, then those of numbers.
        readable: Makes of `conts` the numbers that a person reads; they are shown as they are when left out.

    Example:
        >>> TabularLine([1], [0.5], {"work": ["#na#", "state"]}, ["work", "age"])
        TabularLine work state; age 0.5000;
    """

    def __init__(
        self,
        cats: Any,
        conts: Any,
        classes: Mapping[Any, Sequence[Any]],
        names: Sequence[Any],
        readable: Callable[[Any], Any] | None = None,
    ) -> None:
        self.cats, self.conts, self.classes, self.names = cats, conts, classes, names
        self._readable = readable

    @property
    def obj(self) -> str:  # type: ignore[override]
        """Return the row as a person reads it."""
        return str(self)

    @property
    def data(self) -> list[Tensor]:  # type: ignore[override]
        """Return codes `(categories,)` and numbers `(numbers,)`."""
        return [torch.as_tensor(self.cats, dtype=torch.int64), torch.as_tensor(self.conts, dtype=torch.float32)]

    @classmethod
    def pack(cls, items: Sequence[TabularLine]) -> PackedLines:
        """Return rows as two tensors."""
        if len(items) == 1 and isinstance(items[0].cats, list):
            codes, conts = torch.tensor([items[0].cats]), torch.tensor([items[0].conts])
            return PackedLines(codes.long(), conts.float())
        columns = zip(*(item.data for item in items), strict=True)
        return PackedLines(*(torch.stack(column) for column in columns))

    def __str__(self) -> str:
        return " ".join(f"{name} {text};" for name, text in zip(self.names, self.texts(), strict=True))

    def texts(self) -> list[str]:
        """Return the value of each column as text."""
        codes, conts = (np.asarray(part) for part in self.data)
        shown = conts if self._readable is None else self._readable(conts)
        kinds = [str(self.classes[name][int(code)]) for name, code in zip(self.names, codes, strict=False)]
        return kinds + [_number_text(float(value)) for value in shown]

    def __getitem__(self, name: Any) -> str:
        """Return the value of one column as text."""
        if name not in self.names:
            raise KeyError(f"there is no column {name!r}.{did_you_mean(str(name), map(str, self.names))}")
        return self.texts()[list(self.names).index(name)]


def _number_text(value: float) -> str:
    near = round(value)
    return str(near) if abs(value) >= 1 and abs(value - near) <= 1e-5 * abs(value) else f"{value:.4f}"
