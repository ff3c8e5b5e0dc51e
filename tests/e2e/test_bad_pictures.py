"""What happens to a folder of pictures in which something is wrong: said clearly, or skipped and counted."""

import numpy as np
import pytest
from PIL import Image as PILImage
from torch import nn

from onecycle.errors import ArgumentTypeError, DataError
from onecycle.learner import Learner
from onecycle.nn.layers import Flatten
from onecycle.vision.check import check_folder
from onecycle.vision.image_bunch import ImageDataBunch
from onecycle.vision.image_list import ImageList


def draw(file, seed, size=(16, 16)):
    file.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, (*size, 3), dtype=np.uint8)
    PILImage.fromarray(pixels).save(file)


@pytest.fixture
def folder(tmp_path):
    for i in range(10):
        draw(tmp_path / "cat" / f"{i}.jpg", i)
        draw(tmp_path / "dog" / f"{i}.jpg", 10 + i)
    return tmp_path


def cut(file):
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2])


def empty(file):
    file.write_bytes(b"")


def no_picture(file):
    file.write_text("<html>not found</html>")


def labelled(folder):
    return ImageList.from_folder(folder).split_by_rand_pct(0.2, seed=0).label_from_folder()


def learner(data):
    model = nn.Sequential(nn.Conv2d(3, 4, 3, 2), nn.ReLU(), nn.AdaptiveAvgPool2d(1), Flatten(), nn.Linear(4, 2))
    return Learner(data, model, silent=True)


@pytest.mark.parametrize("break_it", [cut, empty, no_picture])
def test_training_stops_at_a_broken_picture_and_names_it(folder, break_it):
    broken = labelled(folder).train.x.items[3]
    break_it(broken)
    with pytest.raises(DataError) as caught:
        data = labelled(folder).transform(size=16).databunch(bs=4, num_workers=0, no_check=True)
        learner(data).fit(1)
    said = str(caught.value) + "".join(getattr(caught.value, "__notes__", []))
    assert broken.name in said and broken.parent.name in said


@pytest.mark.parametrize("num_workers", [0, 2])
def test_told_to_skip_training_goes_on_and_counts_them(folder, num_workers):
    broken = [labelled(folder).train.x.items[i] for i in (2, 7)]
    empty(broken[0])
    cut(broken[1])
    lists = labelled(folder).transform(size=16)
    data = lists.databunch(bs=4, num_workers=num_workers, on_error="skip", no_check=True)
    learn = learner(data)
    with pytest.warns(UserWarning, match="left out|skipped"):
        learn.fit(1)
    assert len(learn.recorder.losses) == 4
    assert sorted(data.skipped) == sorted(map(str, broken)) and set(data.skipped.values()) == {1}


def test_the_check_lists_what_training_would_stop_at(folder):
    for i, break_it in enumerate((cut, empty, no_picture)):
        break_it(folder / "cat" / f"{i}.jpg")
    assert sorted(path.name for path in check_folder(folder).broken()) == ["0.jpg", "1.jpg", "2.jpg"]


def test_an_empty_folder(tmp_path):
    with pytest.raises(DataError, match="The folder holds no file at all"):
        ImageDataBunch.from_folder(tmp_path, valid_pct=0.2)


def test_pictures_of_different_sizes_say_the_cure(folder):
    draw(folder / "cat" / "0.jpg", 0, (20, 24))
    with pytest.raises(DataError, match=r"size=224"):
        learner(labelled(folder).databunch(bs=4, num_workers=0)).fit(1)


def test_a_batch_larger_than_the_set(folder):
    with pytest.warns(UserWarning, match="bs is 64 and the training set has 16 items"):
        data = labelled(folder).transform(size=16).databunch(bs=64, num_workers=0)
    assert len(data.train_dl) == 1


def test_a_transform_setting_that_is_none(folder):
    with pytest.raises(ArgumentTypeError, match="unknown keyword 'sise'. Did you mean 'size'"):
        labelled(folder).transform(sise=16)
