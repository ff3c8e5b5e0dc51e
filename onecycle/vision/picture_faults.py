"""What can be wrong with one picture file, found by reading all of it."""

from __future__ import annotations

import errno
import re
import struct
import warnings
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

from onecycle.vision.headers import JPEG_END, JPEG_START, PNG_START, is_readable_text, what_it_is
from onecycle.vision.pillow import open_image_file

__all__ = ["PictureFacts", "examine_picture"]

# Formats that go by another one's ending.
_SAME_FORMAT = {"MPO": "JPEG", "DIB": "BMP"}


@dataclass(frozen=True)
class Fault:
    """Why an image could not be read.

    Attributes:
        kind: One of 'truncated', 'unreadable', 'too large', 'out of memory', 'no access', 'no reader'.
        detail: The particulars in words, with the way to allow or mend it where there is one.
        is_damage: Whether the file's own bytes prove that the image in it is damaged, or that there is none.
    """

    kind: str
    detail: str
    is_damage: bool = False


@dataclass(frozen=True)
class PictureFacts:
    """What reading one file told.

    Attributes:
        path: The file.
        fault: '' or one of 'zero bytes', 'truncated', 'unreadable', 'wrong extension', 'too large', 'out of memory',
            'no access', 'no reader'.
        detail: The reader's own words on the fault, and the way to allow or mend it.
        size: (height, width) in pixels; (0, 0) when it cannot be read.
        channels: Number of channels as stored; 0 when it cannot be read.
        digest: A hash of the pixels; '' when it cannot be read. Equal pictures have equal digests.
        is_damaged: Whether the file's own bytes prove that its image is damaged, or that it holds none. A file that is
            too large, locked, or of a format without a reader is not damaged.
        is_deleted: Whether `verify_images` deleted the file.
    """

    path: Path
    fault: str = ""
    detail: str = ""
    size: tuple[int, int] = (0, 0)
    channels: int = 0
    digest: str = ""
    is_damaged: bool = False
    is_deleted: bool = False

    @property
    def readable(self) -> bool:
        """Whether training can use the file as it is."""
        return self.fault in ("", "wrong extension")


def examine_picture(path: Path) -> PictureFacts:
    """Read a file to its last pixel and say what is wrong with it; never raises for a bad file."""
    try:
        length = path.stat().st_size
    except OSError as error:
        return PictureFacts(path, _kind_of_os_error(error), error.strerror or str(error))
    if length == 0:
        return PictureFacts(path, "zero bytes", "the file is empty", is_damaged=True)
    return _decode_whole(path)


def _decode_whole(path: Path) -> PictureFacts:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # damaged metadata is no fault of the pixels
        try:
            picture = open_image_file(path)
        except Exception as error:  # every plugin has errors of its own
            return _facts_of(path, error)
        with picture:
            return _load_pixels(path, picture)


def _load_pixels(path: Path, picture: Any) -> PictureFacts:
    try:
        picture.load()
        digest = _digest(picture)
    except Exception as error:  # every plugin has errors of its own
        return _facts_of(path, error, picture)
    fault, detail = _ending_fault(path, picture.format or "")
    size, channels = (picture.height, picture.width), len(picture.getbands())
    return PictureFacts(path, fault, detail, size, channels, digest)


def _facts_of(path: Path, error: Exception, picture: Any = None) -> PictureFacts:
    """Return the facts of a file that could not be read."""
    try:
        data = path.read_bytes()
    except (OSError, MemoryError) as other:  # cannot be read at all: that says nothing about its content
        error, data = other, b""
    fault = fault_of(error, data, picture)
    return PictureFacts(path, fault.kind, fault.detail, is_damaged=fault.is_damage)


def _digest(picture: Any) -> str:
    pixels = blake2b(picture.tobytes(), digest_size=16)
    pixels.update(f"{picture.mode}{picture.size}".encode())
    return pixels.hexdigest()


def _ending_fault(path: Path, found: str) -> tuple[str, str]:
    """Say so when a file's ending promises another format than its bytes hold."""
    from PIL import Image as PILImage

    promised = PILImage.registered_extensions().get(path.suffix.lower(), "")
    found = _SAME_FORMAT.get(found, found)
    if promised in ("", found):
        return "", ""
    return "wrong extension", f"the ending {path.suffix} promises {promised}, the bytes are {found}"


def _first_line(error: BaseException) -> str:
    return (str(error) or type(error).__name__).splitlines()[0]


# ---- what an error of a reader means ----

_ALLOW_SIZE = "If you trust it, allow it: PIL.Image.MAX_IMAGE_PIXELS = None"
_ALLOW_FORMAT = "Convert it to PNG or JPEG, or, where Pillow has a reader for it, allow_image_format(name)"


