"""From samples to a batch: stacking columns, packing them, and placing them on a device."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import default_collate

from onecycle.data.batch_parts import named_parts
from onecycle.data.items import ItemBase, MixedItem
from onecycle.errors import ArgumentError, DataError, describe, explain
from onecycle.utils.collections import NamedParts
from onecycle.utils.registry import register

__all__ = ["data_collate"]


def data_of(sample: Any) -> Any:
    """Return what of a sample goes into the batch: an item's data, in tuples, lists and dicts too."""
    if isinstance(sample, ItemBase):
        return data_of(sample.data) if isinstance(sample.data, (list, tuple)) else sample.data
    if isinstance(sample, (list, tuple)) and (len(sample) == 2 or not hasattr(sample, "_fields")):
        return [data_of(part) for part in sample]
    parts = named_parts(sample)
    return sample if parts is None else {key: data_of(part) for key, part in parts.items()}


@register("function")
def data_collate(batch: Sequence[Any]) -> Any:
    """Collate samples into a batch of plain tensors.

    NumPy arrays and Python numbers of double precision become torch's default precision, the one that
    models have; tensors keep theirs. Strings stay a list.

    Args:
        batch: Samples, each an item, a tensor, an array, a number, or a tuple, list, dict, dataclass or named tuple of
            these; the last two become dicts.

    Returns:
        For samples `(x, y)` the list `[xs, ys]` with xs `(N, …)` and ys `(N, …)`.

    Raises:
        DataError: there is no sample, the samples of a column have different sizes or keys, or no tensor can be made
            of them.

    Example:
        >>> data_collate([(np.zeros(2), 0), (np.ones(2), 1)])
        [tensor([[0., 0.],
                [1., 1.]]), tensor([0, 1])]
    """
    if not len(batch):
        raise DataError("data_collate: the batch has no sample. Look at the sampler or batch_sampler that was passed.")
    return _stack([data_of(sample) for sample in batch])


register("function")(default_collate)  # torch's, which ready loaders have


def _stack(column: Sequence[Any]) -> Any:
    """Stack the values of one column, going into tuples, lists and dicts."""
    first = column[0]
    if isinstance(first, Tensor):
        return _stack_tensors(column)
    if isinstance(first, (np.ndarray, np.generic, bool, int, float)):
        return _stack_numbers(column)
    if first is None or isinstance(first, (str, bytes)):
        return list(column)
    if isinstance(first, dict):
        return _stack_dicts(column)
    if isinstance(first, (list, tuple)):
        return _stack_rows(column)
    try:
        return default_collate(list(column))
    except TypeError as error:
        raise _no_tensor(first) from error


def _stack_tensors(column: Sequence[Any]) -> Tensor:
    odd = [value for value in column if not isinstance(value, (Tensor, np.ndarray, np.generic, int, float))]
    if odd:
        raise _no_tensor(odd[0], "a tensor")
    tensors = [value if isinstance(value, Tensor) else _stack_numbers([value])[0] for value in column]
    shapes = {tuple(tensor.shape) for tensor in tensors}
    if len(shapes) > 1:
        raise _different_sizes(shapes)
    return default_collate(tensors)


def _stack_numbers(column: Sequence[Any]) -> Any:
    arrays = [np.asarray(value) for value in column]
    shapes = {array.shape for array in arrays}
    if len(shapes) > 1:
        raise _different_sizes(shapes)
    stacked = np.stack(arrays)
    if stacked.dtype.kind in "OUS":
        return list(column)  # as they are: NumPy would make texts of numbers among texts
    tensor = torch.from_numpy(np.ascontiguousarray(stacked))
    return tensor.to(torch.get_default_dtype()) if tensor.dtype == torch.float64 else tensor


def _stack_dicts(column: Sequence[Any]) -> dict[Any, Any]:
    first = column[0]
    others = [row for row in column if not isinstance(row, dict) or row.keys() != first.keys()]
    if others:
        keys = [sorted(map(str, row)) if isinstance(row, dict) else type(row).__name__ for row in (first, others[0])]
        raise DataError(
            f"data_collate: the samples of a batch must have the same keys; got {keys[0]} and {keys[1]}. Give every "
            f"sample all keys, or pass a collate_fn."
        )
    return {key: _stack([row[key] for row in column]) for key in first}


