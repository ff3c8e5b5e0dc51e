"""OpenCV, imported at its first use and kept to one thread in worker processes."""

from __future__ import annotations

import os
from typing import Any

__all__: list[str] = []

_module: Any = None


def opencv() -> Any:
    """Return the module `cv2`."""
    return _module or _load()


def _load() -> Any:
    global _module
    import cv2

    if _in_worker():
        cv2.setNumThreads(0)  # a worker has one core's work to do; its threads would fight for the others
    _module = cv2
    return cv2


def _in_worker() -> bool:
    from torch.utils.data import get_worker_info

    return get_worker_info() is not None


def _forget() -> None:
    """Let a forked process decide about its threads anew."""
    global _module
    _module = None


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
