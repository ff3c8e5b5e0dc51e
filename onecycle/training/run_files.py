"""The folder of a run's checkpoints: each written whole with a check sum, the newest that is sound found again."""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import uuid
import warnings
from contextlib import suppress
from pathlib import Path
from typing import Any

import torch

from onecycle.errors import FileFormatError, explain
from onecycle.utils.files import FileMissingError, atomic_write

__all__: list[str] = []

VERSION = 1
BEST = "best.ckpt"
_FORMAT = "onecycle-run"
_SEAL = b"onecycle-sha256:"
_SEAL_BYTES = len(_SEAL) + hashlib.sha256().digest_size


def run_files(folder: str | os.PathLike[str]) -> list[Path]:
    """Return the checkpoints of a run, the newest first; not the copy of the best.

    Args:
        folder: The folder that was given as `checkpoint=`.
    """
    return sorted(Path(folder).glob("step-*.ckpt"), reverse=True)


def file_of(folder: Path, step: int) -> Path:
    """Return the path of the checkpoint after a training step."""
    return folder / f"step-{step:010d}.ckpt"


def write_run_file(path: Path, state: dict[str, Any]) -> None:
    """Write a state atomically, with a check sum at its end.

    Raises:
        FileWriteError: it could not be written; what was there is unchanged.
    """
    memory = io.BytesIO()
    torch.save({"format": _FORMAT, "version": VERSION, **state}, memory)
    content = memory.getbuffer()
    with atomic_write(path) as file:
        file.write(content)
        file.write(_SEAL + hashlib.sha256(content).digest())


def read_run_file(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Read a checkpoint of a run; nothing in it is executed.

    Args:
        path: The file.

    Raises:
        FileFormatError: it is damaged, foreign, or of a newer version; says which.
    """
    content = Path(path).read_bytes()
    body, seal = content[:-_SEAL_BYTES], content[-_SEAL_BYTES:]
    if seal != _SEAL + hashlib.sha256(body).digest():
        raise FileFormatError(
            f"resume: {str(path)!r} is damaged or no checkpoint of a run (its check sum does not agree with its "
            f"{len(content)} bytes). Remove it; the one before is taken then."
        )
    state = torch.load(io.BytesIO(body), map_location="cpu", weights_only=True)
    if state.get("version", 0) > VERSION:
        raise NewerRunError(
            f"resume: {str(path)!r} was written by a newer onecycle (checkpoint version {state['version']}, this one "
            f"reads up to {VERSION}). Upgrade onecycle: pip install -U onecycle."
        )
    return state


class NewerRunError(FileFormatError):
    """A checkpoint was written by a newer version of the library."""


def newest_sound(folder: str | os.PathLike[str]) -> dict[str, Any]:
    """Return the newest checkpoint that can be read, and warn of those that could not.

    Raises:
        FileMissingError: the folder holds none.
        FileFormatError: none of them is sound, or the newest is of a newer version.
    """
    files = run_files(folder)
    if not files:
        found = "there is no such folder" if not Path(folder).is_dir() else "it holds no checkpoint"
        raise FileMissingError(
            f"resume: {os.fspath(folder)!r} must be a folder that fit(…, checkpoint=folder) wrote; {found}. "
            f"Begin the run with learn.fit_one_cycle(…, checkpoint={os.fspath(folder)!r})."
        )
    damaged: list[str] = []
    for file in files:
        try:
            state = read_run_file(file)
        except NewerRunError:
            raise
        except (FileFormatError, OSError, RuntimeError) as error:
            damaged.append(f"{file.name} ({type(error).__name__})")
            continue
        if damaged:
            warnings.warn(
                f"resume: {', '.join(damaged)} cannot be read; the run goes on from {file.name}.", stacklevel=2
            )
        return state
    said = f"Damaged: {', '.join(damaged)}."
    raise FileFormatError(explain("resume", "folder", "must hold a sound checkpoint", os.fspath(folder), said))


def tidy(folder: Path, keep: int) -> None:
    """Remove all but the newest checkpoints, and what a killed writer left."""
    for old in [*run_files(folder)[keep:], *folder.glob(".*.ckpt.*.tmp")]:
        with suppress(OSError):
            old.unlink()


def copy_as_best(folder: Path, file: Path) -> None:
    """Let the best checkpoint be this one: a second name of the same file, or a copy where there are none."""
    temporary = folder / f".{BEST}.{uuid.uuid4().hex[:8]}.tmp"
    try:
        os.link(file, temporary)
    except OSError:
        shutil.copyfile(file, temporary)
    os.replace(temporary, folder / BEST)
