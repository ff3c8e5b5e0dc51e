"""Tensors on disk, and files that are refused."""

from __future__ import annotations

import errno
import io
import json
import os
import pickle
import resource
from collections import OrderedDict

import numpy as np
import pytest
import safetensors
import safetensors.torch
import torch
from torch import nn

from onecycle.errors import ArgumentError, FileFormatError
from onecycle.utils import bundle, files
from onecycle.utils.bundle import (
    load_checkpoint,
    peek_manifest,
    read_bundle,
    save_checkpoint,
    torch_save,
    try_save,
    write_bundle,
)
from onecycle.utils.files import FileMissingError, FileReadError, FileWriteError


@pytest.fixture
def tensors():
    return {
        "w": torch.randn(3, 4),
        "n": torch.tensor(7),
        "h": torch.ones(2, dtype=torch.bfloat16),
        "e": torch.zeros(0, 2),
    }


def same(a, b):
    return list(sorted(a)) == list(sorted(b)) and all(
        torch.equal(a[k], b[k]) and a[k].dtype == b[k].dtype for k in a
    )


# ---- bundles ----


def test_bundle_there_and_back(tmp_path, tensors):
    manifest = {"format": "onecycle-learner", "version": 1, "classes": ["é", "b"], "nested": {"a": [1, None]}}
    path = write_bundle(tmp_path / "sub" / "a.safetensors", tensors, manifest)
    back, read = read_bundle(path)
    assert same(back, tensors)
    assert read == manifest
    assert peek_manifest(path) == manifest


def test_bundle_is_a_plain_safetensors_file(tmp_path, tensors):
    from safetensors import safe_open

    path = write_bundle(tmp_path / "a.safetensors", tensors, {"version": 1})
    with safe_open(path, framework="pt") as file:
        assert json.loads(file.metadata()["onecycle"]) == {"version": 1}
        assert torch.equal(file.get_tensor("w"), tensors["w"])


def test_tied_tensors_are_stored_once(tmp_path):
    weight = torch.randn(100, 100)
    path = write_bundle(
        tmp_path / "a", {"in": weight, "out": weight, "part": weight[:2], "turned": weight.t()}, {}
    )
    back, _ = read_bundle(path)
    assert back["in"] is back["out"]
    assert torch.equal(back["part"], weight[:2])
    assert torch.equal(back["turned"], weight.t())
    assert path.stat().st_size < 2.2 * weight.numel() * 4


def test_bundle_of_a_model_that_needs_grad(tmp_path):
    model = nn.Linear(2, 3)
    back, _ = read_bundle(write_bundle(tmp_path / "a", dict(model.named_parameters()), {}))
    assert torch.equal(back["weight"], model.weight)
    assert not back["weight"].requires_grad


def test_manifest_must_be_json(tmp_path):
    with pytest.raises(
        ArgumentError, match=r"manifest must be plain JSON .*onecycle\.utils\.registry\.encode"
    ):
        write_bundle(tmp_path / "a", {}, {"f": len})


def test_full_disk_keeps_the_old_bundle(tmp_path, tensors, monkeypatch):
    path = write_bundle(tmp_path / "a", tensors, {"n": 1})

    def full(*args):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(FileWriteError, match="No space left"):
        write_bundle(path, tensors, {"n": 2})
    with pytest.raises(FileWriteError, match="No space left"):
        save_checkpoint(path, tensors)
    assert peek_manifest(path) == {"n": 1}
    assert os.listdir(tmp_path) == ["a"]


class Evil:
    def __reduce__(self):
        return (os.mkdir, (self.folder,))


@pytest.fixture
def evil(tmp_path):
    thing = Evil()
    thing.folder = str(tmp_path / "pwned")
    return thing


@pytest.mark.parametrize("how", ["pickle", "torch", "torch legacy"])
def test_pickles_are_refused_and_not_run(tmp_path, evil, how):
    path = tmp_path / "export.pkl"
    if how == "pickle":
        path.write_bytes(pickle.dumps(evil))
    else:
        torch.save(evil, path, _use_new_zipfile_serialization=how == "torch")
    with pytest.raises(
        FileFormatError, match=r"export\.pkl' is a pickle, which could run code\. Open it once"
    ) as caught:
        read_bundle(path)
    assert "\n" not in str(caught.value)
    with pytest.raises(
        FileFormatError,
        match=r"holds more than tensors \((\w+\.mkdir|a pickle)\), and reading that could run code",
    ):
        load_checkpoint(path)
    assert not (tmp_path / "pwned").exists()


