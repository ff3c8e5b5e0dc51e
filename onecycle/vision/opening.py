"""Opening picture and mask files, and turning Pillow pictures into tensors."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from onecycle.errors import check_function
from onecycle.vision.decode import (
    DEEPEST,
    FilePixels,
    check_mode,
    from_pillow,
    open_pillow,
    pixels_of,
    read_bytes,
)
from onecycle.vision.mask_files import MaskFile, MaskValues, as_pixels, read_mask
from onecycle.vision.picture import Image
from onecycle.vision.pixels import BytePixels, Pixels
from onecycle.vision.rle import rle_decode
from onecycle.vision.segment import ImageSegment

__all__ = ["open_image", "open_mask", "open_mask_rle", "pil2tensor"]


def open_image(
    fn: Any,
    div: bool = True,
    convert_mode: str = "RGB",
    cls: type[Image] = Image,
    after_open: Callable[[Any], Any] | None = None,
) -> Any:
    """Open a picture file, turned upright as its EXIF orientation says.

    Args:
        fn: Path, open binary file or the file's bytes.
        div: Divide the values by 255, to get 0 to 1.
        convert_mode: Colour mode of the result, one of Pillow's: `RGB`, `L` (grey), `RGBA` …
        cls: Class of the result.
        after_open: Function from a Pillow picture to a Pillow picture, called before the conversion.

    Raises:
        DataError: there is no such file, it is empty, damaged or no picture, or its values have no place in 8 bits.
        ArgumentError: `convert_mode` is none of Pillow's.
        ArgumentTypeError: `fn` is no file, or `after_open` no function.

    Example:
        >>> import io
        >>> from PIL import Image as PILImage
        >>> file = io.BytesIO()
        >>> PILImage.new("RGB", (40, 30)).save(file, "png")
        >>> open_image(file.getvalue())
        Image (3, 30, 40)
    """
    if after_open is not None:
        check_function("open_image", "after_open", after_open)
    return _item(_read(fn, check_mode(convert_mode), after_open, deep=not div), div, cls)


def _item(pixels: Pixels, div: bool, cls: type[Image]) -> Any:
    """Return pixels as an item, their values divided or as they are."""
    white = float(cls._white)
    if isinstance(pixels, BytePixels) and (div == (white != 1.0)):
        return cls._of(pixels)
    if isinstance(pixels, BytePixels) and div:
        return cls._of(BytePixels(pixels.array // 255))
    return cls(_divided(pixels) if div else pixels.tensor(1.0))


def _divided(pixels: Pixels) -> Tensor:
    """Return values of more than 8 bits as 0 to 1."""
    values = pixels.tensor(1.0)
    return values / (DEEPEST if values.max() > 255 else 255)


def _read(fn: Any, mode: str, after_open: Callable[[Any], Any] | None, deep: bool) -> Pixels:
    data, name = _bytes_of(fn)
    if after_open is not None:
        return pixels_of(after_open(open_pillow(data, name)), mode, deep, name)
    return _decoded(data, name, mode, deep)


def _decoded(data: bytes, name: Any, mode: str, deep: bool) -> Pixels:
    file = FilePixels(data, mode, name)
    return from_pillow(data, mode, name, deep=True) if deep and file.header is None else file.decoded()


def _bytes_of(fn: Any) -> tuple[bytes, Any]:
    """Return the bytes behind a path, an open file or bytes, and what to call them."""
    if isinstance(fn, (bytes, bytearray, memoryview)):
        return bytes(fn), "what the bytes hold"
    if hasattr(fn, "read"):
        return fn.read(), getattr(fn, "name", "the open file")
    return read_bytes(fn), fn


def open_mask(
    fn: Path | str,
    div: bool = False,
    convert_mode: str = "L",
    after_open: Callable[[Any], Any] | None = None,
    channel: str | None = None,
) -> ImageSegment:
    """Open a mask file: one class index a pixel.

    Args:
        fn: Path, open binary file or the file's bytes.
        div: Divide the values by 255, for masks kept as black and white.
        convert_mode: `L` reads the ids as they are in the file: grey values, or places in its palette. Any other mode
            of Pillow's converts to it first.
        after_open: Function from a Pillow picture to a Pillow picture, called before the conversion.
        channel: The channel of a colour file that holds the ids: `R`, `G`, `B` or `A`.

    Raises:
        DataError: the file's channels differ, so that its brightness is no class id, or it is lossy (JPEG).
    """
    if convert_mode not in ("L", "P"):
        return open_image(fn, div=div, convert_mode=convert_mode, cls=ImageSegment, after_open=after_open)
    mask = _mask(fn, after_open, places=not div)
    return ImageSegment._of(as_pixels(mask.black_and_white(channel) if div else mask.ids(channel)))


def open_indices(
    fn: Any,
    after_open: Callable[[Any], Any] | None = None,
    channel: str | None = None,
    values: MaskValues | None = None,
) -> ImageSegment:
    """Open a mask file whose pixels are class indices: grey values, or places in the palette where it has one.

    Args:
        fn: Path, open binary file or the file's bytes.
        after_open: Function from a Pillow picture to a Pillow picture.
        channel: The channel of a colour file that holds the indices: `R`, `G`, `B` or `A`.
        values: What the values of the file stand for; themselves when None.
    """
    mask = _mask(fn, after_open, places=values is None or not values.in_colour)
    return ImageSegment._of(as_pixels(mask.ids(channel) if values is None else values.read(mask, channel)))


def _mask(fn: Any, after_open: Callable[[Any], Any] | None, places: bool) -> MaskFile:
    if after_open is not None:
        check_function("open_mask", "after_open", after_open)
    data, name = _bytes_of(fn)
    return read_mask(data, name, after_open, places)


def open_mask_rle(mask_rle: str, shape: tuple[int, int]) -> ImageSegment:
    """Return the mask that a run-length code says.

    Args:
        mask_rle: Starts (from 1) and lengths of the runs, separated by blanks.
        shape: (width, height) in pixels.

    Example:
        >>> open_mask_rle("2 3", (4, 2))
        ImageSegment (1, 2, 4)
    """
    return ImageSegment.from_pixels(rle_decode(str(mask_rle), (shape[1], shape[0])))


def pil2tensor(image: Any, dtype: Any) -> Tensor:
    """Return a Pillow picture, or an array (H, W) or (H, W, C), as a tensor (C, H, W).

    Args:
        image: The picture.
        dtype: NumPy type of the values, e.g. `np.float32`.
    """
    array = np.asarray(image)
    array = array[..., None] if array.ndim == 2 else array
    return torch.from_numpy(np.ascontiguousarray(array.transpose(2, 0, 1)).astype(dtype, copy=False))
