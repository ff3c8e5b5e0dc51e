"""From the bytes of a picture file to pixels: OpenCV for plain JPEG and PNG files, Pillow for all others."""

from __future__ import annotations

import io
import os
import re
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from onecycle.errors import (
    ArgumentError,
    ArgumentTypeError,
    DataError,
    OnecycleError,
    OutOfMemoryError,
    did_you_mean,
    explain,
)
from onecycle.utils.files import FileReadError, is_fault_of_machine
from onecycle.vision.geometry import Geometry, Size
from onecycle.vision.headers import JPEG_START, PNG_START, Header, plain_header, what_it_is
from onecycle.vision.lighting import Light, Tones
from onecycle.vision.opencv import opencv
from onecycle.vision.picture_faults import fault_of
from onecycle.vision.pillow import open_image_file
from onecycle.vision.pixels import BytePixels, FloatPixels, Pixels
from onecycle.vision.resample import reduction

__all__: list[str] = []

CHANNELS = {"RGB": 3, "L": 1, "RGBA": 4, "LA": 2, "CMYK": 4, "YCbCr": 3, "LAB": 3, "HSV": 3, "1": 1, "P": 1,
             "I": 1, "I;16": 1, "F": 1, "RGBX": 4, "RGBa": 4, "La": 2}  # fmt: skip
_WIDE_MODES = ("I", "I;16", "F")  # Pillow's modes of more than 8 bits a channel
DEEPEST = 65535  # white of a 16-bit picture
_DEEP = 257  # a 16-bit value divided by this is the nearest 8-bit one: 65535 / 255
_REDUCTIONS = (8, 4, 2)  # what libjpeg can decode at cheaply


def _as_path(path: Any) -> Any:
    """Return a path, or refuse what is none."""
    if not isinstance(path, (str, os.PathLike)):
        cure = (
            "Of a tensor (channels, height, width) of 0 to 1 make an Image: Image(tensor); of a Pillow picture or an "
            "array Image(pil2tensor(picture, np.float32).div_(255))."
        )
        raise ArgumentTypeError(explain("open_image", "fn", "must be a path, an open file or bytes", path, cure))
    return path


def read_bytes(path: Path | str) -> bytes:
    """Return all bytes of a file.

    Raises:
        DataError: there is no such file, it cannot be read, or it is empty.
        FileReadError: the machine is at fault, such as too many open files.
    """
    try:
        handle = os.open(_as_path(path), os.O_RDONLY | getattr(os, "O_BINARY", 0))
    except (OSError, ValueError) as error:  # ValueError: a zero byte in the name
        cure = f"{_padded_name(path)}Check the path; relative ones start at {Path.cwd()}."
        raise _not_read(f"open_image: {path} cannot be opened", error, cure) from error
    try:
        data = _read_all(handle)
    except OSError as error:
        raise _not_read(f"open_image: {path} cannot be read", error, "Pass a picture file.") from error
    finally:
        os.close(handle)
    if not data:
        raise _unreadable(path, data, None)
    return data


def _not_read(what: str, error: OSError | ValueError, cure: str) -> OnecycleError:
    """Return the error of a file that the system does not give: the item's fault, or the machine's."""
    reason = getattr(error, "strerror", None) or str(error)
    if isinstance(error, OSError) and is_fault_of_machine(error):
        raised = FileReadError(f"{what} ({reason}). That says nothing about the file: look at the machine.")
        raised.errno = error.errno
        return raised
    return DataError(f"{what} ({reason}). {cure}")


def _padded_name(path: Any) -> str:
    """Return a sentence about a file that is called as the missing one with zeros in front, or an empty text."""
    file = Path(path)
    number = file.stem.removesuffix(".0")
    if not number.isdecimal() or not file.parent.is_dir():
        return ""
    wanted = re.compile(rf"0*{int(number)}{re.escape(file.suffix)}")
    twin = next((name for name in os.listdir(file.parent) if wanted.fullmatch(name) and name != file.name), None)
    if twin is None:
        return ""
    return f"There is {twin}: read the column of names as text, e.g. pd.read_csv(file, dtype=str). "


def _read_all(handle: int) -> bytes:
    size = os.fstat(handle).st_size
    data = os.read(handle, size + 1)
    if len(data) >= size:
        return data
    parts = [data]
    while part := os.read(handle, 1 << 20):
        parts.append(part)
    return b"".join(parts)


def check_mode(mode: str) -> str:
    """Return a colour mode that Pillow knows.

    Raises:
        ArgumentError: it knows none of this name.
    """
    if mode in CHANNELS:
        return mode
    raise ArgumentError(
        f"open_image: convert_mode must be one of Pillow's modes ({', '.join(CHANNELS)}); got {mode!r}."
        f"{did_you_mean(mode, CHANNELS)}"
    )


