"""Unpacking archives that may be damaged or hostile."""

from __future__ import annotations

import os
import re
import shutil
import stat
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, Any

from onecycle.errors import FileFormatError
from onecycle.utils.file_kinds import kind_of_file
from onecycle.utils.files import existing_file

__all__ = ["safe_unpack"]

_DAMAGE = (
    tarfile.TarError,
    zipfile.BadZipFile,
    EOFError,
    zlib.error,
    OSError,
    RuntimeError,
    NotImplementedError,
)


def safe_unpack(archive: str | os.PathLike[str], dest: str | os.PathLike[str]) -> Path:
    """Unpack a tar (plain, gzip, bzip2, xz) or zip archive as the folder `dest`.

    Nothing is written outside of `dest`, and `dest` appears only when all of it is there: the work is done in
    a temporary folder beside it. An archive whose only top entry is a folder gives that folder's content.
    Links inside the archive become copies of what they point to.

    Args:
        archive: The file; its kind is told from its bytes, not its name.
        dest: The folder to make; one that is there already is replaced.

    Returns:
        `dest`.

    Raises:
        FileMissingError: there is no such archive.
        FileFormatError: the file is no archive, is damaged, or holds absolute paths, `..`, devices, or links
            to what is not in the archive. Nothing is left behind.
    """
    source, target = existing_file("safe_unpack", archive), Path(dest)
    unpack = _unpacker(source)
    with _scratch_beside(target) as scratch:
        content = scratch / "content"
        content.mkdir()
        try:
            unpack(source, content)
        except FileFormatError:
            raise
        except _DAMAGE as error:
            if isinstance(error, OSError) and error.errno is not None:  # the disk's fault, not the archive's
                raise
            reason = str(error) or type(error).__name__
            raise FileFormatError(
                f"safe_unpack: {str(archive)!r} is damaged ({reason}). Delete it and download it again."
            ) from error
        _put(_only_folder(content), target, scratch)
    return target


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


def _unpack_tar(archive: Path, root: Path) -> None:
    with tarfile.open(archive) as tar:
        for member in tar:
            place = _safe_place(archive, member.name, root)
            if member.isdir():
                place.mkdir(parents=True, exist_ok=True)
            else:
                _write(_tar_content(tar, member, archive), place, bool(member.mode & stat.S_IXUSR))


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


def _unpack_zip(archive: Path, root: Path) -> None:
    with zipfile.ZipFile(archive) as packed:
        for member in packed.infolist():
            place = _safe_place(archive, member.filename, root)
            if member.is_dir():
                place.mkdir(parents=True, exist_ok=True)
            elif stat.S_ISLNK(member.external_attr >> 16):
                raise _refuse(archive, member.filename, "a link")
            else:
                _write(packed.open(member), place, False)


def _write(content: IO[bytes], place: Path, executable: bool) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    with content, place.open("wb") as file:
        shutil.copyfileobj(content, file, 1 << 20)
    if executable:
        place.chmod(place.stat().st_mode | stat.S_IXUSR)
