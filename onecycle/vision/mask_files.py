"""Mask files: the class ids that a file holds, read without changing one, or refused with what to do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from onecycle.errors import ArgumentError, ArgumentTypeError, DataError, explain
from onecycle.utils.values import or_empty, to_label, to_scalar
from onecycle.vision.decode import DEEPEST, FilePixels, decode_by_opencv, open_pillow, pixels_of
from onecycle.vision.headers import JPEG_START, PNG_START, plain_header
from onecycle.vision.opencv import opencv
from onecycle.vision.pixels import BytePixels, FloatPixels, Pixels

__all__: list[str] = []

_CHANNELS = {2: "LA", 3: "RGB", 4: "RGBA"}
_LEVELS = {1: 255, 2: 85, 4: 17}  # what Pillow multiplies grey values of so many bits by
_PNG_DEPTH, _PNG_KIND, _PNG_GREY = 24, 25, 0  # places in a PNG file, and the kind that has one channel
_TIFF_STARTS = (b"II*\0", b"MM\0*")
_LOSSY_CURE = (
    "Save masks as PNG. Where the file has a few values far apart, say which, and each pixel is read as the nearest "
    "of them: label_from_func(…, values={0: 'background', 255: 'car'})."
)
_CHANNEL_CURE = (
    "Say which channel holds the class ids: channel='R', or what the colours mean: label_from_func(…, "
    "values={(128, 0, 0): 'building', (0, 128, 0): 'tree'})."
)


@dataclass
class MaskFile:
    """Hold what a mask file holds, before it is read as classes.

    Args:
        array: Values (H, W), or (H, W, C) where the file has channels.
        name: What errors call the file.
        lossy: Whether the file's kind changes values when it is written.
        white: What 1 stands for where the file has fewer than 8 bits, else 1.
    """

    array: np.ndarray
    name: Any
    lossy: bool = False
    white: int = 1

    def ids(self, channel: str | None = None) -> np.ndarray:
        """Return the class ids (H, W).

        Raises:
            DataError: the file is lossy, or its channels differ and none was named.
        """
        if self.lossy:
            raise DataError(f"mask: {self.name} is of a lossy kind (JPEG), which changes class ids. {_LOSSY_CURE}")
        return self.grey(channel)

    def black_and_white(self, channel: str | None = None) -> np.ndarray:
        """Return 1 where a mask of black and white is white (255), else 0; (H, W)."""
        grey = self.grey(channel).astype(np.int64) * self.white
        white = DEEPEST if grey.max(initial=0) > 255 else 255
        return (grey + white // 2 if self.lossy else grey) // white

    def grey(self, channel: str | None = None) -> np.ndarray:
        """Return the values of one channel (H, W): the one named, or the one that all channels equal.

        Raises:
            DataError: they differ and none was named, or the file has no such channel.
        """
        if self.array.ndim == 2:
            return self.array
        names = _CHANNELS[self.array.shape[2]]
        if channel is not None:
            return self._named(names, channel)
        colours, first = self.array[..., : 1 if names == "LA" else 3], self.array[..., 0]
        if not (colours == first[..., None]).all():
            seen = np.unique(colours.reshape(-1, colours.shape[-1])[:100_000], axis=0)[:4].tolist()
            shown = ", ".join(str(tuple(colour)) for colour in seen)
            what = f"is in colour ({shown} …); its brightness is no class id"
            raise DataError(f"mask: {self.name} {what}. {_CHANNEL_CURE}")
        alpha = self.array[..., -1]
        if "A" in names and (first == first[0, 0]).all() and not (alpha == alpha[0, 0]).all():
            cure = "Pass channel='A' if that holds the class ids."
            raise DataError(f"mask: the pixels of {self.name} differ in their alpha channel only. {cure}")
        return first

    def _named(self, names: str, channel: str) -> np.ndarray:
        if channel not in names:
            rule = f"must be one of those of the file, {', '.join(names)}"
            raise DataError(explain("mask", f"channel of {self.name}", rule, channel))
        return self.array[..., names.index(channel)]

    def colours(self) -> np.ndarray:
        """Return red, green, blue of each pixel as one number (H, W)."""
        array = self.array * self.white if self.array.ndim == 2 else self.array[..., :3]
        array = array.astype(np.int64)
        if array.ndim == 2 or array.shape[2] < 3:
            array = np.stack([array if array.ndim == 2 else array[..., 0]] * 3, axis=-1)
        return (array[..., 0] << 16) + (array[..., 1] << 8) + array[..., 2]


def read_mask(data: bytes, name: Any, after_open: Callable[[Any], Any] | None = None, places: bool = True) -> MaskFile:
    """Return what a mask file holds.

    Args:
        data: The whole file.
        name: What errors call the file.
        after_open: Function from a Pillow image to a Pillow image; what it returns is taken as it is.
        places: Read a palette's places; its colours when False.
    """
    if after_open is not None:
        return MaskFile(_of_pillow(after_open(open_pillow(data, name)), name, places), name)
    header = plain_header(data)
    if header is not None:
        array = FilePixels(data, "L" if header.grey else "RGB", name).decoded().array  # type: ignore[attr-defined]
        return MaskFile(array, name, header.kind == "jpeg")
    deep = _deep_colours(data)
    if deep is not None:
        return MaskFile(deep, name)
    array = _of_pillow(open_pillow(data, name), name, places or not data.startswith(PNG_START))
    white = _white(data, array)
    return MaskFile(array // (white if array.max(initial=0) > 1 else 1), name, _is_lossy(data), white)


def _is_lossy(data: bytes) -> bool:
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return b"VP8 " in data[12:4096]
    return data.startswith(JPEG_START) or data[4:12] in (b"ftypavif", b"ftypheic", b"ftypmif1")


def _white(data: bytes, array: np.ndarray) -> int:
    """Return what Pillow multiplies the values of a grey PNG of 1, 2 or 4 bits by; 1 for all others."""
    is_png = data.startswith(PNG_START) and len(data) > _PNG_KIND
    if is_png and data[_PNG_KIND] == _PNG_GREY:
        return _LEVELS.get(data[_PNG_DEPTH], 1)
    return 255 if array.dtype == bool else 1


def _deep_colours(data: bytes) -> np.ndarray | None:
    """Return the values of a PNG or TIFF of several channels of 16 bits, of which Pillow keeps 8; else None."""
    is_png = data.startswith(PNG_START) and len(data) > _PNG_KIND
    if not (is_png and data[_PNG_DEPTH] == 16 and data[_PNG_KIND] != _PNG_GREY) and data[:4] not in _TIFF_STARTS:
        return None
    array = decode_by_opencv(data, opencv().IMREAD_UNCHANGED)
    if array is None or array.dtype != np.uint16 or array.ndim != 3:
        return None
    return array[..., [2, 1, 0, *range(3, array.shape[2])]] if array.shape[2] > 2 else array


def _of_pillow(picture: Any, name: Any, places: bool) -> np.ndarray:
    """Return the values of a Pillow image (H, W) or (H, W, C), its palette's places or colours."""
    if picture.mode in ("P", "PA"):
        return _of_palette(picture, places)
    if picture.mode in ("1", "L", "LA", "RGB", "RGBA"):
        return np.asarray(picture)
    if picture.mode.startswith(("I", "F")):
        pixels = pixels_of(picture, "L", deep=True, name=name)
        return pixels.array if isinstance(pixels, BytePixels) else pixels.tensor(1.0)[0].numpy().astype(np.int64)
    cure = "Save masks as PNG with one channel."
    raise DataError(f"mask: {name} has colours of the kind {picture.mode}, which are no class ids. {cure}")


