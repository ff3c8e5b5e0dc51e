"""The rows of a table as two arrays: numbers of categories, and numbers."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from onecycle.types import JsonDict
from onecycle.utils.budget import inflate
from onecycle.utils.registry import register

__all__: list[str] = []


@register("items")
class TableRows:
    """Hold the processed rows of a table; a batch of them is one index operation.

    To a list of items they look like the numbers of the rows in the table they came from.

    Args:
        numbers: Positions of the rows in their table, `(N,)`.
        codes: Codes of categories, int64 `(N, categories)`; 0 is a missing or unknown one.
        conts: Numbers, float32 `(N, numbers)`.

    Example:
        >>> rows = TableRows(np.arange(3), np.zeros((3, 1), np.int64), np.ones((3, 2), np.float32))
        >>> len(rows[[0, 2]]), rows[2]
        (2, 2)
    """

    def __init__(self, numbers: Any, codes: np.ndarray, conts: np.ndarray) -> None:
        self.numbers = np.asarray(numbers, dtype=np.int64)
        self.codes = np.ascontiguousarray(codes, dtype=np.int64)
        self.conts = np.ascontiguousarray(conts, dtype=np.float32)
        self._tensors = torch.from_numpy(self.codes), torch.from_numpy(self.conts)

    def __len__(self) -> int:
        return len(self.numbers)

    def __iter__(self) -> Iterator[int]:
        return iter(self.numbers.tolist())

    def __getitem__(self, positions: Any) -> Any:
        if isinstance(positions, (int, np.integer)):
            return int(self.numbers[positions])
        if not isinstance(positions, slice):
            positions = np.asarray(positions)
        return TableRows(self.numbers[positions], self.codes[positions], self.conts[positions])

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return self.numbers if dtype is None else self.numbers.astype(dtype)

    def row(self, position: int) -> tuple[np.ndarray, np.ndarray]:
        """Return codes and numbers of one row."""
        return self.codes[position], self.conts[position]

    def batch(self, positions: Tensor) -> list[Tensor]:
        """Return many rows at once.

        Args:
            positions: Which, int64 `(N,)`.

        Returns:
            Codes `(N, categories)` and numbers `(N, numbers)`.
        """
        return [tensor.index_select(0, positions) for tensor in self._tensors]

    def counts(self, column: int, classes: int) -> np.ndarray:
        """Return how many rows have each code of a column of categories, `(classes,)`.

        Args:
            column: Its number.
            classes: How many codes there are.
        """
        return np.bincount(self.codes[:, column], minlength=classes)

    def get_state(self) -> JsonDict:
        """Return the arrays as text."""
        shape = [self.codes.shape[1], self.conts.shape[1]]
        arrays = {name: _as_text(getattr(self, name)) for name in ("numbers", "codes", "conts")}
        return {"rows": len(self), "columns": shape, **arrays}

    @classmethod
    def from_state(cls, state: JsonDict) -> TableRows:
        """Return the rows of `get_state`."""
        count, (categories, numbers) = state["rows"], state["columns"]
        return cls(
            _from_text(state["numbers"], "<i8", count),
            _from_text(state["codes"], "<i8", count * categories).reshape(count, categories),
            _from_text(state["conts"], "<f4", count * numbers).reshape(count, numbers),
        )


def _as_text(values: np.ndarray) -> str:
    packed = zlib.compress(values.astype(values.dtype.newbyteorder("<")).tobytes(), 1)
    return base64.b64encode(packed).decode("ascii")


def _from_text(text: str, dtype: str, count: int) -> np.ndarray:
    kind = np.dtype(dtype)
    packed = base64.b64decode(text)
    return np.frombuffer(bytearray(inflate(packed, "packed rows", count * kind.itemsize)), dtype=kind)


def rows_of(codes: Sequence[np.ndarray], conts: Sequence[np.ndarray], count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return columns of codes and of numbers as two arrays of `count` rows."""
    joined = np.stack(codes, 1) if codes else np.zeros((count, 0), np.int64)
    numbers = np.stack(conts, 1) if conts else np.zeros((count, 0), np.float32)
    return joined, numbers
