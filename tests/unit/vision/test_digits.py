"""scikit-learn's digits as a folder of pictures."""

import sys

import pytest
from PIL import Image as PilImage

from onecycle.errors import DataError
from onecycle.vision.digits import write_digits


def test_it_writes_each_digit_once_and_leaves_a_folder_alone(tmp_path):
    folder = write_digits(tmp_path / "digits")
    files = sorted(folder.rglob("*.png"))
    assert len(files) == 1797
    assert sorted(path.name for path in folder.iterdir()) == list("0123456789")
    with PilImage.open(files[0]) as picture:
        assert picture.size == (8, 8) and picture.mode == "L"
        assert picture.getextrema() == (0, 239)  # 15 of 16 parts of ink
    files[0].unlink()
    write_digits(folder)
    assert not files[0].exists()


def test_without_scikit_learn_it_says_so(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    with pytest.raises(DataError, match="write_digits: needs scikit-learn, which carries the digits. Install it"):
        write_digits(tmp_path / "digits")
