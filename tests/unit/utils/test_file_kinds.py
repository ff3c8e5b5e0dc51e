"""Files told apart by their bytes."""

from __future__ import annotations

import tarfile
import zipfile

import pytest
import torch

from onecycle.utils.bundle import write_bundle
from onecycle.utils.file_kinds import kind_of_file


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"", "empty"),
        (b"\x1f\x8b...", "gzip"),
        (b"BZh9", "bzip2"),
        (b"\xfd7zXZ", "xz"),
        (b"\x89HDF", "hdf5"),
        (b"\x89PNG", "picture"),
        (b"\xff\xd8\xff\xe0", "picture"),
        (b"\x80\x04\x95", "pickle"),
        (b"  <!doctype html>", "html"),
        (b"[1, 2]", "json"),
        (b"words", "unknown"),
        (b"PK\x03\x04 broken", "zip"),
        (b"PK\x03\x04 a/data.pkl broken", "torch zip"),
    ],
)
def test_by_first_bytes(tmp_path, content, kind):
    (tmp_path / "a").write_bytes(content)
    assert kind_of_file(tmp_path / "a") == kind


def test_real_files(tmp_path):
    write_bundle(tmp_path / "s", {"a": torch.ones(1)}, {})
    torch.save({}, tmp_path / "z")
    torch.save({}, tmp_path / "l", _use_new_zipfile_serialization=False)
    with zipfile.ZipFile(tmp_path / "zip", "w") as archive:
        archive.writestr("a", "b")
    with tarfile.open(tmp_path / "tar", "w") as archive:
        archive.add(tmp_path / "s", "s")
    kinds = [kind_of_file(tmp_path / name) for name in ("s", "z", "l", "zip", "tar")]
    assert kinds == ["safetensors", "torch zip", "torch legacy", "zip", "tar"]
