"""Tests of what every interpretation keeps."""

import pytest
import torch

from onecycle.data.loaders import DatasetType
from onecycle.errors import ArgumentError
from onecycle.interpret.base import Interpretation


def make(learn, losses, n=None):
    n = len(losses) if n is None else n
    return Interpretation(learn, torch.ones(n, 3), torch.zeros(n), losses)


def test_from_learner_keeps_what_was_predicted(learn):
    interp = Interpretation.from_learner(learn)
    assert interp.preds.shape == (12, 3)
    assert torch.equal(interp.y_true, learn.y)
    assert interp.losses.shape == (12,)
    assert interp.ds_type is DatasetType.Valid
    assert len(interp.ds) == 12


def test_the_training_set_is_read_in_order(learn):
    interp = Interpretation.from_learner(learn, DatasetType.Train)
    assert interp.ds_type is DatasetType.Fix
    assert learn.asked == [DatasetType.Fix]


def test_the_activation_is_passed_on(learn):
    assert Interpretation.from_learner(learn, activ=lambda output: output * 0).preds.sum() == 0


def test_top_losses_begin_with_the_largest(learn):
    values, indices = make(learn, torch.tensor([1.0, 3.0, 2.0])).top_losses()
    assert values.tolist() == [3.0, 2.0, 1.0]
    assert indices.tolist() == [1, 2, 0]


def test_top_losses_can_begin_with_the_smallest(learn):
    assert make(learn, torch.tensor([1.0, 3.0, 2.0])).top_losses(2, largest=False)[1].tolist() == [0, 2]


def test_more_losses_than_items_cannot_be_asked_for(learn):
    assert len(make(learn, torch.tensor([1.0, 3.0])).top_losses(9)[0]) == 2
    with pytest.raises(ArgumentError, match="top_losses: k must be at least 1; got 0"):
        make(learn, torch.ones(2)).top_losses(0)


def test_the_losses_of_an_item_are_averaged(learn):
    assert make(learn, torch.tensor([[1.0, 3.0], [5.0, 5.0]])).losses.tolist() == [2.0, 5.0]
    assert make(learn, torch.arange(4.0), n=2).losses.tolist() == [0.5, 2.5]


def test_losses_that_do_not_fit_are_refused(learn):
    with pytest.raises(ArgumentError, match="losses must be one an item .*; got 3 losses for 2 predictions"):
        make(learn, torch.ones(3), n=2)


def test_targets_that_do_not_fit_are_refused(learn):
    with pytest.raises(ArgumentError, match="got 4 targets for 3 predictions"):
        Interpretation(learn, torch.ones(3, 2), torch.ones(4), torch.ones(3))


def test_classes_without_names_are_numbers(learn):
    learn.data.classes = None
    assert make(learn, torch.ones(2)).classes == [0, 1, 2]
