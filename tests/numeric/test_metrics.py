"""Metrics against scikit-learn, on sets cut into uneven batches with classes missing from some and tied scores."""

from functools import partial

import numpy as np
import pytest
import sklearn.metrics as sk
import torch

from onecycle.errors import DataError
from onecycle.metrics.base import as_metric
from onecycle.metrics.classification import accuracy, error_rate, top_k_accuracy
from onecycle.metrics.confusion import ConfusionMatrix, FBeta, KappaScore, MatthewsCorreff, Precision, Recall
from onecycle.metrics.language import Perplexity
from onecycle.metrics.multilabel import MultiLabelFbeta, accuracy_thresh, fbeta
from onecycle.metrics.pictures import psnr
from onecycle.metrics.ranking import AUROC, auc_roc_score, roc_curve
from onecycle.metrics.regression import (
    RMSE,
    ExplainedVariance,
    ExpRMSPE,
    R2Score,
    exp_rmspe,
    explained_variance,
    mae,
    mse,
    msle,
    r2_score,
    rmse,
)
from onecycle.metrics.segmentation import MeanIoU, dice, foreground_acc, jaccard

N, K = 103, 5  # 103 = 3 * 32 + 7: the last batch is uneven


def over_batches(metric, output, target, size=32):
    """Return the figure of a set that comes in batches."""
    metric = as_metric(metric)
    for start in range(0, len(output), size):
        metric.on_batch_end(output[start : start + size], target[start : start + size])
    return metric.compute().numpy()


def classes(k=K, seed=0):
    """Return outputs that are right more often than not, and sorted targets: batches miss classes."""
    rng = np.random.default_rng(seed)
    target = np.sort(rng.integers(k, size=N))
    output = rng.normal(size=(N, k)) + 1.5 * np.eye(k)[target]
    return torch.tensor(output).float(), torch.tensor(target), output.argmax(1)


def numbers(seed=0):
    rng = np.random.default_rng(seed)
    target = rng.uniform(0.5, 3, size=(N, 2))
    return torch.tensor(target + 0.3 * rng.normal(size=(N, 2))).float().clamp(min=0.01), torch.tensor(target).float()


def labels(seed=0):
    rng = np.random.default_rng(seed)
    actual = (rng.random((N, K)) < [0.5, 0.3, 0.2, 0.1, 0.02]).astype(int)
    output = rng.normal(size=(N, K)) * 2 + 2 * actual - 1
    return torch.tensor(output).float(), torch.tensor(actual)


def close(value, expected):
    np.testing.assert_allclose(value, expected, rtol=2e-6, atol=1e-7)


def test_accuracy():
    output, target, predicted = classes()
    close(over_batches(accuracy, output, target), sk.accuracy_score(target, predicted))
    close(over_batches(error_rate, output, target), 1 - sk.accuracy_score(target, predicted))


@pytest.mark.parametrize("k", [1, 2, 4])
def test_top_k_accuracy(k):
    output, target, _ = classes()
    expected = sk.top_k_accuracy_score(target, output, k=k, labels=range(K))
    close(over_batches(partial(top_k_accuracy, k=k), output, target), expected)


def test_confusion_matrix():
    output, target, predicted = classes()
    close(over_batches(ConfusionMatrix(), output, target), sk.confusion_matrix(target, predicted))


@pytest.mark.parametrize("average", ["micro", "macro", "weighted", None])
def test_precision_recall_f_beta(average):
    output, target, predicted = classes()
    options = {"average": average, "zero_division": 0}
    close(over_batches(Precision(average), output, target), sk.precision_score(target, predicted, **options))
    close(over_batches(Recall(average), output, target), sk.recall_score(target, predicted, **options))
    for beta in (0.5, 1, 2):
        expected = sk.fbeta_score(target, predicted, beta=beta, **options)
        close(over_batches(FBeta(average, beta=beta), output, target), expected)


def test_macro_leaves_out_classes_that_never_occur():
    output, target, _ = classes()
    output[:, 4], target = -9.0, target.clamp(max=3)
    predicted = output.argmax(1)
    expected = sk.precision_score(target, predicted, average="macro", zero_division=0)
    close(over_batches(Precision("macro"), output, target), expected)


