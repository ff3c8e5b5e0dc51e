"""Unpacking archives that may be damaged or hostile."""

from __future__ import annotations

import bz2
import errno
import gzip
import lzma
import os
import re
import shutil
import stat
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, Any, cast

from onecycle.errors import FileFormatError, OnecycleError
from onecycle.utils.budget import Budget
from onecycle.utils.file_gate import error_of_file
from onecycle.utils.file_kinds import kind_of_file
from onecycle.utils.files import existing_file, write_error

__all__ = ["safe_unpack"]

def safe_unpack(
    archive: str | os.PathLike[str], dest: str | os.PathLike[str], max_bytes: int | None = None
) -> Path:
    """Unpack a tar (plain, gzip, bzip2, xz) or zip archive as the folder `dest`.

    Nothing is written outside of `dest`, and `dest` appears only when all of it is there: the work is done in
    a temporary folder beside it. An archive whose only top entry is a folder gives that folder's content.
    Links inside the archive become copies of what they point to.

    Args:
        archive: The file; its kind is told from its bytes, not its name.
        dest: The folder to make; one that is there already is replaced.
        max_bytes: Bytes that it may unpack to; when None, 256 MB or 100 times its own length, whichever is more.

    Returns:
        `dest`.

    Raises:
        FileMissingError: there is no such archive.
        FileFormatError: the file is no archive, is damaged, unpacks to more than is allowed, or holds absolute
            paths, `..`, devices, or links to what is not in the archive. Nothing is left behind.
        FileReadError, FileWriteError: the archive cannot be read, or the folder not be written.
    """
    source, target = existing_file("safe_unpack", archive), Path(dest)
    unpack = _unpacker(source)
    room = Room(source, max_bytes)
    with _scratch_beside(target) as scratch:
        content = scratch / "content"
        content.mkdir()
        try:
            unpack(source, content, room)
        except (OnecycleError, Warning):
            raise
        except MemoryError as error:
            raise error_of_file("safe_unpack", source, error) from error
        except Exception as error:  # damaged headers raise whatever they like
            raise _failed(source, target, error) from error
        _put(_only_folder(content), target, scratch)
    return target


# Names that no folder takes, and names that are a file and a folder at once, are the archive's fault.
_OF_NAMES = (errno.ENAMETOOLONG, errno.EISDIR, errno.ENOTDIR, errno.EEXIST, errno.EINVAL, errno.EILSEQ)


def _failed(source: Path, target: Path, error: Exception) -> OnecycleError:
    """Return the error that says whose fault it is: the disk's, or the archive's."""
    if isinstance(error, OSError) and error.errno is not None and error.errno not in _OF_NAMES:
        return write_error(error.filename or target, error)
    reason = str(error) or type(error).__name__
    return FileFormatError(
        f"safe_unpack: {str(source)!r} is damaged ({reason[:_LONGEST_REASON]}). Delete it and download it again."
    )


class Room:
    """Count what an archive unpacks to: bytes, and files.

    Args:
        archive: The file.
        max_bytes: Bytes that are allowed; by the length of the file when None.
    """

    def __init__(self, archive: Path, max_bytes: int | None = None) -> None:
        size = archive.stat().st_size
        self.budget = Budget("safe_unpack", archive, size, max_bytes)
        self.most_files = _FEW_FILES + (size if max_bytes is None else max_bytes) // _BYTES_A_FILE
        self.files = 0

    def declare(self, name: str, size: int) -> None:
        """Count a member before it is unpacked, by what it declares."""
        self.files += 1
        if self.files > self.most_files:
            raise self.budget.refusal(f"more than {self.most_files:,} files")
        if size < 0 or self.budget.taken + size > self.budget.allowed:
            raise self.budget.refusal(f"{name!r} declares {size:,}")

    def take(self, count: int, name: str) -> None:
        """Count bytes that are about to be written."""
        self.budget.take(count, name)


class BoundedReader:
    """Read an archive in pieces that a member can have, so that no header is read whole that declares gigabytes.

    Args:
        file: An open binary file.
        archive: What to call it.
    """

    def __init__(self, file: IO[bytes], archive: Path) -> None:
        self.file, self.archive = file, archive

    def read(self, size: int = -1) -> bytes:
        """Return at most `size` bytes."""
        if size > _LONGEST_READ:
            raise FileFormatError(f"safe_unpack: {str(self.archive)!r} has a header of {size:,} bytes. Do not use it.")
        return self.file.read(size)

    def seek(self, position: int, whence: int = 0) -> int:
        """Go to a place."""
        return self.file.seek(position, whence)

    def tell(self) -> int:
        """Return the place."""
        return self.file.tell()