class FilePixels:
    """Keep a picture as the bytes of its file until it is known at which resolution it will be read.

    Args:
        data: The whole file.
        mode: Colour mode of the result, one of Pillow's.
        name: What errors call the file.
    """

    __slots__ = ("_array", "data", "header", "mode", "name")

    def __init__(self, data: bytes, mode: str = "RGB", name: Any = "the file") -> None:
        self.data, self.mode, self.name = data, mode, name
        self.header = plain_header(data) if mode in ("RGB", "L") else None
        self._array: Pixels | None = None

    @property
    def size(self) -> Size:
        return self.header.upright_size if self.header else self.decoded().size

    @property
    def channels(self) -> int:
        return CHANNELS[self.mode]

    def decoded(self, scale: int = 1) -> Pixels:
        """Return the pixels, one of them for `scale` by `scale` of the file's."""
        if self._array is not None:
            return self._array
        found = self._by_opencv(scale) if self.header else None
        if found is None:
            found = from_pillow(self.data, self.mode, self.name)
        if scale == 1:
            self._array = found
        return found

    def _by_opencv(self, scale: int) -> Pixels | None:
        header = self.header
        assert header is not None
        if _is_suspect(header, self.data):
            return None
        array = decode_by_opencv(self.data, _imread_flags(header, self.mode, scale))
        if array is None:
            return None  # Pillow will say what is wrong
        array = _in_mode(array, self.mode, scale)
        if scale > 1:
            return BytePixels(array, header.size, scale)
        return BytePixels(_upright(array, header.orientation))

    def resampled(self, geometry: Geometry, mode: str, padding_mode: str) -> Pixels:
        scale = 1
        if self.header is not None and self.header.kind == "jpeg" and self.header.orientation == 1:
            cell = min(reduction(geometry, self.header.size, mode))
            scale = next((k for k in _REDUCTIONS if k <= cell), 1)
        return self.decoded(scale).resampled(geometry, mode, padding_mode)

    def relit(self, light: Light | Tones) -> Pixels:
        return self.decoded().relit(light)

    def recoloured(self, func: Callable[[np.ndarray], np.ndarray]) -> Pixels:
        return self.decoded().recoloured(func)

    def tensor(self, white: float) -> torch.Tensor:
        return self.decoded().tensor(white)


_PIXELS_A_BYTE = 1032  # deflate, the most compact of the two, unfolds a byte to so many at most (RFC 1951)


def _is_suspect(header: Header, data: bytes) -> bool:
    """Say whether a header declares more pixels than Pillow would open, and more than the file can hold."""
    from PIL import Image as PILImage

    pixels = header.size[0] * header.size[1]
    limit = PILImage.MAX_IMAGE_PIXELS
    return limit is not None and pixels > 2 * limit and pixels > _PIXELS_A_BYTE * len(data)


def decode_by_opencv(data: bytes, flags: int) -> np.ndarray | None:
    """Return the pixels of an image file's bytes; None where OpenCV cannot read them."""
    cv2 = opencv()
    try:
        return cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    except cv2.error:  # too many pixels for it, or too little memory
        return None


def _imread_flags(header: Header, mode: str, scale: int) -> int:
    cv2 = opencv()
    grey = mode == "L" and header.grey
    if scale > 1:
        name = f"IMREAD_REDUCED_{'GRAYSCALE' if grey else 'COLOR'}_{scale}"
        return getattr(cv2, name) | cv2.IMREAD_IGNORE_ORIENTATION
    return (cv2.IMREAD_GRAYSCALE if grey else _colour_flag(cv2, mode)) | cv2.IMREAD_IGNORE_ORIENTATION


def _colour_flag(cv2: Any, mode: str) -> int:
    """Return the flag that gives red, green, blue where this OpenCV has one (since 4.11)."""
    return getattr(cv2, "IMREAD_COLOR_RGB", cv2.IMREAD_COLOR) if mode == "RGB" else cv2.IMREAD_COLOR


def _is_rgb(cv2: Any, scale: int) -> bool:
    return scale == 1 and hasattr(cv2, "IMREAD_COLOR_RGB")


def _in_mode(array: np.ndarray, mode: str, scale: int) -> np.ndarray:
    """Return what OpenCV decoded in the mode asked for, as Pillow's `convert` gives it."""
    cv2 = opencv()
    if array.ndim == 2 or (mode == "RGB" and _is_rgb(cv2, scale)):
        return array
    return cv2.cvtColor(array, cv2.COLOR_BGR2GRAY if mode == "L" else cv2.COLOR_BGR2RGB)


def _upright(array: np.ndarray, orientation: int) -> np.ndarray:
    """Return an array as its EXIF orientation wants it seen (EXIF 2.3, tag 0x0112)."""
    if orientation == 1:
        return array
    if orientation > 4:
        array = array.swapaxes(0, 1)
    down, right = {2: (1, -1), 3: (-1, -1), 4: (-1, 1), 5: (1, 1), 6: (1, -1), 7: (-1, -1), 8: (-1, 1)}[
        orientation
    ]
    return np.ascontiguousarray(array[::down, ::right])


