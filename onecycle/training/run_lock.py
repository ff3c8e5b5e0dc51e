"""One process at a time in the folder of a run."""

from __future__ import annotations

import os
from pathlib import Path
from typing import IO

from onecycle.errors import TrainingError
from onecycle.utils.distributed import greatest, is_first_process
from onecycle.utils.files import write_error

__all__: list[str] = []

_NAME = ".lock"


class RunLock:
    """Hold the folder of a run, so that no other process writes into it; the system lets go when this one dies.

    Of several connected processes the first holds it. Where the file system knows no locks, nothing is held.

    Args:
        folder: The folder, which is there.

    Raises:
        TrainingError: another process trains with the folder; in all connected processes.
    """

    def __init__(self, folder: Path) -> None:
        self._file: IO[str] | None = None
        is_taken = False
        if is_first_process():
            is_taken = not self._take(folder / _NAME)
        if greatest([int(is_taken)])[0]:
            raise TrainingError(
                f"fit: another process{_holder(folder / _NAME)} is training with the folder {str(folder)!r}. Wait "
                f"until it has ended, or pass another folder."
            )

    def _take(self, path: Path) -> bool:
        """Say whether the folder is ours now, or need not be."""
        try:
            import fcntl
        except ImportError:  # Windows
            return True
        try:
            file = open(path, "a", encoding="utf-8")  # noqa: SIM115 - held until the run ends
        except OSError as error:
            raise write_error(path, error) from error
        try:
            # a lock of the process: the workers that load data do not inherit it, and may outlive it for a while
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            file.close()
            return not isinstance(error, (BlockingIOError, PermissionError))
        try:
            file.truncate(0)
            os.write(file.fileno(), str(os.getpid()).encode())
        except OSError as error:
            file.close()
            raise write_error(path, error) from error
        self._file = file
        return True

    def release(self) -> None:
        """Let the folder go."""
        if self._file is not None:
            self._file.close()
            self._file = None


def _holder(path: Path) -> str:
    """Return which process holds the folder, where that can be read."""
    try:
        number = path.read_text(encoding="utf-8").strip()
    except OSError:
        return ""
    return f" ({number})" if number else ""
