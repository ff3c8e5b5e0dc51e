"""Images in memory, as `predict` takes them: prepared as a file of the data is, or refused with what to do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from onecycle.errors import ArgumentTypeError, DataError, explain
from onecycle.vision.decode import CHANNELS, pixels_of, upright
from onecycle.vision.opencv import opencv
from onecycle.vision.opening import open_image
from onecycle.vision.picture import Image
from onecycle.vision.pixels import BytePixels, FloatPixels

__all__: list[str] = []

_LOWEST, _HIGHEST = -0.5, 1.5  # of values 0 to 1 that were interpolated or changed in light, and a little beyond
_GREY = (0.299, 0.587, 0.114)  # shares of red, green and blue in what is seen as bright (ITU-R BT.601)
_CURE = "Divide values of 0 to 255 by 255; undo a normalisation with data.denorm(x)."


def as_image(picture: Any, convert_mode: str = "RGB", after_open: Callable[[Any], Any] | None = None) -> Image:
    """Return an `Image` of what holds an image in memory, as a file of the same image would be opened.

    Args:
        picture: A file's bytes, an open file, a Pillow image (turned upright as its EXIF says), a uint8 array (H, W) or
            (H, W, C), or a tensor (C, H, W) of 0 to 1, or of 0 to 255 as whole numbers.
        convert_mode: Pillow's name of the colour mode wanted.
        after_open: Function from a Pillow image to a Pillow image, called where a file would be opened; not for
            tensors, which are taken as they are.

    Raises:
        ArgumentTypeError: it is none of these.
        DataError: a tensor has values outside of 0 to 1, or the channels are not those of the colour mode.
    """
    if isinstance(picture, Tensor):
        return fitted(Image(_as_pixel_values(picture)), convert_mode)
    if isinstance(picture, (bytes, bytearray, memoryview)) or hasattr(picture, "read"):
        return open_image(picture, convert_mode=convert_mode, after_open=after_open)
    if isinstance(picture, np.ndarray) and picture.dtype in (np.uint8, bool) and picture.ndim in (2, 3):
        return _of_array(picture, convert_mode, after_open)
    if hasattr(picture, "getbands"):
        return _of_pillow(picture, convert_mode, after_open)
    rule = "must be an Image, a path, bytes, a Pillow image, a uint8 array (H, W, C) or a tensor (C, H, W)"
    raise ArgumentTypeError(explain("predict", "item", rule, picture, "Pass e.g. open_image(path)."))


def _of_pillow(picture: Any, convert_mode: str, after_open: Callable[[Any], Any] | None) -> Image:
    picture = upright(picture)
    return Image._of(pixels_of(picture if after_open is None else after_open(picture), convert_mode))


def _of_array(array: np.ndarray, convert_mode: str, after_open: Callable[[Any], Any] | None) -> Image:
    if not array.size:
        raise DataError(explain("predict", "item", "must have pixels", array, "Was it cut out of a larger one?"))
    array = np.ascontiguousarray(array if array.dtype == np.uint8 else array.astype(np.uint8) * 255)
    array = array[..., 0] if array.ndim == 3 and array.shape[2] == 1 else array
    if after_open is None:
        return fitted(Image.from_pixels(array), convert_mode)
    from PIL import Image as PILImage

    return _of_pillow(PILImage.fromarray(array), convert_mode, after_open)


def _as_pixel_values(values: Tensor) -> Tensor:
    """Return the values of a tensor as an `Image` takes them: uint8, or float."""
    if values.dtype == torch.bool:
        return values.float()
    if values.is_floating_point() or values.dtype == torch.uint8 or not values.numel():
        return values if values.dtype == torch.uint8 else values.float()
    low, high = int(values.min()), int(values.max())
    if low < 0 or high > 255:
        raise DataError(explain("predict", "item", "must hold whole numbers from 0 to 255", f"{low} to {high}"))
    return values.to(torch.uint8)


def fitted(image: Image, convert_mode: str) -> Image:
    """Return an image with the channels of a colour mode, its values checked; itself where it has them.

    Raises:
        DataError: its values are not from 0 to 1, or there is no way from its channels to the mode.
    """
    have, want = image.shape[0], CHANNELS[convert_mode]
    if isinstance(image._pixels, FloatPixels):
        _check_values(image._pixels.px)
    if have == want:
        return image
    if (have, want) not in _WAYS:
        rule = f"must have the {want} channels of {convert_mode!r}, as the data has"
        cure = "Arrays are (height, width, channels), tensors (channels, height, width)."
        raise DataError(explain("predict", "item", rule, f"{have} channels", cure))
    changed = image.clone()
    pixels = changed.refresh()._pixels
    if isinstance(pixels, BytePixels):
        changed._pixels = BytePixels(_array_in(pixels.array, want))
    else:
        changed.px = _tensor_in(changed.px, want)
    return changed


_WAYS = ((1, 3), (2, 3), (4, 3), (3, 1), (4, 1), (2, 1), (1, 4), (3, 4))


def _check_values(values: Tensor) -> None:
    if values.numel() and not (float(values.min()) >= _LOWEST and float(values.max()) <= _HIGHEST):
        shown = f"{float(values.min()):.4g} to {float(values.max()):.4g}"
        raise DataError(explain("predict", "item", "must hold values from 0 to 1", shown, _CURE))


def _array_in(array: np.ndarray, channels: int) -> np.ndarray:
    """Return an array (H, W) or (H, W, C) with so many channels, as a file is read with."""
    cv2 = opencv()
    colours = array[..., :3] if array.ndim == 3 and array.shape[2] > 2 else array if array.ndim == 2 else array[..., 0]
    if channels == 1:
        return colours if colours.ndim == 2 else cv2.cvtColor(np.ascontiguousarray(colours), cv2.COLOR_RGB2GRAY)
    colours = np.repeat(colours[..., None], 3, axis=2) if colours.ndim == 2 else colours
    opaque = np.full((*colours.shape[:2], channels - 3), 255, np.uint8)
    return np.ascontiguousarray(np.dstack([colours, opaque]))


def _tensor_in(values: Tensor, channels: int) -> Tensor:
    """Return a tensor (C, H, W) of 0 to 1 with so many channels."""
    colours = values[:3] if len(values) > 2 else values[:1]
    if channels == 1:
        return colours if len(colours) == 1 else torch.tensordot(colours.new_tensor(_GREY), colours, dims=1)[None]
    colours = colours.expand(3, -1, -1) if len(colours) == 1 else colours
    return colours.clone() if channels == 3 else torch.cat([colours, torch.ones_like(colours[:1])])
