"""Tensors on disk, in files that cannot run code."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any, cast

import numpy as np
import torch
from torch import Tensor

from onecycle.errors import ArgumentError, FileFormatError, explain
from onecycle.utils.file_gate import file_gate
from onecycle.utils.file_kinds import damaged_file, foreign_file, kind_of_file
from onecycle.utils.files import atomic_write, existing_file, write_error
from onecycle.utils.json_text import parse_json
from onecycle.utils.schema import Check, check_form, named, record, text, whole
from onecycle.utils.torch_files import CONVERT_WEIGHTS, load_torch

__all__ = [
    "load_checkpoint",
    "peek_manifest",
    "read_bundle",
    "save_checkpoint",
    "torch_save",
    "try_save",
    "write_bundle",
]

BUNDLE_VERSION = 1
_MANIFEST, _ENVELOPE = "onecycle", "onecycle.bundle"

_PICKLED = ("pickle", "torch legacy", "torch zip", "torchscript")
_CONVERT_LEARNER = (
    "Open it once where it was made and save its weights, torch.save(learn.model.state_dict(), 'weights.pth'), "
    "build the learner here, then learn.load('weights') and learn.export()."
)
# ---- one safetensors file with a manifest ----


def write_bundle(
    path: str | os.PathLike[str], tensors: Mapping[str, Tensor], manifest: Mapping[str, Any]
) -> Path:
    """Write tensors and a JSON manifest as one safetensors file, atomically.

    Tensors that are the same memory (tied weights) are stored once.

    Args:
        path: Where to; the folder is made.
        tensors: Names to tensors, on any device.
        manifest: What goes with them: dicts, lists, strings, numbers (see `registry.encode`).

    Returns:
        The path.

    Raises:
        FileWriteError: the file could not be written; the old one is unchanged.
        ArgumentError: the manifest is not JSON.
    """
    from safetensors.torch import save

    kept, aliases = _without_twins(tensors)
    envelope = {"version": BUNDLE_VERSION, "aliases": aliases}
    data = save(kept, {_MANIFEST: _to_json(manifest), _ENVELOPE: json.dumps(envelope)})
    with atomic_write(path) as file:
        file.write(data)
    return Path(path)


def _to_json(manifest: Mapping[str, Any]) -> str:
    try:
        return json.dumps(manifest, ensure_ascii=False)
    except (TypeError, ValueError) as error:
        cure = "Pass its values through onecycle.utils.registry.encode."
        raise ArgumentError(
            explain("write_bundle", "manifest", f"must be plain JSON ({error})", cure=cure)
        ) from error


def _without_twins(tensors: Mapping[str, Tensor]) -> tuple[dict[str, Tensor], dict[str, str]]:
    kept: dict[str, Tensor] = {}
    aliases: dict[str, str] = {}
    seen: dict[tuple[Any, ...], str] = {}
    for name, tensor in tensors.items():
        key = (tensor.device, tensor.data_ptr(), tensor.dtype, tensor.shape, tensor.stride())
        if tensor.numel() and key in seen:
            aliases[name] = seen[key]
        else:
            seen[key] = name
            kept[name] = _alone(tensor)
    return kept, aliases


def _alone(tensor: Tensor) -> Tensor:
    tensor = tensor.detach().cpu().contiguous()
    whole = tensor.untyped_storage().nbytes() == tensor.numel() * tensor.element_size()
    return tensor if whole else tensor.clone()


def read_bundle(
    path: str | os.PathLike[str], device: str | torch.device = "cpu", newest: int = 1
) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Read a file of `write_bundle`; nothing in it is ever executed.

    Args:
        path: The file.
        device: Where the tensors go.
        newest: The highest `manifest['version']` that the caller understands.

    Returns:
        The tensors by name, and the manifest.

    Raises:
        FileMissingError: there is no such file.
        FileFormatError: a pickle, a damaged or foreign file, or one of a newer version.
    """
    file, metadata = _open_bundle(path, newest)
    tensors = _read_safetensors(file, device)
    with file_gate("read_bundle", path):
        tensors.update({name: tensors[kept] for name, kept in metadata["aliases"].items()})
    return tensors, metadata["manifest"]


