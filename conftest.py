"""What holds for every test and doctest: a home of its own, no screen, one thread, fixed seeds, nothing left open."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from pathlib import Path

os.environ["MPLBACKEND"] = "Agg"
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("MKL_NUM_THREADS", "1")

import numpy as np
import pytest
import torch

torch.set_num_threads(1)


@pytest.fixture(scope="session", autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Point ONECYCLE_HOME at an empty folder: no test reads or writes the user's own."""
    folder = tmp_path_factory.mktemp("onecycle_home")
    os.environ["ONECYCLE_HOME"] = str(folder)
    return folder


@pytest.fixture(autouse=True)
def seeds() -> None:
    """Begin every test with the same random numbers."""
    random.seed(0)
    np.random.seed(0)
    torch.manual_seed(0)


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Give every test the defaults as they were, and close the figures that it leaves open."""
    import sys

    from onecycle.utils.defaults import defaults

    before = dict(vars(defaults))
    yield
    vars(defaults).update(before)  # what a module added that was imported meanwhile stays
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")