@pytest.mark.parametrize("pos_label", [0, 1])
def test_binary_precision_recall_f_beta(pos_label):
    output, target, predicted = classes(k=2)
    close(over_batches(Precision(pos_label=pos_label), output, target),
          sk.precision_score(target, predicted, pos_label=pos_label))
    close(over_batches(Recall(pos_label=pos_label), output, target),
          sk.recall_score(target, predicted, pos_label=pos_label))
    close(over_batches(FBeta(pos_label=pos_label), output, target),
          sk.fbeta_score(target, predicted, beta=2, pos_label=pos_label))


@pytest.mark.parametrize("weights", [None, "linear", "quadratic"])
def test_kappa(weights):
    output, target, predicted = classes()
    expected = sk.cohen_kappa_score(target, predicted, weights=weights)
    close(over_batches(KappaScore(weights), output, target), expected)


@pytest.mark.parametrize("k", [2, 5])
def test_matthews(k):
    output, target, predicted = classes(k)
    close(over_batches(MatthewsCorreff(), output, target), sk.matthews_corrcoef(target, predicted))


def test_matthews_of_one_class_is_0():
    output = torch.eye(2)[torch.zeros(10).long()]
    close(over_batches(MatthewsCorreff(), output, torch.zeros(10).long()), 0)


def test_regression():
    pred, target = numbers()
    p, t = pred.numpy().ravel().astype(float), target.numpy().ravel().astype(float)
    close(over_batches(mse, pred, target), sk.mean_squared_error(t, p))
    close(over_batches(mae, pred, target), sk.mean_absolute_error(t, p))
    close(over_batches(rmse, pred, target), sk.root_mean_squared_error(t, p))
    close(over_batches(RMSE(), pred, target), sk.root_mean_squared_error(t, p))
    close(over_batches(msle, pred, target), sk.mean_squared_log_error(t, p))
    close(over_batches(explained_variance, pred, target), sk.explained_variance_score(t, p))
    close(over_batches(ExplainedVariance(), pred, target), sk.explained_variance_score(t, p))
    close(over_batches(r2_score, pred, target), sk.r2_score(t, p))
    close(over_batches(R2Score(), pred, target), sk.r2_score(t, p))
    close(over_batches(exp_rmspe, pred, target), np.sqrt(np.mean(((np.exp(t) - np.exp(p)) / np.exp(t)) ** 2)))
    close(over_batches(ExpRMSPE(), pred, target), np.sqrt(np.mean((1 - np.exp(p - t)) ** 2)))
    close(over_batches(psnr, pred, target), 10 * np.log10(1 / sk.mean_squared_error(t, p)))


def test_variances_hold_far_from_zero():
    pred, target = numbers()
    pred, target = pred.double() + 1e5, target.double() + 1e5
    close(over_batches(r2_score, pred, target), sk.r2_score(target.numpy().ravel(), pred.numpy().ravel()))


def test_accuracy_thresh():
    output, actual = labels()
    chosen = output.sigmoid() > 0.4
    close(over_batches(partial(accuracy_thresh, thresh=0.4), output, actual), (chosen == actual).float().mean())


@pytest.mark.parametrize("beta", [1, 2])
def test_fbeta_of_items(beta):
    output, actual = labels()
    chosen = output.sigmoid() > 0.2
    expected = sk.fbeta_score(actual, chosen, beta=beta, average="samples", zero_division=0)
    close(over_batches(partial(fbeta, beta=beta), output, actual), expected)
    close(over_batches(partial(fbeta, beta=beta, sigmoid=False), output.sigmoid(), actual), expected)


@pytest.mark.parametrize("average", ["micro", "macro", "weighted", "none"])
def test_fbeta_of_labels(average):
    output, actual = labels()
    chosen = output.sigmoid() > 0.3
    scikit = None if average == "none" else average
    expected = sk.fbeta_score(actual, chosen, beta=2, average=scikit, zero_division=0)
    close(over_batches(MultiLabelFbeta(average=average), output, actual), expected)


def masks(seed=0):
    rng = np.random.default_rng(seed)
    actual = (rng.random((9, 6, 6)) < np.linspace(0, 0.9, 9)[:, None, None]).astype(int)
    noise = rng.normal(size=(9, 2, 6, 6))
    noise[:, 1] += 2 * actual - 1
    return torch.tensor(noise).float(), torch.tensor(actual)


def test_dice_counts_the_pixels_of_the_set():
    output, actual = masks()
    predicted = output.argmax(1).numpy().ravel()
    close(over_batches(dice, output, actual, 4), sk.f1_score(actual.numpy().ravel(), predicted))
    close(over_batches(partial(dice, iou=True), output, actual, 4), sk.jaccard_score(actual.numpy().ravel(), predicted))


