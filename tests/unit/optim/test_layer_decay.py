"""Rates by layer group."""

from types import SimpleNamespace

import pytest

from onecycle.errors import ArgumentError
from onecycle.optim.layer_decay import layer_decay

learn = SimpleNamespace(layer_groups=[None] * 4)


def test_each_group_has_a_fraction_of_the_next():
    assert layer_decay(learn, 1e-3, 0.1) == pytest.approx([1e-6, 1e-5, 1e-4, 1e-3])
    assert layer_decay(learn, 2, 1) == [2, 2, 2, 2]


@pytest.mark.parametrize("lr", [0, -1.0, "x", None, float("nan")])
def test_the_rate_is_above_0(lr):
    with pytest.raises(ArgumentError, match="layer_decay: lr must be a number above 0; got"):
        layer_decay(learn, lr)


@pytest.mark.parametrize("decay", [0, 1.5, "x"])
def test_the_factor_is_at_most_1(decay):
    with pytest.raises(ArgumentError, match="layer_decay: decay must be above 0 and at most 1; got"):
        layer_decay(learn, 1e-3, decay)
