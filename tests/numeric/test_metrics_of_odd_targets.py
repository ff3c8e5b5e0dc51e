"""Metrics count what is unusual rightly, or refuse it in a sentence: classes, ignored values, one column, NaN."""

from functools import partial

import numpy as np
import pytest
import sklearn.metrics as sk
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import TensorDataset

from onecycle.data.bunch import DataBunch
from onecycle.errors import ArgumentError, DataError
from onecycle.learner import Learner
from onecycle.metrics.base import as_metric
from onecycle.metrics.check import metric_name
from onecycle.metrics.classification import accuracy, error_rate, top_k_accuracy
from onecycle.metrics.confusion import ConfusionMatrix, FBeta, KappaScore, MatthewsCorreff, Precision, Recall
from onecycle.metrics.language import Perplexity
from onecycle.metrics.multilabel import MultiLabelFbeta, accuracy_thresh, fbeta
from onecycle.metrics.ranking import AUROC, auc_roc_score
from onecycle.metrics.regression import ExplainedVariance, R2Score, explained_variance, r2_score
from onecycle.metrics.segmentation import MeanIoU, dice, foreground_acc, jaccard
from onecycle.nn.losses import CrossEntropyFlat

draw = torch.Generator().manual_seed(0)
SCORES = torch.randn(40, 4, generator=draw)
CLASSES = torch.randint(4, (40,), generator=draw)
MAPS = torch.randn(6, 4, 5, 7, generator=draw)
MASKS = torch.randint(3, (6, 1, 5, 7), generator=draw)  # class 3 is in no mask
OF_ITEMS = [accuracy, error_rate, partial(top_k_accuracy, k=2), ConfusionMatrix(), FBeta("macro"), KappaScore(),
            MatthewsCorreff(), Precision("micro"), Recall("weighted"), Perplexity()]  # fmt: skip
OF_MASKS = [dice, partial(dice, iou=True), jaccard, MeanIoU(), partial(foreground_acc, void_code=9)]


def figure(metric, output, target, size=None):
    """Return the figure of a set that comes in batches."""
    metric = as_metric(metric)
    metric.reset()
    for o, t in zip(output.split(size or len(output)), target.split(size or len(output)), strict=True):
        metric.on_batch_end(o, t)
    return float(metric.figure())


def of_pixels(score, masks, maps, labels, known=None):
    """Return the mean of scikit-learn's score over classes that are there."""
    actual, predicted = masks.flatten(), maps.argmax(1).flatten()
    known = torch.ones_like(actual, dtype=torch.bool) if known is None else known.flatten()
    actual, predicted = actual[known].numpy(), predicted[known].numpy()
    each = [score(actual == k, predicted == k) for k in labels if (actual == k).any() or (predicted == k).any()]
    return float(np.mean(each)) if each else 1.0


@pytest.mark.parametrize(("iou", "score"), [(False, sk.f1_score), (True, sk.jaccard_score)])
def test_dice_of_several_classes_is_the_mean_over_those_in_front(iou, score):
    metric = partial(dice, iou=iou)
    assert figure(metric, MAPS, MASKS, 4) == pytest.approx(of_pixels(score, MASKS, MAPS, (1, 2, 3)), rel=1e-6)
    perfect = F.one_hot(MASKS[:, 0], 4).permute(0, 3, 1, 2).float()
    assert figure(metric, perfect, MASKS) == pytest.approx(1)
    void = torch.where(torch.rand(MASKS.shape, generator=draw) < 0.3, 255, MASKS)
    for name, index in ((void, 255), (torch.where(void == 255, -100, void), None)):
        found = figure(partial(metric, ignore=index), MAPS, name, 4)
        assert found == pytest.approx(of_pixels(score, MASKS, MAPS, (1, 2, 3), void != 255), rel=1e-6)


def test_dice_of_nothing_in_front_is_1():
    assert figure(dice, torch.stack([torch.ones(2, 3, 3), torch.zeros(2, 3, 3)], 1), torch.zeros(2, 3, 3).long()) == 1


@pytest.mark.parametrize("metric", OF_ITEMS, ids=metric_name)
def test_what_the_loss_ignores_does_not_count(metric):
    kept = torch.rand(40, generator=draw) < 0.7
    expected = figure(metric, SCORES[kept], CLASSES[kept])
    assert figure(metric, SCORES, torch.where(kept, CLASSES, -100), 7) == pytest.approx(expected, rel=1e-6)
    counted = as_metric(metric)
    counted.leave_out(255)
    try:
        assert figure(counted, SCORES, torch.where(kept, CLASSES, 255), 7) == pytest.approx(expected, rel=1e-6)
    finally:
        counted.ignore = None


