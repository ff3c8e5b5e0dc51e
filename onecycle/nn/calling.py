"""How a model is called with the inputs of a batch: one, several in order, or several by name."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any
from weakref import WeakKeyDictionary

from torch import Tensor, nn

from onecycle.errors import TrainingError
from onecycle.nn.surgery import get_model
from onecycle.utils.collections import NamedParts

__all__: list[str] = []

_Plan = Callable[[nn.Module, Mapping[str, Any]], Any]
_plans: WeakKeyDictionary[nn.Module, dict[tuple[bool, frozenset[str]], _Plan]] = WeakKeyDictionary()


def call_model(model: nn.Module, inputs: Any) -> Any:
    """Return what a model makes of the inputs of a batch.

    Args:
        model: The network.
        inputs: One input; a list or tuple of several, passed in order; or a dict. Parts of a batch that have names
            (`NamedParts`) are passed by these: those that `forward` does not name are left out, with a warning for
            tensors; where it names none and there is one tensor, that is its first argument. Any other dict is
            passed by name where `forward` names all that it needs, else whole, as one input.

    Returns:
        The output; of a model of Hugging Face transformers its logits, where it has such.

    Raises:
        TrainingError: `forward` needs an input that the batch does not have; names both.
    """
    if isinstance(inputs, (list, tuple)):
        return _scores(model(*inputs))
    if not isinstance(inputs, Mapping):
        return _scores(model(inputs))
    plans = _plans.setdefault(get_model(model), {})
    key = (isinstance(inputs, NamedParts), frozenset(inputs))
    if key not in plans:
        plans[key] = _plan(get_model(model), inputs)
    return _scores(plans[key](model, inputs))


def _plan(model: nn.Module, inputs: Mapping[str, Any]) -> _Plan:
    """Return how a model is called with inputs of these names."""
    parameters = list(inspect.signature(model.forward).parameters.values())
    takes_any = any(p.kind is p.VAR_KEYWORD for p in parameters)
    by_name = [p for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)]
    taken = [p.name for p in by_name if p.name in inputs]
    missing = [p.name for p in by_name if p.default is p.empty and p.name not in inputs]
    names = list(inputs) if takes_any else taken
    if not isinstance(inputs, NamedParts):
        return partial(_call_by_name, names=names) if names and not missing else _call_whole
    tensors = [name for name, value in inputs.items() if isinstance(value, Tensor)]
    if not taken and len(tensors) == 1 and not (takes_any and not missing):
        return partial(_call_with, name=tensors[0])
    if missing or not names:
        raise TrainingError(
            f"batch: must have the inputs that {type(model).__name__}.forward names ({', '.join(missing)}); it has "
            f"{', '.join(map(str, inputs))}. Name them alike, or make pairs (inputs, targets) in the collate_fn."
        )
    left_out = [str(name) for name in tensors if name not in names]
    if left_out:
        warnings.warn(
            f"batch: {type(model).__name__}.forward does not name {', '.join(left_out)}, which is left out.",
            UserWarning,
            stacklevel=5,
        )
    return partial(_call_by_name, names=names)


def _call_by_name(model: nn.Module, inputs: Mapping[str, Any], names: list[str]) -> Any:
    return model(**{name: inputs[name] for name in names})


def _call_with(model: nn.Module, inputs: Mapping[str, Any], name: str) -> Any:
    return model(inputs[name])


def _call_whole(model: nn.Module, inputs: Mapping[str, Any]) -> Any:
    return model(inputs)


def _scores(output: Any) -> Any:
    """Return the logits of an output of transformers; anything else as it is."""
    if not isinstance(output, Mapping) or not any(kind.__name__ == "ModelOutput" for kind in type(output).__mro__):
        return output
    return output["logits"] if isinstance(output.get("logits"), Tensor) else output
