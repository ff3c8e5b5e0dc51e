"""Where an input goes in: by what runs first, not by what was assigned first."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from onecycle.errors import ArgumentError
from onecycle.nn.entrance import find_entrance, in_channels


class LastFirst(nn.Module):
    """Assigns the layer that runs last before the one that runs first."""

    def __init__(self, n_in=3, begin=nn.Identity()):
        super().__init__()
        self.end = nn.Conv2d(8, 16, 3)
        self.begin, self.stem = begin, nn.Conv2d(n_in, 8, 3)

    def forward(self, x):
        return self.end(self.stem(self.begin(x)))


class Patches(nn.Module):
    """Cuts pictures of 224 pixels into patches by hand, as some transformers do."""

    def __init__(self):
        super().__init__()
        self.norm, self.embed = nn.LayerNorm(32), nn.Linear(3 * 16 * 16, 32)

    def forward(self, x):
        assert x.shape[2:] == (224, 224)
        return self.norm(self.embed(F.unfold(x, 16, stride=16).transpose(1, 2)))


class ByFunctions(nn.Module):
    """Calls no layer."""

    def __init__(self):
        super().__init__()
        self.later, self.first = nn.Conv2d(4, 5, 3), nn.Conv2d(2, 4, 3)

    def forward(self, x):
        return F.conv2d(F.conv2d(x, self.first.weight), self.later.weight)


class WithPlaces(nn.Module):
    """Puts two channels that say where a pixel is beside the colours."""

    def __init__(self):
        super().__init__()
        self.norm, self.conv = nn.BatchNorm2d(8), nn.Conv2d(5, 8, 3)

    def forward(self, x):
        return self.norm(self.conv(torch.cat([x, torch.zeros_like(x[:, :1]).repeat(1, 2, 1, 1)], dim=1)))


class Mixed(nn.Module):
    """Takes no picture."""

    def __init__(self):
        super().__init__()
        self.table, self.out = nn.Linear(7, 2), nn.Linear(2, 1)

    def forward(self, categories, numbers):
        return self.out(self.table(numbers))


@pytest.mark.parametrize(
    ("model", "channels"),
    [
        (nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4)), 3),
        (nn.Sequential(nn.ReLU(), nn.Linear(7, 2)), 7),
        (nn.BatchNorm1d(6), 6),
        (nn.Embedding(9, 2), 9),
        (nn.Conv2d(8, 8, 3, groups=8), 8),
        (nn.Bilinear(5, 6, 2), 5),  # from the shape of its weight
    ],
)
def test_in_channels(model, channels):
    assert in_channels(model) == channels


def test_in_channels_without_weights():
    with pytest.raises(ArgumentError, match="in_channels: m must hold a layer with a weight; got ReLU"):
        in_channels(nn.ReLU())


@pytest.mark.parametrize(
    ("model", "channels"),
    [
        (LastFirst(3), 3),
        (LastFirst(1), 1),
        (nn.Sequential(LastFirst(4), nn.Conv2d(16, 2, 1)), 4),
        (LastFirst(12, nn.PixelUnshuffle(2)), 3),
        (Patches(), 3),
        (ByFunctions(), 2),
        (WithPlaces(), 3),
        (Mixed(), 7),
    ],
)
def test_it_is_the_layer_that_a_picture_reaches_first(model, channels):
    assert in_channels(model) == channels


def test_looking_leaves_no_trace():
    model = nn.Sequential(nn.Dropout(), LastFirst(3, nn.BatchNorm2d(3, affine=False)))
    before, state = {k: v.clone() for k, v in model.state_dict().items()}, torch.get_rng_state()
    assert in_channels(model) == 3
    assert model.training and torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(v, before[k]) for k, v in model.state_dict().items())
    assert not any(m._forward_pre_hooks for m in model.modules())


def test_an_entrance_says_what_it_takes_and_what_it_was_given():
    model = LastFirst(3)
    found = find_entrance(model, 1)
    assert (found.layer, found.takes, found.given, found.fits) == (model.stem, 3, 1, False)
    assert find_entrance(model, 3).fits
    assert find_entrance(Mixed(), 3) is None
