"""The folder of a run's checkpoints: each written whole with a check sum, the newest that is sound found again."""

from __future__ import annotations

import hashlib
import io
import os
import pickle
import shutil
import uuid
import warnings
from contextlib import suppress
from pathlib import Path
from typing import Any

import torch

from onecycle.errors import FileFormatError, OutOfMemoryError, add_context, explain
from onecycle.utils.file_gate import file_gate
from onecycle.utils.files import FileMissingError, FileReadError, atomic_write
from onecycle.utils.schema import Check, check_depth, check_form, mapping_of_names
from onecycle.utils.torch_files import check_archive, read_tensors, refused_name

__all__: list[str] = []

VERSION = 1
BEST = "best.ckpt"
_FORMAT = "onecycle-run"
_HINT = "Remove it; the one before is taken then."
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
    with file_gate("resume", path):
        content = Path(path).read_bytes()
    body, seal = content[:-_SEAL_BYTES], content[-_SEAL_BYTES:]
    if seal != _SEAL + hashlib.sha256(body).digest():
        raise FileFormatError(
            f"resume: {str(path)!r} is damaged or no checkpoint of a run (its check sum does not agree with its "
            f"{len(content)} bytes). Remove it; the one before is taken then."
        )
    state = unpacked(body, path)
    version = state.get("version", 0) if isinstance(state, dict) else None
    if not isinstance(version, int):
        raise FileFormatError(f"resume: {str(path)!r} is no checkpoint of a run. {_HINT}")
    if version > VERSION:
        raise NewerRunError(
            f"resume: {str(path)!r} was written by a newer onecycle (checkpoint version {state['version']}, this one "
            f"reads up to {VERSION}). Upgrade onecycle: pip install -U onecycle."
        )
    return state


def unpacked(content: bytes, path: str | os.PathLike[str]) -> Any:
    """Return what `torch.save` wrote: tensors, numbers and text. Nothing is executed, nothing unfolds.

    Args:
        content: The bytes.
        path: The file, for the message.

    Raises:
        FileFormatError: they are damaged, hold something else, or more values than bytes.
    """
    with file_gate("resume", path, hint=_HINT):
        check_archive("resume", path, content)
        try:
            state = read_tensors(io.BytesIO(content), "cpu")
        except pickle.UnpicklingError as error:  # its text recommends weights_only=False, which would run code
            what = refused_name(error) or "what is no tensor, number or text"
            raise FileFormatError(f"resume: {os.fspath(path)!r} holds {what}: damaged or forged. {_HINT}") from None
    check_depth("resume", path, state, len(content))
    return state


class NewerRunError(FileFormatError):
    """A checkpoint was written by a newer version of the library."""


def newest_sound(folder: str | os.PathLike[str], form: Check = mapping_of_names) -> dict[str, Any]:
    """Return the newest checkpoint that is sound, and warn of those that are not.

    Args:
        folder: The folder of the run.
        form: What a sound one holds.

    Raises:
        FileMissingError: the folder holds none.
        FileFormatError: none of them is sound, or the newest is of a newer version.
        FileReadError: one cannot be read now: it need not be damaged, so that no older one is taken in its place.
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
            state = check_form("resume", file, read_run_file(file), form)
        except NewerRunError:
            raise
        except FileFormatError as error:
            damaged.append(f"{file.name} ({_told(error, file)})")
            continue
        except (FileReadError, OutOfMemoryError) as error:
            add_context(error, cure=f"make {file.name} readable, or move it away to go on from the one before")
            raise
        if damaged:
            warnings.warn(
                f"resume: {', '.join(damaged)} cannot be read; the run goes on from {file.name}.", stacklevel=2
            )
        return state
    said = f"Damaged: {', '.join(damaged)}."
    raise FileFormatError(explain("resume", "folder", "must hold a sound checkpoint", os.fspath(folder), said))


def _told(error: FileFormatError, file: Path) -> str:
    """Return what is wrong with a file, without its name and without what to do."""
    said = str(error).removeprefix("resume: ").removeprefix(repr(str(file))).strip()
    return said.split(". ")[0].rstrip(".")


def tidy(folder: Path, keep: int, newest: Path | None = None) -> None:
    """Remove all but the newest checkpoints, and what a killed writer left.

    Args:
        folder: The folder of the run.
        keep: How many stay.
        newest: The one that was written last; younger ones could not be read, and neither count nor go.
    """
    files = run_files(folder)
    ours = files if newest is None else [file for file in files if file.name <= newest.name]
    for old in [*ours[keep:], *folder.glob(".*.ckpt.*.tmp")]:
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
