"""Tests of the metric protocol and of the mean over a set."""

from functools import partial

import pytest
import torch

from onecycle.errors import ArgumentTypeError
from onecycle.metrics.base import AverageMetric, Metric, as_metric
from onecycle.metrics.classification import accuracy, top_k_accuracy
from onecycle.metrics.confusion import KappaScore, Precision
from onecycle.metrics.segmentation import dice
from onecycle.utils.registry import decode, encode


def absolute(output, target):
    return (output - target).abs().mean()


def epoch(metric, batches):
    metric.on_train_begin()
    metric.on_epoch_begin()
    for output, target in batches:
        metric.on_batch_end(last_output=output, last_target=target, train=False, iteration=3)
    return metric.on_epoch_end(last_metrics=[0.5], epoch=0)["last_metrics"]


def test_a_mean_is_weighted_by_the_items_of_a_batch():
    batches = [(torch.zeros(3), torch.ones(3)), (torch.zeros(1), torch.full((1,), 5.0))]
    assert epoch(AverageMetric(absolute), batches) == [0.5, pytest.approx(2.0)]


def test_training_batches_are_not_counted():
    metric = AverageMetric(absolute)
    metric.on_batch_end(last_output=torch.zeros(3), last_target=torch.ones(3), train=True)
    assert metric.is_empty


def test_a_set_without_batches_gives_nan():
    assert torch.isnan(epoch(AverageMetric(accuracy), [])[1])
    assert torch.isnan(epoch(Precision(), [])[1])


def test_every_target_is_passed():
    metric = AverageMetric(lambda output, first, second: (output - first - second).abs().mean())
    metric.on_batch_end(torch.ones(2), [torch.zeros(2), torch.ones(2)])
    assert metric.compute() == 0


def test_plain_numbers_and_whole_numbers_will_do():
    metric = AverageMetric(lambda output, target: 2)
    metric.update(torch.ones(2), torch.ones(2))
    assert metric.compute() == 2


def test_more_than_one_number_is_refused():
    with pytest.raises(ArgumentTypeError, match=r"rows must return one number for a batch; got Tensor of shape \(4,\)"):
        def rows(output, target):
            return output

        AverageMetric(rows).update(torch.ones(4), torch.ones(4))


def test_dice_of_a_set_is_no_mean_of_batches():
    few, many = torch.zeros(1, 2, 4, 4), torch.zeros(1, 2, 4, 4)
    few[:, 1, 0, 0] = 1
    many[:, 1] = 1
    none, whole = torch.zeros(1, 4, 4).long(), torch.ones(1, 4, 4).long()
    value = float(epoch(AverageMetric(dice), [(few, none), (many, whole)])[1])
    assert value == pytest.approx(2 * 16 / 33)


def test_nothing_keeps_a_graph():
    metric = AverageMetric(absolute)
    metric.on_batch_end(torch.ones(2, requires_grad=True), torch.ones(2))
    assert not metric.compute().requires_grad


def test_counting_goes_on_outside_inference_mode():
    metric = AverageMetric(absolute)
    with torch.inference_mode():
        metric.on_batch_end(torch.ones(2), torch.zeros(2))
    metric.on_batch_end(torch.ones(2), torch.zeros(2))
    assert metric.compute() == 1


def test_sums_of_processes_are_joined():
    parts = [Precision(), Precision()]
    output, target = torch.randn(20, 2), torch.randint(2, (20,))
    parts[0].update(output[:5], target[:5])
    parts[1].update(output[5:], target[5:])
    whole, joined = Precision(), Precision()
    whole.update(output, target)
    joined.load_state({"cm": parts[0].state_tensors()["cm"] + parts[1].state_tensors()["cm"]})
    assert joined.compute() == whole.compute()


def test_as_metric():
    kappa = KappaScore()
    assert as_metric(kappa) is kappa
    assert isinstance(as_metric(accuracy), AverageMetric)


def test_settings_go_through_a_file():
    metric = decode(encode(Precision(average="macro")))
    assert metric.average == "macro"
    wrapped = decode(encode(AverageMetric(partial(top_k_accuracy, k=3))))
    assert wrapped.name == "top_k_accuracy"
    assert wrapped.func.keywords == {"k": 3}


def test_reprs_say_the_settings():
    assert repr(KappaScore(weights="linear")) == "KappaScore(weights='linear')"
    assert repr(AverageMetric(partial(dice, iou=True))) == "AverageMetric(dice, iou=True)"
    assert repr(AverageMetric(accuracy)) == "AverageMetric(accuracy)"


def test_a_subclass_must_say_how_to_count():
    class Empty(Metric):
        pass

    with pytest.raises(NotImplementedError, match="Empty must define update"):
        Empty().update(1, 2)
    with pytest.raises(NotImplementedError, match="Empty must define compute"):
        Empty().compute()
