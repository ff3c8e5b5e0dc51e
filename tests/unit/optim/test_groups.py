import numpy as np
import pytest
from torch import nn

from onecycle.errors import ArgumentError, ArgumentTypeError
from onecycle.optim.groups import decay_pairs, spread


def net():
    return nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3), nn.Linear(3, 1, bias=False))


def test_norms_and_biases_are_apart():
    model = net()
    ((decayed, spared),) = decay_pairs([model])
    assert [p.shape for p in decayed] == [(3, 2), (1, 3)]
    assert {id(p) for p in spared} == {id(model[0].bias), id(model[1].weight), id(model[1].bias)}


def test_frozen_parameters_are_left_out():
    model = net()
    model[0].weight.requires_grad_(False)
    ((decayed, _),) = decay_pairs([model])
    assert [p.shape for p in decayed] == [(1, 3)]


def test_tied_weights_belong_to_the_first_group():
    first, second = nn.Linear(2, 2), nn.Linear(2, 2)
    second.weight = first.weight
    pairs = decay_pairs([first, second])
    assert [len(pair[0]) for pair in pairs] == [1, 0]


@pytest.mark.parametrize("value", [0.1, [0.1], np.array([0.1])])
def test_one_value_goes_to_every_group(value):
    assert spread(value, 3) == [0.1, 0.1, 0.1]


def test_arrays_become_plain_numbers():
    assert spread(np.array([1.0, 2.0]), 2) == [1.0, 2.0]


def test_the_number_of_values_must_fit():
    with pytest.raises(ArgumentError, match="lr must be one number or 3, one a layer group"):
        spread([1, 2], 3, name="lr")


def test_a_slice_is_sent_to_lr_range():
    with pytest.raises(ArgumentTypeError, match="Use learn.lr_range"):
        spread(slice(1e-3), 2, name="lr")
