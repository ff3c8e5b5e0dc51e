"""Tests of the interpretation of a classifier."""

import numpy as np
import pytest
import torch
from sklearn.metrics import confusion_matrix

from onecycle.errors import ArgumentError, DataError
from onecycle.interpret.classification import ClassificationInterpretation

ACTUAL = torch.tensor([0, 0, 0, 0, 1, 1, 2, 2, 2])
PREDICTED = torch.tensor([0, 1, 1, 2, 1, 0, 0, 0, 2])


@pytest.fixture
def interp(learn):
    losses = torch.arange(9).float()
    return ClassificationInterpretation(learn, torch.eye(3)[PREDICTED] * 0.8 + 0.1, ACTUAL, losses)


def texts(ax):
    return [t.get_text() for t in ax.texts]


def test_confusion_matrix(interp):
    matrix = interp.confusion_matrix()
    assert isinstance(matrix, np.ndarray)
    assert np.array_equal(matrix, confusion_matrix(ACTUAL, PREDICTED))
    assert np.array_equal(matrix, interp.confusion_matrix(slice_size=10))


def test_most_confused_counts_down_and_keeps_the_order_of_classes(interp):
    pairs = [("cat", "dog", 2), ("horse", "cat", 2), ("cat", "horse", 1), ("dog", "cat", 1)]
    assert interp.most_confused() == pairs
    assert interp.most_confused(min_val=2) == pairs[:2]
    assert interp.most_confused(min_val=3) == []
    assert all(type(times) is int for _, _, times in pairs)
    with pytest.raises(ArgumentError, match="most_confused: min_val must be a number; got 'two'"):
        interp.most_confused(min_val="two")


def test_plot_of_counts(interp):
    figure = interp.plot_confusion_matrix(figsize=(5, 4), title="Animals", return_fig=True)
    ax = figure.axes[0]
    assert figure.get_size_inches().tolist() == [5, 4]
    assert ax.get_title() == "Animals"
    assert [t.get_text() for t in ax.get_yticklabels()] == ["cat", "dog", "horse"]
    assert texts(ax) == ["1", "2", "1", "1", "1", "0", "2", "0", "1"]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("Predicted", "Actual")


def test_plot_of_shares(interp):
    figure = interp.plot_confusion_matrix(normalize=True, norm_dec=1, return_fig=True)
    assert texts(figure.axes[0])[:3] == ["0.2", "0.5", "0.2"]


def test_plot_without_numbers(interp):
    assert texts(interp.plot_confusion_matrix(plot_txt=False, return_fig=True).axes[0]) == []


def test_no_figure_is_returned_unless_wanted(interp):
    assert interp.plot_confusion_matrix() is None


def test_a_class_without_items_has_no_shares(learn):
    interp = ClassificationInterpretation(learn, torch.eye(3)[[0, 0]], torch.tensor([0, 0]), torch.ones(2))
    assert "nan" not in texts(interp.plot_confusion_matrix(normalize=True, return_fig=True).axes[0])


def test_top_losses_are_drawn_with_their_titles(interp):
    figure = interp.plot_top_losses(4, heatmap=False, return_fig=True, figsize=(9, 9))
    titles = [ax.get_title().replace("\n", " / ") for ax in figure.axes]
    assert titles[0] == "horse/horse / 8.00 / 0.90"
    assert titles[1] == "cat/horse / 7.00 / 0.10"
    assert figure.get_suptitle() == "Prediction/Actual/Loss/Probability"
    assert all(len(ax.images) == 1 for ax in figure.axes)


def test_heat_maps_lie_over_the_pictures_where_the_model_has_maps(interp):
    assert all(len(ax.images) == 1 for ax in interp.plot_top_losses(2, return_fig=True).axes)
    figure = interp.plot_top_losses(2, heatmap=True, return_fig=True)
    assert all(len(ax.images) == 2 for ax in figure.axes)
    assert figure.axes[0].images[1].get_alpha() == 0.6
    assert figure.axes[0].images[1].get_array().shape == (4, 4)


def test_titles_can_be_left_out(interp):
    figure = interp.plot_top_losses(1, show_text=False, heatmap=False, return_fig=True)
    assert figure.axes[0].get_title() == ""


def test_a_model_without_maps_shows_plain_pictures(interp):
    interp.learn.model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(192, 3))
    figure = interp.plot_top_losses(1, heatmap=None, return_fig=True)
    assert len(figure.axes[0].images) == 1
    with pytest.raises(ArgumentError, match="must have a part with an output of shape"):
        interp.plot_top_losses(1, heatmap=True)


def test_what_is_no_picture_has_no_heat_map(interp):
    interp.data.one_item = lambda item: (torch.ones(1, 5), None)
    assert len(interp.plot_top_losses(1, heatmap=None, return_fig=True).axes[0].images) == 1


@pytest.mark.parametrize("method", ["plot_top_losses", "plot_multi_top_losses"])
def test_no_picture_cannot_be_drawn(interp, method):
    with pytest.raises(ArgumentError, match=f"{method}: .* must be at least 1; got 0"):
        getattr(interp, method)(0)


def test_wrong_ones_with_the_largest_losses(interp, capsys):
    wrong = interp.plot_multi_top_losses(2, save_misclassified=True)
    assert wrong == [7, 6, 5, 3, 2, 1]
    assert capsys.readouterr().out == "6 of 9 items are predicted wrongly.\n"
    figure = interp.plot_multi_top_losses(2, return_fig=True)
    assert len(figure.axes) == 2


def test_nothing_wrong_draws_nothing(learn, capsys):
    interp = ClassificationInterpretation(learn, torch.eye(3), torch.arange(3), torch.ones(3))
    assert interp.plot_multi_top_losses(return_fig=True) is None
    assert "0 of 3 items" in capsys.readouterr().out


def test_an_output_beyond_the_classes_goes_by_its_index(learn):
    interp = ClassificationInterpretation(learn, torch.eye(5)[[0, 4]], torch.tensor([0, 1]), torch.ones(2))
    assert interp.confusion_matrix().shape == (5, 5)
    assert interp.most_confused() == [("dog", 4, 1)]


def test_predictions_without_columns_are_refused(learn):
    with pytest.raises(DataError, match=r"must be of shape \(N, classes\) .* got \(3,\) and \(3,\)"):
        ClassificationInterpretation(learn, torch.ones(3), torch.ones(3), torch.ones(3))


def test_grad_cam_of_an_item(interp):
    heat = interp.grad_cam(0, show=False)
    assert heat.shape == (4, 4)
    assert torch.equal(interp.grad_cam(0, category="cat", show=False), interp.grad_cam(0, category=0, show=False))
    assert interp.explained_class(1) == 1


def test_grad_cam_is_drawn_on_the_picture(interp):
    import matplotlib.pyplot as plt

    ax = plt.subplots()[1]
    interp.grad_cam(0, ax=ax)
    assert len(ax.images) == 2


def test_an_unknown_class_of_grad_cam_says_the_nearest(interp):
    with pytest.raises(ArgumentError, match="or the name of a class; got 'hors'. Did you mean 'horse'"):
        interp.grad_cam(0, category="hors")
