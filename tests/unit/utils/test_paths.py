"""Helpers for paths and folders."""

from __future__ import annotations

from pathlib import Path

import pytest

from onecycle.errors import DataError
from onecycle.utils.paths import find_classes, is_pathlike, join_path, join_paths, ls, working_directory


def test_joining():
    assert is_pathlike("a") and is_pathlike(Path("a")) and not is_pathlike(3)
    assert join_path("b", "a") == Path("a/b")
    assert join_paths(["b", Path("c")], Path("a")) == [Path("a/b"), Path("a/c")]


def test_find_classes(tmp_path):
    for name in ("dog", "cat", ".hidden"):
        (tmp_path / name).mkdir()
    (tmp_path / "file").touch()
    assert find_classes(tmp_path) == [tmp_path / "cat", tmp_path / "dog"]
    with pytest.raises(DataError, match="find_classes: folder must be a folder that exists; got"):
        find_classes(tmp_path / "file")


def test_working_directory(tmp_path):
    before = Path.cwd()
    with pytest.raises(KeyError), working_directory(tmp_path):
        assert Path.cwd() == tmp_path.resolve()
        raise KeyError
    assert Path.cwd() == before


def test_ls(tmp_path):
    for name in ("b", "a"):
        (tmp_path / name).touch()
    assert ls(tmp_path) == [tmp_path / "a", tmp_path / "b"]