@pytest.mark.parametrize("metric", OF_MASKS[:4], ids=metric_name)
def test_a_learner_s_metrics_leave_out_what_its_loss_ignores(metric):
    void = torch.where(torch.rand(MASKS.shape, generator=draw) < 0.3, 255, MASKS)
    rows = TensorDataset(MAPS, void)
    data = DataBunch.create(rows, rows, bs=4, device="cpu", num_workers=0)
    loss = CrossEntropyFlat(axis=1, ignore_index=255)
    learn = Learner(data, nn.Conv2d(4, 4, 1), loss_func=loss, metrics=[metric], silent=True)
    learn.fit(1, 1e-3)
    expected = figure(metric, learn.model(MAPS).detach(), torch.where(void == 255, -100, void))
    assert float(learn.validate()[1]) == pytest.approx(expected, rel=1e-6)
    assert float(learn.recorder.metrics[0][0]) == pytest.approx(expected, rel=1e-6)
    if isinstance(metric, MeanIoU):
        metric.ignore = None


@pytest.mark.parametrize("metric", OF_ITEMS, ids=metric_name)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.uint8, torch.int32])
def test_classes_may_be_of_any_dtype(metric, dtype):
    assert figure(metric, SCORES, CLASSES.to(dtype)) == figure(metric, SCORES, CLASSES)
    two = CLASSES > 1
    two_scores = SCORES[:, :3]
    assert figure(metric, two_scores, two) == figure(metric, two_scores, two.long())


@pytest.mark.parametrize("metric", OF_ITEMS, ids=metric_name)
@pytest.mark.parametrize(
    ("output", "target", "said"),
    [
        (SCORES[:, :1], CLASSES, "output must have a column for each class, two or more; got .*40, 1"),
        (SCORES[:, :1], CLASSES[:, None].float(), "output must have a column for each class"),
        (SCORES, CLASSES + 1, r"targets must lie in 0\.\.3, the model's outputs; got 1\.\.4"),
        (SCORES, CLASSES - 1, r"targets must lie in 0\.\.3, the model's outputs; got -1\.\.2"),
        (SCORES, CLASSES + 0.5, "targets must be class indices, whole numbers; got"),
        (SCORES, torch.full((40,), torch.nan), "targets must be class indices, whole numbers; got nan"),
        (SCORES.where(SCORES < 1, torch.nan), CLASSES, r"output must be numbers; \d+ of 160 are NaN"),
        (SCORES, CLASSES.view(8, 5)[:, :4], "targets must be as many as predictions"),
        (torch.zeros(4, 5, 6), torch.zeros(5, 4).long(), "targets must be as many as predictions, along the same axes"),
    ],
)
def test_classes_that_cannot_be_counted_are_refused(metric, output, target, said):
    with pytest.raises(DataError, match=said):
        as_metric(metric).on_batch_end(output, target)


@pytest.mark.parametrize("metric", OF_MASKS, ids=metric_name)
@pytest.mark.parametrize(
    ("output", "target", "said"),
    [
        (MAPS[:, :1], MASKS, "output must have a column for each class"),
        (MAPS, MASKS + 2, r"targets must lie in 0\.\.3, .* got 2\.\.4"),
        (MAPS, MASKS * 255, "targets must lie in"),
        (MAPS, MASKS / 2, "targets must be class indices"),
        (MAPS * torch.nan, MASKS, "output must be numbers"),
        (MAPS, MASKS.transpose(2, 3), "targets must be as many as predictions"),
    ],
)
def test_masks_that_cannot_be_counted_are_refused(metric, output, target, said):
    with pytest.raises(DataError, match=said):
        as_metric(metric).on_batch_end(output, target)


LABELS = (torch.rand(40, 4, generator=draw) < 0.4).float()


@pytest.mark.parametrize("metric", [accuracy_thresh, fbeta, MultiLabelFbeta()], ids=metric_name)
@pytest.mark.parametrize(
    ("output", "target", "said"),
    [
        (SCORES, LABELS - 1, "targets must be 0 or 1 for each label; got -1.0"),
        (SCORES, LABELS * 0.9, "targets must be 0 or 1 for each label; got 0.8"),
        (SCORES, CLASSES, "targets must be as many as predictions"),
        (SCORES, LABELS * torch.nan, "targets must be 0 or 1 for each label; got nan"),
        (SCORES * torch.nan, LABELS, "output must be numbers; 160 of 160 are NaN"),
    ],
)
def test_labels_that_cannot_be_counted_are_refused(metric, output, target, said):
    with pytest.raises(DataError, match=said):
        as_metric(metric).on_batch_end(output, target)
    for dtype in (torch.bool, torch.uint8, torch.int64):
        assert figure(metric, SCORES, LABELS.to(dtype)) == figure(metric, SCORES, LABELS)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 1.5, -0.1, "0.5"])