def test_foreground_accuracy():
    output, actual = masks()
    actual[:, :2] = 7
    known = actual != 7
    expected = sk.accuracy_score(actual[known], output.argmax(1)[known])
    close(over_batches(partial(foreground_acc, void_code=7), output, actual, 4), expected)


def tied_scores():
    rng = np.random.default_rng(0)
    target = rng.integers(2, size=N)
    return torch.tensor((rng.normal(size=N) + target).round(1)).float(), torch.tensor(target)


def test_roc_curve_with_ties():
    scores, target = tied_scores()
    fpr, tpr = roc_curve(scores, target)
    expected_fpr, expected_tpr, _ = sk.roc_curve(target, scores, drop_intermediate=False)
    close(fpr, expected_fpr)
    close(tpr, expected_tpr)


def test_area_under_the_curve_with_ties():
    scores, target = tied_scores()
    expected = sk.roc_auc_score(target, scores)
    close(over_batches(auc_roc_score, scores, target), expected)
    close(over_batches(AUROC(), torch.stack([-scores, scores], 1), target), expected)
    close(over_batches(AUROC(), scores[:, None], target), expected)


def test_perplexity():
    rng = np.random.default_rng(0)
    output, target = torch.tensor(rng.normal(size=(7, 5, 9))).float(), torch.tensor(rng.integers(9, size=(7, 5)))
    expected = np.exp(sk.log_loss(target.numpy().ravel(), output.softmax(-1).numpy().reshape(-1, 9), labels=range(9)))
    np.testing.assert_allclose(over_batches(Perplexity(), output, target, 3), expected, rtol=1e-5)


def masks_with_void(void, known=(0, 1, 3)):
    """Scores for 5 classes, masks of some of them in which a fifth is void, and both flat without the void."""
    torch.manual_seed(4)
    scores, masks = torch.randn(23, 5, 6, 7), torch.tensor(known)[torch.randint(len(known), (23, 1, 6, 7))]
    masks[torch.rand(masks.shape) < 0.2] = void
    actual, predicted = masks.flatten().numpy(), scores.argmax(1).flatten().numpy()
    return scores, masks, actual[actual != void], predicted[actual != void]


@pytest.mark.parametrize("void", [4, 255])
@pytest.mark.parametrize("size", [23, 10, 1])
def test_the_mean_iou_of_a_set_leaves_out_void(void, size):
    scores, masks, actual, predicted = masks_with_void(void)
    expected = sk.jaccard_score(actual, predicted, labels=range(5), average=None, zero_division=0)
    counted = [k for k in range(5) if k != void]
    metric = MeanIoU(ignore=void)
    found = over_batches(metric, scores, masks, size)
    np.testing.assert_allclose(metric.per_class[counted].numpy(), expected[counted])
    np.testing.assert_allclose(found, expected[counted].mean(), rtol=1e-6)
    np.testing.assert_allclose(over_batches(partial(jaccard, ignore=void), scores, masks, size), found)
    assert int(metric.cm.sum()) == len(actual)


def test_a_class_that_nobody_saw_does_not_count():
    scores = torch.zeros(1, 4, 1, 2)
    scores[0, 1, 0, 0] = scores[0, 2, 0, 1] = 1
    metric = MeanIoU()
    metric.update(scores, torch.tensor([[[1, 1]]]))
    np.testing.assert_allclose(metric.per_class.numpy(), [np.nan, 0.5, 0, np.nan])
    assert float(metric.compute()) == 0.25


@pytest.mark.parametrize("void", [4, 255])
@pytest.mark.parametrize("size", [23, 10, 1])
def test_the_accuracy_of_a_set_leaves_out_void(void, size):
    scores, masks, actual, predicted = masks_with_void(void)
    found = over_batches(partial(foreground_acc, void_code=void), scores, masks, size)
    np.testing.assert_allclose(found, sk.accuracy_score(actual, predicted), rtol=1e-6)


def test_an_index_beyond_the_outputs_is_refused():
    with pytest.raises(DataError, match=r"MeanIoU: targets must lie in 0\.\.1, .* got 0\.\.255"):
        MeanIoU().update(torch.zeros(1, 2, 1, 2), torch.tensor([[[0, 255]]]))
    with pytest.raises(DataError, match="MeanIoU: cm is there once a batch was counted"):
        _ = MeanIoU().cm
