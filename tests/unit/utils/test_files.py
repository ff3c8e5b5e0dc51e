"""Files are written whole or not at all."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest

from onecycle.errors import FileFormatError
from onecycle.utils import files
from onecycle.utils.files import (
    FileMissingError,
    FileWriteError,
    atomic_write,
    existing_file,
    read_json,
    save_texts,
    write_json,
)
from onecycle.utils.text_files import loadtxt_str


def failing(code):
    def fail(*args, **kwargs):
        raise OSError(code, os.strerror(code))

    return fail


def test_writes_and_makes_folders(tmp_path):
    target = tmp_path / "a" / "b" / "c.bin"
    with atomic_write(target) as file:
        assert Path(file.name).parent == target.parent
        file.write(b"new")
        assert not target.exists()
    assert target.read_bytes() == b"new"
    assert os.listdir(target.parent) == ["c.bin"]


def test_permissions_follow_the_umask_or_the_old_file(tmp_path):
    target = tmp_path / "a"
    before = os.umask(0o027)
    try:
        with atomic_write(target) as file:
            file.write(b"")
        assert stat.S_IMODE(target.stat().st_mode) == 0o640
    finally:
        os.umask(before)
    target.chmod(0o604)
    with atomic_write(target, "w") as file:
        file.write("é")
    assert stat.S_IMODE(target.stat().st_mode) == 0o604
    assert target.read_text(encoding="utf-8") == "é"


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "real").write_text("old")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with atomic_write(tmp_path / "link", "w") as file:
        file.write("new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == "new"


@pytest.mark.parametrize("error", [KeyError("inside"), KeyboardInterrupt()])
def test_an_error_inside_leaves_the_old_file(tmp_path, error):
    target = tmp_path / "a"
    target.write_text("old")
    with pytest.raises(type(error)), atomic_write(target, "w") as file:
        file.write("half")
        raise error
    assert target.read_text() == "old"
    assert os.listdir(tmp_path) == ["a"]


def test_full_disk_leaves_the_old_file(tmp_path, monkeypatch):
    target = tmp_path / "a"
    target.write_text("old")
    monkeypatch.setattr(files.os, "fsync", failing(errno.ENOSPC))
    with (
        pytest.raises(
            FileWriteError,
            match=r"a' could not be written \(No space left on device\)\. Free some space .*; the file that was there",
        ) as caught,
        atomic_write(target, "w") as file,
    ):
        file.write("new")
    assert caught.value.errno == errno.ENOSPC
    assert isinstance(caught.value, OSError)
    assert target.read_text() == "old"
    assert os.listdir(tmp_path) == ["a"]


def test_full_disk_without_an_old_file(tmp_path, monkeypatch):
    monkeypatch.setattr(files.os, "fsync", failing(errno.EDQUOT))
    with (
        pytest.raises(FileWriteError, match="Free some of your quota .*; nothing was left behind"),
        atomic_write(tmp_path / "a") as file,
    ):
        file.write(b"new")
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("code", [errno.EROFS, errno.EACCES])
def test_read_only_folder(tmp_path, monkeypatch, code):
    monkeypatch.setattr("builtins.open", failing(code))
    with pytest.raises(
        FileWriteError, match=r"\((Read-only file system|Permission denied)\)\. Save to a folder"
    ):
        with atomic_write(tmp_path / "a"):
            pass


def test_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").touch()
    with (
        pytest.raises(FileWriteError, match="Check the path or save somewhere else"),
        atomic_write(tmp_path / "file/a"),
    ):
        pass


def test_existing_file(tmp_path):
    (tmp_path / "model.pth").touch()
    assert existing_file("load", tmp_path / "model.pth") == tmp_path / "model.pth"
    with pytest.raises(
        FileMissingError, match=r"load: there is no file '.*modle\.pth'\. Did you mean 'model\.pth'\? Ask"
    ):
        existing_file("load", tmp_path / "modle.pth", "Ask for it.")
    with pytest.raises(FileNotFoundError, match="load: there is no folder '.*nowhere'"):
        existing_file("load", tmp_path / "nowhere" / "a")
    with pytest.raises(FileMissingError, match="is a folder, not a file"):
        existing_file("load", tmp_path)


def test_json(tmp_path):
    value = {"é": [1, 2.5, None, "ü"]}
    assert read_json(write_json(tmp_path / "a.json", value)) == value
    write_json(tmp_path / "b.json", value, indent=None)
    assert len((tmp_path / "b.json").read_text(encoding="utf-8").splitlines()) == 1


def test_json_that_cannot_be_written_leaves_the_old_file(tmp_path):
    path = write_json(tmp_path / "a.json", 1)
    with pytest.raises(TypeError):
        write_json(path, object())
    assert read_json(path) == 1


def test_json_errors(tmp_path):
    path = tmp_path / "a.json"
    path.write_text('{"a": 1,\n "b"')
    with pytest.raises(
        FileFormatError, match=r"a\.json' is not valid JSON at line 2, column 5: Expecting ':'"
    ):
        read_json(path)
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(FileFormatError, match="is not a text file, so not JSON either"):
        read_json(path)
    with pytest.raises(FileMissingError, match="there is no file"):
        read_json(tmp_path / "none.json")


def test_texts(tmp_path):
    save_texts(tmp_path / "t.txt", ["one", "zwei ü"])
    assert loadtxt_str(tmp_path / "t.txt").tolist() == ["one", "zwei ü"]
    save_texts(tmp_path / "t.txt", [])
    assert loadtxt_str(tmp_path / "t.txt").tolist() == []


def test_a_missing_file_with_another_ending_is_named(tmp_path):
    (tmp_path / "export.safetensors").touch()
    with pytest.raises(FileMissingError, match="there is no file '.*export.pkl'. Did you mean 'export.safetensors'"):
        existing_file("load_learner", tmp_path / "export.pkl")


def test_a_pickle_in_place_of_json_says_what_to_do(tmp_path):
    (tmp_path / "data.json").write_bytes(b"\x80\x04K\x01.")
    with pytest.raises(FileFormatError, match=r"is a pickle, which could run code, .*data.save\(\)"):
        read_json(tmp_path / "data.json")