def bounded(file: IO[bytes], archive: Path) -> IO[bytes]:
    """Return an open archive whose headers cannot be larger than memory takes."""
    return cast("IO[bytes]", BoundedReader(file, archive))


_LONGEST_READ = 1 << 22  # bytes: pieces of members are 1 MB
_LONGEST_REASON = 300
_FEW_FILES, _BYTES_A_FILE = 10_000, 32


def _unpacker(source: Path) -> Any:
    kind = kind_of_file(source)
    if kind in ("gzip", "bzip2", "xz", "tar"):
        return _unpack_tar
    if kind in ("zip", "torch zip", "torchscript"):
        return _unpack_zip
    found = {"html": "a web page (an error or log-in page saved under this name?)", "empty": "empty"}.get(
        kind, kind
    )
    raise FileFormatError(
        f"safe_unpack: {str(source)!r} must be a tar or zip archive; it is {found}. Delete it and download it again."
    )


@contextmanager
def _scratch_beside(target: Path) -> Iterator[Path]:
    target.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    try:
        yield scratch
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _only_folder(content: Path) -> Path:
    entries = list(content.iterdir())
    return entries[0] if len(entries) == 1 and entries[0].is_dir() else content


def _put(folder: Path, target: Path, scratch: Path) -> None:
    if target.exists():
        os.replace(target, scratch / "replaced")
    os.replace(folder, target)


def _safe_place(archive: Path, name: str, root: Path) -> Path:
    """Return where a member goes, after making sure that it stays below the root."""
    inside = PurePosixPath(name)
    if (
        inside.is_absolute()
        or ".." in inside.parts
        or "\\" in name
        or re.match("[A-Za-z]:", name)
        or "\0" in name
    ):
        raise FileFormatError(
            f"safe_unpack: {str(archive)!r} holds {name!r}, which would be written outside of its folder. "
            "The archive is hostile or badly made; do not use it."
        )
    return root.joinpath(*inside.parts)


def _refuse(archive: Path, name: str, what: str) -> FileFormatError:
    return FileFormatError(
        f"safe_unpack: {str(archive)!r} holds {name!r}, {what}. The archive is hostile or badly made; do not use it."
    )


_OPENERS: dict[str, Callable[..., Any]] = {"gzip": gzip.open, "bzip2": bz2.open, "xz": lzma.open}


def _unpack_tar(archive: Path, root: Path, room: Room) -> None:
    opened = _OPENERS.get(kind_of_file(archive), open)(archive, "rb")
    with opened, tarfile.open(fileobj=bounded(opened, archive), mode="r:") as tar:
        for member in tar:
            place = _safe_place(archive, member.name, root)
            room.declare(member.name, 0 if member.isdir() else member.size)
            if member.isdir():
                place.mkdir(parents=True, exist_ok=True)
            else:
                _write(_tar_content(tar, member, archive), place, bool(member.mode & stat.S_IXUSR), room)


def _tar_content(tar: tarfile.TarFile, member: tarfile.TarInfo, archive: Path) -> IO[bytes]:
    if not (member.isfile() or member.islnk() or member.issym()):
        raise _refuse(archive, member.name, "a device or pipe")
    try:
        content = tar.extractfile(member)
    except (KeyError, RecursionError):  # no such member; a link to itself
        content = None
    if content is None:
        raise _refuse(archive, member.name, f"a link to {member.linkname!r}, which is no file of the archive")
    return content


def _unpack_zip(archive: Path, root: Path, room: Room) -> None:
    with zipfile.ZipFile(archive) as packed:
        for member in packed.infolist():
            place = _safe_place(archive, member.filename, root)
            room.declare(member.filename, member.file_size)
            if member.is_dir():
                place.mkdir(parents=True, exist_ok=True)
            elif stat.S_ISLNK(member.external_attr >> 16):
                raise _refuse(archive, member.filename, "a link")
            else:
                _write(packed.open(member), place, False, room)


def _write(content: IO[bytes], place: Path, executable: bool, room: Room) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    with content, place.open("wb") as file:
        while piece := content.read(1 << 20):
            room.take(len(piece), place.name)
            file.write(piece)
    if executable:
        place.chmod(place.stat().st_mode | stat.S_IXUSR)
