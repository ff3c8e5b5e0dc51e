"""Reading files of `torch.save` without running anything in them."""

from __future__ import annotations

import pickle
import re
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import torch

from onecycle.errors import FileFormatError
from onecycle.utils.file_kinds import damaged_file

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
        with warnings.catch_warnings(), torch.serialization.safe_globals(_NUMPY_NUMBERS):
            warnings.simplefilter("ignore")  # torch warns of old pickle protocols that it then reads
            return torch.load(path, map_location=device, weights_only=True)
    except pickle.UnpicklingError as error:
        raise _refused(path, kind, error) from error
    except (
        RuntimeError,
        EOFError,
        OSError,
        ValueError,
        KeyError,
        AttributeError,
        TypeError,
        IndexError,
    ) as error:
        raise damaged_file(path, error) from error


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


def _refused(path: Path, kind: str, error: pickle.UnpicklingError) -> FileFormatError:
    named = re.search(r"(?:GLOBAL|global|class|type)\s+([\w.]+\.[\w.]+)", str(error))
    if named is None and kind != "pickle":
        return damaged_file(
            path, pickle.UnpicklingError(str(error).rsplit("WeightsUnpickler error:", 1)[-1].strip())
        )
    return FileFormatError(
        f"load_checkpoint: {str(path)!r} holds more than tensors ({named.group(1) if named else 'a pickle'}), "
        f"and reading that could run code. {CONVERT_WEIGHTS}"
    )
