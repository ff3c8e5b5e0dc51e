"""Two connected processes, each with a share of a set, give the figures of one process with the whole set."""

import json
import os
import subprocess
import sys
from importlib import util
from pathlib import Path

import pytest
from torch import distributed

HERE = Path(__file__).parent
ROOT = HERE.parents[1]


def worker():
    """Return the worker's code as a module, which tells the same sets."""
    spec = util.spec_from_file_location("one_of_two", HERE / "one_of_two.py")
    module = util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def of_two(tmp_path_factory):
    """Return what each of two processes found."""
    folder = tmp_path_factory.mktemp("two")
    where = {**os.environ, "PYTHONPATH": str(ROOT), "GLOO_SOCKET_IFNAME": "lo", "OMP_NUM_THREADS": "1"}
    command = lambda rank: [sys.executable, str(HERE / "one_of_two.py"), str(rank), str(folder / "meeting")]
    results = [folder / "0.json", folder / "1.json"]
    running = [
        subprocess.Popen([*command(rank), str(result)], env=where, stderr=subprocess.PIPE, text=True)
        for rank, result in enumerate(results)
    ]
    for process in running:
        _, said = process.communicate(timeout=100)
        assert process.returncode == 0, said
    return [json.loads(result.read_text()) for result in results]


@pytest.mark.skipif(
    not (distributed.is_available() and distributed.is_gloo_available()) or sys.platform != "linux",
    reason="needs gloo over the loopback of Linux",
)
@pytest.mark.parametrize("shares", ["uneven", "one has none"])
def test_two_processes_find_what_one_finds(of_two, shares):
    expected = worker().figures(slice(None), 8)
    for found in of_two:
        assert found[shares].keys() == expected.keys()
        for name, value in expected.items():
            assert found[shares][name] == pytest.approx(value, rel=1e-5, abs=1e-7), name
