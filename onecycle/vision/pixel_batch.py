"""A batch of pictures on its way from the loader to the device."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from onecycle.errors import DataError
from onecycle.utils.large_pages import converted, scaled
from onecycle.vision.opencv import opencv
from onecycle.vision.pixels import BytePixels, Pixels

__all__ = ["PixelBatch"]


class PixelBatch:
    """Hold pictures as one tensor, 8-bit where they are: a quarter of the bytes to move.

    Args:
        values: (N, C, H, W), uint8 or float.
        white: What an 8-bit value is divided by.
        dtype: Type of the unpacked tensor.
    """

    def __init__(self, values: Tensor, white: float = 255.0, dtype: torch.dtype = torch.float32) -> None:
        self.values, self.white, self.dtype = values, white, dtype

    def __len__(self) -> int:
        return len(self.values)

    def pin_memory(self) -> PixelBatch:
        """Return the batch in page-locked memory."""
        return PixelBatch(self.values.pin_memory(), self.white, self.dtype)

    def unpack(self, device: Any, mean: Tensor | None = None, std: Tensor | None = None) -> Tensor:
        """Return the batch on a device in its final type, normalised in the same pass when asked to.

        Args:
            device: Where the tensor is wanted.
            mean: (C,) or (1,) to subtract, in the units of the unpacked values.
            std: (C,) or (1,) to divide by.

        Shape:
            (N, C, H, W)
        """
        values = self.values.to(device, non_blocking=True)
        white = self.white if values.dtype == torch.uint8 else 1.0
        if mean is None or std is None:
            return converted(values, self.dtype, white)
        scale = 1 / (std.to(values.device, self.dtype) * white)
        shift = -mean.to(scale) / std.to(scale)
        return scaled(values, scale.view(-1, 1, 1), shift.view(-1, 1, 1))


def pack_pixels(pictures: Sequence[Pixels], white: float, dtype: torch.dtype) -> PixelBatch:
    """Return pictures at rest as one batch.

    Raises:
        DataError: their shapes differ.
    """
    shapes = [(p.channels, *p.size) for p in pictures]
    if any(shape != shapes[0] for shape in shapes):
        raise DataError(_different(shapes))
    if all(isinstance(p, BytePixels) for p in pictures):
        return PixelBatch(_stack_bytes(pictures, shapes[0]), white, dtype)
    return PixelBatch(torch.stack([p.tensor(white) for p in pictures]), white, dtype)


def _different(shapes: Sequence[tuple[int, ...]]) -> str:
    other = next(i for i, shape in enumerate(shapes) if shape != shapes[0])
    return (
        f"Image.pack: the pictures of a batch must have one shape; got {shapes[0]} for item 0 and {shapes[other]} for "
        f"item {other} of the batch. Give them one size: .transform(tfms, size=224), or pass bs=1."
    )


def _stack_bytes(pictures: Sequence[Any], shape: tuple[int, ...]) -> Tensor:
    batch = np.empty((len(pictures), *shape), np.uint8)  # (N, C, H, W)
    for row, picture in zip(batch, pictures):
        _copy(row, picture.array)
    return torch.from_numpy(batch)


def _copy(row: np.ndarray, array: np.ndarray) -> None:
    """Copy an array (H, W) or (H, W, C) into a row (C, H, W)."""
    if array.ndim == 2:
        row[0] = array
        return
    for channel, plane in enumerate(opencv().split(array)):
        row[channel] = plane
