"""Weights on disk: written whole, read without running code, fitted to a model with every misfit named."""

from __future__ import annotations

import io
import os
import pickle
import uuid
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from onecycle.errors import FileFormatError, TrainingError
from onecycle.training.numbering import KEY, from_metadata
from onecycle.utils.bundle import checkpoint_metadata, load_checkpoint, save_checkpoint, try_save
from onecycle.utils.file_gate import file_gate
from onecycle.utils.file_kinds import kind_of_file
from onecycle.utils.sharded import parted_like
from onecycle.utils.tensors import remove_module_load
from onecycle.utils.torch_files import CONVERT_WEIGHTS, check_archive, read_tensors, refused_name

__all__: list[str] = []

_NAMED = 5


_MODEL_DIR = (
    "Learner: model_dir",
    "Set learn.model_dir, or pass model_dir= to the learner: a folder that can be written.",
)


def check_writable(folder: Path, named: tuple[str, str] = _MODEL_DIR) -> None:
    """Refuse a folder into which no file can be written; it is made where it is missing.

    Args:
        folder: The folder.
        named: What it is called in the message, and the cure.

    Raises:
        TrainingError: names the folder, the reason and the cure.
    """
    probe = folder / f".{uuid.uuid4().hex}.tmp"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise TrainingError(
            f"{named[0]} {str(folder)!r} cannot be written ({error.strerror or error}). {named[1]}"
        ) from error


def write_state(target: Any, state: Any, metadata: Mapping[str, str] | None = None) -> None:
    """Write a state to a path, atomically, or to an open file; a safetensors file takes metadata beside it."""
    if isinstance(target, (str, os.PathLike)):
        check_writable(Path(target).parent)
        save_checkpoint(target, state, metadata)
    else:
        try_save(state, file=target)


def read_state(source: Any, device: Any) -> Any:
    """Read a state from a path or an open file; nothing in it is executed."""
    if isinstance(source, (str, os.PathLike)):
        return load_checkpoint(source, device)
    with file_gate("load", getattr(source, "name", "the open file")):
        content = source.read()
        check_archive("load", "the open file", content)
        try:
            return read_tensors(io.BytesIO(content), device)
        except pickle.UnpicklingError as error:  # its text recommends weights_only=False, which would run code
            what = refused_name(error) or "what is no tensor, number or text"
            raise FileFormatError(f"load: the open file holds {what}, and is not read. {CONVERT_WEIGHTS}") from None


def numbering_in(state: Any, source: Any) -> Any:
    """Return what the numbers of a saved model stand for, as its file says; None where it does not."""
    if isinstance(state, Mapping) and KEY in state:
        return state[KEY]
    is_flat = isinstance(source, (str, os.PathLike)) and kind_of_file(Path(source)) == "safetensors"
    return from_metadata(checkpoint_metadata(source)) if is_flat else None


def split_state(state: Any, source: Any) -> tuple[dict[str, Tensor], Any]:
    """Return the weights and the optimiser's state (or None) of a file.

    Raises:
        FileFormatError: there are no weights; says what there is.
    """
    opt_state = None
    if isinstance(state, Mapping) and isinstance(state.get("model"), Mapping):
        state, opt_state = state["model"], state.get("opt")
    elif isinstance(state, Mapping) and isinstance(state.get("state_dict"), Mapping):
        state = state["state_dict"]
    if not isinstance(state, Mapping) or not state or not any(isinstance(v, Tensor) for v in state.values()):
        entries = list(state)[:_NAMED] if isinstance(state, Mapping) else []
        found = f"the entries {', '.join(map(str, entries))}" if entries else f"a {type(state).__name__}"
        raise FileFormatError(
            f"load: {source} must hold a model's weights by name; it holds {found}. Check the path."
        )
    for name, value in state.items():
        if not isinstance(name, str) or (isinstance(value, Tensor) and (value.is_sparse or value.is_meta)):
            raise FileFormatError(
                f"load: {source} must hold a model's weights by name; its entry {name!r} is none. It is damaged."
            )
    return {name: value for name, value in state.items() if isinstance(value, Tensor)}, opt_state


def fit_state(
    model: nn.Module, weights: Mapping[str, Tensor], strict: bool, remove_module: bool, source: Any
) -> None:
    """Put weights into a model.

    Args:
        model: The model.
        weights: Tensors by name.
        strict: All names and shapes must agree; else those that agree are loaded, and a warning names the rest.
        remove_module: Take `module.` off the names.
        source: Named in the message.

    Raises:
        FileFormatError: names the keys that are missing, unexpected or of another shape.
    """
    if remove_module:
        weights = remove_module_load(weights)
    mine = model.state_dict()
    misshaped = [k for k, v in weights.items() if k in mine and mine[k].shape != v.shape]
    misfits = _misfits(mine, weights, misshaped)
    if strict and misfits:
        raise FileFormatError(f"load: {source} does not fit the model: {misfits}. {_hint(mine, weights)}")
    fitting = {
        key: parted_like(value, mine[key]) for key, value in weights.items() if key in mine and key not in misshaped
    }
    if not fitting:
        raise FileFormatError(f"load: no name in {source} is one of this model's. {_hint(mine, weights)}")
    with file_gate("load", source):
        model.load_state_dict(fitting, strict=False)
    if misfits:
        loaded = f"load: {len(fitting)} of the model's {len(mine)} tensors come from {source}"
        warnings.warn(f"{loaded}; {misfits}. What the file lacks stays as it was.", UserWarning, stacklevel=4)


def _misfits(mine: Mapping[str, Tensor], weights: Mapping[str, Tensor], misshaped: list[str]) -> str:
    """Return which names are missing, unknown or of another shape; empty where none is."""
    # num_batches_tracked came to batch norms in 2018: older files lack it
    missing = [key for key in mine if key not in weights and not key.endswith("num_batches_tracked")]
    extra = [key for key in weights if key not in mine]
    shapes = [
        f"{k} is {tuple(weights[k].shape)} in the file, {tuple(mine[k].shape)} in the model"
        for k in misshaped
    ]
    said = [
        _listed("missing in the file", missing),
        _listed("not in the model", extra),
        _listed("of another shape", shapes),
    ]
    return "; ".join(part for part in said if part)


def _hint(mine: Mapping[str, Tensor], weights: Mapping[str, Tensor]) -> str:
    if any(key.startswith("module.") for key in weights) and not any(
        key.startswith("module.") for key in mine
    ):
        return "It was saved from DataParallel: pass remove_module=True."
    return "Build the model as when it was saved, or pass strict=False to load what fits."


def _listed(what: str, entries: list[str]) -> str:
    if not entries:
        return ""
    more = f" and {len(entries) - _NAMED} more" if len(entries) > _NAMED else ""
    return f"{what}: {', '.join(entries[:_NAMED])}{more}"