def test_damaged_bundles(tmp_path, tensors):
    whole = write_bundle(tmp_path / "a", tensors, {}).read_bytes()
    for length in (len(whole) - 1, 100, 20):
        (tmp_path / "cut").write_bytes(whole[:length])
        with pytest.raises(FileFormatError, match=rf"cut' is damaged or cut short \({length:,} bytes;"):
            read_bundle(tmp_path / "cut")


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"", "an empty file"),
        (b"<html>Not found</html>", "a web page"),
        (b"version https://git-lfs.github.com/spec/v1", "a git-lfs pointer"),
        (b"some words of text", "of no kind that is known"),
        (b'{"a": 1}', "a json file"),
        (b"\x1f\x8b rest", "a gzip file"),
    ],
)
def test_foreign_files(tmp_path, content, found):
    path = tmp_path / "a.pth"
    path.write_bytes(content)
    with pytest.raises(
        FileFormatError, match=rf"read_bundle: '.*a\.pth' must be a file of learn\.export\(\); it is {found}"
    ):
        read_bundle(path)
    with pytest.raises(
        FileFormatError, match=rf"load_checkpoint: .* must be a \.pth or \.safetensors file .*; it is {found}"
    ):
        load_checkpoint(path)


def test_bare_weights_are_no_bundle(tmp_path, tensors):
    path = save_checkpoint(tmp_path / "w.safetensors", tensors)
    with pytest.raises(FileFormatError, match="without a onecycle manifest. It holds bare weights"):
        read_bundle(path)
    assert same(load_checkpoint(path), tensors)


def test_newer_versions(tmp_path, monkeypatch):
    path = write_bundle(tmp_path / "a", {}, {"version": 3})
    with pytest.raises(
        FileFormatError, match=r"by a newer onecycle \(file version 3, this one reads up to 1\)\. Upgrade"
    ):
        read_bundle(path)
    assert read_bundle(path, newest=3)[1] == {"version": 3}
    monkeypatch.setattr(bundle, "BUNDLE_VERSION", 2)
    path = write_bundle(tmp_path / "b", {}, {})
    monkeypatch.setattr(bundle, "BUNDLE_VERSION", 1)
    with pytest.raises(FileFormatError, match="file version 2"):
        peek_manifest(path)


def test_missing_files(tmp_path):
    with pytest.raises(FileMissingError, match="read_bundle: there is no file"):
        read_bundle(tmp_path / "a")
    with pytest.raises(FileMissingError, match="load_checkpoint: there is no file"):
        load_checkpoint(tmp_path / "a")


# ---- checkpoints ----


def test_checkpoint_there_and_back(tmp_path, tensors):
    state = {
        "model": OrderedDict(tensors),
        "opt": {"lr": [0.1, 3], "name": "adam", "t": (1, None, True)},
        5: b"x",
    }
    back = load_checkpoint(save_checkpoint(tmp_path / "sub" / "a.pth", state))
    assert same(back["model"], tensors)
    assert back["opt"] == state["opt"]
    assert back[5] == b"x"


def test_checkpoint_names_what_cannot_be_saved(tmp_path):
    with pytest.raises(
        ArgumentError, match=r"state\['opt'\]\[1\] must be a tensor, number or string; got .*float64"
    ):
        save_checkpoint(tmp_path / "a.pth", {"opt": [1, np.float64(1)]})
    with pytest.raises(ArgumentError, match="must be a tensor, number or string"):
        save_checkpoint(tmp_path / "a.pth", {"f": len})
    with pytest.raises(ArgumentError, match="must be a flat dict of tensors"):
        save_checkpoint(tmp_path / "a.safetensors", {"model": {}})
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("zipped", [True, False])
def test_files_of_torch_save(tmp_path, tensors, zipped):
    path = tmp_path / "a.pth"
    optimizer = torch.optim.Adam(nn.Linear(2, 2).parameters())
    state = {"model": OrderedDict(tensors), "opt": optimizer.state_dict()}
    torch.save(state, path, _use_new_zipfile_serialization=zipped)
    back = load_checkpoint(path)
    assert same(back["model"], tensors)
    assert back["opt"]["param_groups"][0]["betas"] == (0.9, 0.999)


