"""Pillow's readers: the one place where the library lets Pillow open an image, from a closed list of formats."""

from __future__ import annotations

from typing import Any

from onecycle.errors import ArgumentError, did_you_mean, explain

__all__ = ["allow_image_format", "image_formats"]

# Formats that Pillow decodes itself. Left out: EPS, which it hands to Ghostscript, a program that runs what the file
# says; WMF, which it hands to the system; and kinds that hold no image (BUFR, GRIB, HDF5, MPEG).
_OWN_READERS = (
    "AVIF", "BMP", "CUR", "DDS", "DIB", "GIF", "ICNS", "ICO", "JPEG", "JPEG2000", "MPO", "PCX", "PNG", "PPM", "PSD",
    "QOI", "SGI", "SUN", "TGA", "TIFF", "WEBP", "XBM", "XPM",
)  # fmt: skip
_allowed: list[str] = list(_OWN_READERS)


def image_formats() -> list[str]:
    """Return the formats that are opened, by Pillow's names; a file's bytes decide, not its ending.

    Example:
        >>> "JPEG" in image_formats(), "EPS" in image_formats()
        (True, False)
    """
    return [name for name in _allowed if name in _known()]


def allow_image_format(name: str) -> None:
    """Let one more format be opened, in this process and in the workers that it forks.

    Args:
        name: Pillow's name of it, such as `FLI`. `EPS` lets images start Ghostscript: only for files that you trust.

    Raises:
        ArgumentError: Pillow has no reader of this name.

    Example:
        >>> allow_image_format("TGA")
    """
    known = _known()
    if not isinstance(name, str) or name.upper() not in known:
        hint = did_you_mean(str(name).upper(), known).strip() or "PIL.Image.OPEN lists them."
        raise ArgumentError(explain("allow_image_format", "name", "must be a format that Pillow reads", name, hint))
    if name.upper() not in _allowed:
        _allowed.append(name.upper())


def _known() -> list[str]:
    from PIL import Image as PILImage

    PILImage.init()
    return list(PILImage.OPEN)


def open_image_file(source: Any) -> Any:
    """Return the image that Pillow finds in a file, its pixels not read yet.

    Args:
        source: A path, or an open binary file.

    Raises:
        Exception: whatever Pillow's readers raise; `picture_faults.fault_of` says what it means.
    """
    from PIL import Image as PILImage

    return PILImage.open(source, formats=image_formats())
