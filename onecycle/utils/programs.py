"""Which program calls: habits of fastai v1 hold for the modules that import from its paths, and for no others.

The mark lies in the namespace of the module itself, so that two programs in one process do not disagree.
"""

from __future__ import annotations

import sys
from typing import Any

__all__: list[str] = []

_MARK = "__fastai_v1_program__"
_NOT_PROGRAMS = ("importlib", "_frozen_importlib", "onecycle")


def mark_program(namespace: dict[str, Any]) -> None:
    """Note that a module imports from the paths of fastai v1.

    Args:
        namespace: Its globals.
    """
    if not _is_between(namespace):
        namespace[_MARK] = True


def is_v1_program() -> bool:
    """Say whether the innermost caller outside of this library is a module that imports from the paths of v1."""
    frame = sys._getframe(1)
    while frame.f_back is not None and _is_between(frame.f_globals):
        frame = frame.f_back
    return _MARK in frame.f_globals


def _is_between(namespace: dict[str, Any]) -> bool:
    """Say whether a module is this library's, or one of the machinery of imports."""
    return str(namespace.get("__name__", "")).partition(".")[0] in _NOT_PROGRAMS
