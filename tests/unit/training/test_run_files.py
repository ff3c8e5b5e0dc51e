import hashlib
import io
import os
import pickle
import zipfile
from pathlib import Path

import pytest
import torch

from onecycle.errors import FileFormatError, OnecycleError
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
from onecycle.utils.schema import record, whole


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


# ---- files that carry the right check sum and the wrong content ----


def seal(path, body):
    path.write_bytes(body + run_files._SEAL + hashlib.sha256(body).digest())


def zipped(*parts, packed=zipfile.ZIP_STORED):
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", packed) as archive:
        for name, content in parts:
            archive.writestr(name, content)
    return memory.getvalue()


def saved(state, **kwargs):
    memory = io.BytesIO()
    torch.save(state, memory, **kwargs)
    return memory.getvalue()


class Program:
    def __reduce__(self):
        return os.system, ("touch /nowhere",)


def nested(depth):
    value = []
    for _ in range(depth):
        value = [value]
    return value


def laughs(levels):
    value = ["ha"] * 10
    for _ in range(levels):
        value = [value] * 10
    return value


WRONG = {
    "a program": lambda: saved(Program()),
    "a pickle": lambda: pickle.dumps({"a": 1}),
    "nothing": lambda: b"",
    "noise": lambda: bytes(range(256)) * 4,
    "no dict": lambda: saved([1, 2]),
    "version of text": lambda: saved({"version": "1"}),
    "another zip": lambda: zipped(("a.txt", b"a")),
    "packed parts": lambda: zipped(("a/data.pkl", bytes(10_000)), ("a/version", b"3"), packed=zipfile.ZIP_DEFLATED),
    "deep": lambda: saved({"version": 1, "x": nested(300)}),
    "many from few": lambda: saved({"version": 1, "x": laughs(8)}),
    "half a zip": lambda: saved({"version": 1})[:-30],
}


@pytest.mark.parametrize("kind", WRONG)
def test_the_one_before_is_taken_whatever_the_newest_holds(kind, tmp_path):
    write(tmp_path, 1)
    seal(file_of(tmp_path, 2), WRONG[kind]())
    with pytest.raises(FileFormatError) as caught:
        read_run_file(file_of(tmp_path, 2))
    assert "weights_only" not in str(caught.value)
    with pytest.warns(UserWarning, match="cannot be read; the run goes on from step-0000000001") as told:
        assert newest_sound(tmp_path)["step"] == 1
    assert "weights_only" not in str(told[0].message)


def test_the_one_before_is_taken_where_the_newest_has_another_form(tmp_path):
    form = record({"step": whole(0, 1)})
    write(tmp_path, 1, 2)
    with pytest.warns(UserWarning, match="step must be a whole number of at least 0 and at most 1; got 2"):
        assert newest_sound(tmp_path, form)["step"] == 1


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (PermissionError(13, "Permission denied"), "cannot be read now .Permission denied"),
        (OSError(5, "Input/output error"), "cannot be read now .Input/output error"),
        (MemoryError(), "not enough memory"),
    ],
    ids=["locked", "disk", "memory"],
)
def test_one_that_cannot_be_read_now_is_not_taken_for_damaged(error, said, tmp_path, monkeypatch):
    write(tmp_path, 1, 2)
    read = Path.read_bytes

    def fail(self):
        if self.name == "step-0000000002.ckpt":
            raise error
        return read(self)

    monkeypatch.setattr(Path, "read_bytes", fail)
    with pytest.raises(OnecycleError, match=said) as caught:
        newest_sound(tmp_path)
    assert "move it away to go on from the one before" in caught.value.__notes__[0]


def test_younger_ones_neither_count_nor_go_when_old_ones_are_removed(tmp_path):
    write(tmp_path, 1, 2, 9)
    tidy(tmp_path, 1, file_of(tmp_path, 2))
    assert [file.name for file in run_files.run_files(tmp_path)] == ["step-0000000009.ckpt", "step-0000000002.ckpt"]
