"""Tests of the refusal of what cannot be a metric."""

from functools import partial

import pytest
import torch

from onecycle.errors import ArgumentTypeError
from onecycle.metrics.base import AverageMetric, as_metric
from onecycle.metrics.check import check_metric, metric_name
from onecycle.metrics.classification import accuracy, top_k_accuracy
from onecycle.metrics.confusion import KappaScore, Precision
from onecycle.metrics.regression import R2Score
from onecycle.metrics.segmentation import foreground_acc


@pytest.mark.parametrize(
    "func",
    [
        accuracy,
        partial(top_k_accuracy, k=2),
        lambda output, target: 0.0,
        lambda output, *targets: 0.0,
        lambda output, target, k=3: 0.0,
        lambda output, boxes, classes: 0.0,
        torch.nn.L1Loss(),
        Precision(),
        partial(foreground_acc, void_code=3),
        max,
    ],
)
def test_what_can_be_a_metric_passes(func):
    check_metric(func)


def test_one_parameter_is_refused_by_name():
    def wrong(output):
        return 0.0

    said = r"wrong\(output\) must take \(output, target\).*def wrong\(output, target\)"
    with pytest.raises(ArgumentTypeError, match=said):
        check_metric(wrong)


def test_a_keyword_only_parameter_without_default_is_refused():
    with pytest.raises(ArgumentTypeError, match=r"<lambda>\(o, t, \*, k\) must take .*partial\(<lambda>, k=…\)"):
        check_metric(lambda o, t, *, k: 0.0)


def test_a_known_metric_that_needs_a_setting_says_which():
    with pytest.raises(ArgumentTypeError, match=r"foreground_acc.*partial\(foreground_acc, void_code=…\)"):
        check_metric(foreground_acc)


def test_with_the_number_of_targets_known_more_parameters_are_refused():
    with pytest.raises(ArgumentTypeError, match=r"must take \(output, target\)"):
        check_metric(lambda output, boxes, classes: 0.0, 1)
    check_metric(lambda output, boxes, classes: 0.0, 2)
    with pytest.raises(ArgumentTypeError, match=r"must take \(output, 2 targets\)"):
        check_metric(lambda output, target: 0.0, 2)


def test_a_partial_with_an_unknown_keyword_says_the_nearest():
    with pytest.raises(ArgumentTypeError, match=r"top_k_accuracy has no parameter 'kk'. Did you mean 'k'"):
        check_metric(partial(top_k_accuracy, kk=3))


def test_a_class_is_refused_with_the_cure():
    with pytest.raises(ArgumentTypeError, match=r"KappaScore is a class and must be made first. Pass KappaScore\(\)"):
        check_metric(KappaScore)


@pytest.mark.parametrize("thing", ["accuracy", 3, None])
def test_no_function_at_all_is_refused(thing):
    with pytest.raises(ArgumentTypeError, match="each must be a function of .* or a Metric; got"):
        as_metric(thing)


def test_a_misfit_found_at_the_first_batch_is_named():
    metric = AverageMetric(lambda output, boxes, classes: output.mean())
    with pytest.raises(ArgumentTypeError, match=r"<lambda>\(output, boxes, classes\) must take \(output, target\)"):
        metric.update(torch.ones(2), torch.ones(2))


def test_an_error_inside_a_metric_stays_itself():
    def broken(output, target):
        return output + "a"

    with pytest.raises(TypeError, match="str"):
        AverageMetric(broken).update(torch.ones(2), torch.ones(2))


def test_names_of_columns():
    assert metric_name(accuracy) == "accuracy"
    assert metric_name(partial(partial(top_k_accuracy), k=3)) == "top_k_accuracy"
    second = partial(top_k_accuracy, k=2)
    second.__name__ = "top2"
    assert metric_name(second) == metric_name(partial(second)) == "top2"
    assert metric_name(torch.nn.L1Loss()) == "l1_loss"
    assert metric_name(Precision()) == "precision"
    assert metric_name(R2Score()) == "r2_score"
    assert metric_name(lambda o, t: 0) == "<lambda>"
