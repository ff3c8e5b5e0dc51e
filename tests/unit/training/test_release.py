"""A fit that fails holds no process and no memory, and says at which item a worker died."""

import gc
import multiprocessing
import os
import signal
import threading
import time
import weakref
from contextlib import suppress

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.data import Dataset

from onecycle.data.bunch import DataBunch
from onecycle.data.dead_workers import dead_worker_error
from onecycle.errors import DataError
from onecycle.learner import Learner
from onecycle.training.callback import Callback


class Rows(Dataset):
    """Rows of which one may be the end of the process that makes it."""

    def __init__(self, bad=None, act=None):
        self.bad, self.act = bad, act
        self.items = [f"images/{number:03}.png" for number in range(80)]

    def __len__(self):
        return 80

    def __getitem__(self, index):
        if index == self.bad:
            self.act()
        return torch.full((50,), float(index)), index % 2


class Net(nn.Module):
    def __init__(self, seen):
        super().__init__()
        self.layer, self.seen = nn.Linear(50, 2), seen

    def forward(self, x):
        self.seen.append(weakref.ref(x))
        return self.layer(x)


class Break(Callback):
    def __init__(self, where, error):
        self.where, self.error = where, error

    def on_batch_end(self, train, num_batch, **kwargs):
        if (self.where, train) in (("train", True), ("valid", False)) and num_batch >= 2:
            raise self.error("by the test")

    def on_backward_end(self, **kwargs):
        if self.where == "backward":
            raise self.error("by the test")

    def on_epoch_end(self, **kwargs):
        if self.where == "epoch":
            raise self.error("by the test")


@pytest.fixture
def seen():
    return []


@pytest.fixture(autouse=True)
def no_collection():
    """Collect nothing while a test runs, so that what lives in a cycle is seen."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def make(seen, rows=None, workers=2, **how):
    rows = Rows() if rows is None else rows
    data = DataBunch.create(rows, Rows(), bs=8, num_workers=workers, device="cpu", no_check=True, **how)
    return Learner(data, Net(seen), loss_func=nn.CrossEntropyLoss(), silent=True)


def processes(before=0):
    """Return how many processes live, once those that are ending have ended."""
    until = time.monotonic() + 20
    while len(multiprocessing.active_children()) > before and time.monotonic() < until:
        time.sleep(0.01)
    return len(multiprocessing.active_children())


def held(seen):
    return [row for row in seen if row() is not None]


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
@pytest.mark.parametrize("where", ["train", "valid", "backward", "epoch"])
def test_nothing_is_held_without_a_collection(where, error, seen):
    learn = make(seen)
    with suppress(KeyboardInterrupt, ValueError):
        learn.fit(1, callbacks=[Break(where, error)])
    assert seen and not held(seen) and processes() == 0
    assert all(parameter.grad is None for parameter in learn.model.parameters())
    learn.fit(1)
    assert len(learn.recorder.losses) == 10


@pytest.mark.parametrize("error", [KeyboardInterrupt, MemoryError, torch.OutOfMemoryError])
def test_a_traceback_that_is_kept_holds_nothing(error, seen):
    """An interactive shell keeps the last traceback."""
    learn = make(seen)
    with pytest.raises(error) as kept:
        learn.fit(1, callbacks=[Break("train", error)])
    assert kept.value.__traceback__ is not None
    assert not held(seen) and processes() == 0


def test_an_error_of_the_program_keeps_its_frames_for_a_debugger_but_no_process(seen):
    learn = make(seen)
    with pytest.raises(ValueError, match="by the test") as kept:
        learn.fit(1, callbacks=[Break("train", ValueError)])
    frames = [entry.frame for entry in kept.traceback]
    assert any("xb" in getattr(frame, "f_locals", {}) for frame in frames) and processes() == 0


@pytest.mark.parametrize("work", ["fit", "validate", "get_preds"])
def test_an_item_that_fails_in_a_worker(work, seen):
    def fail():
        raise DataError("no such image")

    data = make(seen, Rows(30, fail)).data
    data.valid_dl = data.train_dl.new(shuffle=False)
    learn = Learner(data, Net(seen), loss_func=nn.CrossEntropyLoss(), silent=True)
    with suppress(DataError):
        {"fit": lambda: learn.fit(1), "validate": learn.validate, "get_preds": learn.get_preds}[work]()
    assert not held(seen) and processes() == 0


@pytest.fixture
def heeds_ctrl_c():
    """Let Ctrl-C interrupt, also where the tests run in the background of a shell, which lets it be ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_ctrl_c_while_a_worker_is_waited_for(seen, heeds_ctrl_c):
    learn = make(seen, Rows(30, lambda: time.sleep(30)))
    learn.data.train_dl = learn.data.train_dl.new(shuffle=False)
    timer = threading.Timer(1.0, lambda: os.kill(os.getpid(), signal.SIGINT))
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        learn.fit(1)
    timer.join()
    assert not held(seen) and processes() == 0


