"""Two processes that train together do what one does with batches twice as large, and write each file once."""

import json
import os
import socket
import subprocess
import sys
from importlib import util
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import distributed, nn

from onecycle.callbacks.distributed import read_metrics

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
CONNECTS = distributed.is_available() and distributed.is_gloo_available() and sys.platform == "linux"
pytestmark = pytest.mark.skipif(not CONNECTS, reason="needs gloo over the loopback of Linux")


def worker():
    """Return the worker's code as a module, which makes the same learners."""
    spec = util.spec_from_file_location("one_trainer_of_two", HERE / "one_trainer_of_two.py")
    module = util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return the folder that two processes have worked in."""
    folder = tmp_path_factory.mktemp("two")
    where = {**os.environ, "PYTHONPATH": str(ROOT), "GLOO_SOCKET_IFNAME": "lo", "OMP_NUM_THREADS": "1"}
    where |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free_port()), "WORLD_SIZE": "2"}
    where |= {"CUDA_VISIBLE_DEVICES": ""}
    command = [sys.executable, "-W", "error", str(HERE / "one_trainer_of_two.py"), str(folder)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    running = [subprocess.Popen(command, env={**where, "RANK": str(rank)}, **pipes) for rank in (0, 1)]
    try:
        for rank, process in enumerate(running):
            said, failed = process.communicate(timeout=100)
            assert process.returncode == 0, failed
            (folder / f"said_{rank}.txt").write_text(said + failed)
    finally:
        for process in running:
            process.kill()
            process.communicate()
    return folder


@pytest.fixture(scope="module")
def of_two(folder):
    return [json.loads((folder / f"found_{rank}_of_2.json").read_text()) for rank in (0, 1)]


@pytest.fixture
def of_one(tmp_path):
    """Return what one process finds, with the first seeds and batches twice as large."""
    learn = worker().make_learner(tmp_path, 16)
    learn.silent = True
    torch.manual_seed(5)
    learn.fit_one_cycle(3, 1e-2)
    return worker().found(learn)


def test_two_train_as_one_does_with_batches_twice_as_large(of_two, of_one):
    for found in of_two:
        plain = found["plain"]
        assert plain["keys"] == of_one["keys"]
        for name in ("losses", "val_losses"):
            assert plain[name] == pytest.approx(of_one[name], abs=1e-5), name
        assert np.allclose(plain["metrics"], of_one["metrics"], atol=1e-5)


def test_two_divide_by_what_one_divides_by(of_two, tmp_path):
    alone = worker().weighed(tmp_path, 16)
    for found in of_two:
        for name, expected in alone.items():
            for part, values in expected.items():
                assert found["weighed"][name][part] == pytest.approx(values, abs=1e-5, rel=1e-5), (name, part)


def test_norms_over_both_do_what_one_does(of_two, tmp_path):
    learn = worker().make_learner(tmp_path, 16, norm=True)
    learn.silent = True
    alone = worker().train_synced(learn)
    for found in of_two:
        synced = found["synced"]
        for name in ("losses", "val_losses"):
            assert synced[name] == pytest.approx(alone[name], abs=1e-5), name
        assert np.allclose(synced["weights"], alone["weights"], rtol=1e-4)


def test_parted_weights_learn_as_whole_ones(folder, of_two, tmp_path):
    learn = worker().make_deep(tmp_path, 16)
    learn.silent = True
    torch.manual_seed(7)
    learn.fit_one_cycle(3, 1e-2)
    for found in (of_two[0]["sharded"], of_two[1]["sharded"]):
        for name in ("losses", "val_losses"):
            assert found[name] == pytest.approx(getattr(learn.recorder, name), abs=1e-5), name
        assert np.allclose(found["preds"], learn.get_preds()[0], atol=1e-5)
        assert found["parts"] == sum(weight.numel() for weight in learn.model.parameters())
    alone = worker().make_deep(tmp_path, 16).load(folder / "models" / "sharded.pth", with_opt=True)
    assert np.allclose(alone.get_preds()[0], learn.get_preds()[0], atol=1e-5)
    assert alone.opt.state_dict()["state"][0]["exp_avg"].shape == (9, 6)


def test_parted_runs_are_taken_up_and_files_read(of_two):
    for found in (of_two[0]["sharded"], of_two[1]["sharded"]):
        assert all(found["same"]) and found["resumed losses"] == found["losses"]
        assert found["loaded"] == found["preds"] == found["after lr_find"]


@pytest.mark.parametrize("way", ["copies", "parted"])
@pytest.mark.parametrize("name", ["EMA", "SWA", "SWA at the end"])
def test_averages_of_weights_and_half_precision_are_those_of_one(of_two, tmp_path, name, way):
    for half, tolerance in (("whole", 1e-5), ("half", 5e-3)):
        learn = worker().make_deep(tmp_path, 16)
        learn.silent = True
        alone = worker().averaged(learn, worker().AVERAGES[name], half == "half")
        found = of_two[1]["averages"][f"{name}, {way}, synced, {half}"]
        for part in alone:
            assert found[part] == pytest.approx(alone[part], abs=tolerance, rel=tolerance), part


def test_an_average_is_refused_where_a_process_has_nothing_to_validate(of_two):
    assert "EMACallback: the validation set must give each of 2 processes an item" in of_two[1]["too few"]


def test_predictions_come_in_order_and_once(of_two, tmp_path):
    data = worker().make_learner(tmp_path, 8).data
    for found in (of_two[0]["held out"], of_two[1]["held out"]):
        assert found["targets"] == [data.valid_ds.tensors[1].tolist(), data.test_ds.tensors[1].tolist()]
        assert [len(preds) for preds in found["preds"]] == [23, 7]
    assert of_two[0]["held out"] == of_two[1]["held out"]
    assert of_two[0]["held out"]["said"][0] == pytest.approx(of_two[0]["synced"]["val_losses"][-1], abs=1e-6)


def test_both_end_with_the_same_weights_and_statistics(of_two):
    assert of_two[0] == of_two[1]
    assert all(np.isfinite(of_two[0]["searched"]))


def test_after_an_interruption_the_names_of_the_weights_are_plain(of_two):
    assert of_two[0]["keys after"] == ["0.weight", "0.bias", "2.weight", "2.bias"]


def test_only_the_first_shows_and_writes(folder, of_two):
    assert "valid_loss" in (folder / "said_0.txt").read_text()
    assert (folder / "said_1.txt").read_text() == ""
    assert len((folder / "history.csv").read_text().splitlines()) == 4
    saved = torch.load(folder / "models" / "best.pth", weights_only=True)
    assert list(saved["model"]) == of_two[0]["plain"]["keys"]


def test_the_records_of_both_are_read(folder, of_two):
    losses, metrics = read_metrics(folder / "records", 2)
    apart = read_metrics(folder / "records", 2, reduce=False)
    assert apart[0].shape == (2, *losses.shape) and apart[1].shape == (2, *metrics.shape)
    assert np.allclose(apart[0].mean(0), losses)


def test_a_model_inside_another_process_group_of_one_trains(make_learner, monkeypatch):
    """A group of one process is allowed: the script that runs in many runs in one too."""
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)  # the group puts its own there
    distributed.init_process_group("gloo", store=distributed.HashStore(), rank=0, world_size=1)
    try:
        learn = make_learner()
        learn.to_distributed().fit(1)
        assert type(learn.model) is nn.Sequential
        assert read_metrics(learn.path / "tmp", 1)[1].shape[0] == 1
    finally:
        distributed.destroy_process_group()
