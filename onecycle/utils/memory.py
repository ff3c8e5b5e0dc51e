"""How much memory things take: tensors, this process, the GPUs."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import torch

from onecycle.errors import ArgumentError, explain

__all__ = [
    "GPUMemory",
    "b2mb",
    "gpu_mem_get",
    "gpu_mem_get_all",
    "gpu_mem_get_free",
    "gpu_mem_get_free_no_cache",
    "gpu_mem_get_used",
    "gpu_mem_get_used_fast",
    "gpu_mem_get_used_no_cache",
    "gpu_with_max_free_mem",
    "preload_pytorch",
]

_LOOK_EVERY = 0.001  # seconds between two looks of a PeakWatch


def b2mb(num: float) -> int:
    """Return bytes as whole mebibytes.

    Example:
        >>> b2mb(3 * 2**20 + 5)
        3
    """
    return int(num / 2**20)


def preload_pytorch() -> None:
    """Make the first use of the GPU happen now, so that its own memory is not counted later."""
    if torch.cuda.is_available():
        torch.ones(1, device="cuda")


def tensor_bytes(value: Any) -> int:
    """Return how many bytes the tensors in nested lists, tuples and dicts take."""
    if isinstance(value, torch.Tensor):
        return value.numel() * value.element_size()
    if isinstance(value, dict):
        return sum(map(tensor_bytes, value.values()))
    return sum(map(tensor_bytes, value)) if isinstance(value, (list, tuple)) else 0


# The GPUs.


class GPUMemory(NamedTuple):
    """Hold the memory of a GPU in MB; all 0 where there is no GPU."""

    total: int
    free: int
    used: int


def gpu_mem_get(id: int | None = None) -> GPUMemory:
    """Return the memory of a GPU: what the driver says of all processes together.

    Args:
        id: Number of the GPU, from 0; the current one when None.

    Raises:
        ArgumentError: there are GPUs, but none of this number.

    Example:
        >>> memory = gpu_mem_get()
        >>> memory.used == memory.total - memory.free
        True
    """
    if not torch.cuda.is_available():
        return GPUMemory(0, 0, 0)
    count = torch.cuda.device_count()
    if id is not None and not 0 <= id < count:
        raise ArgumentError(explain("gpu_mem_get", "id", f"must be from 0 to {count - 1}", id))
    free, total = (b2mb(num) for num in torch.cuda.mem_get_info(id))
    return GPUMemory(total, free, total - free)


def gpu_mem_get_all() -> list[GPUMemory]:
    """Return the memory of each GPU; an empty list where there is none."""
    return [gpu_mem_get(id) for id in range(torch.cuda.device_count())]


def gpu_mem_get_free() -> int:
    """Return the free memory of the current GPU, in MB."""
    return gpu_mem_get().free


def gpu_mem_get_used() -> int:
    """Return the used memory of the current GPU, in MB."""
    return gpu_mem_get().used


def gpu_mem_get_free_no_cache() -> int:
    """Return the free memory of the current GPU in MB, after PyTorch gave back what it only kept in reserve."""
    return _without_cache().free


def gpu_mem_get_used_no_cache() -> int:
    """Return the used memory of the current GPU in MB, after PyTorch gave back what it only kept in reserve."""
    return _without_cache().used


def _without_cache() -> GPUMemory:
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    return gpu_mem_get()


def gpu_mem_get_used_fast(gpu_handle: int | None) -> int:
    """Return what PyTorch holds on a GPU, in MB, without asking the driver.

    Args:
        gpu_handle: Number of the GPU; the current one when None.
    """
    return b2mb(torch.cuda.memory_reserved(gpu_handle)) if torch.cuda.is_available() else 0


def gpu_with_max_free_mem() -> tuple[int | None, int]:
    """Return the number of the GPU with most free memory, and how much that is in MB; (None, 0) without one."""
    free = [memory.free for memory in gpu_mem_get_all()]
    return (free.index(max(free)), max(free)) if free else (None, 0)


# This process.


def resident_bytes() -> int:
    """Return how much memory this process occupies now; where the system does not say, the most it ever did."""
    statm = Path("/proc/self/statm")
    if statm.is_file():
        import resource

        return int(statm.read_text().split()[1]) * resource.getpagesize()
    return _most_ever()


def _most_ever() -> int:
    """Return the largest memory this process ever occupied; 0 where the system does not know `getrusage`."""
    try:
        import resource
    except ImportError:
        return 0
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def reserved_bytes() -> int:
    """Return what PyTorch holds on the current GPU; 0 without one."""
    return torch.cuda.memory_reserved() if torch.cuda.is_available() else 0


class PeakWatch:
    """Look at a figure again and again, from a thread of its own, and keep the largest.

    Args:
        read: Returns the figure; called every millisecond.
    """

    def __init__(self, read: Callable[[], int]) -> None:
        self.read = read
        self.peak = 0
        self._done = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to look."""
        self.stop()
        self.peak = self.read()
        self._done.clear()
        self._thread = threading.Thread(target=self.watch, daemon=True, name="onecycle-peak")
        self._thread.start()

    def watch(self) -> None:
        """Look until stopped."""
        while not self._done.wait(_LOOK_EVERY):
            self.look()

    def look(self) -> int:
        """Look once; return the largest figure so far."""
        self.peak = max(self.peak, self.read())
        return self.peak

    def stop(self) -> None:
        """End the looking, after a last look."""
        if self._thread is None:
            return
        self._done.set()
        self._thread.join()
        self._thread = None
        self.look()
