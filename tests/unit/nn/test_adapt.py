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


class LastFirst(nn.Module):
    """Assigns the layer that runs last before the one that runs first, which it holds under two names."""

    def __init__(self, begin=nn.Identity()):
        super().__init__()
        self.end, self.begin = nn.Conv2d(8, 16, 3), begin
        self.stem = self.embed = nn.Conv2d(3, 8, 3)

    def forward(self, x):
        return self.end(self.stem(self.begin(x)))


def test_the_convolution_that_a_picture_reaches_first_is_adapted():
    model = with_input_channels(LastFirst(), 1)
    assert model.end.in_channels == 8
    assert model.stem is model.embed and model.stem.in_channels == 1
    assert model(torch.zeros(1, 1, 9, 9)).shape == (1, 16, 5, 5)


class GreyInside(nn.Module):
    """Takes any number of channels: it looks at their mean."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 8, 3)

    def forward(self, x):
        return self.conv(x.mean(1, keepdim=True))


def test_a_model_that_takes_the_pictures_as_it_is_stays_so():
    model = GreyInside()
    conv = model.conv
    assert with_input_channels(model, 3).conv is conv


@pytest.mark.parametrize(
    ("model", "begins"),
    [
        (LastFirst(nn.BatchNorm2d(3)), "it begins with BatchNorm2d, which takes 3"),
        (nn.Sequential(nn.PixelUnshuffle(2), nn.Conv2d(12, 4, 3)), "it begins with Conv2d, which takes 12"),
        (nn.Sequential(nn.Conv2d(3, 3, 3, groups=3), nn.Conv2d(3, 4, 3)), "it begins with Conv2d, which takes 3"),
    ],
)
def test_what_begins_otherwise_cannot_be_adapted(model, begins):
    with pytest.raises(ArgumentError, match=r"must begin with a Conv2d .* to take 1 channels in place of 3") as caught:
        with_input_channels(model, 1)
    assert begins in str(caught.value)
