"""Other numbers of input channels keep what was learnt."""

import pytest
import torch
from torch import nn

from onecycle.errors import ArgumentError
from onecycle.nn.adapt import with_input_channels


@pytest.mark.parametrize("n_in", [1, 2, 4])
def test_a_repeated_channel_gives_the_old_output(n_in):
    old = nn.Sequential(nn.Conv2d(3, 8, 3, stride=2, padding=1), nn.ReLU())
    x = torch.randn(2, 1, 8, 8)
    expected = old(x.expand(2, 3, 8, 8))
    new = with_input_channels(old, n_in)
    assert new[0].in_channels == n_in
    torch.testing.assert_close(new(x.expand(2, n_in, 8, 8)), expected)


def test_the_same_number_changes_nothing():
    model = nn.Sequential(nn.Conv2d(3, 8, 3, bias=False))
    conv = model[0]
    assert with_input_channels(model, 3)[0] is conv


def test_without_convolution():
    with pytest.raises(ArgumentError, match="model must hold a Conv2d with groups=1; got Sequential"):
        with_input_channels(nn.Sequential(nn.Linear(1, 1)), 1)
