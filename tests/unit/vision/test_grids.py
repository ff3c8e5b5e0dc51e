"""Tests of onecycle.vision.grids, by way of the lists that show with it."""

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import pytest
from PIL import Image as PILImage

from onecycle.data.items import Category
from onecycle.vision.image_list import ImageImageList, ImageList


def save(path, value, height=10, width=12, mode="RGB"):
    path.parent.mkdir(parents=True, exist_ok=True)
    PILImage.new(mode, (width, height), value if mode == "L" else (value, value, value)).save(path)
    return path


@pytest.fixture
def folder(tmp_path):
    for kind, value in (("cat", 0), ("dog", 255)):
        for i in range(3):
            save(tmp_path / kind / f"{i}.png", value)
    (tmp_path / "notes.txt").write_text("no picture")
    return tmp_path


@pytest.fixture(autouse=True)
def no_figures_left():
    yield
    plt.close("all")


def drawn():
    return [ax for ax in plt.gcf().axes if ax.images]


def test_labels_stand_over_pictures_in_a_square(folder):
    found = ImageList.from_folder(folder)
    found.show_xys([found[i] for i in range(5)], [Category(i, name) for i, name in enumerate("abcde")])
    assert [ax.get_title() for ax in drawn()] == list("abcde")
    assert len(plt.gcf().axes) == 6


def test_figsize_is_that_of_the_whole_figure(folder):
    found = ImageList.from_folder(folder)
    found.show_xys([found[0]], [Category(0, "a")], figsize=(5, 3))
    assert plt.gcf().get_size_inches().tolist() == [5, 3]


def test_predictions_stand_below_labels_and_wrong_ones_are_red(folder):
    found = ImageList.from_folder(folder)
    found.show_xyzs([found[0], found[1]], ["cat", "cat"], ["cat", "dog"])
    right, wrong = drawn()
    assert (right.get_title(), wrong.get_title()) == ("cat\ncat", "cat\ndog")
    assert right.title.get_color() != wrong.title.get_color()


def test_a_class_that_is_not_square_shows_a_row_a_sample(folder):
    found = ImageImageList.from_folder(folder)
    pictures = [found[0], found[5]]
    found.show_xys(pictures, pictures)
    assert len(drawn()) == 4
    plt.close("all")
    found.show_xyzs(pictures, pictures, pictures)
    titles = [ax.get_title() for ax in plt.gcf().axes]
    assert titles[:3] == ["Input", "Prediction", "Target"]
