"""The form of an optimizer's state in a file: moments by the number of their parameter, and settings of groups."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor
from torch.optim import Optimizer

from onecycle.errors import ArgumentError
from onecycle.utils.frozen_values import check_tensor
from onecycle.utils.schema import Misfit, listed, named, record, whole

__all__: list[str] = []


def _by_number(value: Any, place: str) -> None:
    """Check the moments of each parameter: tensors and numbers by name, below the parameter's number."""
    for key, entry in value.items() if isinstance(value, Mapping) else [(None, None)]:
        if not isinstance(key, int) or not isinstance(entry, Mapping):
            raise Misfit(place, "entries by the number of their parameter", value)
        for name, moment in entry.items():
            if not isinstance(moment, (Tensor, int, float, type(None))):
                raise Misfit(f"{place}[{key}].{name}", "a tensor or a number", moment)
            if isinstance(moment, Tensor):
                check_tensor(moment, f"{place}[{key}].{name}")


def _setting(value: Any, place: str) -> None:
    """Check a setting of a group: a number, a pair of them, a flag, or nothing."""
    entries = value if isinstance(value, (tuple, list)) else [value]
    if not all(isinstance(entry, (int, float, bool, type(None), Tensor)) for entry in entries):
        raise Misfit(place, "numbers", value)


def _group(value: Any, place: str) -> None:
    record({"params": listed(whole(0))})(value, place)
    named(_setting)({name: entry for name, entry in value.items() if name != "params"}, place)


OPT_FORM = record({"state": _by_number, "param_groups": listed(_group)})


def check_moments(opt: Optimizer, state: Mapping[str, Any]) -> None:
    """Refuse a state that leaves out moments which other parameters have; torch would fail in the middle of a step.

    Args:
        opt: The optimizer that is to take it over.
        state: Its `state` and `param_groups`; moments may depend on the number of axes.

    Raises:
        ArgumentError: two parameters of the same number of axes have moments of different names or kinds.
    """
    parameters = [parameter for group in opt.param_groups for parameter in group["params"]]
    numbers = [number for group in state["param_groups"] for number in group["params"]]
    known: dict[int, dict[Any, str]] = {}
    for parameter, number in zip(parameters, numbers, strict=False):
        kinds = {name: _kind_of(value) for name, value in state["state"].get(number, {}).items()}
        first = known.setdefault(parameter.ndim, kinds) if kinds else kinds
        if first != kinds:
            odd = next(name for name in {**first, **kinds} if first.get(name) != kinds.get(name))
            raise ArgumentError(f"optimizer: the state must have the same entries for all parameters; {odd!r} differs.")


_OF_MACHINE = ("capturable", "differentiable", "foreach", "fused")


def check_flags(opt: Optimizer, state: Mapping[str, Any]) -> None:
    """Refuse a state whose flags are others than the optimizer's: a flag decides which moments a step needs.

    Raises:
        ArgumentError: a flag such as `amsgrad` differs; names it.
    """
    flags = {name: value for name, value in opt.param_groups[0].items() if isinstance(value, bool)}
    for group in state["param_groups"]:
        for name, mine in flags.items():
            if name not in _OF_MACHINE and group.get(name, mine) is not mine:
                rule = f"of the state must be {mine}, as it is here"
                raise ArgumentError(f"optimizer: {name} {rule}; got {group[name]!r}.")


def _kind_of(value: Any) -> str:
    """Return what has to be alike: a number, or the type of a tensor and whether it has axes."""
    return f"{value.dtype} {value.ndim > 0}" if isinstance(value, Tensor) else "number"
