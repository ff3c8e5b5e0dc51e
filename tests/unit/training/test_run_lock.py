"""The folder of a run belongs to one process, as long as that lives."""

import errno
import os
import subprocess
import sys

import pytest

from onecycle.errors import TrainingError
from onecycle.training import run_lock
from onecycle.training.run_lock import RunLock
from onecycle.utils.files import FileWriteError

fcntl = pytest.importorskip("fcntl", reason="needs the locks of a POSIX system")
HOLDS = """
import fcntl, os, sys
file = open(sys.argv[1], "a")
try:
    fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
except OSError:
    sys.exit(3)
file.write(str(os.getpid()))
file.flush()
print("holds", flush=True)
sys.stdin.read()
"""


def another(folder):
    """Return another process that has tried to hold a folder."""
    command = [sys.executable, "-c", HOLDS, str(folder / ".lock")]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def test_a_folder_in_use_is_refused_until_the_other_is_gone(tmp_path):
    with another(tmp_path) as other:
        assert other.stdout.readline() == "holds\n"
        with pytest.raises(TrainingError, match=rf"another process \({other.pid}\) is training with the folder"):
            RunLock(tmp_path)
        other.kill()
    RunLock(tmp_path).release()


def test_others_are_kept_out_until_it_is_released(tmp_path):
    lock = RunLock(tmp_path)
    with another(tmp_path) as other:
        assert other.wait() == 3
    lock.release()
    lock.release()
    with another(tmp_path) as other:
        assert other.stdout.readline() == "holds\n"
        other.kill()


def test_where_there_are_no_locks_nothing_is_held(tmp_path, monkeypatch):
    def none(file, how):
        raise OSError(38, "Function not implemented")

    monkeypatch.setattr(fcntl, "lockf", none)
    RunLock(tmp_path).release()
    monkeypatch.setitem(sys.modules, "fcntl", None)
    RunLock(tmp_path).release()


def test_all_processes_hear_of_it(tmp_path, monkeypatch):
    monkeypatch.setattr(run_lock, "is_first_process", lambda: False)
    monkeypatch.setattr(run_lock, "greatest", lambda numbers: [1])
    with pytest.raises(TrainingError, match="another process is training with the folder"):
        RunLock(tmp_path)


def test_a_lock_that_cannot_be_written_is_a_sentence(tmp_path, monkeypatch):
    def full(*args):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr(run_lock.os, "write", full)
        with pytest.raises(FileWriteError, match=r"write: '.*\.lock' could not be written .No space left"):
            RunLock(tmp_path)
    RunLock(tmp_path).release()  # nothing holds it
    (tmp_path / "other" / ".lock").mkdir(parents=True)
    with pytest.raises(FileWriteError, match="Is a directory"):
        RunLock(tmp_path / "other")