def _of_palette(picture: Any, places: bool) -> np.ndarray:
    colours = np.asarray(picture.convert("RGBA"))
    is_grey = (colours[..., :3] == colours[..., :1]).all()
    if places and (picture.format in (None, "PNG") or not is_grey):
        values = np.asarray(picture)
        return values if values.ndim == 2 else values[..., 0]
    return colours[..., 0] if is_grey else colours[..., :3]


def as_pixels(values: np.ndarray) -> Pixels:
    """Return class ids (H, W) as the pixels of a mask."""
    if values.dtype == bool or (values.max(initial=0) < 256 and values.min(initial=0) >= 0):
        return BytePixels(np.ascontiguousarray(values.astype(np.uint8)))
    return FloatPixels(torch.from_numpy(values.astype(np.float32))[None])


Value = int | tuple[int, ...]


class MaskValues:
    """Say which class each value, or colour, of mask files stands for.

    Args:
        values: From a value (0 to 65535) or colour (red, green, blue) to the name or index of a class; None for
            pixels that are no class. Or pairs of these, or a list of values, the first of class 0.
        classes: The names of the classes, or None where the values name them.
        ignore: The index of pixels that are no class.

    Attributes:
        given: `(value, name or index of the class)`, as values that JSON knows.
        pairs: `(value, class index)`.
        classes: The names of the classes, or None.

    Raises:
        ArgumentError: a value is none of these, or its class is unknown.
    """

    def __init__(self, values: Any, classes: list[Any] | None, ignore: int | None) -> None:
        given = _pairs(values)
        names = [to_label(name) for _, name in given if name is not None]
        named = classes is None and not all(isinstance(name, int) for name in names)
        self.classes = list(dict.fromkeys(names)) if named else classes
        self.ignore, self.given = ignore, [(value, to_label(name)) for value, name in given]
        self.pairs = [(value, self._index(to_label(name))) for value, name in given]
        self.in_colour = any(isinstance(value, tuple) for value, _ in self.pairs)

    def _index(self, name: Any) -> int:
        if name is None:
            if self.ignore is None:
                raise ArgumentError(explain("masks", "ignore", "must be given where values name no class (None)"))
            return self.ignore
        classes = list(or_empty(self.classes))
        if name in classes:
            return classes.index(name)
        if isinstance(name, int) and not isinstance(name, bool) and (0 <= name < len(classes) or self.classes is None):
            return name
        cure = f"The classes are {', '.join(map(repr, classes[:20]))}."
        raise ArgumentError(explain("masks", "values", "must name classes", name, cure))

    def of_index(self) -> dict[int, Value]:
        """Return the value that stands for each class index in a file: its first."""
        found: dict[int, Value] = {}
        for value, index in self.pairs:
            found.setdefault(index, value)
        return found

    def read(self, mask: MaskFile, channel: str | None = None) -> np.ndarray:
        """Return the class indices (H, W) of a mask file.

        Raises:
            DataError: it has a value that stands for no class; names the file and the value.
        """
        if self.in_colour:
            return self._indices(mask, mask.colours())
        grey = mask.grey(channel).astype(np.int64)
        if mask.white > 1 and any(value > 1 and value % mask.white == 0 for value in self._codes()):
            grey = grey * mask.white
        return self._indices(mask, grey)

    def _codes(self) -> np.ndarray:
        """Return the values as numbers; a colour as in `MaskFile.colours`."""
        colours = [_as_colour(value) if self.in_colour else (0, 0, value) for value, _ in self.pairs]
        return np.array([(red << 16) + (green << 8) + blue for red, green, blue in colours])  # type: ignore[operator]

    def _indices(self, mask: MaskFile, found: np.ndarray) -> np.ndarray:
        codes, indices = self._codes(), np.array([index for _, index in self.pairs])
        seen, where = np.unique(found, return_inverse=True)
        distance = np.abs(seen[:, None] - codes) if not self.in_colour else _distance(seen, codes)
        unknown = seen[distance.min(axis=1) > 0]
        if len(unknown) and not mask.lossy:
            shown = ", ".join(str(_shown(int(code), self.in_colour)) for code in unknown[:5])
            cure = "Add it to values; pixels without a class get None, with ignore=255."
            raise DataError(f"mask: {mask.name} has a value that is not in values: {shown}. {cure}")
        return indices[distance.argmin(axis=1)][where].reshape(found.shape)


