"""Open files in the place of paths: what is written to a path goes to a file in memory, and back."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

__all__: list[str] = []

_NAME = "open file"


@contextmanager
def path_to_write(target: Any) -> Iterator[Path]:
    """Yield a path; what is written there goes to the target, at once and only if all went well.

    Args:
        target: A path, or an open file of bytes or text.
    """
    if not hasattr(target, "write"):
        yield Path(target)
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / _NAME
        yield path
        content = path.read_bytes()
    target.write(content.decode() if isinstance(target, io.TextIOBase) else content)


@contextmanager
def path_to_read(source: Any) -> Iterator[Path]:
    """Yield a path with what an open file holds from its place on, or the path that was given.

    Args:
        source: A path, or an open file of bytes or text.
    """
    if not hasattr(source, "read"):
        yield Path(source)
        return
    content = source.read()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / _NAME
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        yield path