def peek_manifest(path: str | os.PathLike[str], newest: int = 1) -> dict[str, Any]:
    """Read only the manifest of a bundle.

    Raises:
        FileMissingError, FileFormatError: as `read_bundle`.
    """
    return _open_bundle(path, newest)[1]["manifest"]


def _open_bundle(path: str | os.PathLike[str], newest: int) -> tuple[Path, dict[str, Any]]:
    file = existing_file("read_bundle", path)
    kind = kind_of_file(file)
    if kind in _PICKLED:
        raise FileFormatError(
            f"read_bundle: {str(path)!r} is a pickle, which could run code. {_CONVERT_LEARNER}"
        )
    if kind != "safetensors":
        raise foreign_file("read_bundle", path, kind, "a file of learn.export()")
    found = _metadata(file)
    if _MANIFEST not in found:
        cure = "It holds bare weights: read them with load_checkpoint or learn.load."
        raise FileFormatError(
            f"read_bundle: {str(path)!r} is a safetensors file without a onecycle manifest. {cure}"
        )
    manifest = _part(path, found[_MANIFEST], _MANIFEST_FORM)
    envelope = _part(path, found.get(_ENVELOPE, "{}"), _ENVELOPE_FORM)
    _check_version(path, envelope.get("version", 1), BUNDLE_VERSION)
    _check_version(path, manifest.get("version", 1), newest)
    return file, {"manifest": manifest, "aliases": envelope.get("aliases", {})}


_MANIFEST_FORM = record({}, {"version": whole(0)})
_ENVELOPE_FORM = record({}, {"version": whole(0), "aliases": named(text)})


def _part(path: str | os.PathLike[str], content: str, form: Check) -> Any:
    """Return a JSON text of the header, of the form that it must have."""
    return check_form("read_bundle", path, parse_json("read_bundle", path, content), form)


def _check_version(path: str | os.PathLike[str], version: Any, newest: int) -> None:
    if version > newest:
        raise FileFormatError(
            f"read_bundle: {str(path)!r} was written by a newer onecycle (file version {version}, "
            f"this one reads up to {newest}). Upgrade onecycle: pip install -U onecycle."
        )


def _metadata(path: Path) -> dict[str, str]:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt") as file:
            return file.metadata() or {}
    except (SafetensorError, OSError, ValueError, RuntimeError, MemoryError) as error:
        raise damaged_file(path, error) from error


def _read_safetensors(path: Path, device: str | torch.device) -> dict[str, Tensor]:
    from safetensors.torch import load_file

    try:
        return load_file(path, device=str(device))
    except Exception as error:  # a damaged header also raises KeyError and TypeError
        raise damaged_file(path, error) from error


# ---- checkpoints: nested tensors, numbers and strings ----

_PLAIN = (Tensor, type(None), bool, int, float, complex, str, bytes, torch.dtype, torch.device, torch.Size)


def save_checkpoint(
    path: str | os.PathLike[str], state: Any, metadata: Mapping[str, str] | None = None
) -> Path:
    """Write nested dicts and lists of tensors, numbers and strings, atomically.

    What is written is what `load_checkpoint` can read without executing anything.

    Args:
        path: Where to; the folder is made. A `.safetensors` path takes a flat dict of tensors.
        state: The state.
        metadata: Texts that go into the header of a `.safetensors` file.

    Returns:
        The path.

    Raises:
        ArgumentError: names the entry that is neither tensor, number nor string.
        FileWriteError: the file could not be written; the old one is unchanged.
    """
    if Path(path).suffix == ".safetensors":
        return _save_flat(path, state, metadata)
    _check_plain(state, "state")
    with atomic_write(path) as file:
        _save(state, file)
    return Path(path)


def checkpoint_metadata(path: str | os.PathLike[str]) -> dict[str, str]:
    """Return the texts in the header of a safetensors file.

    Raises:
        FileFormatError: it is damaged.
    """
    return _metadata(Path(path))


