"""Samples and batches whose parts have names: dicts (as of Hugging Face's collators), dataclasses, named tuples."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from onecycle.errors import DataError
from onecycle.utils.collections import NamedParts

__all__: list[str] = []

TARGET_NAMES = ("labels", "label", "label_ids", "targets", "target", "y")


class NoTarget:
    """Stand where a batch whose parts have names has none for the targets.

    Args:
        names: The names that it has.
    """

    def __init__(self, names: tuple[str, ...]) -> None:
        self.names = names

    def refused(self) -> DataError:
        """Return the error of whoever needs targets."""
        return DataError(
            f"batch: must have its targets under one of the names {', '.join(TARGET_NAMES)}; got {list(self.names)}. "
            f"Rename the part in the dataset or the collate_fn, or make pairs (inputs, targets) there."
        )


def named_parts(value: Any) -> dict[str, Any] | None:
    """Return the parts of a sample or batch by their names, or None where they have no names.

    Args:
        value: A mapping, a dataclass, or a named tuple of other than two parts (two are a pair).
    """
    if isinstance(value, (list, tuple)):
        names = getattr(value, "_fields", None)
        return dict(zip(names, value, strict=True)) if names is not None and len(names) != 2 else None
    if isinstance(value, Mapping):
        return dict(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type) and not hasattr(value, "unpack"):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    return None


def as_pair(value: Any) -> Any:
    """Return a sample or batch with named parts as (inputs, targets), anything else as it is.

    The targets are the first part that has one of the names in `TARGET_NAMES` and is not None. The inputs are the
    others as `NamedParts`; where there is but one, and it is a dict itself, that.

    Example:
        >>> as_pair({"input_ids": [1, 2], "labels": 0})
        ({'input_ids': [1, 2]}, 0)
    """
    parts = named_parts(value)
    if parts is None:
        return value
    name = next((name for name in TARGET_NAMES if parts.get(name) is not None), None)
    inputs = {key: part for key, part in parts.items() if key not in TARGET_NAMES}
    targets = NoTarget(tuple(map(str, parts))) if name is None else parts[name]
    lone = next(iter(inputs.values())) if len(inputs) == 1 else None
    return NamedParts(lone if isinstance(lone, Mapping) else inputs), targets
