"""Tests of what is refused by metrics of labels, order, masks and tokens."""

import pytest
import torch

from onecycle.errors import ArgumentError, DataError
from onecycle.metrics.language import Perplexity
from onecycle.metrics.multilabel import MultiLabelFbeta
from onecycle.metrics.ranking import AUROC, auc_roc_score, roc_curve
from onecycle.metrics.regression import mean_squared_error
from onecycle.metrics.segmentation import dice, foreground_acc


def test_an_unknown_average_is_refused():
    with pytest.raises(ArgumentError, match="average must be one of .*got 'mikro'. Did you mean 'micro'"):
        MultiLabelFbeta(average="mikro")


def test_scores_of_three_classes_have_no_roc():
    with pytest.raises(DataError, match=r"AUROC: output must be one score an item, or two columns .*\(4, 3\)"):
        AUROC().update(torch.ones(4, 3), torch.ones(4))


def test_roc_of_one_class_is_nan():
    fpr, tpr = roc_curve(torch.tensor([0.1, 0.7]), torch.tensor([1, 1]))
    assert torch.isnan(fpr).all()
    assert tpr[-1] == 1
    assert torch.isnan(auc_roc_score(torch.tensor([0.1, 0.7]), torch.tensor([1, 1])))


def test_two_outputs_are_compared():
    output = torch.tensor([[0.0, 1.0], [3.0, 1.0], [0.0, 2.0]])
    assert auc_roc_score(output, torch.tensor([0, 0, 1])) == 1


def test_two_empty_masks_agree():
    background = torch.tensor([1.0, 0.0]).view(1, 2, 1, 1).expand(2, 2, 3, 3)
    assert dice(background, torch.zeros(2, 1, 3, 3).long()) == 1
    assert dice(background, torch.zeros(2, 1, 3, 3).long(), iou=True) == 1


def test_void_pixels_do_not_count():
    output = torch.zeros(1, 3, 2, 2)
    output[:, 1] = 1
    assert foreground_acc(output, torch.tensor([[[[1, 1], [9, 0]]]]), void_code=9) == pytest.approx(2 / 3)


def test_a_mean_squared_error_can_be_followed_back():
    pred = torch.ones(3, 1, requires_grad=True)
    mean_squared_error(pred, torch.zeros(3)).backward()
    assert torch.allclose(pred.grad, torch.full((3, 1), 2 / 3))


def test_padding_is_not_part_of_perplexity():
    metric = Perplexity()
    metric.update(torch.zeros(1, 4, 8), torch.tensor([[1, 2, -100, -100]]))
    assert metric.compute() == pytest.approx(8)
