"""A whole learner as one file of weights and names, and back."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor, nn

import onecycle.optim.torch_optimizers  # noqa: F401 - gives torch's optimisers their names
from onecycle.errors import ArgumentError, FileFormatError, add_context
from onecycle.nn.surgery import flatten_model, get_model
from onecycle.training.checkpoint import check_writable, fit_state
from onecycle.utils.bundle import read_bundle, write_bundle
from onecycle.utils.registry import decode, encode, lookup

__all__: list[str] = []

FORMAT, VERSION = "onecycle-learner", 1
_SETTINGS = ("true_wd", "bn_wd", "wd", "train_bn", "add_time")


def write(learn: Any, path: Path) -> None:
    """Write a learner.

    Args:
        learn: The learner.
        path: The file.

    Raises:
        ArgumentError: a part that prediction needs has no registered name; names it and the cure.
    """
    check_writable(path.parent)
    model = get_model(learn.model)
    groups = [len(flatten_model(group)) for group in learn.layer_groups]
    manifest = {
        "format": FORMAT,
        "version": VERSION,
        "model": _encoded("model_spec", learn.model_spec),
        "data": _data_state(learn.data),
        "loss": _encoded("loss_func", learn.loss_func),
        "opt": _or_left_out("opt_func", learn.opt_func),
        "metrics": [
            kept for metric in learn.metrics if (kept := _or_left_out("metrics", metric)) is not None
        ],
        "learner": {
            **{name: encode(getattr(learn, name)) for name in _SETTINGS},
            "layer_groups": groups,
            "frozen": [name for name, parameter in model.named_parameters() if not parameter.requires_grad],
        },
    }
    write_bundle(path, dict(model.state_dict()), manifest)


def _data_state(data: Any) -> Any:
    if not hasattr(getattr(data, "single_ds", None), "y"):
        raise ArgumentError(
            "export: data must be made of items and labels (ImageList … databunch()); it wraps ready batches "
            "or a plain data set. Save the weights instead: learn.save(name)."
        )
    return data.export_state()


def _encoded(part: str, value: Any) -> Any:
    try:
        return encode(value)
    except ArgumentError as error:
        add_context(error, exporting=part)
        raise


def _or_left_out(part: str, value: Any) -> Any:
    """Encode what prediction does not need, or leave it out with a warning."""
    try:
        return encode(value)
    except ArgumentError:
        name = getattr(value, "__name__", None) or repr(value)
        warnings.warn(
            f"export: {part} {name} has no registered name and is left out; predictions do not need it. To keep it, "
            f"register it: onecycle.utils.registry.register('function')(it).",
            UserWarning,
            stacklevel=4,
        )
        return None


def read(file: Path, device: Any) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Return the weights and the manifest of an exported learner.

    Raises:
        FileFormatError: it is something else; says what.
    """
    tensors, manifest = read_bundle(file, device=device, newest=VERSION)
    if manifest.get("format") != FORMAT:
        raise FileFormatError(
            f"load_learner: {str(file)!r} must be a learner written by learn.export(); it is a "
            f"{manifest.get('format', 'file of another kind')!r}. Check the path."
        )
    return tensors, manifest


def build_model(spec: Any, model: nn.Module | None, file: Path) -> nn.Module:
    """Return the model: the one given, or the one that the file names.

    Raises:
        ArgumentError: the file names none and none was given.
    """
    if model is not None:
        return model
    if spec is None:
        raise ArgumentError(
            f"load_learner: {str(file)!r} does not name its architecture (the model was your own). "
            f"Build the model as then and pass it: load_learner(path, file, model=model)."
        )
    spec = decode(spec)
    return lookup("model", spec["builder"])(**spec["args"])


def settings(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Return the keywords with which the learner is made again."""
    keywords = {name: decode(manifest["learner"][name]) for name in _SETTINGS}
    keywords["loss_func"] = decode(manifest["loss"])
    keywords["metrics"] = [decode(metric) for metric in manifest["metrics"]]
    if manifest["opt"] is not None:
        keywords["opt_func"] = decode(manifest["opt"])
    return keywords


def put_in(model: nn.Module, tensors: Mapping[str, Tensor], frozen: list[str], file: Path) -> None:
    """Put weights into a rebuilt model, and freeze what was frozen."""
    fit_state(model, tensors, strict=True, remove_module=False, source=str(file))
    still = set(frozen)
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(name not in still)


def regroup(model: nn.Module, sizes: list[int]) -> list[nn.Module] | None:
    """Return the layer groups with these numbers of layers, or None where they do not fit the model."""
    layers = flatten_model(model)
    if sum(sizes) != len(layers):
        return None
    groups, start = [], 0
    for size in sizes:
        groups.append(nn.Sequential(*layers[start : start + size]))
        start += size
    return list(groups)