class _Remembering:
    """Write to a file and remember what the system refused, which torch answers with an error of its own.

    Args:
        file: An open binary file.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self.file = file
        self.error: OSError | None = None

    def write(self, data: Any) -> int:
        """Write bytes, as the file does."""
        try:
            return self.file.write(data)
        except OSError as error:
            self.error = self.error or error
            raise

    def flush(self) -> None:
        """Hand over what is buffered, as the file does."""
        try:
            self.file.flush()
        except OSError as error:
            self.error = self.error or error
            raise


def _save(state: Any, file: IO[bytes], **how: Any) -> None:
    """Let torch save to an open file; a full disk raises the system's error, not torch's."""
    target = _Remembering(file)
    try:
        torch.save(state, cast("IO[bytes]", target), **how)
    except Exception:
        if target.error is not None:
            raise target.error from None
        raise


def _save_flat(path: str | os.PathLike[str], state: Any, metadata: Mapping[str, str] | None) -> Path:
    from safetensors.torch import save

    if not _is_flat(state):
        cure = "Save to a .pth file, or save the model's state_dict alone."
        raise ArgumentError(
            explain("save_checkpoint", "state", "must be a flat dict of tensors", state, cure)
        )
    tensors = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in state.items()}
    data = save(tensors, None if metadata is None else dict(metadata))
    with atomic_write(path) as file:
        file.write(data)
    return Path(path)


def _is_flat(state: Any) -> bool:
    return isinstance(state, Mapping) and all(isinstance(t, Tensor) for t in state.values())


def _check_plain(value: Any, where: str) -> None:
    if isinstance(value, Mapping):
        for key, entry in value.items():
            _check_plain(key, f"{where} key {key!r}")
            _check_plain(entry, f"{where}[{key!r}]")
    elif isinstance(value, (list, tuple, set)):
        for i, entry in enumerate(value):
            _check_plain(entry, f"{where}[{i}]")
    elif not isinstance(value, _PLAIN) or isinstance(value, np.generic):  # NumPy's float64 is a float
        cure = "Store its numbers instead (for instance .state_dict(), .item() or .tolist())."
        raise ArgumentError(
            explain("save_checkpoint", where, "must be a tensor, number or string", value, cure)
        )


def load_checkpoint(path: str | os.PathLike[str], device: str | torch.device | None = "cpu") -> Any:
    """Read a checkpoint without executing anything in it.

    Reads files of `save_checkpoint`, of `torch.save` (both formats: state dicts, `{'model': …, 'opt': …}`,
    the published pretrained files) and `.safetensors` files.

    Args:
        path: The file.
        device: Where the tensors go; None keeps the devices they were saved from.

    Returns:
        What was saved; a dict of tensors for `.safetensors`.

    Raises:
        FileMissingError: there is no such file.
        FileFormatError: a foreign or damaged file, or one that holds objects which could run code.
    """
    file = existing_file("load_checkpoint", path)
    kind = kind_of_file(file)
    if kind == "safetensors":
        return _read_safetensors(file, "cpu" if device is None else device)
    if kind == "torchscript":
        raise FileFormatError(
            f"load_checkpoint: {str(path)!r} is a TorchScript program, not weights. {CONVERT_WEIGHTS}"
        )
    if kind not in _PICKLED:
        raise foreign_file("load_checkpoint", path, kind, "a .pth or .safetensors file of weights")
    return load_torch(file, kind, device)


def torch_save(*args: Any, _use_new_zipfile_serialization: bool = False, **kwargs: Any) -> None:
    """Call `torch.save` in the older file format, which versions of torch before 1.6 read too.

    Args:
        args: As for `torch.save`: the object, the file.
        _use_new_zipfile_serialization: True for today's format.
        kwargs: As for `torch.save`.
    """
    kwargs["_use_new_zipfile_serialization"] = _use_new_zipfile_serialization
    torch.save(*args, **kwargs)


def try_save(state: Any, path: str | os.PathLike[str] | None = None, file: Any = None) -> None:
    """Save a state to a file below `path`, or to an open file.

    Args:
        state: Nested tensors, numbers and strings.
        path: The folder; left out when `file` is open already.
        file: The file's name (`'export.pth'` when None) or an open binary file.

    Raises:
        ArgumentError: names the entry that cannot be written safely.
        FileWriteError: the file could not be written.
    """
    if hasattr(file, "write"):
        _check_plain(state, "state")
        try:
            _save(state, file)
        except OSError as error:
            raise write_error(getattr(file, "name", "the open file"), error) from error
    else:
        save_checkpoint(Path(path or ".") / (file or "export.pth"), state)
