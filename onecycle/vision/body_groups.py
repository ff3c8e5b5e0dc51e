"""Layer groups of any body: each block of a Transformer, two halves of a convolutional network; and the head."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import accumulate
from typing import Any

from torch import nn

from onecycle.nn.surgery import flatten_model
from onecycle.vision.models.spec import split_at_head

__all__ = ["split_at_blocks", "split_halves"]

_ATTENTION = re.compile(r"attention|attn|xca$", re.IGNORECASE)
_LEAST_BLOCKS = 4  # a network with fewer attention layers is a convolutional one with some attention
_SHARE = 0.25  # of the parameters: before it the features are general. ResNets are parted before their third stage
_LEAST_EARLY = 0.05  # of the parameters: with fewer before it, a part is opened

Groups = list[list[nn.Module]]


def split_at_blocks(model: Any) -> tuple[nn.Module, ...] | Groups:
    """Return the layer groups of a Transformer: embeddings, each block, the head; without blocks: body, head.

    Args:
        model: Body and head or decoder; `model[0]` is the body.
    """
    blocks = attention_blocks(model[0])
    return _split(model, blocks) if blocks else split_at_head(model)


def split_halves(model: Any) -> tuple[nn.Module, ...] | Groups:
    """Return what `split_at_blocks` does, and of a convolutional network early layers, late layers, the head."""
    starts = attention_blocks(model[0]) or _late_part(model[0])
    return _split(model, starts) if starts else split_at_head(model)


def attention_blocks(body: nn.Module) -> list[nn.Module]:
    """Return the parts of a body that hold one attention layer each, in order; none where it has fewer than four.

    Example:
        >>> body = nn.Sequential(*(nn.TransformerEncoderLayer(8, 2) for _ in range(5)))
        >>> len(attention_blocks(body))
        5
    """
    blocks = list(_blocks(body))
    return blocks if len(blocks) >= _LEAST_BLOCKS else []


def is_attention(module: nn.Module) -> bool:
    """Return whether a module is an attention layer with weights, by its name."""
    return _ATTENTION.search(type(module).__name__) is not None and any(True for _ in module.parameters())


def _count(module: nn.Module) -> int:
    """Return how many attention layers a module holds, one inside another not counted."""
    return 1 if is_attention(module) else sum(_count(child) for child in module.children())


def _blocks(module: nn.Module) -> Iterator[nn.Module]:
    count = _count(module)
    if count == 1:
        yield module
    elif count:
        for child in module.children():
            yield from _blocks(child)


def _late_part(body: nn.Module) -> list[nn.Module]:
    """Return the part at which the late layers of a convolutional network begin, as a list of one or none."""
    parts = [body]
    while True:
        place = _place_of_late(parts)
        inner = [child for child in parts[place].children() if _size(child)]
        early = sum(map(_size, parts[:place]))
        if not inner or early >= _LEAST_EARLY * _size(body):
            return [parts[place]] if early else []
        parts[place : place + 1] = inner


def _place_of_late(parts: list[nn.Module]) -> int:
    """Return the first place but 0 up to which lies a quarter of the parameters; 0 where there is none."""
    sizes = list(accumulate(map(_size, parts)))
    return next((i for i, size in enumerate(sizes) if i and size > _SHARE * sizes[-1]), 0)


def _size(module: nn.Module) -> int:
    return sum(p.numel() for p in module.parameters())


def _split(model: Any, starts: list[nn.Module]) -> Groups:
    """Return the layers in groups: what stands before the first of some parts of the body, one from each on, the head.

    Parameters that belong to no layer (of positions, of class tokens) are in the first group.
    """
    body = model[0]
    groups: Groups = [[]]
    _collect(body, {id(start) for start in starts}, groups, set())
    head = flatten_model(model)[len(flatten_model(body)) :]
    return [group for group in [*groups, head] if group]


def _collect(module: nn.Module, starts: set[int], groups: Groups, seen: set[int]) -> None:
    """Add the layers of a part to the last group, a new one where a group starts."""
    if id(module) in seen:
        return
    seen.add(id(module))
    if id(module) in starts:
        groups.append([])
    if id(module) in starts or not any(id(part) in starts for part in module.modules()):
        groups[-1] += flatten_model(module)
        return
    for child in module.children():
        _collect(child, starts, groups, seen)
    inner = sum(len(flatten_model(child)) for child in module.children())
    groups[0] += flatten_model(module)[inner:]  # parameters of its own
