"""What the numbers of a model stand for (tokens, categories, classes): kept beside weights, compared on loading."""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

from onecycle.errors import FileFormatError

__all__: list[str] = []

Numbering = dict[str, list[str]]
CLASSES = "classes"
KEY = "numbering"  # of a saved state, and of the metadata of a safetensors file
_SHOWN = 3


def numbering_of(data: Any) -> tuple[Numbering, Numbering]:
    """Return what the numbers in the inputs of a data bunch stand for, and those in its labels, by name.

    A list of items says it by a method `numbering()`, such as the vocabulary of texts.
    """
    inputs: Any = getattr(getattr(data, "train_ds", None), "x", None)
    named = inputs.numbering() if hasattr(inputs, KEY) else {}
    classes = getattr(data, CLASSES, None)
    labels = {} if classes is None else {CLASSES: [str(name) for name in classes]}
    return {name: [str(entry) for entry in entries] for name, entries in named.items()}, labels


def check_numbering(caller: str, source: Any, theirs: Any, data: Any, strict: bool) -> None:
    """Compare the numbering of a file with that of the data.

    Classes in another order give a warning: weights for other classes are a usual beginning. Tokens or categories that
    have other numbers make the weights useless.

    Args:
        caller: The function that loads, for the message.
        source: The file.
        theirs: Its numbering, or what stands in its place in a foreign file.
        data: The data bunch.
        strict: Refuse other tokens or categories, in place of a warning.

    Raises:
        FileFormatError: the numbers of the inputs stand for something else.
    """
    if not isinstance(theirs, Mapping):
        return
    inputs, labels = numbering_of(data)
    for name, mine in (inputs | labels).items():
        entries = theirs.get(name)
        if not isinstance(entries, list) or entries == mine:
            continue
        if name in inputs and strict:
            hint = "Make the data with the same, or pass strict=False to load the weights all the same."
            raise FileFormatError(f"{caller}: {source} {_difference(name, entries, mine)}. {hint}")
        if name in inputs or len(entries) == len(mine):
            warnings.warn(f"{caller}: {source} {_difference(name, entries, mine)}.", UserWarning, stacklevel=4)


def _difference(name: str, theirs: Sequence[Any], mine: Sequence[str]) -> str:
    """Return in words how two lists of entries differ."""
    pairs = [(a, b) for a, b in zip(theirs, mine) if a != b][:_SHOWN]
    shown = ", ".join(f"{a!r} here {b!r}" for a, b in pairs)
    alike = sum(a == b for a, b in zip(theirs, mine))
    count = f"it has {len(theirs)} entries, the data {len(mine)}, and {alike} have the same number"
    return f"was made with other numbers for its {name}: {count}{f' ({shown})' if shown else ''}"


def as_metadata(numbering: Numbering) -> dict[str, str] | None:
    """Return a numbering as metadata of a safetensors file."""
    return {KEY: json.dumps(numbering, ensure_ascii=False)} if numbering else None


def from_metadata(metadata: Mapping[str, str]) -> Any:
    """Return the numbering in the metadata of a safetensors file; None where there is none that can be read."""
    try:
        return json.loads(metadata[KEY])
    except (KeyError, ValueError, RecursionError):
        return None
