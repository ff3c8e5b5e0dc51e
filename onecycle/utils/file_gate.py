"""The gate of every reader: what goes wrong inside comes out as one sentence about the file."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from onecycle.errors import FileFormatError, NotRegisteredError, OnecycleError, OutOfMemoryError
from onecycle.utils.files import FileMissingError, FileReadError, FileWriteError, read_error

__all__: list[str] = []

_PASS = (FileFormatError, FileMissingError, FileReadError, FileWriteError, NotRegisteredError, OutOfMemoryError)


@contextmanager
def file_gate(
    owner: str, path: Any, convert_own: bool = True, hint: str = "Copy it or make it again."
) -> Iterator[None]:
    """Turn errors of what a file holds into a sentence about the file.

    Args:
        owner: Who reads, for the message.
        path: The file, or what to call it.
        convert_own: Whether errors of the library's own that are not about files are turned too; False where a user's
            arguments are used within.
        hint: What the reader can do.

    Raises:
        FileFormatError: something went wrong with what the file holds; the cause is kept.
        FileReadError: the system does not give the file: no permission, a disk that does not answer.
        OutOfMemoryError: there is not enough memory for what it holds.
        NotRegisteredError: as it came, since it says how to register a name.
    """
    try:
        yield
    except _PASS:
        raise
    except OnecycleError as error:
        if not convert_own:
            raise
        raise FileFormatError(f"{owner}: {_name(path)} cannot be used: {error}") from error
    except Warning:
        raise
    except Exception as error:
        raise error_of_file(owner, path, error, hint) from error


def error_of_file(
    owner: str, path: Any, error: BaseException, hint: str = "Copy it or make it again."
) -> FileFormatError | FileReadError | OutOfMemoryError:
    """Return the error that says what an error means for the file: damage, no access, or too little memory."""
    name = _name(path)
    if isinstance(error, MemoryError):
        return OutOfMemoryError(f"{owner}: there is not enough memory for {name}. It need not be damaged.")
    if isinstance(error, OSError) and error.errno is not None:
        return read_error(owner, path, error)
    return FileFormatError(f"{owner}: {name} is damaged or of another kind ({_reason(error)}). {hint}")


def _name(path: Any) -> str:
    return repr(os.fspath(path)) if isinstance(path, (str, os.PathLike)) else str(path)


def _reason(error: BaseException) -> str:
    """Return an error's kind and first line, in words that do not end the sentence."""
    if isinstance(error, RecursionError):
        return "it is nested too deep"
    first = (str(error).splitlines() or [""])[0].rstrip(". ")
    shown = first if len(first) <= 200 else first[:199] + "…"
    return f"{type(error).__name__}: {shown}" if shown else type(error).__name__
