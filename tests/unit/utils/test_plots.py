"""Helpers for figures."""

from __future__ import annotations

import matplotlib
import pytest

from onecycle.utils.plots import subplots

matplotlib.use("Agg")


@pytest.fixture(autouse=True)
def closed():
    yield
    matplotlib.pyplot.close("all")


@pytest.mark.parametrize(("rows", "cols"), [(1, 1), (1, 3), (3, 1), (2, 2)])
def test_grid(rows, cols):
    axes = subplots(rows, cols, imgsize=2, title="Above")
    assert axes.shape == (rows, cols)
    figure = axes[0, 0].figure
    assert figure.get_size_inches().tolist() == [2 * cols, 2 * rows]
    assert figure.get_suptitle() == "Above"


def test_figsize_and_keywords():
    axes = subplots(2, 1, figsize=(3, 5), sharex=True)
    assert axes[0, 0].figure.get_size_inches().tolist() == [3, 5]
    assert axes[0, 0].get_shared_x_axes().joined(axes[0, 0], axes[1, 0])
