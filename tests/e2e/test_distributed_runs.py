"""A run of two processes that is killed and stopped under torchrun ends where the uninterrupted one does."""

import json
import os
import subprocess
import sys
from importlib import util
from pathlib import Path
from shutil import copyfile

import pytest
from torch import distributed

from onecycle.errors import TrainingError
from onecycle.training.run_files import newest_sound

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
CONNECTS = distributed.is_available() and distributed.is_gloo_available() and sys.platform == "linux"
pytestmark = pytest.mark.skipif(not CONNECTS, reason="needs gloo over the loopback of Linux")


@pytest.fixture(scope="module", params=["copies", "parted"])
def folder(request, tmp_path_factory):
    """Return the folder that three attempts of two processes have worked in."""
    folder = tmp_path_factory.mktemp("runs")
    where = {**os.environ, "PYTHONPATH": str(ROOT), "GLOO_SOCKET_IFNAME": "lo", "OMP_NUM_THREADS": "1"}
    where["CUDA_VISIBLE_DEVICES"] = ""
    start = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2", "--max-restarts", "2"]
    start += ["--rdzv-backend", "c10d", "--rdzv-endpoint", "127.0.0.1:0", "--local-addr", "127.0.0.1"]
    command = [*start, str(HERE / "one_run_of_two.py"), str(folder), request.param]
    done = subprocess.run(command, env=where, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    (folder / "said.txt").write_text(done.stdout)
    return folder


@pytest.fixture(scope="module")
def found(folder):
    return [json.loads((folder / f"found_{rank}.json").read_text()) for rank in (0, 1)]


def test_each_process_ends_where_it_would_have(found):
    for of_rank in found:
        assert of_rank["resumed"] == of_rank["whole"]


def test_what_each_remembers_is_its_own(found):
    assert found[0]["whole"]["weights"] != found[1]["whole"]["weights"]
    assert found[0]["whole"]["losses"] == found[1]["whole"]["losses"]


def test_the_first_keeps_the_run(folder):
    point = newest_sound(folder / "run")
    assert point["finished"] and len(point["ranks"]) == 2
    assert point["ranks"][0] == {} and "model_parts" in point["ranks"][1]
    assert len((folder / "resumed" / "history.csv").read_text().splitlines()) == 5
    assert (folder / "said.txt").read_text().count("The run is kept in") == 1


def worker():
    """Return the worker's code as a module, which makes the same learner."""
    spec = util.spec_from_file_location("one_run_of_two", HERE / "one_run_of_two.py")
    module = util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_another_number_of_processes_is_refused_unless_told_to_go_on(folder, tmp_path):
    middle = "step-0000000024.ckpt"  # the third step of the last epoch
    (tmp_path / "run").mkdir()
    copyfile(folder / "run" / middle, tmp_path / "run" / middle)
    learn = worker().make_learner(tmp_path, 16)
    with pytest.raises(TrainingError, match="processes was 2"):
        learn.resume(tmp_path / "run")
    learn.silent = True
    learn.resume(tmp_path / "run", strict=False)
    assert len(learn.recorder.val_losses) == 4 and len(learn.recorder.losses) == 28
