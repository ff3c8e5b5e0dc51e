"""Tests of the confusion matrix and its figures, by hand."""

import pytest
import torch

from onecycle.errors import ArgumentError, DataError
from onecycle.metrics.confusion import (
    CMScores,
    ConfusionMatrix,
    FBeta,
    KappaScore,
    Precision,
    Recall,
    _OneFigure,
)

EYE = torch.eye(3)


def counted(metric, predicted, target, num_classes=3):
    metric.update(torch.eye(num_classes)[torch.tensor(predicted)], torch.tensor(target))
    return metric


def test_rows_are_actual_and_columns_predicted():
    cm = counted(ConfusionMatrix(), [1, 1, 2], [0, 1, 2]).cm
    assert cm.tolist() == [[0, 1, 0], [0, 1, 0], [0, 0, 1]]


def test_the_row_of_the_epoch_shows_the_diagonal_and_the_matrix_stays():
    metric = counted(ConfusionMatrix(), [1, 1, 2, 2], [0, 1, 2, 2])
    assert metric.n_classes == 3
    assert metric.on_epoch_end(last_metrics=[1.0])["last_metrics"] == [1.0, pytest.approx(0.75)]
    assert metric.metric.sum() == 4


def test_no_matrix_before_a_batch():
    assert ConfusionMatrix().n_classes == 0
    with pytest.raises(DataError, match="cm is there once a batch was counted"):
        _ = ConfusionMatrix().cm


def test_a_target_beyond_the_outputs_is_named():
    with pytest.raises(DataError, match=r"targets must lie in 0..2, the model's outputs; got 0..7"):
        counted(ConfusionMatrix(), [1, 1], [0, 7])


def test_one_column_is_refused():
    with pytest.raises(DataError, match=r"Recall: output must have a column for each class.*; got .* \(4, 1\)"):
        Recall().update(torch.ones(4, 1), torch.ones(4))


def test_a_class_never_predicted_scores_0():
    assert counted(Precision(average="none"), [0, 0], [0, 1]).compute().tolist() == [0.5, 0.0, 0.0]


def test_binary_on_three_classes_warns_and_takes_macro():
    metric = counted(Precision(), [1, 1, 2], [0, 1, 2])
    with pytest.warns(UserWarning, match="average='binary' needs two classes; got 3"):
        value = metric.compute()
    assert value == counted(Precision(average="macro"), [1, 1, 2], [0, 1, 2]).compute()


def test_settings_are_checked():
    with pytest.raises(ArgumentError, match="average must be one of .*got 'marco'. Did you mean 'macro'"):
        Precision(average="marco")
    with pytest.raises(ArgumentError, match="pos_label must be 0 or 1; got 2"):
        Recall(pos_label=2)
    with pytest.raises(ArgumentError, match="weights must be None, 'linear' or 'quadratic'; got 'cubic'"):
        KappaScore(weights="cubic")


def test_f_beta_keeps_its_matrix_after_training():
    metric = counted(FBeta(average="micro"), [1, 1, 2], [0, 1, 2])
    metric.on_train_end()
    assert metric.cm.sum() == 3


def test_bases_must_be_filled():
    with pytest.raises(NotImplementedError, match="_OneFigure must define from_matrix"):
        _OneFigure().from_matrix(EYE)
    with pytest.raises(NotImplementedError, match="CMScores must define score"):
        CMScores().score(EYE, EYE, EYE)
