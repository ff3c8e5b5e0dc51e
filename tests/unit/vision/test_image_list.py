"""Tests of onecycle.vision.image_list and onecycle.vision.grids."""

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image as PILImage
from PIL import ImageOps

from onecycle.errors import ArgumentTypeError, DataError
from onecycle.utils.registry import lookup
from onecycle.vision.image_bunch import ImageDataBunch
from onecycle.vision.image_list import ImageImageList, ImageList
from onecycle.vision.picture import Image


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


def test_it_prints_its_first_pictures(folder):
    one = "Image (3, 10, 12)"
    assert repr(ImageList.from_folder(folder)) == f"ImageList (6 items)\n{','.join([one] * 5)}\nPath: {folder}"


def test_from_folder_takes_pictures_alone_in_sorted_order(folder):
    found = [path.relative_to(folder).as_posix() for path in ImageList.from_folder(folder).items]
    assert found == ["cat/0.png", "cat/1.png", "cat/2.png", "dog/0.png", "dog/1.png", "dog/2.png"]


def test_pictures_open_in_the_mode_asked_for(folder):
    assert ImageList.from_folder(folder)[5].data.shape == (3, 10, 12)
    grey = ImageList.from_folder(folder, convert_mode="L")
    assert grey[5].data.shape == (1, 10, 12)
    assert grey[5].data.min() == 1 and grey[0].data.max() == 0


def test_settings_stay_with_its_parts(folder):
    part = ImageList.from_folder(folder, convert_mode="L")[2:4]
    assert (len(part), part.convert_mode) == (2, "L")
    assert part[1].shape == (1, 10, 12)


def test_after_open_sees_the_pillow_picture(folder):
    found = ImageList.from_folder(folder, after_open=ImageOps.invert)
    assert found[0].data.min() == 1 and found[5].data.max() == 0


def test_a_class_of_ones_own_may_open_files_its_own_way(tmp_path):
    class Arrays(ImageList):
        def open(self, fn):
            return Image(torch.from_numpy(np.load(fn)))

    np.save(tmp_path / "a.npy", np.full((2, 4, 4), 0.5, dtype=np.float32))
    found = Arrays.from_folder(tmp_path, extensions=[".npy"])
    assert found[0].shape == (2, 4, 4)


def test_a_folder_without_pictures_says_what_it_holds(tmp_path):
    (tmp_path / "a.txt").write_text("a")
    with pytest.raises(DataError, match="no item in folder .*1 .txt"):
        ImageList.from_folder(tmp_path)


def test_a_broken_file_is_named(folder):
    (folder / "cat" / "0.png").write_bytes(b"")
    with pytest.raises(DataError, match=r"0\.png is empty"):
        ImageList.from_folder(folder)[0]


def test_an_unknown_keyword_is_refused(folder):
    with pytest.raises(ArgumentTypeError, match="unknown keyword 'convert_mod'. Did you mean 'convert_mode'"):
        ImageList.from_folder(folder, convert_mod="L")


def test_from_df_joins_folder_name_and_ending(folder):
    table = pd.DataFrame({"label": ["c", "c"], "name": ["0", "2"]})
    found = ImageList.from_df(table, folder, cols="name", folder="cat", suffix=".png")
    assert list(found.items) == [f"{folder}/cat/0.png", f"{folder}/cat/2.png"]
    assert found[1].shape == (3, 10, 12)
    assert found.inner_df is table


def test_from_df_without_folder_and_ending(folder):
    found = ImageList.from_df(pd.DataFrame({"name": ["cat/0.png"]}), folder, convert_mode="L")
    assert found[0].shape == (1, 10, 12)


def test_from_csv(folder):
    pd.DataFrame({"name": ["cat/0", "dog/1"], "label": [0, 1]}).to_csv(folder / "labels.csv", index=False)
    found = ImageList.from_csv(folder, "labels.csv", suffix=".png")
    assert [found[0].data.mean(), found[1].data.mean()] == [0, 1]


def test_from_csv_without_the_column_shows_those_there_are(folder):
    pd.DataFrame({"name": ["cat/0"], "label": [0]}).to_csv(folder / "labels.csv", index=False)
    with pytest.raises(DataError, match="no column 'names'. Did you mean 'name'.*'name', 'label'"):
        ImageList.from_csv(folder, "labels.csv", cols="names")


def test_reconstruct_clips_to_what_can_be_shown():
    shown = ImageList([]).reconstruct(torch.tensor([[[-0.5, 0.5, 1.5]]]))
    assert isinstance(shown, Image)
    assert shown.data.tolist() == [[[0.0, 0.5, 1.0]]]


@pytest.mark.parametrize("name", ["ImageList", "ImageImageList"])
def test_it_has_a_name_in_files(name):
    assert lookup("item_list", name).__name__ == name


def test_its_settings_go_to_a_file_and_back(folder):
    state = ImageList.from_folder(folder, convert_mode="L").get_state()
    again = ImageList.from_state(state)
    assert (type(again), again.convert_mode, len(again)) == (ImageList, "L", 0)


def test_targets_may_be_pictures(folder):
    def other(path):
        return folder / ("dog" if path.parent.name == "cat" else "cat") / path.name

    found = ImageImageList.from_folder(folder).split_by_folder("cat", "dog").label_from_func(other)
    x, y = found.train[0]
    assert type(found.train.y) is ImageList
    assert x.data.max() == 0 and y.data.min() == 1


def test_names_of_digits_in_a_csv_file(tmp_path):
    (tmp_path / "i").mkdir()
    for name in ("0001", "0002", "0010"):
        PILImage.new("RGB", (8, 8)).save(tmp_path / f"i/{name}.png")
    (tmp_path / "l.csv").write_text("id,label\n0001,01\n0002,1\n0010,02\n")
    items = ImageList.from_csv(tmp_path, "l.csv", folder="i", suffix=".png")
    assert items.split_none().label_from_df("label").classes == ["01", "02", "1"]
    assert items[2].size == (8, 8)
    (tmp_path / "one.csv").write_text("id,label\n0001,1\n0002,1\n0010,1\n")
    how = {"folder": "i", "csv_labels": "one.csv", "suffix": ".png", "valid_pct": 0.4, "bs": 2, "no_check": True}
    data = ImageDataBunch.from_csv(tmp_path, **how)
    assert data.train_ds.x[0].size == (8, 8)
    as_numbers = ImageList.from_df(pd.read_csv(tmp_path / "l.csv"), tmp_path, folder="i", suffix=".png")
    with pytest.raises(DataError, match=r"There is 0001.png: read the column of names as text, e.g. pd.read_csv\(file"):
        as_numbers[0]
    assert items[0].data.shape == (3, 8, 8)
