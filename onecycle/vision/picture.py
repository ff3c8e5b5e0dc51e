"""Pictures as items: what waits to be done on them is gathered, and done once when the pixels are asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from onecycle.data.items import ItemBase
from onecycle.errors import ArgumentError, ArgumentTypeError, check_keywords, did_you_mean, explain
from onecycle.vision.apply import apply_tfms
from onecycle.vision.decode import FilePixels, check_mode, read_bytes
from onecycle.vision.display import Display
from onecycle.vision.flow import FlowField
from onecycle.vision.geometry import Geometry, View, to_matrix
from onecycle.vision.image_methods import TransformMethods
from onecycle.vision.lighting import Light, Tones, combined, logit
from onecycle.vision.pixel_batch import PixelBatch, pack_pixels
from onecycle.vision.pixel_transforms import check_padding_mode
from onecycle.vision.pixels import BytePixels, FloatPixels, Pixels
from onecycle.vision.resize import tis2hw
from onecycle.vision.transform_base import TfmList, is_composing, works_on_arrays

__all__ = ["Image"]

MODES = ("bilinear", "nearest", "bicubic")
_SAMPLE_KEYS = ("padding_mode", "mode", "remove_out")


class Image(TransformMethods, Display, ItemBase):
    """Hold a picture and the moves and changes of light that wait to be made on it.

    Moves compose into one map and changes of light into one table; the pixels are read once, when `px`, `data`
    or a batch needs them.

    Args:
        px: Float tensor (C, H, W) of values in [0, 1]. A uint8 tensor is taken as 0 to 255.

    Example:
        >>> img = Image(torch.rand(3, 20, 30)); img
        Image (3, 20, 30)
        >>> img.apply_tfms([], size=16)
        Image (3, 16, 16)
    """

    _white: float = 255.0  # an 8-bit value divided by this is the pixel's value
    _pixels: Pixels
    _geometry: Geometry | None = None
    _light: Light | Tones | None = None
    _owned = True
    sample_kwargs: dict[str, Any] = {}

    def __init__(self, px: Tensor) -> None:
        self._pixels = _as_pixels(px, type(self).__name__)

    # ---- making one ----

    @classmethod
    def from_pixels(cls, array: np.ndarray) -> Any:
        """Return a picture on an 8-bit array (H, W) or (H, W, C), which must not be changed afterwards."""
        return cls._of(BytePixels(array))

    @classmethod
    def from_file(cls, fn: Path | str, convert_mode: str = "RGB") -> Any:
        """Return a picture on a file: its bytes are read now, its pixels at the resolution they are needed in.

        Raises:
            DataError: the file is missing or empty; and, when the pixels are needed, it is no picture.
        """
        return cls._of(FilePixels(read_bytes(fn), check_mode(convert_mode), fn))

    @classmethod
    def _of(cls, pixels: Pixels) -> Any:
        made = cls.__new__(cls)
        made._pixels = pixels
        return made

    def clone(self) -> Any:
        """Return a copy; nothing done to one shows in the other."""
        copied = object.__new__(type(self))
        copied.__dict__.update(self.__dict__)
        copied._owned = self._owned = False
        return copied

    # ---- what it is ----

    @property
    def size(self) -> torch.Size:
        """(H, W) in pixels, as it will be once everything that waits is done."""
        return torch.Size(self._frame_size())

    @property
    def shape(self) -> torch.Size:
        """(C, H, W), as it will be once everything that waits is done."""
        return torch.Size((self._pixels.channels, *self._frame_size()))

    def _frame_size(self) -> tuple[int, int]:
        return self._pixels.size if self._geometry is None else self._geometry.size

    @property
    def device(self) -> torch.device:
        """Where the pixels are."""
        return self._pixels.px.device if isinstance(self._pixels, FloatPixels) else torch.device("cpu")

    def __repr__(self) -> str:
        return f"{type(self).__name__} {tuple(self.shape)}"

    __str__ = __repr__

    @property
    def obj(self) -> Any:
        """The picture itself: what a person looks at."""
        return self

    # ---- pixels ----

    def refresh(self) -> Any:
        """Do everything that waits; the picture stays 8-bit when it is."""
        if self._geometry is not None:
            self._resample(self._geometry)
        if self._light is not None:
            self._pixels, self._light, self._owned = self._pixels.relit(self._light), None, True
        if isinstance(self._pixels, FilePixels):
            self._pixels = self._pixels.decoded()
        return self

    def _resample(self, geometry: Geometry) -> None:
        mode, padding_mode = self._sampling()
        padding_mode = geometry.padding_mode or padding_mode
        self._pixels = self._pixels.resampled(geometry, mode, padding_mode)
        self._geometry, self._owned = None, True

    def _sampling(self) -> tuple[str, str]:
        kwargs = self.sample_kwargs
        return kwargs.get("mode", "bilinear"), kwargs.get("padding_mode", "reflection")

    @property
    def px(self) -> Tensor:
        """The pixels, float (C, H, W), with everything done that waits."""
        self.refresh()
        if not isinstance(self._pixels, FloatPixels):
            self._pixels, self._owned = FloatPixels(self._pixels.tensor(self._white)), True
        if not self._owned:
            self._pixels, self._owned = FloatPixels(self._pixels.px.clone()), True
        return self._pixels.px

    @px.setter
    def px(self, value: Tensor) -> None:
        self._pixels, self._owned = FloatPixels(value), True
        self._geometry = self._light = None

    @property
    def data(self) -> Any:
        """The tensor that goes into a batch."""
        return self.px

    @property
    def logit_px(self) -> Tensor:
        """The logits of the pixels; setting them sets the pixels to their sigmoid."""
        return logit(self.px)

    @logit_px.setter
    def logit_px(self, value: Tensor) -> None:
        self.px = torch.sigmoid(value)

    # ---- what waits ----

    def _waiting(self) -> Geometry:
        return Geometry(self._pixels.size) if self._geometry is None else self._geometry

    @property
    def flow(self) -> FlowField:
        """Where each pixel of the result lies in the picture; setting it replaces the moves that wait."""
        geometry = self._waiting()
        return FlowField(geometry.size, geometry.frame_grid())

    @flow.setter
    def flow(self, value: FlowField) -> None:
        size = (int(value.flow.shape[0]), int(value.flow.shape[1]))
        self._geometry = Geometry(size, self._waiting().base, flow=value.flow)

    @property
    def affine_mat(self) -> Tensor:
        """The affine moves that wait, as a 3x3 matrix in square units."""
        return torch.tensor(self._waiting().affine).view(3, 3)

    @affine_mat.setter
    def affine_mat(self, value: Tensor) -> None:
        self._geometry = self._waiting()._replace(affine=to_matrix(value))

    def set_sample(self, **kwargs: Any) -> Any:
        """Say how the pixels are read.

        Args:
            **kwargs: `padding_mode` ('reflection', 'border' or 'zeros'), `mode` ('bilinear', 'nearest' or
                'bicubic'), `remove_out` (leave out points that leave the picture).
        """
        check_keywords("set_sample", kwargs, _SAMPLE_KEYS)
        check_padding_mode(kwargs.get("padding_mode", "reflection"), "apply_tfms")
        mode = kwargs.get("mode", "bilinear")
        if mode not in MODES:
            rule = f"must be one of {', '.join(MODES)}"
            raise ArgumentError(explain("apply_tfms", "mode", rule, mode, did_you_mean(mode, MODES).strip()))
        self.sample_kwargs = kwargs
        return self

    def resize(self, size: int | Sequence[int]) -> Any:
        """Scale the picture to a size in pixels: one number, (H, W) or (C, H, W)."""
        rows, columns = tis2hw(size)
        self._geometry = self._waiting().resized((rows, columns))
        return self

    def affine(self, func: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Move the picture by the 3x3 matrix that `func(*args, **kwargs)` returns."""
        matrix = func(*args, **kwargs)
        matrix = matrix if len(matrix) == 9 else to_matrix(matrix)
        self._geometry = self._before_warp().with_affine(matrix)
        return self

    def coord(self, func: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Move the picture by a function of its `FlowField`."""
        geometry = self._before_warp()
        if is_composing(func):
            self._geometry = geometry.with_homography(func(*args, **kwargs))
        else:
            self._geometry = geometry.with_flow(lambda flow: func(flow, *args, **kwargs))
        return self

    def _before_warp(self) -> Geometry:
        """Return what waits, once nothing of it asks for another padding than a warp will use."""
        geometry = self._waiting()
        if geometry.padding_mode in (None, self._sampling()[1]):
            return geometry
        self._resample(geometry)
        return self._waiting()

    def lighting(self, func: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Change the light by a function of the pixels' logits."""
        if not is_composing(func):
            self.logit_px = func(self.logit_px, *args, **kwargs)
            return self
        self._light = combined(self._light, func(*args, **kwargs))
        return self

    def pixel(self, func: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Change the pixels by a function of them, (C, H, W)."""
        if is_composing(func):
            return self._look_through(func(self._frame_size(), *args, **kwargs))
        if works_on_arrays(func):
            self._pixels = self.refresh()._pixels.recoloured(partial(func, *args, **kwargs))
            self._owned = True
            return self
        self.px = func(self.px, *args, **kwargs)
        return self

    def _look_through(self, view: View) -> Any:
        geometry = self._waiting()
        if view.padding_mode is not None and not self._can_pad(geometry, view.padding_mode):
            self._resample(geometry)
            geometry = self._waiting()
        self._geometry = geometry.with_view(view)
        return self

    def _can_pad(self, geometry: Geometry, padding_mode: str) -> bool:
        """Whether a margin can join what waits: no warp looks outside with another padding."""
        if geometry.flow is not None or geometry.padding_mode not in (None, padding_mode):
            return False
        return geometry.is_still() or padding_mode == self._sampling()[1]

    # ---- all at once ----

    def apply_tfms(
        self,
        tfms: TfmList | Any,
        do_resolve: bool = True,
        xtra: dict[Any, dict[str, Any]] | None = None,
        size: int | Sequence[int] | None = None,
        resize_method: Any = None,
        mult: int | None = None,
        padding_mode: str = "reflection",
        mode: str = "bilinear",
        remove_out: bool = True,
    ) -> Any:
        """Return the transformed picture; this one stays as it is.

        Args:
            tfms: Calls of transforms, e.g. `[rotate(degrees=(-10, 10)), flip_lr(p=0.5)]`, or None.
            do_resolve: Draw the transforms' values anew; False repeats the last draw, as a target needs it.
            xtra: For a transform, values that override those drawn.
            size: Size of the result in pixels: one number or (H, W).
            resize_method: A `ResizeMethod`; CROP for one number and SQUISH for (H, W) when left out.
            mult: Round the size to a multiple of this.
            padding_mode: What lies outside the picture: `reflection`, `border` or `zeros`.
            mode: How places between pixels are read: `bilinear`, `nearest` or `bicubic`.
            remove_out: Leave out points and boxes that leave the picture.

        Raises:
            ArgumentError, ArgumentTypeError: a setting is none of the known ones.
        """
        sample = {"padding_mode": padding_mode, "mode": mode, "remove_out": remove_out}
        return apply_tfms(self, tfms, do_resolve, xtra, size, resize_method, mult, sample)

    # ---- batches ----

    @classmethod
    def pack(cls, items: Sequence[Any]) -> PixelBatch:
        """Return pictures of one size as a batch that travels as 8-bit values where all are 8-bit.

        Raises:
            DataError: the pictures have different shapes.
        """
        return pack_pixels([item.refresh()._pixels for item in items], cls._white, torch.float32)


def _as_pixels(px: Any, owner: str) -> Pixels:
    if not isinstance(px, Tensor) or px.ndim != 3:
        cure = "Pass x[0] of a batch, or pil2tensor(picture, np.float32).div_(255)."
        raise ArgumentTypeError(explain(owner, "px", "must be a tensor (channels, height, width)", px, cure))
    if px.dtype != torch.uint8:
        return FloatPixels(px)
    array = px.detach().cpu().permute(1, 2, 0).numpy()  # (H, W, C)
    return BytePixels(np.ascontiguousarray(array[..., 0] if array.shape[-1] == 1 else array))
