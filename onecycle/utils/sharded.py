"""Tensors of which each process holds a part: made whole for files, and parted again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn

__all__: list[str] = []


def whole(tensor: Tensor) -> Tensor:
    """Return a tensor with the parts of all processes, which must all call it; one that is not parted as it is."""
    return tensor.full_tensor() if hasattr(tensor, "full_tensor") else tensor


def own_class(module: nn.Module) -> type:
    """Return the class of a module, below the one that `fully_shard` gives it."""
    return next(kind for kind in type(module).__mro__ if not kind.__name__.startswith("FSDP"))


def own_part(tensor: Tensor) -> Tensor:
    """Return the part of a tensor that this process keeps, in the same memory; one that is not parted as it is."""
    return tensor.to_local() if hasattr(tensor, "to_local") else tensor


def parted_like(value: Tensor, place: Tensor) -> Tensor:
    """Return the part of a whole tensor that this process keeps, as it does of `place`."""
    if not hasattr(place, "device_mesh") or hasattr(value, "device_mesh"):
        return value
    from torch.distributed.tensor import distribute_tensor

    mesh, layout = place.device_mesh, place.placements  # type: ignore[attr-defined]
    return distribute_tensor(value.to(place.device), mesh, layout, src_data_rank=None)


def whole_weights(model: nn.Module) -> dict[str, Tensor]:
    """Return the state dict of a model, each tensor whole; every process must call it."""
    return {name: whole(tensor) for name, tensor in model.state_dict().items()}


def whole_moments(state: Mapping[Any, Mapping[str, Any]]) -> dict[Any, dict[str, Any]]:
    """Return an optimiser's state of each parameter, each tensor whole; every process must call it."""
    return {key: {name: _whole_value(value) for name, value in entry.items()} for key, entry in state.items()}


def _whole_value(value: Any) -> Any:
    return whole(value) if isinstance(value, Tensor) else value


def part_moments(state: Mapping[Any, dict[str, Any]]) -> None:
    """Let an optimiser's moments be parted as their parameters are.

    Args:
        state: Parameter -> name -> value, changed in place.
    """
    for parameter, entry in state.items():
        for name, value in entry.items():
            if isinstance(value, Tensor) and value.shape == parameter.shape:
                entry[name] = parted_like(value, parameter)
