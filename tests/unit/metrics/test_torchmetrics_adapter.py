"""Metrics with the protocol of torchmetrics: carried through the loop, refused where they give no single number."""

import pytest
import torch
from torch import nn

from onecycle.errors import ArgumentTypeError
from onecycle.metrics.base import AverageMetric, as_metric
from onecycle.metrics.check import check_metric, follows_torchmetrics
from onecycle.metrics.classification import accuracy
from onecycle.metrics.torchmetrics_adapter import TorchMetric


class MulticlassShare(nn.Module):
    """A stand-in: the protocol, a buffer, and a call of its own, as torchmetrics' classes have it."""

    def __init__(self):
        super().__init__()
        self.register_buffer("right", torch.zeros(()))
        self.items = 0

    def update(self, preds, target):
        self.right += (preds.argmax(1) == target).sum()
        self.items += len(target)

    def compute(self):
        return self.right / self.items

    def reset(self):
        self.right.zero_()
        self.items = 0

    def forward(self, preds, target):
        raise AssertionError("a batch value is not asked for")


def test_the_protocol_is_recognised():
    assert follows_torchmetrics(MulticlassShare())
    assert not follows_torchmetrics(MulticlassShare)
    assert not follows_torchmetrics(accuracy)
    assert not follows_torchmetrics(AverageMetric(accuracy))
    check_metric(MulticlassShare())


def test_it_is_carried_and_named():
    metric = as_metric(MulticlassShare())
    assert isinstance(metric, TorchMetric)
    assert metric.name == "multiclass_share"
    assert repr(metric) == "TorchMetric(MulticlassShare())"


def test_the_figure_of_a_set_in_uneven_batches():
    output, target = torch.randn(23, 4), torch.randint(4, (23,))
    metric = as_metric(MulticlassShare())
    for _ in range(2):  # the second epoch begins anew
        metric.on_epoch_begin()
        for o, t in zip(output.split(9), target.split(9), strict=True):
            metric.on_batch_end(last_output=o, last_target=t, train=False)
        (value,) = metric.on_epoch_end(last_metrics=[])["last_metrics"]
        torch.testing.assert_close(value, accuracy(output, target))


def test_a_set_without_batches_gives_nan():
    assert torch.isnan(as_metric(MulticlassShare()).figure())


def test_a_learner_takes_it(make_learner):
    learn = make_learner(metrics=[accuracy, MulticlassShare()])
    learn.fit(1)
    own, carried = learn.recorder.metrics[0]
    assert float(own) == pytest.approx(float(carried))
    assert "multiclass_share" in learn.recorder.names


def test_a_thing_without_the_protocol_is_refused():
    with pytest.raises(ArgumentTypeError, match="TorchMetric: metric must be an object with update, compute and reset"):
        TorchMetric(accuracy)


def test_several_numbers_are_refused():
    class Collection(MulticlassShare):
        def compute(self):
            return {"a": torch.ones(()), "b": torch.ones(())}

    metric = as_metric(Collection())
    metric.update(torch.eye(2), torch.tensor([0, 1]))
    with pytest.raises(ArgumentTypeError, match=r"collection must compute one number for the set; got .*one by one"):
        metric.figure()


def test_plain_numbers_will_do():
    class Plain(MulticlassShare):
        def compute(self):
            return 0.25

    metric = TorchMetric(Plain())
    metric.update(torch.eye(2), torch.tensor([0, 1]))
    assert metric.figure() == 0.25


def test_it_is_moved_to_the_device_of_the_batch():
    metric = as_metric(MulticlassShare())
    metric.metric.to(torch.device("meta"))
    metric.metric.reset()
    with pytest.raises(NotImplementedError):  # torch cannot copy out of a meta tensor: the move was tried
        metric.update(torch.eye(2), torch.tensor([0, 1]))
