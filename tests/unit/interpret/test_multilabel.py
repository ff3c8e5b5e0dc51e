"""Tests of the interpretation of a classifier with several labels an item."""

import numpy as np
import pytest
import torch
from sklearn.metrics import multilabel_confusion_matrix

from onecycle.errors import ArgumentError, DataError
from onecycle.interpret.multilabel import MultiLabelClassificationInterpretation

ACTUAL = torch.tensor([[1, 0, 0], [1, 1, 0], [0, 0, 1], [1, 0, 1]])
PROBABLE = torch.tensor([[0.9, 0.1, 0.1], [0.8, 0.1, 0.2], [0.6, 0.0, 0.7], [0.2, 0.1, 0.1]])


@pytest.fixture
def interp(multi_learn):
    return MultiLabelClassificationInterpretation(multi_learn, PROBABLE, ACTUAL, torch.tensor([0.1, 0.9, 0.5, 1.5]))


def test_probabilities_are_taken_as_they_are(interp):
    assert torch.equal(interp.preds, PROBABLE)
    assert interp.pred_class.tolist()[2] == [True, False, True]


def test_outputs_go_through_a_sigmoid(multi_learn):
    interp = MultiLabelClassificationInterpretation(multi_learn, torch.full((4, 3), 3.0), ACTUAL, torch.ones(4))
    assert interp.preds[0, 0] == pytest.approx(0.9526, abs=1e-4)
    raw = MultiLabelClassificationInterpretation(
        multi_learn, torch.full((4, 3), 3.0), ACTUAL, torch.ones(4), sigmoid=False, thresh=2.0
    )
    assert raw.pred_class.all()


def test_from_learner(multi_learn):
    interp = MultiLabelClassificationInterpretation.from_learner(multi_learn, thresh=0.5)
    assert torch.allclose(interp.preds, multi_learn.get_preds()[0])
    assert interp.losses.shape == (12,)
    own = MultiLabelClassificationInterpretation.from_learner(multi_learn, activ=torch.sigmoid)
    assert torch.allclose(own.preds, interp.preds)


def test_confusion_matrix(interp):
    expected = multilabel_confusion_matrix(ACTUAL, PROBABLE > 0.3)
    assert np.array_equal(interp.confusion_matrix(), expected)


def test_most_confused(interp):
    assert interp.most_confused() == [("road", 1, 1), ("water", 1, 0), ("cloud", 1, 0)]
    assert interp.most_confused(min_val=2) == [("road", 1, 1)]


def test_one_matrix_a_label_is_drawn(interp):
    figure = interp.plot_confusion_matrix(return_fig=True)
    assert [ax.get_title() for ax in figure.axes[:3]] == ["road", "water", "cloud"]
    assert [t.get_text() for t in figure.axes[0].texts] == ["0", "1", "1", "2"]
    shares = interp.plot_confusion_matrix(normalize=True, return_fig=True)
    assert [t.get_text() for t in shares.axes[0].texts] == ["0.00", "1.00", "0.33", "0.67"]


def test_top_losses(interp):
    figure = interp.plot_top_losses(2, heatmap=None, return_fig=True)
    assert figure.axes[0].get_title().replace("\n", " / ") == "none/road;cloud / 1.50"
    assert len(figure.axes[0].images) == 2


def test_wrong_ones_with_the_largest_losses(interp, capsys):
    assert interp.plot_multi_top_losses(2, save_misclassified=True) == [3, 1, 2]
    assert capsys.readouterr().out == "3 of 4 items are predicted wrongly.\n"


def test_nothing_wrong_draws_nothing(multi_learn):
    interp = MultiLabelClassificationInterpretation(multi_learn, ACTUAL.float(), ACTUAL, torch.ones(4))
    assert interp.plot_multi_top_losses(return_fig=True) is None


def test_shapes_must_agree(multi_learn):
    with pytest.raises(DataError, match=r"must both be of shape \(N, labels\); got \(4, 3\) and \(4,\)"):
        MultiLabelClassificationInterpretation(multi_learn, PROBABLE, ACTUAL[:, 0], torch.ones(4))


def test_no_picture_cannot_be_drawn(interp):
    with pytest.raises(ArgumentError, match="k must be at least 1"):
        interp.plot_top_losses(0)
    with pytest.raises(ArgumentError, match="samples must be at least 1"):
        interp.plot_multi_top_losses(0)
