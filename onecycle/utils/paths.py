"""Small helpers for paths and folders."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from onecycle.errors import DataError, explain

__all__ = ["find_classes", "is_pathlike", "join_path", "join_paths", "working_directory"]


def is_pathlike(x: Any) -> bool:
    """Say whether `x` is a string or a path."""
    return isinstance(x, (str, Path))


def join_path(fname: str | os.PathLike[str], path: str | os.PathLike[str] = ".") -> Path:
    """Return `path/fname`."""
    return Path(path) / fname


def join_paths(fnames: Iterable[str | os.PathLike[str]], path: str | os.PathLike[str] = ".") -> list[Path]:
    """Return `path/fname` for every file name."""
    folder = Path(path)
    return [folder / fname for fname in fnames]


def find_classes(folder: str | os.PathLike[str]) -> list[Path]:
    """Return the sub-folders of a folder, one a class, sorted by name; hidden ones are left out.

    Raises:
        DataError: there is no such folder.
    """
    parent = Path(folder)
    if not parent.is_dir():
        cure = "Check the path."
        raise DataError(explain("find_classes", "folder", "must be a folder that exists", str(folder), cure))
    return sorted(p for p in parent.iterdir() if p.is_dir() and not p.name.startswith("."))


@contextmanager
def working_directory(path: str | os.PathLike[str]) -> Iterator[None]:
    """Work in another directory inside the block.

    Example:
        >>> before = Path.cwd()
        >>> with working_directory("/"):
        ...     inside = Path.cwd()
        >>> inside == Path("/"), Path.cwd() == before
        (True, True)
    """
    before = Path.cwd()
    os.chdir(path)
    try:
        yield
    finally:
        os.chdir(before)


def ls(path: Path) -> list[Path]:
    """Return what is in a folder, sorted by name."""
    return sorted(path.iterdir())


def give_paths_ls() -> None:
    """Give `pathlib.Path` the method `.ls()` that notebooks use; called by the front doors only."""
    if not hasattr(Path, "ls"):
        Path.ls = ls  # type: ignore[attr-defined]
