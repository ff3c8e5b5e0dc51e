"""Two sides as one model."""

import pytest
import torch
from torch import nn

from onecycle.errors import TrainingError
from onecycle.vision.gan.module import GANModule

SIDES = nn.Linear(4, 2), nn.Linear(2, 1)


def test_it_calls_the_side_on_turn():
    model = GANModule(*SIDES)
    assert model(torch.zeros(3, 2)).shape == (3, 1)
    model.switch()
    assert model(torch.zeros(3, 4)).shape == (3, 2)
    model.switch(gen_mode=True)
    assert model.gen_mode


def test_inputs_that_do_not_fit_a_side_are_named_with_their_shape():
    model = GANModule(*SIDES, gen_mode=True)
    with pytest.raises(TrainingError, match=r"the generator gets inputs \[\(3, 5\)\] and fails: mat1 and mat2"):
        model(torch.zeros(3, 5))
    model.switch()
    with pytest.raises(TrainingError, match=r"the critic gets real pictures \[\(3, 4\)\] and fails"):
        model(torch.zeros(3, 4))


def test_an_error_in_our_own_words_is_passed_on():
    class Refuses(nn.Module):
        def forward(self, x):
            raise TrainingError("not today")

    with pytest.raises(TrainingError, match="^not today"):
        GANModule(Refuses(), SIDES[1], gen_mode=True)(torch.zeros(1))