def open_pillow(data: bytes, name: Any) -> Any:
    """Return the file's first picture as Pillow reads it, every pixel loaded and upright.

    Raises:
        DataError: the file is damaged, too large, or no picture; names it, what it holds and what can be done.
        OutOfMemoryError: there is not enough memory for its pixels.
    """
    picture = None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # damaged metadata is no reason to give up the pixels
        try:
            picture = open_image_file(io.BytesIO(data))
            picture.load()
        except Exception as error:  # Pillow's readers raise OSError, SyntaxError, ValueError, struct.error, …
            raise _unreadable(name, data, error, picture) from error
    return upright(picture)


def upright(picture: Any) -> Any:
    """Return a Pillow picture turned as its EXIF orientation says; one that was turned before has none."""
    from PIL import ImageOps

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return ImageOps.exif_transpose(picture)
        except Exception:  # a broken EXIF block says nothing about the orientation
            return picture


def from_pillow(data: bytes, mode: str, name: Any, deep: bool = False) -> Pixels:
    """Return the pixels of a file as Pillow reads them.

    Args:
        data: The whole file.
        mode: Colour mode of the result.
        name: What errors call the file.
        deep: Keep the values of a 16-bit grey picture as they are, in place of scaling them to 8 bits.
    """
    return pixels_of(open_pillow(data, name), mode, deep, name)


def pixels_of(picture: Any, mode: str, deep: bool = False, name: Any = "the picture") -> Pixels:
    """Return the pixels of a Pillow picture in a mode; 16-bit grey is scaled to 8 bits, never clipped.

    Raises:
        DataError: its values have no place in 8 or 16 bits.
    """
    if picture.mode.startswith(("I", "F")) and (deep or mode not in _WIDE_MODES):
        values = np.asarray(picture)
        if mode not in _WIDE_MODES:
            _check_values(values, deep, name)
        if picture.mode != "F" and (values.max(initial=0) > 255 or picture.mode != "I"):
            return _deep_grey(values.astype(np.int64), mode, deep)
    array = np.asarray(_converted(picture, mode))
    if array.dtype == bool:
        array = array.astype(np.uint8) * 255
    if array.dtype != np.uint8:
        return FloatPixels(torch.from_numpy(array.astype(np.float32))[None])
    return BytePixels(array)


def _converted(picture: Any, mode: str) -> Any:
    if picture.mode == mode:
        return picture
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore"
        )  # a palette with several transparent entries: RGB has no place for them
        return picture.convert(mode)


def _check_values(values: np.ndarray, deep: bool, name: Any) -> None:
    """Refuse values that would be clipped, and fractions between black and a white that nobody has named."""
    if not values.size:
        return
    low, high, is_float = values.min(), values.max(), values.dtype.kind == "f"
    fits = low >= 0 and ((deep and not is_float) or high <= (255 if is_float else DEEPEST))
    lost = is_float and (deep or high <= 1) and bool((values % 1).any())
    if not fits or lost:
        kind = "floating-point numbers" if is_float else "whole numbers of 32 bits"
        raise DataError(
            f"open_image: {name} holds {kind} from {low:g} to {high:g}, of which 8 bits would keep little. Save it "
            f"with 8 or 16 bits, or read the values as they are: open_image(file, convert_mode='F', div=False)."
        )


def _deep_grey(values: np.ndarray, mode: str, deep: bool) -> Pixels:
    from PIL import Image as PILImage

    if deep:
        return FloatPixels(torch.from_numpy(values.astype(np.float32))[None])
    grey = ((values + _DEEP // 2) // _DEEP).clip(0, 255).astype(np.uint8)
    return BytePixels(np.asarray(PILImage.fromarray(grey).convert(mode)))


def _unreadable(name: Any, data: bytes, error: Exception | None, picture: Any = None) -> OnecycleError:
    """Return the error that says what is wrong with a file: that it is damaged only where its bytes prove it."""
    remedy = "Replace or remove the file; `verify_images` lists all such files of a folder."
    if error is None:
        return DataError(f"open_image: {name} is empty (0 bytes). {remedy}")
    fault, known = fault_of(error, data, picture), _started_as(data)
    if fault.kind == "out of memory":
        return OutOfMemoryError(f"open_image: {name} cannot be read: {fault.detail}.")
    if fault.kind == "too large":
        return DataError(f"open_image: {name} is too large: {fault.detail}.")
    if fault.kind == "no access":
        return FileReadError(f"open_image: {name}: {fault.detail}.")
    if not known:
        return DataError(f"open_image: {name} is no picture; it holds {what_it_is(data)}. {remedy}")
    if fault.is_damage:
        what = f"a damaged or truncated {known} file of {len(data):,} bytes"
        return DataError(f"open_image: {name} is {what} ({fault.detail}). {remedy}")
    return DataError(f"open_image: {name} is a {known} file that cannot be read here ({fault.detail}). {remedy}")


def _started_as(data: bytes) -> str:
    """Return the name of the picture format that the first bytes announce, or an empty string."""
    starts = {JPEG_START: "JPEG", PNG_START: "PNG", b"GIF8": "GIF", b"BM": "BMP", b"II*\0": "TIFF", b"MM\0*": "TIFF",
              b"icns": "ICNS", b"\0\0\1\0": "ICO"}  # fmt: skip
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WebP"
    return next((kind for start, kind in starts.items() if data.startswith(start)), "")
