"""Tests of the drawings."""

import numpy as np
import pytest

from onecycle.interpret.plots import draw_confusion, figure_if, grid, row_shares, write_titles
from onecycle.utils.defaults import defaults


def sizes(num_classes, **options):
    names = [f"class number {i}" for i in range(num_classes)]
    matrix = np.eye(num_classes, dtype=int) * 10
    ax = draw_confusion(matrix, names, "t", "Blues", str, **options).axes[0]
    return ax.texts[0].get_fontsize(), len(ax.texts), ax.get_xticklabels()[0].get_rotation()


def test_letters_shrink_with_the_cells():
    few, many = sizes(3, figsize=(6, 6)), sizes(37, figsize=(6, 6))
    assert few[0] > many[0] >= 3


def test_zeros_of_many_classes_are_left_out():
    assert sizes(10)[1] == 100
    assert sizes(37)[1] == 37


def test_long_names_stand_upright():
    assert sizes(10)[2] == 90
    assert draw_confusion(np.eye(2), [0, 1], "t", "Blues", None).axes[0].get_xticklabels()[0].get_rotation() == 0


def test_shares_of_rows():
    assert row_shares(np.array([[1, 3], [0, 0]])).tolist() == [[0.25, 0.75], [0, 0]]


def test_figures_are_returned_where_wanted():
    assert figure_if("figure", None) is None
    assert figure_if("figure", True) == "figure"
    defaults.return_fig = True
    assert figure_if("figure", None) == "figure"
    assert figure_if("figure", False) is None


@pytest.mark.parametrize(("count", "shape"), [(1, 1), (4, 4), (5, 6), (9, 9)])
def test_a_grid_has_as_many_axes_as_asked_for(count, shape):
    figure, axes = grid(count)
    assert len(axes) == count
    assert len(figure.axes) == shape
    assert not any(ax.axison for ax in figure.axes)


SHORT = ["1", "7", "1.25", "0.03"]
LONG = ["staffordshire_bull_terrier", "american_pit_bull_terrier", "1.25", "0.03"]


def written(*titles, inches=6.0):
    _, axes = grid(len(titles), figsize=(inches, inches))
    write_titles(titles, axes)
    return [(ax.get_title(), ax.title.get_fontsize()) for ax in axes]


def test_a_title_that_fits_takes_one_line():
    assert written(SHORT, SHORT) == [("1/7 / 1.25 / 0.03", 10.0)] * 2


def test_all_titles_follow_the_longest():
    (long, long_size), (short, short_size) = written(LONG, SHORT, inches=10.0)
    assert (long.count("\n"), short.count("\n")) == (1, 1)
    assert long_size == short_size == 10.0


def test_a_very_long_title_takes_three_lines_and_smaller_letters():
    (text, size), _ = written(LONG, SHORT, inches=3.0)
    assert text == "staffordshire_bull_terrier/\namerican_pit_bull_terrier\n1.25 / 0.03"
    assert 5 <= size < 10