def test_persistent_workers_end_too(seen):
    learn = make(seen, persistent_workers=True)
    learn.fit(1)
    assert multiprocessing.active_children()
    with suppress(KeyboardInterrupt):
        learn.fit(1, callbacks=[Break("train", KeyboardInterrupt)])
    assert processes() == 0
    learn.fit(1)
    learn.data.train_dl.close()
    learn.data.valid_dl.close()


# What was on its way from a worker that is killed is closed by nobody.
LOST = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


def die(number):
    return lambda: os.kill(os.getpid(), number)


@LOST
@pytest.mark.parametrize(("act", "told"), [
    (die(signal.SIGKILL), r"was ended by SIGKILL while it made item 37 \(images/037.png\). The system kills"),
    (die(signal.SIGBUS), r"was ended by SIGBUS while it made item 37 \(images/037.png\). Shared memory is full"),
    (die(signal.SIGSEGV), r"was ended by SIGSEGV while it made item 37 \(images/037.png\). Pass num_workers=0"),
    (lambda: os._exit(3), r"ended with exit code 3 while it made item 37 \(images/037.png\). Pass num_workers=0"),
])  # fmt: skip
def test_a_worker_that_dies(act, told, seen, capfd):
    learn = make(seen, Rows(37, act))
    with pytest.raises(DataError, match=rf"loader: worker process \d+ {told}"):
        learn.fit(1)
    assert processes() == 0
    capfd.readouterr()


@LOST
@pytest.mark.parametrize("work", ["validate", "get_preds", "look"])
def test_a_worker_that_dies_in_other_passes(work, seen):
    learn = make(seen, Rows(37, die(signal.SIGKILL)))
    learn.data.valid_dl = learn.data.train_dl.new(shuffle=False)
    passes = {"validate": learn.validate, "get_preds": learn.get_preds, "look": lambda: list(learn.data.valid_dl)}
    with pytest.raises(DataError, match="SIGKILL while it made item 37"):
        passes[work]()
    assert processes() == 0


class InBatches(Rows):
    """Rows that are taken a batch at a time: the item is not known."""

    def get_batch(self, indices):
        if self.bad in indices:
            self.act()
        return [torch.zeros(len(indices), 50), torch.from_numpy(np.array(indices) % 2)]


@LOST
def test_where_the_item_is_not_known(seen):
    with pytest.raises(DataError, match=r"was ended by SIGKILL\. The system"):
        make(seen, InBatches(37, die(signal.SIGKILL))).fit(1)


def test_an_unknown_signal():
    class Worker:
        pid, exitcode = 5, -200

    assert "worker process 5 was ended by signal 200 while it made x. Pass num_workers=0" in str(
        dead_worker_error(Worker(), "x")
    )


def test_an_error_that_is_no_death_of_a_worker_stays(seen):
    learn = make(seen)
    with pytest.raises(RuntimeError, match="^DataLoader worker of mine$"):
        learn.data.train_dl.explain(RuntimeError("nothing of workers"))
        learn.data.train_dl.explain(RuntimeError("DataLoader worker of mine"))
        raise RuntimeError("DataLoader worker of mine")
