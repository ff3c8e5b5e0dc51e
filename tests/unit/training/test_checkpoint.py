import io
import os
from pathlib import Path

import pytest
import torch
from torch import nn

from onecycle.errors import FileFormatError, TrainingError
from onecycle.training.checkpoint import check_writable, fit_state, read_state, split_state, write_state


def test_a_folder_is_made_and_left_empty(tmp_path):
    check_writable(tmp_path / "a" / "b")
    assert list((tmp_path / "a" / "b").iterdir()) == []


def test_a_folder_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(TrainingError, match=r"model_dir .* cannot be written .*Set learn.model_dir"):
        check_writable(tmp_path / "file" / "models")


@pytest.mark.skipif(os.geteuid() == 0 and not Path("/proc/1").exists(), reason="needs /proc to have a read-only folder")
def test_a_read_only_folder_is_told():
    with pytest.raises(TrainingError, match=r"cannot be written"):
        check_writable(Path("/proc/1/none"))


def test_states_go_to_files_and_back(tmp_path):
    state = {"model": {"w": torch.ones(2)}, "opt": {"state": {0: {"step": 1}}}}
    write_state(tmp_path / "a.pth", state)
    assert read_state(tmp_path / "a.pth", "cpu")["opt"] == state["opt"]
    buffer = io.BytesIO()
    write_state(buffer, state)
    buffer.seek(0)
    assert torch.equal(read_state(buffer, "cpu")["model"]["w"], torch.ones(2))


def test_weights_and_optimiser_are_told_apart():
    weights = {"w": torch.ones(1)}
    assert split_state({"model": weights, "opt": {"x": 1}}, "f") == (weights, {"x": 1})
    assert split_state(weights, "f") == (weights, None)
    assert split_state({"state_dict": weights, "epoch": 3}, "f") == (weights, None)


@pytest.mark.parametrize(("state", "found"), [({"a": 1}, "the entries a"), ([1], "a list"), ({}, "a dict")])
def test_what_holds_no_weights_is_told(state, found):
    with pytest.raises(FileFormatError, match=f"load: f must hold a model's weights by name; it holds {found}"):
        split_state(state, "f")


def fresh():
    return nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3))


def test_weights_are_put_in():
    theirs, mine = fresh(), fresh()
    fit_state(mine, theirs.state_dict(), True, False, "f")
    assert torch.equal(mine[0].weight, theirs[0].weight)


def test_misfits_are_all_named():
    weights = fresh().state_dict()
    weights["0.weight"] = torch.ones(5, 2)
    weights["extra"] = torch.ones(1)
    del weights["1.running_mean"]
    with pytest.raises(FileFormatError) as caught:
        fit_state(fresh(), weights, True, False, "f.pth")
    said = str(caught.value)
    assert "missing in the file: 1.running_mean" in said and "not in the model: extra" in said
    assert "0.weight is (5, 2) in the file, (3, 2) in the model" in said and "strict=False" in said


def test_without_strict_what_fits_is_loaded():
    theirs, mine = fresh(), fresh()
    weights = theirs.state_dict()
    weights["1.weight"] = torch.ones(9)
    with pytest.warns(UserWarning, match=r"6 of the model's 7 tensors come from f; .*1.weight is \(9,\) in the file"):
        fit_state(mine, weights, False, False, "f")
    assert torch.equal(mine[0].weight, theirs[0].weight)


def test_nothing_that_fits_is_told():
    with pytest.raises(FileFormatError, match="no name in f is one of this model's"):
        fit_state(fresh(), {"x": torch.ones(1)}, False, False, "f")


def test_old_files_lack_a_count():
    weights = {k: v for k, v in fresh().state_dict().items() if not k.endswith("num_batches_tracked")}
    fit_state(fresh(), weights, True, False, "f")


def test_data_parallel_s_names():
    weights = {f"module.{key}": value for key, value in fresh().state_dict().items()}
    with pytest.raises(FileFormatError, match="pass remove_module=True"):
        fit_state(fresh(), weights, True, False, "f")
    fit_state(fresh(), weights, True, True, "f")
