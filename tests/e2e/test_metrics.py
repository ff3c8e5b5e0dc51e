"""Metrics in a learner: the epoch's row says what scikit-learn says of the whole validation set."""

from functools import partial

import numpy as np
import pytest
import sklearn.metrics as sk
import torch
from torch import nn
from torch.utils.data import TensorDataset

from onecycle.data.bunch import DataBunch
from onecycle.errors import ArgumentTypeError
from onecycle.learner import Learner
from onecycle.metrics.classification import accuracy, error_rate, top_k_accuracy
from onecycle.metrics.confusion import ConfusionMatrix, FBeta, KappaScore, Precision
from onecycle.metrics.ranking import AUROC, auc_roc_score
from onecycle.metrics.regression import R2Score, rmse
from onecycle.metrics.segmentation import dice, foreground_acc


def bunch(x, y):
    data = TensorDataset(x, y)
    return DataBunch.create(data, data, bs=16, val_bs=16, num_workers=0)  # 50 = 3 * 16 + 2


@pytest.fixture
def classes():
    x = torch.randn(50, 4)
    return bunch(x, (x[:, 0] > 0).long() + (x[:, 1] > 0).long())


def learner(data, model, loss, metrics):
    return Learner(data, model, loss_func=loss, metrics=metrics, silent=True)


def test_the_row_of_the_epoch_is_about_the_set(classes):
    metrics = [accuracy, error_rate, partial(top_k_accuracy, k=2), FBeta("macro"), KappaScore(), Precision("micro")]
    learn = learner(classes, nn.Linear(4, 3), nn.CrossEntropyLoss(), metrics)
    learn.fit(1, 1e-3)
    preds, y = learn.get_preds()
    guess = preds.argmax(1)
    expected = [
        sk.accuracy_score(y, guess),
        1 - sk.accuracy_score(y, guess),
        sk.top_k_accuracy_score(y, preds, k=2, labels=range(3)),
        sk.fbeta_score(y, guess, beta=2, average="macro", zero_division=0),
        sk.cohen_kappa_score(y, guess),
        sk.precision_score(y, guess, average="micro"),
    ]
    row = [float(value) for value in learn.recorder.metrics[0]]
    np.testing.assert_allclose(row, expected, rtol=1e-6)
    np.testing.assert_allclose([float(value) for value in learn.validate()[1:]], expected, rtol=1e-6)


def test_columns_have_the_names_of_the_metrics(classes):
    metrics = [partial(top_k_accuracy, k=2), ConfusionMatrix(), FBeta("macro")]
    learn = learner(classes, nn.Linear(4, 3), nn.CrossEntropyLoss(), metrics)
    learn.fit(1, 1e-3)
    assert [name for name in learn.recorder.names if "_" in name and "loss" not in name] == [
        "top_k_accuracy",
        "confusion_matrix",
        "f_beta",
    ]
    assert metrics[1].cm.sum() == 50


def test_order_is_judged_over_the_set():
    x = torch.randn(50, 4)
    learn = learner(bunch(x, (x.sum(1) > 0).long()), nn.Linear(4, 2), nn.CrossEntropyLoss(), [AUROC(), auc_roc_score])
    _, area, by_function = learn.validate()
    preds, y = learn.get_preds()
    assert float(area) == pytest.approx(sk.roc_auc_score(y, preds[:, 1]), abs=1e-6)
    assert float(by_function) == pytest.approx(float(area), abs=1e-6)


def test_regression_is_judged_over_the_set():
    x = torch.randn(50, 4)
    learn = learner(bunch(x, x[:, :1] * 2), nn.Linear(4, 1), nn.MSELoss(), [rmse, R2Score()])
    loss, root, share = learn.validate()
    preds, y = learn.get_preds()
    assert float(root) == pytest.approx(float(loss) ** 0.5, rel=1e-5)
    assert float(share) == pytest.approx(sk.r2_score(y, preds), rel=1e-5)


def test_masks_are_judged_over_the_set():
    x = torch.randn(50, 1, 4, 4)
    learn = learner(bunch(x, (x[:, 0] > 1).long()), nn.Conv2d(1, 2, 1), nn.CrossEntropyLoss(), dice)
    value = float(learn.validate()[1])
    preds, y = learn.get_preds()
    assert value == pytest.approx(sk.f1_score(y.flatten(), preds.argmax(1).flatten()), rel=1e-6)


def test_a_metric_with_the_wrong_signature_is_named_when_the_learner_is_made(classes):
    with pytest.raises(ArgumentTypeError, match=r"foreground_acc.*partial\(foreground_acc, void_code=…\)"):
        learner(classes, nn.Linear(4, 3), nn.CrossEntropyLoss(), [accuracy, foreground_acc])
