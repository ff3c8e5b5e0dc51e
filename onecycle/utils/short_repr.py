"""Values in a few words: what the repr of an object says of its parts."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

import numpy as np
from torch import Tensor, nn

__all__: list[str] = []

_LONGEST = 80  # characters of one value
_MOST = 4  # entries of a collection


def short_repr(value: Any) -> str:
    """Return a value in at most some 80 characters, on one line.

    A class says it better with a method `short_repr(self) -> str`. Tensors, modules and what has a long repr are
    named by their kind, collections by their first entries.

    Example:
        >>> short_repr([1, 2, 3, 4, 5, 6]), short_repr(nn.Sequential(nn.Linear(2, 2)))
        ('[1, 2, 3, 4, … 2 more]', 'Sequential(…)')
    """
    own = getattr(type(value), "short_repr", None)
    if own is not None:
        return str(own(value))
    if isinstance(value, (Tensor, np.ndarray)):
        return _array(value)
    if isinstance(value, nn.Module) and any(True for _ in value.children()):
        return f"{type(value).__name__}(…)"
    if callable(value) and isinstance(getattr(value, "__qualname__", None), str):  # functions and classes
        return value.__qualname__.replace("<locals>.", "")
    if isinstance(value, functools.partial):
        return _partial(value)
    if type(value) in (list, tuple, set, frozenset, dict):
        return _collection(value)
    return _plain(value)


def shorten(text: str, longest: int) -> str:
    """Return a text on one line, cut with `…` where it is longer."""
    line = " ".join(text.split())
    return line if len(line) <= longest else line[: longest - 1] + "…"


def _array(value: Any) -> str:
    kind = "tensor" if isinstance(value, Tensor) else "array"
    size = value.numel() if isinstance(value, Tensor) else value.size
    if size == 1 and (isinstance(value, np.ndarray) or value.device.type == "cpu"):
        return f"{kind}({value.item()!r})"
    return f"{kind} {tuple(value.shape)}"


def _partial(value: functools.partial[Any]) -> str:
    given = [short_repr(arg) for arg in value.args]
    given += [f"{name}={short_repr(arg)}" for name, arg in value.keywords.items()]
    return f"partial({', '.join([short_repr(value.func), *given])})"


def _collection(value: Any) -> str:
    opening, closing = "[]" if isinstance(value, list) else "()" if isinstance(value, tuple) else "{}"
    entries = list(value.items() if isinstance(value, Mapping) else value)
    if isinstance(value, Mapping):
        shown = [f"{short_repr(key)}: {short_repr(entry)}" for key, entry in entries[:_MOST]]
    else:
        shown = [short_repr(entry) for entry in entries[:_MOST]]
    shown += [f"… {len(entries) - _MOST} more"] if len(entries) > _MOST else []
    return opening + ", ".join(shown) + closing


def _plain(value: Any) -> str:
    if isinstance(value, str):
        return shorten(repr(value), _LONGEST)
    if isinstance(value, PurePath):
        return repr(value)
    try:
        text = " ".join(repr(value).split())
    except Exception as error:  # printing one object must not fail for one of its parts
        return f"<{type(value).__name__}: {type(error).__name__}>"
    return text if len(text) <= _LONGEST else f"{type(value).__name__}(…)"
