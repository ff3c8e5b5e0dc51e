"""Type aliases and protocols that several rooms share, and the legend of axis letters.

Axis legend, used in shape comments such as `x  # (N, C, H, W)`:

    N  items in a batch          C  channels
    H  height in pixels          W  width in pixels
    L  length of a sequence      F  features
    K  classes                   P  points
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol, TypeVar, Union, runtime_checkable

import numpy as np
from torch import Tensor, nn

__all__ = [
    "Activation",
    "ArrayOrTensor",
    "Classes",
    "FilePathList",
    "Floats",
    "ItemsLike",
    "JsonDict",
    "ListOrItem",
    "LossFunction",
    "ModuleList",
    "OptListOrItem",
    "Packed",
    "PathOrStr",
    "Stateful",
    "TensorOrNumber",
]

T = TypeVar("T")
PathOrStr = Union[Path, str]
FilePathList = Collection[Path]
Floats = Union[float, Collection[float]]
ArrayOrTensor = Union[np.ndarray, Tensor]
TensorOrNumber = Union[Tensor, float, int]
ListOrItem = Union[Collection[Any], int, float, str]
OptListOrItem = Union[ListOrItem, None]
Classes = Sequence[Any]
ItemsLike = Iterable[Any]
ModuleList = Collection[nn.Module]
JsonDict = dict[str, Any]
LossFunction = Callable[..., Tensor]
Activation = Callable[[Tensor], Tensor]


@runtime_checkable
class Packed(Protocol):
    """A column of a batch on its way from a loader to the device."""

    def unpack(self, device: Any) -> Tensor:
        """Return the batch as a tensor on `device`."""
        ...

    def pin_memory(self) -> Packed:
        """Return itself in page-locked memory."""
        ...


@runtime_checkable
class Stateful(Protocol):
    """Something whose settings can be written as JSON and read back."""

    def get_state(self) -> JsonDict:
        """Return the settings as values that JSON knows."""
        ...


class SizedBatches(Protocol):
    """Anything that yields batches and knows how many."""

    def __iter__(self) -> Iterator[Any]: ...

    def __len__(self) -> int: ...
