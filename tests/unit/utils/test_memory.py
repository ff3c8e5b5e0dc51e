"""How much memory things take."""

from __future__ import annotations

import builtins
import mmap
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from onecycle.errors import ArgumentError
from onecycle.utils import mem, memory
from onecycle.utils.memory import (
    GPUMemory,
    PeakWatch,
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
    reserved_bytes,
    resident_bytes,
    tensor_bytes,
)

MB = 2**20


@pytest.fixture
def two_gpus(monkeypatch):
    """A machine with two GPUs of 100 MB: 60 and 70 MB free; emptying the cache frees 5 more."""
    free, freed = [60, 70], []
    pretend = {
        "is_available": lambda: True,
        "device_count": lambda: 2,
        "mem_get_info": lambda id=None: ((free[id or 0] + 5 * len(freed)) * MB, 100 * MB),
        "memory_reserved": lambda id=None: 12 * MB,
        "empty_cache": lambda: freed.append(1),
    }
    for name, function in pretend.items():
        monkeypatch.setattr(torch.cuda, name, function)


def test_b2mb():
    assert b2mb(2**20) == 1
    assert b2mb(2**20 * 1.9) == 1


def test_tensor_bytes():
    assert tensor_bytes([torch.zeros(3), {"a": (torch.zeros(2, dtype=torch.uint8), "x")}]) == 14


def test_preload(monkeypatch):
    preload_pytorch()
    made = []
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch, "ones", lambda *a, device: made.append(device))
    preload_pytorch()
    assert made == ["cuda"]


def test_the_front_door_has_all():
    assert all(hasattr(mem, name) for name in mem.__all__) and len(mem.__all__) == 14


def test_without_a_gpu(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    assert gpu_mem_get() == GPUMemory(0, 0, 0) == gpu_mem_get(3)
    assert gpu_mem_get_all() == [] and gpu_with_max_free_mem() == (None, 0)
    assert gpu_mem_get_free() == gpu_mem_get_used() == gpu_mem_get_free_no_cache() == 0
    assert gpu_mem_get_used_no_cache() == gpu_mem_get_used_fast(None) == reserved_bytes() == 0


def test_with_gpus(two_gpus):
    assert gpu_mem_get(1) == GPUMemory(total=100, free=70, used=30)
    assert gpu_mem_get_all() == [(100, 60, 40), (100, 70, 30)]
    assert gpu_with_max_free_mem() == (1, 70)
    assert (gpu_mem_get_free(), gpu_mem_get_used(), gpu_mem_get_used_fast(0)) == (60, 40, 12)
    assert gpu_mem_get_free_no_cache() == 65 and gpu_mem_get_used_no_cache() == 30


def test_no_gpu_of_that_number(two_gpus):
    with pytest.raises(ArgumentError, match="gpu_mem_get: id must be from 0 to 1; got 2"):
        gpu_mem_get(2)


def test_the_memory_of_this_process_grows_with_what_it_holds():
    before = resident_bytes()
    with mmap.mmap(-1, 64 * MB) as block:  # fresh pages, where bytearray may take some that were freed
        for start in range(0, 64 * MB, 4096):
            block[start] = 1
        assert resident_bytes() - before > 32 * MB


def test_the_memory_of_this_process_on_other_systems(monkeypatch):
    monkeypatch.setattr(Path, "is_file", lambda self: False)
    assert resident_bytes() > MB
    monkeypatch.setattr(memory, "sys", SimpleNamespace(platform="darwin"))
    assert resident_bytes() * 1024 > MB


def test_a_system_that_does_not_know(monkeypatch):
    there = builtins.__import__

    def without_resource(name, *rest):
        if name == "resource":
            raise ImportError(name)
        return there(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without_resource)
    assert memory._most_ever() == 0


def test_a_peak_is_seen():
    figure = [5]
    watch = PeakWatch(lambda: figure[0])
    watch.start()
    figure[0] = 9
    until = time.monotonic() + 5
    while watch.peak < 9 and time.monotonic() < until:
        time.sleep(0.001)
    figure[0] = 7
    watch.stop()
    watch.stop()
    assert watch.peak == 9 and watch.look() == 9