def test_torchscript_is_refused(tmp_path):
    import zipfile

    path = tmp_path / "a.pt"
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("a/data.pkl", "a/constants.pkl", "a/code/__torch__.py"):
            archive.writestr(name, b"")
    with pytest.raises(FileFormatError, match="is a TorchScript program, not weights"):
        load_checkpoint(path)


def test_torch_save_writes_the_older_format(tmp_path):
    torch_save({"a": 1}, tmp_path / "old")
    torch_save({"a": 1}, tmp_path / "new", _use_new_zipfile_serialization=True)
    assert (tmp_path / "old").read_bytes()[:1] == b"\x80"
    assert (tmp_path / "new").read_bytes()[:2] == b"PK"
    assert load_checkpoint(tmp_path / "old") == load_checkpoint(tmp_path / "new") == {"a": 1}


def test_try_save(tmp_path):
    try_save({"a": torch.ones(1)}, tmp_path, "b.pth")
    try_save({"a": 2}, tmp_path)
    buffer = io.BytesIO()
    try_save({"a": 3}, file=buffer)
    buffer.seek(0)
    assert load_checkpoint(tmp_path / "b.pth") == {"a": torch.ones(1)}
    assert load_checkpoint(tmp_path / "export.pth") == {"a": 2}
    assert torch.load(buffer, weights_only=True) == {"a": 3}
    with pytest.raises(ArgumentError, match=r"state\['f'\] must be"):
        try_save({"f": len}, file=buffer)


# ---- a full disk, and headers that are damaged ----


@pytest.fixture
def small_files():
    """Let the system refuse files of more than 64 kB, as a full disk does."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 16, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_disk_that_takes_no_more_is_told_in_a_sentence_and_the_old_file_survives(tmp_path, small_files):
    old = {"w": torch.zeros(10)}
    for name in ("a.pth", "a.safetensors"):
        path = save_checkpoint(tmp_path / name, old)
        with pytest.raises(FileWriteError, match=r"could not be written \(File too large\)\. Save.*unchanged"):
            save_checkpoint(path, {"w": torch.zeros(10**5)})
        assert torch.equal(load_checkpoint(path)["w"], old["w"])
    with pytest.raises(FileWriteError, match="nothing was left behind"):
        save_checkpoint(tmp_path / "new.pth", {"w": torch.zeros(10**5)})
    assert sorted(os.listdir(tmp_path)) == ["a.pth", "a.safetensors"]


@pytest.mark.parametrize("after", [0, 1, 100, 5000])
def test_an_open_file_that_takes_no_more_is_told_in_a_sentence(after):
    class Full(io.BytesIO):
        name = "full.pth"

        def write(self, data):
            if self.tell() + len(data) > after:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return super().write(data)

    with pytest.raises(FileWriteError, match="'full.pth' could not be written .No space left on device.. Free"):
        try_save({"w": torch.zeros(10**4)}, file=Full())


def test_an_error_of_torch_itself_stays_what_it_is():
    class Lazy:
        def write(self, data):
            raise ZeroDivisionError

        def flush(self):
            pass

    with pytest.raises(ZeroDivisionError):
        try_save({"w": torch.zeros(3)}, file=Lazy())


@pytest.mark.parametrize(
    ("part", "content", "said"),
    [
        ("onecycle", "{", "is not valid JSON"),
        ("onecycle", "[]", "must be entries by name"),
        ("onecycle", '{"version": "1"}', "version must be a whole number"),
        ("onecycle", "[" * 500 + "]" * 500, "nested"),
        ("onecycle.bundle", '{"aliases": {"b": 3}}', "aliases.b must be text"),
        ("onecycle.bundle", '{"aliases": {"b": "none"}}', "KeyError: 'none'"),
    ],
)
def test_a_damaged_header_is_told_with_its_place(part, content, said, tmp_path):
    header = {"onecycle": "{}", "onecycle.bundle": "{}", part: content}
    (tmp_path / "a").write_bytes(safetensors.torch.save({"w": torch.zeros(2)}, header))
    with pytest.raises(FileFormatError, match=said):
        read_bundle(tmp_path / "a")


def test_a_locked_file_is_not_called_damaged(tmp_path, tensors, monkeypatch):
    path = write_bundle(tmp_path / "a", tensors, {"n": 1})

    def locked(*args, **kwargs):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(safetensors, "safe_open", locked)
    with pytest.raises(FileReadError, match="cannot be read now .Permission denied"):
        read_bundle(path)
