"""Text files of users: their encoding, from a byte order mark or as stated, and what to do where it is another."""

from __future__ import annotations

import codecs
import os
from pathlib import Path
from typing import Any

from onecycle.errors import ArgumentError, DataError
from onecycle.utils.files import existing_file

__all__ = ["loadtxt_str"]

PathOrStr = str | os.PathLike[str]

# UTF-32 comes first: its little-endian mark begins with that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_LONGEST_MARK = 4


def encoding_of(head: bytes) -> str:
    """Return the encoding that the first bytes of a text state by their byte order mark; UTF-8 without one.

    Example:
        >>> encoding_of("a".encode("utf-16")), encoding_of("a".encode("utf-8-sig")), encoding_of(b"a")
        ('utf-16', 'utf-8-sig', 'utf-8-sig')
    """
    return next((name for mark, name in _MARKS if head.startswith(mark)), "utf-8-sig")


def encoding_of_file(path: PathOrStr) -> str:
    """Return the encoding that a file states, see `encoding_of`."""
    with open(path, "rb") as file:
        return encoding_of(file.read(_LONGEST_MARK))


def read_text(caller: str, path: PathOrStr, encoding: str | None = None, parameter: str = "encoding") -> str:
    """Return the text of a file, without a byte order mark.

    Args:
        caller: The function that needs it, for the message.
        path: The file.
        encoding: Its encoding; default: that of its byte order mark, else UTF-8.
        parameter: The caller's name of `encoding`, for the message.

    Raises:
        FileMissingError: there is no such file.
        DataError: the file is in another encoding; names the byte, its line and the way out.
        ArgumentError: Python knows no such encoding.
    """
    data = existing_file(caller, path).read_bytes()
    encoding = check_encoding(caller, encoding, parameter)
    try:
        return data.decode(encoding or encoding_of(data)).removeprefix("\ufeff")
    except UnicodeError as error:
        raise DataError(wrong_encoding(caller, path, encoding, error, f"{parameter}='gbk'")) from error


def check_encoding(caller: str, encoding: str | None, parameter: str = "encoding") -> str | None:
    """Return an encoding that Python knows, or None.

    Raises:
        ArgumentError: it knows no such encoding.
    """
    if encoding is None:
        return None
    try:
        codecs.lookup(encoding)
    except (LookupError, TypeError):
        hint = "For example 'utf-8', 'gbk', 'shift_jis', 'cp1252'."
        raise ArgumentError(
            f"{caller}: {parameter} must be an encoding that Python knows; got {encoding!r}. {hint}"
        ) from None
    return encoding


def wrong_encoding(caller: str, path: PathOrStr, encoding: str | None, error: UnicodeError, way_out: str) -> str:
    """Return the message for a file whose bytes are not in the encoding expected.

    Args:
        caller: The function that reads it.
        path: The file.
        encoding: What was stated, or None.
        error: What the decoder raised.
        way_out: How the right encoding is passed, such as `encoding='gbk'`.
    """
    name = encoding or encoding_of_file(path).removesuffix("-sig")
    where = _place(error, Path(path)) if isinstance(error, UnicodeDecodeError) else str(error)
    return (
        f"{caller}: file '{os.fspath(path)}' is not {name}: {where}. Pass its encoding, e.g. {way_out} for a file of "
        f"a Chinese Windows or 'cp1252' of a Western one, or save the file as UTF-8."
    )


def _place(error: UnicodeDecodeError, path: Path) -> str:
    """Return the byte that cannot be decoded, with its line where the decoder saw the whole file."""
    byte = f"byte 0x{error.object[error.start]:02x}"
    if len(error.object) != path.stat().st_size:
        return f"{byte}: {error.reason}"
    line = error.object.count(b"\n", 0, error.start) + 1
    return f"{byte} at position {error.start} (line {line}): {error.reason}"


def loadtxt_str(path: PathOrStr) -> Any:
    """Read a text file as an array of its lines.

    Returns:
        A one-dimensional array of strings, without the line ends.

    Raises:
        FileMissingError: there is no such file.
        DataError: it is neither UTF-8 nor begins with another byte order mark.
    """
    import numpy as np

    return np.array(read_text("loadtxt_str", path).splitlines(), dtype=str)
