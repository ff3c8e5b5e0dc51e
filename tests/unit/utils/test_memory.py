"""How much memory things take."""

from __future__ import annotations

import torch

from onecycle.utils.memory import b2mb, preload_pytorch, tensor_bytes


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
