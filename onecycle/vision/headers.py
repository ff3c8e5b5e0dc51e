"""The first bytes of a picture file: its kind, size and orientation, without decoding it."""

from __future__ import annotations

import struct
from dataclasses import dataclass

__all__: list[str] = []

PNG_START = b"\x89PNG\r\n\x1a\n"
PNG_END = b"IEND\xaeB`\x82"
JPEG_START, JPEG_END = b"\xff\xd8\xff", b"\xff\xd9"
_ORIENTATION_TAG = 0x0112
_UNUSUAL_PNG_CHUNKS = (
    b"tRNS",
    b"eXIf",
    b"acTL",
    b"gAMA",
    b"iCCP",
)  # OpenCV and Pillow may read these differently
_PNG_GREY, _PNG_COLOUR = 0, 2

# How a file that is no picture starts, and what it is.
_OTHER_KINDS = (
    (b"%PDF", "a PDF document"),
    (b"PK\x03\x04", "a zip archive"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"<!DOCTYPE", "an HTML page"),
    (b"<!doctype", "an HTML page"),
    (b"<html", "an HTML page"),
    (b"<?xml", "an XML document"),
    (b"<svg", "an SVG drawing"),
    (b"{", "JSON"),
    (b"version https://git-lfs", "a Git LFS pointer, not the file itself"),
)


@dataclass(frozen=True)
class Header:
    """What the first bytes of a JPEG or PNG file say.

    Attributes:
        kind: `jpeg` or `png`.
        size: (H, W) as stored, before the orientation is applied.
        grey: Whether one channel is stored.
        orientation: EXIF orientation, 1 (upright) to 8.
    """

    kind: str
    size: tuple[int, int]
    grey: bool
    orientation: int = 1

    @property
    def upright_size(self) -> tuple[int, int]:
        """(H, W) after the orientation is applied."""
        return (self.size[1], self.size[0]) if self.orientation > 4 else self.size


def plain_header(data: bytes) -> Header | None:
    """Return the header of a whole, plain JPEG or PNG file; None when anything about it is unusual.

    Plain is what every decoder reads alike: 8 bits, grey or three colours, no palette, no alpha, and the file
    ends the way its kind ends.
    """
    if data.startswith(PNG_START):
        return _png(data)
    if data.startswith(JPEG_START) and data.endswith(JPEG_END):
        return _jpeg(data)
    return None


def _png(data: bytes) -> Header | None:
    if len(data) < 45 or not data.endswith(PNG_END):
        return None
    width, height, depth, colour = struct.unpack_from(">IIBB", data, 16)
    if depth != 8 or colour not in (_PNG_GREY, _PNG_COLOUR):
        return None
    before_pixels = data[33 : data.find(b"IDAT", 33)]
    if len(before_pixels) > 4 and any(chunk in before_pixels for chunk in _UNUSUAL_PNG_CHUNKS):
        return None
    return Header("png", (height, width), colour == _PNG_GREY)


def _jpeg(data: bytes) -> Header | None:
    at, orientation, end = 2, 1, len(data) - 9
    while at < end:
        if data[at] != 0xFF:
            return None
        marker = data[at + 1]
        if marker == 0xFF:  # fill byte
            at += 1
            continue
        length = data[at + 2] << 8 | data[at + 3]
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            return _jpeg_frame(data, at, orientation)
        if marker == 0xE1 and data[at + 4 : at + 10] == b"Exif\0\0":
            orientation = exif_orientation(data[at + 10 : at + 2 + length])
        at += 2 + length
    return None


def _jpeg_frame(data: bytes, at: int, orientation: int) -> Header | None:
    depth, height, width, channels = struct.unpack_from(">BHHB", data, at + 4)
    if depth != 8 or channels not in (1, 3) or not height or not width:
        return None
    return Header("jpeg", (height, width), channels == 1, orientation)


def exif_orientation(tiff: bytes) -> int:
    """Return the orientation (1 to 8) that an EXIF block says; 1 when it says none or is damaged."""
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if order is None or len(tiff) < 10:
        return 1
    try:
        return _orientation_entry(tiff, order)
    except struct.error:
        return 1


def _orientation_entry(tiff: bytes, order: str) -> int:
    (start,) = struct.unpack_from(order + "I", tiff, 4)
    (count,) = struct.unpack_from(order + "H", tiff, start)
    for i in range(count):
        tag, kind, _, value = struct.unpack_from(order + "HHIH", tiff, start + 2 + 12 * i)
        if tag == _ORIENTATION_TAG:
            return value if kind == 3 and 1 <= value <= 8 else 1
    return 1


def what_it_is(data: bytes) -> str:
    """Say in words what a file that cannot be read as a picture seems to be."""
    start = data[:64].lstrip()
    for prefix, words in _OTHER_KINDS:
        if start.startswith(prefix):
            return words
    if start and all(32 <= byte < 127 or byte in b"\r\n\t" for byte in start):
        return f"text that starts with {start[:24].decode('ascii')!r}"
    return f"{len(data):,} bytes that start with {data[:8].hex(' ')}"


# Texts that may be an image, or stand for one.
_TEXTS_WITH_IMAGES = (b"%!PS", b"<?xml", b"<svg", b"version https://git-lfs", b"/* XPM", b"#define", b"%PDF")


def is_readable_text(data: bytes) -> bool:
    """Say whether a file is text all through, such as an error page, and no drawing or pointer to an image."""
    if data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(_TEXTS_WITH_IMAGES):
        return False
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return not any(ord(letter) < 32 and letter not in "\t\n\r\f" for letter in text)
