"""What each process of a run keeps of its own: gathered into the checkpoint of the first, and given back."""

from __future__ import annotations

import hashlib
import io
from collections import Counter
from typing import Any

import torch
from torch import Tensor

from onecycle.training.run_files import unpacked
from onecycle.utils.distributed import gather_tensors, processes_connected

__all__: list[str] = []

# Weights and moments are one for all.
_OWN = ("buffers", "model_parts", "parts", "grads", "handler", "smoothener", "generators")
_CALLBACKS = "callbacks"


def own_parts(state: dict[str, Any]) -> list[dict[str, Tensor]]:
    """Return, a process, the parts of its state that differ from those of the first, as bytes; alone, nothing.

    Batch norms have statistics of their own until an epoch ends, recurrent models a memory of their own, and each
    process has its own callbacks. Every process must call it.

    Args:
        state: What `run_state.take` returned in this process.
    """
    if not processes_connected():
        return []
    mine = {name: _packed(part) for name, part in _parts(state).items()}
    digests = gather_tensors({name: _digest(part) for name, part in mine.items()})
    first = digests[0]
    differing = {name: part for name, part in mine.items() if not _equal(first.get(name), _digest(part))}
    return gather_tensors(differing)


def with_own(state: dict[str, Any], ranks: list[dict[str, Tensor]], rank: int, count: int) -> dict[str, Any]:
    """Return the state of one process: that of the first, and what it kept of its own.

    Args:
        state: The state of the first process.
        ranks: What `own_parts` returned.
        rank: The process.
        count: How many there are now; where there were others, all go on with the state of the first.
    """
    if (len(ranks) or 1) != count:
        return {**state, "by_name": True}
    if rank == 0:
        return state
    parts = {**_parts(state), **{name: _unpacked(part) for name, part in ranks[rank].items()}}
    names = parts.pop(_CALLBACKS)
    callbacks = [[name.partition(" ")[0], parts[name]] for name in names]
    return {**state, **{name: parts[name] for name in _OWN if name in parts}, _CALLBACKS: callbacks}


def _parts(state: dict[str, Any]) -> dict[str, Any]:
    """Return what may differ between processes, the state of each callback by its class and number."""
    seen: Counter[str] = Counter()
    callbacks = {}
    for name, part in state[_CALLBACKS]:
        callbacks[f"{name} {seen[name]}"] = part
        seen[name] += 1
    return {**{name: state[name] for name in _OWN if name in state}, **callbacks, _CALLBACKS: list(callbacks)}


def _packed(part: Any) -> Tensor:
    memory = io.BytesIO()
    torch.save(part, memory)
    return torch.frombuffer(memory.getbuffer(), dtype=torch.uint8)


def _unpacked(packed: Tensor) -> Any:
    return unpacked(packed.numpy().tobytes(), "the part of one process")


def _digest(packed: Tensor) -> Tensor:
    return torch.frombuffer(bytearray(hashlib.sha256(packed.numpy().tobytes()).digest()), dtype=torch.uint8)


def _equal(one: Tensor | None, other: Tensor) -> bool:
    return one is not None and torch.equal(one, other)
