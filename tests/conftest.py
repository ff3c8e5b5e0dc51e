"""Small data and a small learner for tests of training: fixtures `make_data` and `make_learner`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

FEATURES, CLASSES = 6, 3


def small_set(items: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Points whose class is the largest of three projections: learnable in a few steps."""
    draw = torch.Generator().manual_seed(seed)
    x = torch.randn(items, FEATURES, generator=draw)
    truth = torch.randn(FEATURES, CLASSES, generator=torch.Generator().manual_seed(7))
    return x, (x @ truth).argmax(1)


def small_batches(items: int, size: int, seed: int) -> list[Any]:
    x, y = small_set(items, seed)
    return list(zip(x.split(size), y.split(size), strict=True))


def small_net(dropout: float = 0.0) -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(FEATURES, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Dropout(dropout), nn.Linear(16, CLASSES)
    )


@pytest.fixture
def make_data(tmp_path: Path) -> Callable[..., Any]:
    """Return a function that makes a bunch of ready batches: 4 of training, 2 of validation."""
    from onecycle.data.bunch import DataBunch

    def make(train: int = 64, valid: int = 24, bs: int = 16, **how: Any) -> Any:
        held = small_batches(valid, bs, 2) if valid else None
        data = DataBunch(small_batches(train, bs, 1), held, device="cpu", path=tmp_path, no_check=True, **how)
        data.loss_func = nn.CrossEntropyLoss()
        return data

    return make


@pytest.fixture
def make_learner(make_data: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that makes a silent learner of the small data."""
    from onecycle.learner import Learner

    def make(model: nn.Module | None = None, seed: int = 0, data: Any = None, **how: Any) -> Any:
        torch.manual_seed(seed)
        how = {"silent": True, **how}
        return Learner(make_data() if data is None else data, small_net() if model is None else model, **how)

    return make