def _stack_rows(column: Sequence[Any]) -> list[Any]:
    others = [row for row in column if not isinstance(row, (list, tuple))]
    if others:
        raise _no_tensor(others[0], "a list or tuple")
    lengths: set[tuple[int, ...]] = {(len(row),) for row in column}
    if len(lengths) > 1:
        raise _different_sizes(lengths)
    return [_stack(part) for part in zip(*column, strict=True)]


def _different_sizes(shapes: set[tuple[int, ...]]) -> DataError:
    shown = ", ".join(str(shape) for shape in sorted(shapes)[:4])
    more = f" and {len(shapes) - 4} more" if len(shapes) > 4 else ""
    return DataError(
        f"data_collate: the samples of a batch must have one size; got {shown}{more}. "
        f"Give the items one size, e.g. transform(size=224) for pictures, or pass a collate_fn that pads."
    )


def _no_tensor(value: Any, beside: str = "") -> DataError:
    others = f" beside {beside}" if beside else ""
    return DataError(
        f"data_collate: the samples of a batch must be tensors, arrays, numbers, texts, or items with such data; got "
        f"{describe(value)}{others}. Have the list's get() open it, e.g. ImageList for pictures, or pass a collate_fn."
    )


def pack_samples(samples: Sequence[Any]) -> Any:
    """Collate samples for the way to the device: columns whose items can `pack` stay packed.

    Returns:
        What `data_collate` returns, with a `Packed` in the place of the tensors of such columns.
    """
    if isinstance(samples[0], (tuple, list)) and named_parts(samples[0]) is None:
        return [_pack_column(column) for column in zip(*samples, strict=True)]
    return _pack_column(samples)


def _pack_column(column: Sequence[Any]) -> Any:
    first = column[0]
    pack = getattr(type(first), "pack", None)
    if pack is not None and all(type(item) is type(first) for item in column):
        return pack(list(column))
    if isinstance(first, MixedItem):
        return [_pack_column([item.obj[k] for item in column]) for k in range(len(first.obj))]
    return _stack([data_of(item) for item in column])


def place(batch: Any, device: torch.device) -> Any:
    """Return the batch on a device: packed columns unpacked, tensors moved unless they are there."""
    if isinstance(batch, Tensor):
        return batch if batch.device == device else batch.to(device, non_blocking=device.type == "cuda")
    if isinstance(batch, (list, tuple)):
        return [place(part, device) for part in batch]
    if isinstance(batch, Mapping):
        placed = {key: place(part, device) for key, part in batch.items()}
        return NamedParts(placed) if isinstance(batch, NamedParts) else placed
    if hasattr(batch, "unpack"):
        return batch.unpack(device)
    return batch.to(device) if callable(getattr(batch, "to", None)) else batch


def exact_device(device: Any) -> torch.device:
    """Return the device as tensors name it: `cuda` becomes `cuda:<current>`.

    Raises:
        ArgumentError: it is no device, or this machine does not have it; says what it has.
    """
    try:
        found = torch.device(device)
        torch.empty(0, device=found)
    except (RuntimeError, AssertionError, TypeError, NotImplementedError) as error:
        raise ArgumentError(_no_device(device, error)) from error
    if found.type == "cuda" and found.index is None:
        return torch.device("cuda", torch.cuda.current_device())
    return found


def _no_device(device: Any, error: Exception) -> str:
    there = ["'cpu'", *(f"'cuda:{i}'" for i in range(torch.cuda.device_count()))]
    there += ["'mps'"] if torch.backends.mps.is_available() else []
    said = str(error).splitlines()[0][:100] if str(error) else type(error).__name__
    rule = f"must be a device that this machine has ({', '.join(there)})"
    return explain("device", "", rule, device, f"torch says: {said}")
