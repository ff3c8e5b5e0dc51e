"""How a model is called with the inputs of a batch: one, several in order, or several by name."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Mapping
from typing import Any
from weakref import WeakKeyDictionary

from torch import Tensor, nn

from onecycle.errors import TrainingError
from onecycle.nn.surgery import get_model

__all__: list[str] = []

# For each model and set of names: the names of the inputs that it takes, and whether the only one goes in by its place.
_Plan = tuple[list[str], bool]
_plans: WeakKeyDictionary[nn.Module, dict[frozenset[str], _Plan]] = WeakKeyDictionary()


def call_model(model: nn.Module, inputs: Any) -> Any:
    """Return what a model makes of the inputs of a batch.

    Args:
        model: The network.
        inputs: One input; a list or tuple of several, passed in order; or a dict, passed by name. Of a dict those that
            `forward` does not name are left out, with a warning for tensors; where it names none and there is one
            tensor, that is its first argument.

    Returns:
        The output; of a model of Hugging Face transformers its logits, where it has such.

    Raises:
        TrainingError: `forward` needs an input that the batch does not have; names both.
    """
    if isinstance(inputs, (list, tuple)):
        return _scores(model(*inputs))
    if not isinstance(inputs, Mapping):
        return _scores(model(inputs))
    names, by_place = _plan_of(model, inputs)
    if by_place:
        return _scores(model(inputs[names[0]]))
    return _scores(model(**{name: inputs[name] for name in names}))


def _plan_of(model: nn.Module, inputs: Mapping[str, Any]) -> _Plan:
    inner = get_model(model)
    plans = _plans.setdefault(inner, {})
    key = frozenset(inputs)
    if key not in plans:
        plans[key] = _new_plan(inner, inputs)
    return plans[key]


def _new_plan(model: nn.Module, inputs: Mapping[str, Any]) -> _Plan:
    parameters = list(inspect.signature(model.forward).parameters.values())
    if any(p.kind is p.VAR_KEYWORD for p in parameters):
        return list(inputs), False
    by_name = [p for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)]
    taken = [p.name for p in by_name if p.name in inputs]
    tensors = [name for name, value in inputs.items() if isinstance(value, Tensor)]
    if not taken and len(tensors) == 1:
        return tensors, True
    missing = [p.name for p in by_name if p.default is p.empty and p.name not in inputs]
    if missing or not taken:
        raise TrainingError(
            f"batch: must have the inputs that {type(model).__name__}.forward names ({', '.join(missing)}); it has "
            f"{', '.join(map(str, inputs))}. Name them alike, or make pairs (inputs, targets) in the collate_fn."
        )
    left_out = [str(name) for name in tensors if name not in taken]
    if left_out:
        warnings.warn(
            f"batch: {type(model).__name__}.forward does not name {', '.join(left_out)}, which is left out.",
            UserWarning,
            stacklevel=6,
        )
    return taken, False


def _scores(output: Any) -> Any:
    """Return the logits of an output of transformers; anything else as it is."""
    if not isinstance(output, Mapping) or not any(kind.__name__ == "ModelOutput" for kind in type(output).__mro__):
        return output
    return output["logits"] if isinstance(output.get("logits"), Tensor) else output
