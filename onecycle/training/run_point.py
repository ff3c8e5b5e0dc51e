"""The checkpoint that all processes of a run go on from: the choice of the first."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import torch

from onecycle.errors import TrainingError
from onecycle.training.run_files import newest_sound, run_files
from onecycle.utils.distributed import from_first, greatest, is_first_process, processes_connected
from onecycle.utils.schema import Check, mapping_of_names

__all__: list[str] = []


def is_begun(folder: Path) -> bool:
    """Say whether the folder holds checkpoints of a run, as the first process sees it."""
    return bool(greatest([int(is_first_process() and bool(run_files(folder)))])[0])


def point_of_all(folder: Path, form: Check = mapping_of_names) -> dict[str, Any]:
    """Return the newest sound checkpoint that the first process finds; every process must ask.

    Args:
        folder: The folder of the run.
        form: What a sound checkpoint holds.

    The others get it from the first, since a file may appear or go while they look, and need not see its disk.

    Raises:
        FileMissingError, FileFormatError: in the first process; see `newest_sound`.
        TrainingError: in the others, when the first could not read one.
    """
    if not processes_connected():
        return newest_sound(folder, form)
    return _told(folder, form) if is_first_process() else _heard(folder)


def _told(folder: Path, form: Check) -> dict[str, Any]:
    try:
        point = newest_sound(folder, form)
    except BaseException:
        from_first(None)
        raise
    memory = io.BytesIO()
    torch.save(point, memory)
    from_first(memory.getvalue())
    return point


def _heard(folder: Path) -> dict[str, Any]:
    content = from_first(None)
    if content is None:
        raise TrainingError(
            f"resume: {str(folder)!r} must hold a sound checkpoint; the first process found none. It says why."
        )
    return torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
