"""Tests of onecycle.vision.check."""

from zlib import crc32

import numpy as np
import pytest
from PIL import Image as PILImage

from onecycle.errors import DataError
from onecycle.vision.check import check_folder


def save_noise(path, height=20, width=30, seed=None):
    path.parent.mkdir(parents=True, exist_ok=True)
    seed = crc32(str(path).encode()) if seed is None else seed
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    PILImage.fromarray(pixels).save(path)


@pytest.fixture
def folder(tmp_path):
    for i in range(4):
        save_noise(tmp_path / "cat" / f"{i}.png")
        save_noise(tmp_path / "dog" / f"{i}.png")
    return tmp_path


def test_a_good_folder_has_no_findings(folder):
    report = check_folder(folder)
    assert report.ok and report.findings == [] and report.counts == {}
    assert (report.num_files, report.classes) == (8, {"cat": 4, "dog": 4})
    assert repr(report) == f"{folder}: 8 pictures in 2 classes, all of them can be read."


def test_broken_files_are_listed_and_left_where_they_are(folder):
    (folder / "cat" / "empty.jpg").write_bytes(b"")
    (folder / "cat" / "text.jpg").write_text("no picture")
    whole = (folder / "dog" / "0.png").read_bytes()
    (folder / "dog" / "cut.png").write_bytes(whole[: len(whole) // 2])
    report = check_folder(folder)
    assert not report.ok
    assert [path.name for path in report.broken()] == ["empty.jpg", "text.jpg", "cut.png"]
    assert report.counts == {"zero bytes": 1, "unreadable": 1, "truncated": 1}
    assert all(path.exists() for path in report.broken())
    assert "11 pictures in 2 classes, 3 cannot be read" in repr(report)
    assert "  dog/cut.png  " in repr(report)


def test_names_that_promise_another_format_are_listed_and_still_usable(folder):
    (folder / "cat" / "0.png").rename(folder / "cat" / "0.jpg")
    (folder / "cat" / "1.png").rename(folder / "cat" / "hidden.dat")
    (folder / "cat" / "notes.txt").write_text("not a picture")
    report = check_folder(folder)
    assert report.ok
    assert [path.name for path in report.files("wrong extension")] == ["0.jpg"]
    assert [path.name for path in report.files("hidden picture")] == ["hidden.dat"]
    assert "promises JPEG, the bytes are PNG" in repr(report)


def test_odd_sizes_are_told_by_their_size(folder):
    save_noise(folder / "cat" / "long.png", 20, 90)
    save_noise(folder / "cat" / "thin.png", 4, 10)
    found = {finding.path.name: finding.detail for finding in check_folder(folder).findings}
    assert found == {"long.png": "90 x 20 pixels", "thin.png": "10 x 4 pixels"}


def test_the_same_picture_twice_is_told_once_and_in_two_classes_by_that_name(folder):
    for name in ("a.png", "b.png", "c.bmp"):
        save_noise(folder / "cat" / name, seed=1)
    save_noise(folder / "cat" / "d.png", seed=2)
    save_noise(folder / "dog" / "d.png", seed=2)
    found = [(f.kind, f.path.name, f.detail) for f in check_folder(folder).findings]
    assert found == [
        ("duplicate", "a.png", "= cat/b.png, cat/c.bmp"),
        ("duplicate in two classes", "d.png", "= dog/d.png"),
    ]


def test_many_duplicates_are_counted(folder):
    for i in range(6):
        save_noise(folder / "cat" / f"same{i}.png", seed=1)
    (found,) = check_folder(folder).findings
    assert found.detail == "= cat/same1.png, cat/same2.png, cat/same3.png and 2 more"


def test_a_class_of_one_file_and_one_far_smaller_than_the_largest(folder):
    save_noise(folder / "cow" / "0.png")
    for i in range(41):
        save_noise(folder / "hen" / f"{i}.png")
    found = {finding.path.name: finding.kind for finding in check_folder(folder).findings}
    assert found == {"cow": "single file", "cat": "imbalance", "dog": "imbalance"}


def test_one_flat_folder_has_no_classes_to_compare(tmp_path):
    save_noise(tmp_path / "0.png")
    report = check_folder(tmp_path)
    assert report.findings == []
    assert repr(report) == f"{tmp_path}: 1 picture, all of them can be read."


def test_long_lists_are_cut_in_print_and_whole_in_the_table(folder):
    for i in range(12):
        (folder / "cat" / f"empty{i}.png").write_bytes(b"")
    report = check_folder(folder)
    assert "… and 2 more: report.files('zero bytes')" in repr(report)
    assert list(report.to_df().columns) == ["kind", "path", "detail"]
    assert len(report.to_df()) == 12
    assert report._repr_html_().startswith("<pre>")


def test_any_number_of_threads_gives_the_same_report(folder):
    (folder / "cat" / "empty.jpg").write_bytes(b"")
    assert repr(check_folder(folder, max_workers=1)) == repr(check_folder(folder, max_workers=8))


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(DataError, match="check: path must be a folder that exists; got .*none"):
        check_folder(tmp_path / "none")


def test_an_empty_folder(tmp_path):
    with pytest.raises(DataError, match="must hold pictures.*The folder is empty"):
        check_folder(tmp_path)


def test_a_folder_without_pictures_says_what_it_holds(tmp_path):
    (tmp_path / "a.txt").write_text("a")
    (tmp_path / "b.csv").write_text("b")
    with pytest.raises(DataError, match="files of other endings: 1 .txt, 1 .csv|1 .csv, 1 .txt"):
        check_folder(tmp_path)


@pytest.fixture
def sets(tmp_path):
    for part, count in (("train", 4), ("valid", 2)):
        for label in ("cat", "dog"):
            for i in range(count):
                save_noise(tmp_path / part / label / f"{i}.png")
    return tmp_path


def test_sets_are_no_classes(sets):
    report = check_folder(sets)
    assert report.findings == [] and report.classes == {"cat": 6, "dog": 6} and report.sets == {"train": 8, "valid": 4}
    assert "12 pictures in 2 classes and 2 sets (train, valid)" in repr(report)


def test_the_same_image_in_two_sets_is_a_leak(sets):
    save_noise(sets / "train" / "cat" / "leak.png", seed=5)
    save_noise(sets / "valid" / "cat" / "copy.png", seed=5)
    report = check_folder(sets)
    assert report.counts == {"duplicate in two sets": 1} and "= valid/cat/copy.png" in repr(report)


def test_the_same_image_under_two_labels_in_two_sets(sets):
    save_noise(sets / "train" / "cat" / "leak.png", seed=5)
    save_noise(sets / "valid" / "dog" / "copy.png", seed=5)
    assert check_folder(sets).counts == {"duplicate in two classes": 1}


def test_one_image_of_a_class_in_a_set_is_enough(sets):
    save_noise(sets / "train" / "cow" / "0.png")
    save_noise(sets / "valid" / "cow" / "0.png")
    assert check_folder(sets).counts == {}


def test_a_class_that_a_set_does_not_have(sets):
    save_noise(sets / "valid" / "cow" / "0.png")
    save_noise(sets / "train" / "pig" / "0.png")
    report = check_folder(sets)
    assert report.files("class of one set") == [sets / "train" / "pig", sets / "valid" / "cow"]


def test_a_test_set_may_have_no_classes(sets):
    save_noise(sets / "test" / "0.png", seed=5)
    assert check_folder(sets).counts == {} and check_folder(sets).classes == {"cat": 6, "dog": 6}
    save_noise(sets / "train" / "cat" / "seen.png", seed=5)
    assert check_folder(sets).counts == {"duplicate in two sets": 1}