def test_settings_that_are_no_number_of_their_range_are_refused(value):
    with pytest.raises(ArgumentError, match="accuracy_thresh: thresh must be between 0 and 1"):
        accuracy_thresh(SCORES, LABELS, thresh=value)
    with pytest.raises(ArgumentError, match="MultiLabelFbeta: thresh must be between 0 and 1"):
        MultiLabelFbeta(thresh=value)
    assert 0 <= accuracy_thresh(SCORES, LABELS, thresh=1.5, sigmoid=False) <= 1
    with pytest.raises(ArgumentError, match="accuracy_thresh: thresh must be a number"):
        accuracy_thresh(SCORES, LABELS, thresh=float("nan"), sigmoid=False)


@pytest.mark.parametrize("make", [FBeta, MultiLabelFbeta])
def test_a_beta_is_at_least_0(make):
    for beta in (float("nan"), -1):
        with pytest.raises(ArgumentError, match="beta must be at least 0"):
            make(beta=beta)
    with pytest.raises(ArgumentError, match="fbeta: beta must be at least 0"):
        fbeta(SCORES, LABELS, beta=float("nan"))
    with pytest.raises(ArgumentError, match=r"top_k_accuracy: k must lie in 1\.\.4"):
        top_k_accuracy(SCORES, CLASSES, k=1.5)


@pytest.mark.parametrize(
    ("scores", "target", "said"),
    [
        (SCORES[:, 0], CLASSES, "targets must be of two classes, 1 and another"),
        (SCORES[:, 0], 2 * (CLASSES > 1), r"targets must be of two classes, 1 and another; got \[0, 2\]"),
        (SCORES[:, 0] * torch.nan, CLASSES > 1, "output must be numbers"),
        (SCORES[:, 0], torch.full((40,), torch.nan), "targets must be numbers"),
        (SCORES, CLASSES, "output must be one score an item, or two columns"),
    ],
)
def test_an_order_of_other_than_two_classes_is_refused(scores, target, said):
    with pytest.raises(DataError, match=said):
        auc_roc_score(scores, target)
    with pytest.raises(DataError, match=said):
        figure(AUROC(), scores, target)


def test_an_order_of_two_classes_of_any_dtype():
    truth = CLASSES > 1
    expected = sk.roc_auc_score(truth, SCORES[:, 0])
    for target in (truth, truth.long(), truth.float(), 2 * truth.long() - 1):
        assert float(auc_roc_score(SCORES[:, 0], target)) == pytest.approx(expected)
    assert np.isnan(float(auc_roc_score(SCORES[:, 0], torch.ones(40))))


NUMBERS = torch.randn(30, generator=draw)


@pytest.mark.parametrize("level", [0.0, 0.25, 3.0, -1e3, 1e6])
@pytest.mark.parametrize("offset", [0.0, 0.5, None])
def test_figures_of_a_constant_target_are_those_of_scikit_learn(level, offset):
    target = torch.full((30,), level, dtype=torch.float64)
    pred = target + (NUMBERS.double() if offset is None else offset)
    for metric, score in (
        (r2_score, sk.r2_score), (R2Score(), sk.r2_score),
        (explained_variance, sk.explained_variance_score), (ExplainedVariance(), sk.explained_variance_score),
    ):  # fmt: skip
        assert figure(metric, pred, target, 7) == pytest.approx(score(target, pred), abs=1e-6)


def test_figures_of_numbers_far_from_0():
    target = 1e5 + NUMBERS.double()
    pred = target + 0.1 * NUMBERS.flip(0).double()
    assert figure(r2_score, pred, target, 7) == pytest.approx(sk.r2_score(target, pred), rel=1e-4)


def test_figures_without_enough_numbers_are_no_number():
    assert np.isnan(figure(r2_score, torch.ones(1), torch.zeros(1)))
    for metric in (r2_score, explained_variance):
        assert np.isnan(figure(metric, NUMBERS * torch.nan, NUMBERS))
        assert np.isnan(figure(metric, NUMBERS, NUMBERS * torch.nan))
