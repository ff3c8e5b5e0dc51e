"""Put published weights into a model."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

from torch import Tensor, nn

from onecycle.errors import ArgumentError, FileFormatError
from onecycle.utils.bundle import load_checkpoint
from onecycle.vision.models.spec import ModelSpec, spec_of

__all__ = ["with_weights"]

M = TypeVar("M", bound=nn.Module)
_SHOWN = 5  # keys of one kind that an error lists


def with_weights(model: M, name: str, pretrained: bool) -> M:
    """Return the model, with its published weights where asked for.

    Args:
        model: The model as built.
        name: The registered name of its architecture.
        pretrained: Load the weights (downloads the file where it is not in the cache).

    Raises:
        ArgumentError: there are no published weights.
        DownloadError: the file cannot be had; says which file to put where.
        FileFormatError: the file does not fit the model.
    """
    if not pretrained:
        return model
    spec = spec_of(name)
    if spec is None or spec.weights is None:
        raise ArgumentError(f"{name}: pretrained must be False, since no weights are published for it.")
    from onecycle.utils.download import download_weights

    path = download_weights(spec.weights.url, spec.weights.sha256_prefix, spec.weights.file_name)
    load_published(model, path, spec)
    return model


def load_published(model: nn.Module, path: Path, spec: ModelSpec) -> None:
    """Load a file of weights, old key names included; every key has to fit.

    Raises:
        FileFormatError: the file is unreadable, or names the keys that are missing, unexpected or of another shape.
    """
    state = {spec.rename(key): value for key, value in _read(path).items()}
    faults = _faults(model.state_dict(), state)
    if faults:
        raise FileFormatError(f"{path}: does not fit {spec.name}: {'; '.join(faults)}.")
    model.load_state_dict(state, strict=False)  # strict but for num_batches_tracked, which old files lack


def _read(path: Path) -> Mapping[str, Tensor]:
    state = load_checkpoint(path)
    if not isinstance(state, Mapping) or not all(isinstance(value, Tensor) for value in state.values()):
        raise FileFormatError(f"{path}: must hold a state dict of tensors; holds a {type(state).__name__}.")
    return state


def _faults(wanted: Mapping[str, Tensor], given: Mapping[str, Tensor]) -> list[str]:
    missing = [k for k in wanted if k not in given and not k.endswith("num_batches_tracked")]
    unexpected = [k for k in given if k not in wanted]
    reshaped = [
        f"{k} {tuple(v.shape)}, not {tuple(wanted[k].shape)}"
        for k, v in given.items()
        if k in wanted and v.shape != wanted[k].shape
    ]
    kinds = (("missing", missing), ("unexpected", unexpected), ("of another shape", reshaped))
    return [f"{_listed(keys)} {'is' if len(keys) == 1 else 'are'} {what}" for what, keys in kinds if keys]


def _listed(keys: list[str]) -> str:
    more = f" and {len(keys) - _SHOWN} more" if len(keys) > _SHOWN else ""
    return ", ".join(keys[:_SHOWN]) + more
