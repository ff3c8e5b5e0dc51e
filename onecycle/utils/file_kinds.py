"""Telling what a file is from its first bytes, and saying so in an error."""

from __future__ import annotations

import os
import struct
import zipfile

from onecycle.errors import FileFormatError, OutOfMemoryError
from onecycle.utils.file_gate import error_of_file
from onecycle.utils.files import FileReadError

__all__ = ["damaged_file", "foreign_file", "kind_of_file"]

_STARTS = (
    (b"\x1f\x8b", "gzip"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ", "xz"),
    (b"\x89HDF", "hdf5"),
    (b"\x89PNG", "picture"),
    (b"\xff\xd8\xff", "picture"),
    (b"version https://git-lfs", "git-lfs pointer"),
)


def kind_of_file(path: str | os.PathLike[str]) -> str:
    """Say what a file of weights or of an archive is, by looking at its bytes and not at its name.

    Returns:
        One of 'empty', 'safetensors', 'torch zip' (`torch.save` since 1.6), 'torchscript', 'zip',
        'torch legacy' (`torch.save` before 1.6), 'pickle', 'gzip', 'bzip2', 'xz', 'tar', 'hdf5', 'picture',
        'git-lfs pointer', 'html', 'json', 'unknown'.
    """
    size = os.path.getsize(path)
    with open(path, "rb") as file:
        head = file.read(512)
    if size == 0:
        return "empty"
    for start, kind in _STARTS:
        if head.startswith(start):
            return kind
    if head.startswith(b"PK\x03\x04"):
        return _kind_of_zip(path, head)
    if _is_safetensors(head):
        return "safetensors"
    if head[:1] == b"\x80" and len(head) > 1 and head[1] <= 5:
        return "torch legacy" if b"\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19." in head[:32] else "pickle"
    if head[257:262] == b"ustar":
        return "tar"
    return _kind_of_text(head)


def _is_safetensors(head: bytes) -> bool:
    # 8 bytes of header length (little endian), then a JSON object
    length = int.from_bytes(head[:8], "little")
    return len(head) > 8 and head[8:9] == b"{" and 2 <= length <= 100_000_000


def _kind_of_zip(path: str | os.PathLike[str], head: bytes) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, struct.error):  # said by its reader
        return "torch zip" if b"data.pkl" in head else "zip"
    inside = {name.split("/", 1)[-1] for name in names}
    if "constants.pkl" in inside and any(name.startswith("code/") for name in inside):
        return "torchscript"
    return "torch zip" if "data.pkl" in inside else "zip"


def _kind_of_text(head: bytes) -> str:
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if start[:5].lower() in (b"<html", b"<!doc", b"<?xml"):
        return "html"
    return "json" if start[:1] in (b"{", b"[") else "unknown"


def damaged_file(
    path: str | os.PathLike[str], error: BaseException
) -> FileFormatError | FileReadError | OutOfMemoryError:
    """Return the error that says a file is damaged or cut short, or that the system does not give it."""
    if isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno is not None):
        return error_of_file("read", path, error)
    reason = (str(error).splitlines() or [""])[0].split(". ")[0].rstrip(".") or type(error).__name__
    size = os.path.getsize(path)
    return FileFormatError(
        f"read: {str(path)!r} is damaged or cut short ({size:,} bytes; {reason}). Copy or download it again."
    )


def foreign_file(owner: str, path: str | os.PathLike[str], kind: str, wanted: str) -> FileFormatError:
    """Return the error that says a file is of another kind than the one wanted."""
    found = {
        "empty": "an empty file (0 bytes)",
        "html": "a web page (an error page saved under this name?)",
        "git-lfs pointer": "a git-lfs pointer, not the file itself (run `git lfs pull`)",
        "unknown": "of no kind that is known here",
    }.get(kind, f"a {kind} file")
    return FileFormatError(
        f"{owner}: {str(path)!r} must be {wanted}; it is {found}. Check the path or fetch it again."
    )
