"""A whole learner as one file of weights and names, and back."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from torch import Tensor, nn

import onecycle.optim.torch_optimizers  # noqa: F401 - gives torch's optimisers their names
from onecycle.errors import ArgumentError, FileFormatError, add_context, explain
from onecycle.nn.module import ParameterModule
from onecycle.nn.surgery import flatten_model, get_model
from onecycle.training.checkpoint import check_writable, fit_state
from onecycle.utils.budget import budget_of_model, model_budget
from onecycle.utils.bundle import read_bundle, write_bundle
from onecycle.utils.file_gate import file_gate
from onecycle.utils.registry import check_forms, decode, encode, lookup, name_of
from onecycle.utils.schema import Check, Misfit, check_form, listed, mapping_of_names, optional, record, text

__all__: list[str] = []

FORMAT, VERSION = "onecycle-learner", 1
_SETTINGS = ("true_wd", "bn_wd", "wd", "train_bn", "add_time")


def write(learn: Any, path: Path, weights: Mapping[str, Tensor]) -> None:
    """Write a learner.

    Args:
        learn: The learner.
        path: The file.
        weights: The model's tensors by name, each whole.

    Raises:
        ArgumentError: a part that prediction needs has no registered name; names it and the cure.
    """
    check_writable(path.parent)
    model = get_model(learn.model)
    manifest = {
        "format": FORMAT,
        "version": VERSION,
        "kind": name_of("learner", type(learn)),
        "model": _encoded("model_spec", learn.model_spec),
        "data": _data_state(learn.data),
        "loss": _encoded("loss_func", learn.loss_func),
        "opt": _or_left_out("opt_func", learn.opt_func),
        "metrics": [
            kept for metric in learn.metrics if (kept := _or_left_out("metrics", metric)) is not None
        ],
        "learner": {
            **{name: encode(getattr(learn, name)) for name in _SETTINGS},
            "more": encode(learn.more_settings()),
            "layer_groups": names_of_layers(model, learn.layer_groups),
            "frozen": [name for name, parameter in model.named_parameters() if not parameter.requires_grad],
        },
    }
    write_bundle(path, dict(weights), manifest)


def _data_state(data: Any) -> Any:
    if not hasattr(data, "export_state"):
        hint = "Save the weights instead: learn.save(name)."
        raise ArgumentError(explain("export", "data", "must be a DataBunch", type(data).__name__, hint))
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
    check_form("load_learner", file, manifest, _FORM)
    return tensors, manifest


def _naming(*kinds: str) -> Check:
    """Return the form of a value that names registered things of some kinds only."""
    return lambda value, place: check_forms(value, None, kinds, place)


def _spec(value: Any, place: str) -> None:
    """Check how the model is built: by a name, with arguments that start no download."""
    record({"builder": text, "args": mapping_of_names}, {})(value, place)
    _naming("arch", "enum", "function", "text_arch")(value["args"], f"{place}.args")
    if value["args"].get("pretrained", False) is not False:
        raise Misfit(f"{place}.args.pretrained", "false in a file", value["args"]["pretrained"])


_FORM = record(
    {
        "kind": optional(text),
        "model": optional(_spec),
        "data": record({"bunch": text}),
        "loss": _naming("enum", "function", "loss", "metric"),
        "opt": _naming("enum", "function", "optimizer"),
        "metrics": listed(_naming("enum", "function", "loss", "metric")),
        "learner": record(
            {**dict.fromkeys(_SETTINGS, _naming("enum")), "layer_groups": listed(listed(text)), "frozen": listed(text)},
            {"more": mapping_of_names},
        ),
    }
)


def build_model(spec: Any, model: nn.Module | None, file: Path, max_bytes: int | None = None) -> nn.Module:
    """Return the model: the one given, or the one that the file names.

    Args:
        spec: What the file says of the model.
        model: The one given, or None.
        file: The file.
        max_bytes: Memory that making the model may take; by the length of the file when None.

    Raises:
        FileFormatError: the model asks for far more memory than its file has, or cannot be made.
        ArgumentError: the file names none and none was given.
    """
    if model is not None:
        return model
    if spec is None:
        raise ArgumentError(
            f"load_learner: {str(file)!r} does not name its architecture (the model was your own). "
            f"Build the model as then and pass it: load_learner(path, file, model=model)."
        )
    budget = budget_of_model("load_learner", file, file.stat().st_size, max_bytes)
    with file_gate("load_learner", file), model_budget(budget):
        spec = decode(spec)
        return lookup("model", spec["builder"])(**spec["args"])


def settings(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Return the keywords with which the learner is made again."""
    kept = manifest["learner"]
    keywords = {**{name: decode(kept[name]) for name in _SETTINGS}, **decode(kept.get("more", {}))}
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


def names_of_layers(model: nn.Module, groups: Sequence[nn.Module]) -> list[list[str]]:
    """Return the layer groups by names: of each layer its path in the model, of a lone parameter its name."""
    names = {id(parameter): name for name, parameter in model.named_parameters()}
    names |= {id(module): path for path, module in model.named_modules()}
    layers = [flatten_model(group) for group in groups]
    return [[name for layer in group if (name := names.get(_identity(layer))) is not None] for group in layers]


def _identity(layer: nn.Module) -> int:
    return id(layer.val) if isinstance(layer, ParameterModule) else id(layer)


def regroup(model: nn.Module, groups: list[list[str]]) -> list[nn.Module] | None:
    """Return the layer groups with these layers, or None where the model has not all of them."""
    known: dict[str, nn.Module] = {name: ParameterModule(p) for name, p in model.named_parameters()}
    known |= dict(model.named_modules())
    if not all(name in known for group in groups for name in group):
        return None
    return [nn.Sequential(*(known[name] for name in group)) for group in groups]
