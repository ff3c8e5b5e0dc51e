"""Picture files that are cut off, empty or no pictures: named in training, listed by the checks, left out on demand."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image as PILImage

from onecycle.cli import main
from onecycle.errors import ArgumentError, ArgumentTypeError, DataError
from onecycle.vision import (
    DatasetType,
    Image,
    ImageList,
    Learner,
    check_folder,
    cnn_learner,
    get_transforms,
    imagenet_stats,
    open_image,
    verify_images,
)
from onecycle.vision.models.squeezenet import squeezenet1_1

pytestmark = pytest.mark.usefixtures("one_thread")


def cut_off(file: Path) -> None:
    PILImage.effect_noise((64, 64), 50).convert("RGB").save(file)
    file.write_bytes(file.read_bytes()[:1200])


def empty(file: Path) -> None:
    file.write_bytes(b"")


def text(file: Path) -> None:
    file.write_text("<html>not found</html>")


def other_format(file: Path) -> None:
    PILImage.new("RGB", (16, 16), "red").save(file.with_suffix(".bmp"))
    file.with_suffix(".bmp").rename(file)


BREAKS = {
    "cut off": (cut_off, "is a damaged or truncated PNG file of 1,200 bytes"),
    "empty": (empty, r"is empty \(0 bytes\)"),
    "text": (text, "is no picture; it holds an HTML page"),
}
each_break = pytest.mark.parametrize(("break_it", "said"), BREAKS.values(), ids=BREAKS.keys())


def learner_of(folder: Path, tiny_net: Callable, valid: int = 0, size: int | None = 12, **how) -> Learner:
    how = {"bs": 5, "num_workers": 0, "device": "cpu", "no_check": True, **how}
    lists = ImageList.from_folder(folder).split_by_idx([valid]).label_from_folder()
    lists = lists if size is None else lists.transform(size=size)
    return Learner(lists.databunch(**how), tiny_net(2), silent=True)


@each_break
@pytest.mark.parametrize("workers", [0, 2])
def test_training_names_the_file(pets, tiny_net, break_it, said, workers):
    break_it(pets / "cat" / "cat_3.png")
    with pytest.raises(
        DataError, match=f"cat_3.png {said}.*Replace or remove the file; `verify_images` lists"
    ):
        learner_of(pets, tiny_net, num_workers=workers).fit(1)


@each_break
def test_validation_and_looks_name_the_file(pets, tiny_net, break_it, said):
    break_it(pets / "cat" / "cat_3.png")
    learn = learner_of(pets, tiny_net, valid=3)
    with pytest.raises(DataError, match=f"cat_3.png {said}"):
        learn.fit(1)
    with pytest.raises(DataError, match=f"cat_3.png {said}"):
        learn.get_preds()
    with pytest.raises(DataError, match=f"cat_3.png {said}"):
        learn.data.one_batch(DatasetType.Valid)
    assert "<DataError>" in repr(ImageList.from_folder(pets / "cat"))


@each_break
def test_data_with_such_a_file_is_refused_where_it_is_seen(pets, break_it, said):
    break_it(pets / "cat" / "cat_0.png")
    lists = ImageList.from_folder(pets).split_none().label_from_folder()
    with pytest.raises(DataError, match=f"(?s)data: .*training set.*cat_0.png {said}"):
        lists.databunch(bs=5, num_workers=0, device="cpu")


@each_break
@pytest.mark.parametrize(("workers", "size"), [(0, 12), (0, None), (2, None)])
def test_told_to_skip_training_leaves_it_out_and_counts(pets, tiny_net, break_it, said, workers, size):
    file = pets / "cat" / "cat_3.png"
    break_it(file)
    learn = learner_of(pets, tiny_net, size=size, num_workers=workers, on_error="skip")
    with pytest.warns(
        UserWarning, match=f"1 item could not be loaded and had to be left out; the first: {file}"
    ):
        learn.fit(1)
    assert learn.data.skipped == {str(file): 1}
    assert len(learn.recorder.losses) == 2


def test_told_to_skip_a_broken_first_picture_is_in_nobodys_way(pets):
    lists = ImageList.from_folder(pets).split_by_idx([1]).label_from_folder().transform(get_transforms(), size=32)
    empty(pets / "cat" / "cat_0.png")
    data = lists.databunch(bs=5, num_workers=0, device="cpu", on_error="skip").normalize(imagenet_stats)
    drawn = np.random.get_state()[2]
    learn = cnn_learner(data, squeezenet1_1, pretrained=False, silent=True)
    assert np.random.get_state()[2] == drawn
    with pytest.warns(UserWarning, match="1 item could not be loaded"):
        learn.fit(1)


def test_skipping_knows_two_words(pets):
    lists = ImageList.from_folder(pets).split_none().label_from_folder()
    with pytest.raises(ArgumentError, match="on_error must be 'raise' or 'skip'; got 'ignore'"):
        lists.databunch(bs=5, num_workers=0, on_error="ignore")


def test_a_set_of_broken_pictures_only(pets, tiny_net):
    for file in pets.rglob("*.png"):
        empty(file)
    with pytest.raises(DataError, match="None was left: look at the files"):
        learner_of(pets, tiny_net, on_error="skip").fit(1)


@pytest.fixture
def broken_pets(pets):
    """One file of each fault; nothing may be deleted by looking."""
    for i, break_it in enumerate((cut_off, empty, text, other_format)):
        break_it(pets / "cat" / f"cat_{i}.png")
    PILImage.new("RGB", (16, 16)).save(pets / "dog" / "hidden.png")
    (pets / "dog" / "hidden.png").rename(pets / "dog" / "hidden.data")
    before = {file: file.read_bytes() for file in pets.rglob("*.*")}
    yield pets
    assert {file: file.read_bytes() for file in pets.rglob("*.*")} == before


def test_verify_images_lists_them_all_and_deletes_nothing(broken_pets, capsys):
    facts = verify_images(broken_pets, recurse=True)
    found = {fact.path.name: fact.fault for fact in facts}
    assert found == {
        "cat_0.png": "truncated",
        "cat_1.png": "zero bytes",
        "cat_2.png": "unreadable",
        "cat_3.png": "wrong extension",
    }
    printed = capsys.readouterr().out
    assert all(name in printed for name in found)
    assert "the ending .png promises PNG, the bytes are BMP" in printed


def test_the_check_lists_them_all_and_deletes_nothing(broken_pets):
    report = check_folder(broken_pets)
    assert not report.ok
    assert report.counts == {
        "zero bytes": 1,
        "unreadable": 1,
        "truncated": 1,
        "wrong extension": 1,
        "hidden picture": 1,
    }
    assert sorted(file.name for file in report.broken()) == ["cat_0.png", "cat_1.png", "cat_2.png"]
    assert re.search(r"12 pictures in 2 classes, 3 cannot be read", repr(report))


def test_the_check_in_the_terminal(broken_pets, capsys):
    assert main(["check", str(broken_pets)]) == 1
    printed = capsys.readouterr().out
    for name in ("cat_0.png", "cat_1.png", "cat_2.png", "cat_3.png", "hidden.data"):
        assert name in printed


def test_the_check_of_a_class_with_one_file(pets):
    for i in range(1, 6):
        (pets / "dog" / f"dog_{i}.png").unlink()
    assert [folder.name for folder in check_folder(pets).files("single file")] == ["dog"]


def test_checks_of_no_folder(tmp_path):
    with pytest.raises(DataError, match="folder '.*nope' does not exist"):
        verify_images(tmp_path / "nope")
    with pytest.raises(DataError, match="check: path must be a folder that exists; got '.*nope'"):
        check_folder(tmp_path / "nope")
    with pytest.raises(DataError, match="path must hold pictures; .*The folder is empty"):
        check_folder(tmp_path)


def test_verify_images_knows_its_keywords(pets):
    with pytest.raises(
        ArgumentTypeError, match="verify_images: unknown keyword 'recursive'. Did you mean 'recurse'"
    ):
        verify_images(pets, recursive=True)


# One picture


@pytest.mark.parametrize("fn", [None, 3, np.zeros((3, 3, 3))])
def test_opening_what_is_no_file(fn):
    with pytest.raises(ArgumentTypeError, match="open_image: fn must be a path, an open file or bytes; got"):
        open_image(fn)


def test_opening_a_file_that_is_not_there_or_a_folder(pets):
    with pytest.raises(
        DataError, match=r"cat_9.png cannot be opened \(No such file or directory\). Check the path"
    ):
        open_image(pets / "cat" / "cat_9.png")
    with pytest.raises(DataError, match=r"cannot be read \(Is a directory\). Pass a picture file"):
        open_image(pets)
    with pytest.raises(ArgumentError, match="convert_mode must be one of Pillow's modes .*; got 'rgb'"):
        open_image(pets / "cat" / "cat_0.png", convert_mode="rgb")


def test_an_image_is_made_of_a_tensor(pets):
    with pytest.raises(
        ArgumentTypeError, match=r"Image: px must be a tensor \(channels, height, width\); got"
    ):
        Image(pets / "cat" / "cat_0.png")


def test_predict_takes_a_picture_in_any_form(pets, pets_learner):
    learn = pets_learner()
    file = pets / "cat" / "cat_0.png"
    with PILImage.open(file) as opened:
        pillow = opened.copy()
    forms = [
        open_image(file),
        file,
        str(file),
        pillow,
        np.asarray(pillow),
        file.read_bytes(),
        open_image(file).data,
    ]
    expected = learn.predict(forms[0])[2]
    for form in forms:
        category, index, probabilities = learn.predict(form)
        assert str(category) in ("cat", "dog") and int(index) in (0, 1)
        torch.testing.assert_close(probabilities, expected)


@pytest.mark.parametrize("item", [None, 3, [1, 2], np.zeros((4, 4, 3)), {"a": 1}])
def test_predict_of_no_picture(pets_learner, item):
    with pytest.raises(
        ArgumentTypeError, match=r"predict: item must be an Image, a path, .*; got .*open_image\(path\)"
    ):
        pets_learner().predict(item)


def test_predict_of_a_file_that_is_not_there_or_broken(pets, pets_learner):
    learn = pets_learner()
    with pytest.raises(DataError, match="nope.png cannot be opened"):
        learn.predict("nope.png")
    empty(pets / "cat" / "cat_0.png")
    with pytest.raises(DataError, match=r"cat_0.png is empty \(0 bytes\)"):
        learn.predict(pets / "cat" / "cat_0.png")


def test_predict_of_a_grey_picture_with_a_model_of_colours(pets, pets_learner):
    learn = pets_learner()
    grey = open_image(pets / "cat" / "cat_0.png", convert_mode="L")
    torch.testing.assert_close(learn.predict(grey)[2], learn.predict(Image(grey.data.expand(3, -1, -1)))[2])
    with pytest.raises(DataError, match=r"must have the 3 channels of 'RGB', as the data has; got '5 channels'"):
        learn.predict(Image(grey.data.expand(5, -1, -1)))


def test_predict_knows_its_keywords(pets, pets_learner):
    with pytest.raises(
        ArgumentTypeError, match="predict: unknown keyword 'returnx'. Did you mean 'return_x'"
    ):
        pets_learner().predict(pets / "cat" / "cat_0.png", returnx=True)
