"""Reading files of `torch.save` without running anything in them."""

from __future__ import annotations

import io
import os
import pickle
import re
import warnings
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import torch

from onecycle.errors import FileFormatError, OnecycleError
from onecycle.utils.budget import FLOOR
from onecycle.utils.file_kinds import damaged_file
from onecycle.utils.schema import check_depth

__all__ = ["load_torch"]

CONVERT_WEIGHTS = (
    "Load it once where it was made and save only the tensors: "
    "torch.save(learn.model.state_dict(), 'weights.pth'), or learn.save(name, with_opt=False)."
)


def load_torch(path: Path, kind: str, device: str | torch.device | None) -> Any:
    """Read a file of `torch.save`, either format, with `weights_only=True`.

    Args:
        path: The file.
        kind: What `kind_of_file` says of it.
        device: Where the tensors go; None keeps the devices they were saved from.

    Raises:
        FileFormatError: the file is damaged, or holds objects which could run code.
    """
    try:
        check_archive("load_checkpoint", path)
        state = read_tensors(path, device)
    except FileFormatError:
        raise
    except pickle.UnpicklingError as error:
        raise _refused(path, kind, error) from error
    except MemoryError as error:
        raise damaged_file(path, _out_of_memory(path, error)) from error
    except Exception as error:  # a damaged pickle raises whatever it likes
        raise damaged_file(path, error) from error
    check_depth("load_checkpoint", path, state, os.path.getsize(path))
    return state


def _out_of_memory(path: Path, error: MemoryError) -> Exception:
    """Say whether the machine has too little memory, or the file asks for what its bytes cannot fill."""
    is_small = os.path.getsize(path) < FLOOR
    return ValueError("it asks for far more memory than its bytes can fill") if is_small else error


def read_tensors(source: Any, device: str | torch.device | None) -> Any:
    """Return what `torch.save` wrote, without running anything in it; raises whatever torch raises.

    Args:
        source: A path or an open binary file.
        device: Where the tensors go; None keeps the devices they were saved from.
    """
    with warnings.catch_warnings(), torch.serialization.safe_globals(_NUMPY_NUMBERS):
        warnings.simplefilter("ignore")  # torch warns of old pickle protocols that it then reads
        return torch.load(source, map_location=device, weights_only=True)


def check_archive(owner: str, path: Any, content: bytes | None = None) -> None:
    """Refuse a zip of `torch.save` whose parts are packed: torch never packs them, so they can only be made to unfold.

    Args:
        owner: Who reads, for the message.
        path: The file.
        content: Its bytes, where they are read already.

    Raises:
        FileFormatError: a part of it unfolds.
        zipfile.BadZipFile: it is damaged.
    """
    with open(path, "rb") if content is None else io.BytesIO(content) as file:
        if file.read(4) != b"PK\x03\x04":
            return
        with zipfile.ZipFile(file) as archive:
            packed = next((part for part in archive.infolist() if _unfolds(part)), None)
    if packed is not None:
        raise FileFormatError(
            f"{owner}: {str(path)!r} is damaged or hostile: its part {packed.filename!r} unfolds to "
            f"{packed.file_size:,} bytes."
        )


def _unfolds(part: zipfile.ZipInfo) -> bool:
    return part.compress_type != zipfile.ZIP_STORED or part.file_size != part.compress_size


def refused_name(error: pickle.UnpicklingError) -> str:
    """Return what a file wanted to have called, where torch's reader says so."""
    named = re.search(r"(?:GLOBAL|global|class|type)\s+([\w.]+\.[\w.]+)", str(error))
    return named.group(1) if named else ""


class _NumberKind:
    """Stand for `numpy.dtype` while a file is read: a kind of plain numbers and nothing else."""

    def __init__(self, code: str, *_: Any) -> None:
        if code not in ("f8", "f4", "f2", "i8", "i4", "i2", "i1", "u1", "b1"):
            raise pickle.UnpicklingError(f"GLOBAL numpy.dtype.{code}")
        self.code, self.order = code, "<"

    def __setstate__(self, state: Any) -> None:
        self.order = ">" if state[1] == ">" else "<"


def _number(kind: _NumberKind, data: bytes) -> Any:
    """Stand for NumPy's function that rebuilds a number."""
    return np.frombuffer(data, np.dtype(kind.order + kind.code), 1).item()


# Old optimiser states hold learning rates as NumPy numbers. Their names are answered with the two harmless
# stand-ins above, never with NumPy's own functions (whose folder was renamed in NumPy 2).
_NUMPY_NUMBERS: list[Any] = [
    (_NumberKind, "numpy.dtype"),
    (_number, "numpy.core.multiarray.scalar"),
    (_number, "numpy._core.multiarray.scalar"),
]


def _refused(path: Path, kind: str, error: pickle.UnpicklingError) -> OnecycleError:
    named = refused_name(error)
    if not named and kind != "pickle":
        return damaged_file(path, pickle.UnpicklingError(_own_words(error)))
    return FileFormatError(
        f"load_checkpoint: {str(path)!r} holds more than tensors ({named or 'a pickle'}), "
        f"and reading that could run code. {CONVERT_WEIGHTS}"
    )


def _own_words(error: pickle.UnpicklingError) -> str:
    """Return the reason without torch's advice to read the file in a way that would run code."""
    said = str(error).rsplit("WeightsUnpickler error:", 1)[-1].strip()
    return "it is no pickle of tensors" if "weights_only" in said else said
