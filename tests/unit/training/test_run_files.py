import os
import pickle

import pytest
import torch

from onecycle.errors import FileFormatError
from onecycle.training import run_files
from onecycle.training.run_files import (
    copy_as_best,
    file_of,
    newest_sound,
    read_run_file,
    tidy,
    write_run_file,
)
from onecycle.utils.files import FileMissingError


def write(folder, *steps):
    for step in steps:
        write_run_file(file_of(folder, step), {"step": step, "weights": torch.full((3,), step)})


def test_what_is_written_is_read(tmp_path):
    write(tmp_path, 7)
    state = read_run_file(file_of(tmp_path, 7))
    assert state["step"] == 7 and state["weights"].tolist() == [7, 7, 7] and state["format"] == "onecycle-run"


def test_the_newest_is_taken(tmp_path):
    write(tmp_path, 9, 100, 20)
    assert newest_sound(tmp_path)["step"] == 100


@pytest.mark.parametrize("cut", [1, 50, 400])
def test_a_truncated_one_is_passed_over(tmp_path, cut):
    write(tmp_path, 1, 2)
    os.truncate(file_of(tmp_path, 2), file_of(tmp_path, 2).stat().st_size - cut)
    with pytest.warns(UserWarning, match="step-0000000002.ckpt .*cannot be read; the run goes on from step-0000000001"):
        assert newest_sound(tmp_path)["step"] == 1


def test_a_flipped_bit_is_found(tmp_path):
    write(tmp_path, 1)
    content = bytearray(file_of(tmp_path, 1).read_bytes())
    content[len(content) // 2] ^= 1
    file_of(tmp_path, 1).write_bytes(content)
    with pytest.raises(FileFormatError, match="is damaged or no checkpoint of a run"):
        read_run_file(file_of(tmp_path, 1))
    with pytest.raises(FileFormatError, match="must hold a sound checkpoint.*Damaged: step-0000000001"):
        newest_sound(tmp_path)


def test_a_pickle_is_not_run(tmp_path):
    class Evil:
        def __reduce__(self):
            return os.system, ("touch /nowhere",)

    file_of(tmp_path, 1).write_bytes(pickle.dumps(Evil()))
    with pytest.raises(FileFormatError, match="no checkpoint of a run"):
        read_run_file(file_of(tmp_path, 1))


def test_a_newer_version_is_refused_and_not_passed_over(tmp_path, monkeypatch):
    write(tmp_path, 1)
    monkeypatch.setattr(run_files, "VERSION", 2)
    write(tmp_path, 2)
    monkeypatch.setattr(run_files, "VERSION", 1)
    with pytest.raises(FileFormatError, match="written by a newer onecycle .checkpoint version 2"):
        newest_sound(tmp_path)


def test_an_empty_folder_says_so(tmp_path):
    with pytest.raises(FileMissingError, match="it holds no checkpoint. Begin the run with"):
        newest_sound(tmp_path)
    with pytest.raises(FileMissingError, match="there is no such folder"):
        newest_sound(tmp_path / "none")


def test_old_ones_and_rests_of_killed_writers_go(tmp_path):
    write(tmp_path, 1, 2, 3)
    copy_as_best(tmp_path, file_of(tmp_path, 1))
    (tmp_path / f".{file_of(tmp_path, 4).name}.12345678.tmp").write_bytes(b"torn")
    tidy(tmp_path, 2)
    names = sorted(file.name for file in tmp_path.iterdir())
    assert names == ["best.ckpt", "step-0000000002.ckpt", "step-0000000003.ckpt"]
    assert read_run_file(tmp_path / "best.ckpt")["step"] == 1


def test_the_best_is_copied_where_files_have_one_name_only(tmp_path, monkeypatch):
    def refuse(*args):
        raise OSError("no links here")

    write(tmp_path, 1)
    monkeypatch.setattr(os, "link", refuse)
    copy_as_best(tmp_path, file_of(tmp_path, 1))
    assert read_run_file(tmp_path / "best.ckpt")["step"] == 1
