"""The defaults that a session can change: `defaults.device`, `defaults.lr`, `defaults.cmap` …"""

from __future__ import annotations

import os
from types import SimpleNamespace

import torch

__all__ = ["defaults"]


def _best_device() -> torch.device:
    """Return the first accelerator, or the CPU."""
    if torch.cuda.is_available():
        return torch.device("cuda", 0)
    if torch.backends.mps.is_available():
        return torch.device("mps")
    return torch.device("cpu")


def usable_cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0)) or 1
    return os.cpu_count() or 1


defaults = SimpleNamespace(
    lr=slice(3e-3),
    wd=1e-2,
    cmap="viridis",
    cpus=min(16, usable_cores()),
    device=_best_device(),
    silent=False,
    return_fig=False,
    extra_callbacks=None,
    extra_callback_fns=None,
)