def _distance(seen: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """Return the squared distances of colours, `(seen, codes)`."""
    parts = [np.stack([code >> 16, (code >> 8) & 255, code & 255], axis=-1) for code in (seen, codes)]
    return ((parts[0][:, None] - parts[1]) ** 2).sum(axis=-1)


def _shown(code: int, in_colour: bool) -> Any:
    return (code >> 16, (code >> 8) & 255, code & 255) if in_colour else code


def _as_colour(value: Any) -> tuple[int, int, int]:
    return value if isinstance(value, tuple) else (value, value, value)


def _pairs(values: Any) -> list[tuple[Value, Any]]:
    if isinstance(values, Mapping):
        entries = list(values.items())
    elif hasattr(values, "__iter__") and not isinstance(values, str):
        entries = list(values)
        if not all(isinstance(entry, (list, tuple)) and len(entry) == 2 for entry in entries):
            entries = [(value, index) for index, value in enumerate(entries)]
    else:
        cure = "Pass e.g. values={0: 'background', 255: 'car'}."
        raise ArgumentTypeError(explain("masks", "values", "must be a dict of values and classes", values, cure))
    return [(_value(value), to_scalar(name)) for value, name in entries]


def _value(value: Any) -> Value:
    """Return a value of a file as a whole number, a colour as a tuple of three.

    Raises:
        ArgumentError: it is neither.
    """
    value = to_scalar(value)
    several = hasattr(value, "__len__") and not isinstance(value, str)
    parts = [to_scalar(part) for part in value] if several else [to_scalar(value)]
    whole = all(isinstance(part, int) and 0 <= part <= (255 if several else 65535) for part in parts)
    if not whole or (several and len(parts) != 3):
        rule = "must be values from 0 to 65535 or colours (red, green, blue) of 0 to 255"
        raise ArgumentError(explain("masks", "values", rule, value))
    return (parts[0], parts[1], parts[2]) if several else int(parts[0])