def fault_of(error: BaseException, data: bytes, picture: Any = None) -> Fault:
    """Say what an error of an image reader means: damage only where the file's bytes prove it.

    Args:
        error: What the reader raised.
        data: The whole file.
        picture: Pillow's image, where it was opened and its pixels could not be read.
    """
    from PIL import Image as PILImage

    said = _first_line(error)
    if isinstance(error, MemoryError) or getattr(error, "errno", None) == errno.ENOMEM or "out of memory" in said:
        return Fault("out of memory", f"there is not enough memory to decode it: {said}")
    if isinstance(error, PILImage.DecompressionBombError):
        return Fault("too large", _too_many_pixels(said))
    if isinstance(error, OSError) and error.errno is not None:
        return Fault(_kind_of_os_error(error), f"it cannot be read now: {error.strerror or said}")
    proof = _proof_of_damage(data, said, picture)
    if proof:
        ends_early = "truncated" in said.lower() or "ends" in proof
        return Fault("truncated" if ends_early else "unreadable", f"{proof} ({said})", is_damage=True)
    if picture is None and isinstance(error, PILImage.UnidentifiedImageError):
        return _fault_of_stranger(data, said)
    return Fault("unreadable", f"the reader gave up: {said}; nothing proves that the file is damaged")


def _too_many_pixels(said: str) -> str:
    """Say in our words what Pillow says of an image above its limit."""
    numbers = [f"{int(number):,}" for number in re.findall(r"\d+", said)]
    what = f"it declares {numbers[0]} pixels, Pillow opens {numbers[1]}" if len(numbers) == 2 else said
    return f"{what}. {_ALLOW_SIZE}"


def _kind_of_os_error(error: OSError) -> str:
    return "unreadable" if error.errno == errno.ENOENT else "no access"


def _fault_of_stranger(data: bytes, said: str) -> Fault:
    """Return the fault of a file that none of the readers takes for its own."""
    what = what_it_is(data)
    if is_readable_text(data):
        return Fault("unreadable", f"no picture: it holds {what}", is_damage=True)
    if not data.strip(b"\0"):
        return Fault("unreadable", "no picture: it holds zeros only", is_damage=True)
    return Fault("no reader", f"it holds {what}; no reader is allowed for that. {_ALLOW_FORMAT}")


def _proof_of_damage(data: bytes, said: str, picture: Any) -> str:
    """Return what proves in a file's own bytes that its image is damaged; '' where nothing does."""
    for start, proof in _PROOFS:
        if data.startswith(start):
            return proof(data)
    if getattr(picture, "format", None) == "TIFF":
        return _cut_tiff(len(data), picture)
    ended = "truncated" in said.lower() and picture is not None  # the decoder wanted more than there is
    return "the file ends before the picture does" if ended else ""


def _broken_png(data: bytes) -> str:
    """Check length and check sum of each chunk (PNG specification, section 5)."""
    at = len(PNG_START)
    while at + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, at)
        kind, end = data[at + 4 : at + 8], at + 8 + length
        if end + 4 > len(data):
            return f"it ends in the middle of its chunk {kind.decode('latin-1')!r}"
        if zlib.crc32(data[at + 4 : end]) != int.from_bytes(data[end : end + 4], "big"):
            return f"the check sum of its chunk {kind.decode('latin-1')!r} is wrong"
        if kind == b"IEND":
            return ""
        at = end + 4
    return "it ends without its last chunk"


_READ_FRAMES = (0xC0, 0xC1, 0xC2)  # baseline, extended and progressive JPEG; others need another decoder


def _broken_jpeg(data: bytes) -> str:
    """Walk the segments up to the pixels (ITU-T T.81, annex B); those of frames that are not read prove nothing."""
    at = len(JPEG_START) - 1
    while at + 4 <= len(data):
        if data[at] != 0xFF:
            return f"there is no marker at byte {at:,}, where a segment should begin"
        marker = data[at + 1]
        if marker == 0xFF:  # fill byte
            at += 1
            continue
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC) and not _is_read_frame(data, at):
            return ""
        if marker == 0xDA:  # the pixels begin: what follows has an end, or is cut
            return "" if JPEG_END in data[at:] else "it ends before the marker of its end"
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return "it ends before its pixels begin"


def _is_read_frame(data: bytes, at: int) -> bool:
    return data[at + 1] in _READ_FRAMES and data[at + 4 : at + 5] == b"\x08"


def _cut_gif(data: bytes) -> str:
    return "" if b";" in data[-16:] else "it ends without the byte of its end"


def _cut_bmp(data: bytes) -> str:
    declared = int.from_bytes(data[2:6], "little")
    return _declared_more(declared, len(data)) if declared > 26 else ""  # some writers leave the field at 0


def _cut_riff(data: bytes) -> str:
    return _declared_more(int.from_bytes(data[4:8], "little") + 8, len(data))


def _declared_more(declared: int, there: int) -> str:
    return f"it ends after {there:,} of the {declared:,} bytes that it declares" if declared > there else ""


def _cut_tiff(length: int, picture: Any) -> str:
    """Compare where the strips or tiles end (TIFF 6.0, tags 273 and 279, 324 and 325) with the file's length."""
    tags = picture.tag_v2
    for offsets, counts in ((273, 279), (324, 325)):
        ends = [start + count for start, count in zip(tags.get(offsets, ()), tags.get(counts, ()), strict=False)]
        if ends and max(ends) > length:
            return _declared_more(max(ends), length)
    return ""


_PROOFS: tuple[tuple[bytes, Callable[[bytes], str]], ...] = (
    (PNG_START, _broken_png),
    (JPEG_START, _broken_jpeg),
    (b"GIF8", _cut_gif),
    (b"BM", _cut_bmp),
    (b"RIFF", _cut_riff),
)
