"""Tests of counting forms."""

from functools import partial

import pytest
import torch

from onecycle.errors import DataError
from onecycle.metrics.classification import accuracy
from onecycle.metrics.counting import (
    counted,
    counting_form,
    is_whole_set,
    like_shape,
    whole_set,
    wide,
    wide_zero,
)
from onecycle.metrics.ranking import auc_roc_score
from onecycle.metrics.segmentation import dice
from onecycle.utils.registry import lookup


def test_a_partial_gives_its_settings_to_the_half_that_knows_them():
    form = counting_form(partial(dice, iou=True))
    cm = torch.tensor([[5, 1], [1, 2]])
    assert float(form.finish(cm=cm)) == pytest.approx(0.5)
    assert float(counting_form(dice).finish(cm=cm)) == pytest.approx(2 / 3)


def test_no_form_for_foreign_functions_and_positional_partials():
    assert counting_form(lambda o, t: 0) is None
    assert counting_form(partial(accuracy, torch.ones(2, 2))) is None


def test_a_thing_without_a_hash_has_no_form():
    class Odd:
        __hash__ = None

        def __call__(self, output, target):
            return 0.0

    assert counting_form(Odd()) is None
    assert not is_whole_set(Odd())


def test_own_functions_can_be_counted():
    @counted(lambda output, target: {"wrong": (output != target).sum()}, lambda wrong: wrong.float())
    def mistakes_of_this_test(output, target):
        return (output != target).sum().float()

    form = counting_form(mistakes_of_this_test)
    assert form.count(torch.tensor([1, 2]), torch.tensor([1, 3]))["wrong"] == 1
    assert lookup("metric", "mistakes_of_this_test") is mistakes_of_this_test


def test_own_functions_can_ask_for_the_whole_set():
    @whole_set
    def middle_of_this_test(output, target):
        return (output - target).median()

    assert is_whole_set(middle_of_this_test)
    assert is_whole_set(partial(auc_roc_score))
    assert not is_whole_set(accuracy)


def test_targets_take_the_shape_of_predictions_or_are_refused():
    assert like_shape("m", torch.ones(3, 1), torch.Size([3])).shape == (3,)
    assert like_shape("m", torch.ones(2, 1, 3, 3), torch.Size([2, 3, 3])).shape == (2, 3, 3)
    assert like_shape("m", torch.ones(6), torch.Size([2, 3])).shape == (2, 3)
    for wrong, shape in (((3, 2), (3,)), ((2, 3), (3, 2)), ((2, 4, 3), (2, 3, 4))):
        with pytest.raises(DataError, match=r"m: targets must be as many as predictions, along the same axes; got"):
            like_shape("m", torch.ones(wrong), torch.Size(shape))


def test_wide_floats():
    assert wide(torch.ones(1)).dtype == torch.float64
    assert wide_zero("cpu").dtype == torch.float64
