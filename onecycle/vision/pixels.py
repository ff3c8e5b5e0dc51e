"""What a picture's pixels are kept as: a float tensor, or an 8-bit array as it came out of its file."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from onecycle.vision.geometry import Geometry, Size
from onecycle.vision.lighting import Light, Tones, relight, table, tone_table, with_tones
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

    def relit(self, light: Light | Tones) -> Pixels:
        """Return the picture in another light."""
        ...

    def recoloured(self, func: Callable[[np.ndarray], np.ndarray]) -> Pixels:
        """Return what a function makes of the array (H, W) or (H, W, C), 8-bit or float32 from 0 to 1."""
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

    def relit(self, light: Light | Tones) -> FloatPixels:
        return FloatPixels(with_tones(self.px, light) if isinstance(light, Tones) else relight(self.px, light))

    def recoloured(self, func: Callable[[np.ndarray], np.ndarray]) -> FloatPixels:
        array = self.px.detach().cpu().float().permute(1, 2, 0).contiguous().numpy()  # (H, W, C)
        changed = func(array[..., 0] if array.shape[2] == 1 else array).reshape(array.shape)
        return FloatPixels(torch.from_numpy(np.ascontiguousarray(changed.transpose(2, 0, 1))).to(self.px))

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

    def relit(self, light: Light | Tones) -> BytePixels:
        if isinstance(light, Tones):
            return BytePixels(self._with_tones(light))
        return BytePixels(opencv().LUT(self.array, table(light)))

    def _with_tones(self, tones: Tones) -> np.ndarray:
        counts = self._counts() if tones.sees_counts else np.zeros((256, self.channels))
        looked_up = tone_table(tones, counts)  # (256, C)
        if self.channels > _MOST_OPENCV_CHANNELS:
            return looked_up[self.array, np.arange(self.channels)]
        return opencv().LUT(self.array, looked_up[None] if self.array.ndim == 3 else looked_up[:, 0])

    def _counts(self) -> np.ndarray:
        """Return how many pixels have each value in each channel, (256, C)."""
        flat = self.array.reshape(-1, self.channels)
        return np.stack([np.bincount(flat[:, channel], minlength=256) for channel in range(self.channels)], axis=1)

    def recoloured(self, func: Callable[[np.ndarray], np.ndarray]) -> BytePixels:
        return BytePixels(func(self.array))

    def tensor(self, white: float) -> Tensor:
        array = self.array[None] if self.array.ndim == 2 else self.array.transpose(2, 0, 1)  # (C, H, W)
        px = torch.from_numpy(array.astype(np.float32, order="C"))
        return px if white == 1 else px.div_(white)
