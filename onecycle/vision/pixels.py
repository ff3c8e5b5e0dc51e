"""What a picture's pixels are kept as: a float tensor, or an 8-bit array as it came out of its file."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from onecycle.vision.geometry import Geometry, Size
from onecycle.vision.lighting import Light, relight, table
from onecycle.vision.opencv import opencv
from onecycle.vision.resample import resample_bytes, resample_float

__all__: list[str] = []

_MOST_OPENCV_CHANNELS = 4


class Pixels(Protocol):
    """A picture at rest: nothing waits to be done on it."""

    @property
    def size(self) -> Size:
        """(H, W) in pixels."""
        ...

    @property
    def channels(self) -> int:
        """Number of channels."""
        ...

    def resampled(self, geometry: Geometry, mode: str, padding_mode: str) -> Pixels:
        """Return the picture read along a geometry."""
        ...

    def relit(self, light: Light) -> Pixels:
        """Return the picture in another light."""
        ...

    def tensor(self, white: float) -> Tensor:
        """Return float values (C, H, W), an 8-bit value divided by `white`."""
        ...


class FloatPixels:
    """Keep a picture as a float tensor (C, H, W)."""

    __slots__ = ("px",)

    def __init__(self, px: Tensor) -> None:
        self.px = px

    @property
    def size(self) -> Size:
        return self.px.shape[1], self.px.shape[2]

    @property
    def channels(self) -> int:
        return self.px.shape[0]

    def resampled(self, geometry: Geometry, mode: str, padding_mode: str) -> FloatPixels:
        px = self.px if self.px.is_floating_point() else self.px.float()
        return FloatPixels(resample_float(px, geometry, mode, padding_mode))

    def relit(self, light: Light) -> FloatPixels:
        return FloatPixels(relight(self.px, light))

    def tensor(self, white: float) -> Tensor:
        return self.px


class BytePixels:
    """Keep a picture as an 8-bit array (H, W) or (H, W, C).

    Args:
        array: The values.
        full_size: (H, W) in the file, where the array was decoded at a reduced scale.
        cell: How many rows and columns of the file one pixel of the array stands for.
    """

    __slots__ = ("array", "cell", "full_size")

    def __init__(self, array: np.ndarray, full_size: Size | None = None, cell: int = 1) -> None:
        self.array, self.full_size, self.cell = array, full_size, cell

    @property
    def size(self) -> Size:
        return self.full_size or self.array.shape[:2]  # type: ignore[return-value]

    @property
    def channels(self) -> int:
        return 1 if self.array.ndim == 2 else self.array.shape[2]

    def resampled(self, geometry: Geometry, mode: str, padding_mode: str) -> Pixels:
        if self.channels > _MOST_OPENCV_CHANNELS:
            return FloatPixels(self.tensor(255)).resampled(geometry, mode, padding_mode)
        return BytePixels(resample_bytes(self.array, geometry, mode, padding_mode, self.size, self.cell))

    def relit(self, light: Light) -> BytePixels:
        return BytePixels(opencv().LUT(self.array, table(light)))

    def tensor(self, white: float) -> Tensor:
        array = self.array[None] if self.array.ndim == 2 else self.array.transpose(2, 0, 1)  # (C, H, W)
        px = torch.from_numpy(array.astype(np.float32, order="C"))
        return px if white == 1 else px.div_(white)
