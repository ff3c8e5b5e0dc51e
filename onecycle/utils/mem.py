"""Front door: memory, under the path that notebooks know."""

from __future__ import annotations

from onecycle.utils.memory import (
    GPUMemory,
    b2mb,
    gpu_mem_get,
    gpu_mem_get_all,
    gpu_mem_get_free,
    gpu_mem_get_free_no_cache,
    gpu_mem_get_used,
    gpu_mem_get_used_fast,
    gpu_mem_get_used_no_cache,
    gpu_with_max_free_mem,
    preload_pytorch,
)
from onecycle.utils.memory_trace import GPUMemTrace, gpu_mem_trace
from onecycle.utils.table_memory import reduce_mem_usage

__all__ = [
    "GPUMemTrace",
    "GPUMemory",
    "b2mb",
    "gpu_mem_get",
    "gpu_mem_get_all",
    "gpu_mem_get_free",
    "gpu_mem_get_free_no_cache",
    "gpu_mem_get_used",
    "gpu_mem_get_used_fast",
    "gpu_mem_get_used_no_cache",
    "gpu_mem_trace",
    "gpu_with_max_free_mem",
    "preload_pytorch",
    "reduce_mem_usage",
]
