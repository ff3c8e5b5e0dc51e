"""Writing files whole or not at all."""

from __future__ import annotations

import errno
import json
import os
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from onecycle.errors import OnecycleError, did_you_mean, explain
from onecycle.utils.json_text import parse_json

__all__ = [
    "FileMissingError",
    "FileReadError",
    "FileWriteError",
    "atomic_write",
    "existing_file",
    "read_json",
    "save_texts",
    "write_json",
]


class FileMissingError(OnecycleError, FileNotFoundError):
    """A file that was asked for is not there."""


class FileReadError(OnecycleError, OSError):
    """A file could not be read now; that says nothing about what is in it."""


class FileWriteError(OnecycleError, OSError):
    """A file could not be written; what was there before is unchanged."""


_CURES = {
    errno.EFBIG: "Save to a disk that takes larger files",
    errno.ENOSPC: "Free some space or save to another disk",
    errno.EDQUOT: "Free some of your quota or save to another disk",
    errno.EROFS: "Save to a folder that can be written",
    errno.EACCES: "Save to a folder that you may write to",
    errno.EPERM: "Save to a folder that you may write to",
}


_OF_MACHINE = {
    getattr(errno, name)
    for name in ("EMFILE", "ENFILE", "ENOMEM", "ENOBUFS", "ENOSPC", "EDQUOT", "EAGAIN", "ESTALE", "ETIMEDOUT", "EINTR")
    if hasattr(errno, name)
}


def is_fault_of_machine(error: OSError) -> bool:
    """Say whether an error is about the machine, not about one file: too many open files, no memory, a lost disk."""
    return error.errno in _OF_MACHINE


@contextmanager
def atomic_write(
    path: str | os.PathLike[str], mode: str = "wb", encoding: str | None = None
) -> Iterator[IO[Any]]:
    """Open a file that takes the place of `path` only once it is complete.

    The bytes go to a temporary file in the same folder, are flushed to the disk and then renamed, so a reader
    sees the old file or the new one, and a failure of any kind leaves the old one as it was. Missing folders
    are made.

    Args:
        path: Where the file is to stand.
        mode: `'wb'` or `'w'`.
        encoding: Text encoding; `'utf-8'` when the mode is a text mode and nothing is given.

    Yields:
        The open file; its `.name` is the temporary file's path.

    Raises:
        FileWriteError: the disk is full, the folder read-only, and so on; `errno` is kept.

    Example:
        >>> import tempfile
        >>> target = Path(tempfile.mkdtemp()) / "a.txt"
        >>> with atomic_write(target, "w") as file:
        ...     _ = file.write("whole")
        >>> target.read_text()
        'whole'
    """
    target = Path(os.path.realpath(path))
    temporary = target.with_name(f".{target.name[:80]}.{uuid.uuid4().hex[:8]}.tmp")
    if "b" not in mode:
        encoding = encoding or "utf-8"
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with open(temporary, mode.replace("w", "x"), encoding=encoding) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        _keep_permissions(target, temporary)
        os.replace(temporary, target)
    except OSError as error:
        _remove(temporary)
        if isinstance(error, OnecycleError):
            raise
        raise write_error(path, error) from error
    except BaseException:
        _remove(temporary)
        raise


def _keep_permissions(target: Path, temporary: Path) -> None:
    with suppress(OSError):
        os.chmod(temporary, os.stat(target).st_mode & 0o7777)


def _remove(path: Path) -> None:
    with suppress(OSError):
        path.unlink()


def write_error(path: str | os.PathLike[str], error: OSError) -> FileWriteError:
    """Return the error that says why a file could not be written and what to do."""
    reason = error.strerror or str(error) or type(error).__name__
    cure = _CURES.get(error.errno or 0, "Check the path or save somewhere else")
    after = "the file that was there is unchanged" if Path(path).exists() else "nothing was left behind"
    sentence = f"write: {os.fspath(path)!r} could not be written ({reason}). {cure}; {after}."
    raised = FileWriteError(sentence)
    raised.errno = error.errno
    return raised


def existing_file(owner: str, path: str | os.PathLike[str], cure: str = "") -> Path:
    """Return the path when it is a file.

    Args:
        owner: Who asks, for the message.
        path: The file wanted.
        cure: One more sentence for the message.

    Raises:
        FileMissingError: names the path and the nearest name in the same folder.
    """
    file = Path(path)
    if file.is_file():
        return file
    found, near = _what_is_there(file)
    raise FileMissingError(explain(owner, "", found, cure=f"{near} {cure}".strip()))


def _what_is_there(file: Path) -> tuple[str, str]:
    if file.is_dir():
        return f"{str(file)!r} is a folder, not a file", ""
    if not file.parent.is_dir():
        return f"there is no folder {str(file.parent)!r}", ""
    names = sorted(p.name for p in file.parent.iterdir())
    with_other_ending = [name for name in names if file.stem and Path(name).stem == file.stem]
    near = f" Did you mean {with_other_ending[0]!r}?" if with_other_ending else did_you_mean(file.name, names)
    return f"there is no file {str(file)!r}", near


def read_json(path: str | os.PathLike[str]) -> Any:
    """Read a JSON file.

    Raises:
        FileMissingError: there is no such file.
        FileFormatError: the file is not JSON; says at which line it breaks.
        FileReadError: it cannot be read now.
    """
    return parse_json("read_json", path, read_bytes("read_json", path))


def read_bytes(owner: str, path: str | os.PathLike[str]) -> bytes:
    """Return all bytes of a file.

    Raises:
        FileMissingError: there is no such file.
        FileReadError: the system does not give it: no permission, a disk that does not answer.
    """
    file = existing_file(owner, path)
    try:
        return file.read_bytes()
    except OSError as error:
        raise read_error(owner, path, error) from error


def read_error(owner: str, path: Any, error: OSError) -> FileReadError:
    """Return the error that says why a file cannot be read now."""
    name = repr(os.fspath(path)) if isinstance(path, (str, os.PathLike)) else str(path)
    reason = error.strerror or str(error) or type(error).__name__
    raised = FileReadError(f"{owner}: {name} cannot be read now ({reason}). That says nothing about what it holds.")
    raised.errno = error.errno
    return raised


def write_json(path: str | os.PathLike[str], value: Any, indent: int | None = 1) -> Path:
    """Write a value of plain lists, dicts, numbers and strings as JSON, atomically.

    Args:
        path: Where to; the folder is made.
        value: What to write.
        indent: Spaces of indentation, None for one line.

    Returns:
        The path.
    """
    text = json.dumps(value, indent=indent, ensure_ascii=False)
    with atomic_write(path, "w") as file:
        file.write(text + "\n")
    return Path(path)


def save_texts(fname: str | os.PathLike[str], texts: Iterable[str]) -> None:
    """Write texts to a file, one a line, atomically."""
    with atomic_write(fname, "w") as file:
        file.writelines(f"{text}\n" for text in texts)
