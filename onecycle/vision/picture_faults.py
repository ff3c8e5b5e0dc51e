"""What can be wrong with one picture file, found by reading all of it."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

__all__ = ["PictureFacts", "examine_picture"]

# Formats that go by another one's ending.
_SAME_FORMAT = {"MPO": "JPEG", "DIB": "BMP"}


@dataclass(frozen=True)
class PictureFacts:
    """What reading one file told.

    Attributes:
        path: The file.
        fault: '' or one of 'zero bytes', 'truncated', 'unreadable', 'wrong extension'.
        detail: The reader's own words on the fault.
        size: (height, width) in pixels; (0, 0) when it cannot be read.
        channels: Number of channels as stored; 0 when it cannot be read.
        digest: A hash of the pixels; '' when it cannot be read. Equal pictures have equal digests.
    """

    path: Path
    fault: str = ""
    detail: str = ""
    size: tuple[int, int] = (0, 0)
    channels: int = 0
    digest: str = ""

    @property
    def readable(self) -> bool:
        """Whether training can use the file as it is."""
        return self.fault in ("", "wrong extension")


def examine_picture(path: Path) -> PictureFacts:
    """Read a file to its last pixel and say what is wrong with it; never raises for a bad file."""
    try:
        length = path.stat().st_size
    except OSError as error:
        return PictureFacts(path, "unreadable", error.strerror or str(error))
    if length == 0:
        return PictureFacts(path, "zero bytes", "the file is empty")
    return _decode_whole(path)


def _decode_whole(path: Path) -> PictureFacts:
    from PIL import Image as PILImage

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # damaged metadata is no fault of the pixels
        try:
            picture = PILImage.open(path)
        except Exception as error:  # every plugin has errors of its own
            return PictureFacts(path, "unreadable", _first_line(error))
        with picture:
            return _load_pixels(path, picture)


def _load_pixels(path: Path, picture: Any) -> PictureFacts:
    try:
        picture.load()
    except Exception as error:  # every plugin has errors of its own
        said = _first_line(error)
        return PictureFacts(path, "truncated" if "truncated" in said else "unreadable", said)
    fault, detail = _ending_fault(path, picture.format or "")
    size, channels = (picture.height, picture.width), len(picture.getbands())
    return PictureFacts(path, fault, detail, size, channels, _digest(picture))


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


def _first_line(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0]
