"""Tests of onecycle.training.run_form and of what a checkpoint may set: forged ones are refused."""

import copy

import pytest
import torch
from torch import nn
from torch.utils.data import TensorDataset

from onecycle.callbacks.save_model import SaveModelCallback
from onecycle.data.bunch import DataBunch
from onecycle.errors import FileFormatError
from onecycle.learner import Learner
from onecycle.training.callback import Callback
from onecycle.training.run_files import read_run_file, run_files, write_run_file
from onecycle.training.run_form import RUN_FORM
from onecycle.utils.schema import check_form


class Counter(Callback):
    """Count batches."""

    def __init__(self):
        self.count = 0

    def on_batch_end(self, train, **kwargs):
        self.count += train


class Recurrent(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer, self.seen = nn.Linear(3, 2), 0
        self.register_buffer("hidden", torch.zeros(2))

    def forward(self, x):
        self.seen += 1
        return self.layer(x) + self.hidden


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    path = tmp_path_factory.mktemp("run")
    learn = make(path)
    learn.fit(1, 1e-3, callbacks=callbacks_of(learn), checkpoint=path / "run")
    return read_run_file(run_files(path / "run")[0])


def callbacks_of(learn):
    return [Counter(), SaveModelCallback(learn, name="mine", every="epoch")]


def make(path):
    x = torch.randn(40, 3, generator=torch.Generator().manual_seed(0))
    sets = TensorDataset(x, (x.sum(1) > 0).long()), TensorDataset(x[:8], (x[:8].sum(1) > 0).long())
    data = DataBunch.create(*sets, bs=8, num_workers=0, device="cpu", path=path)
    torch.manual_seed(3)
    return Learner(data, Recurrent(), loss_func=nn.CrossEntropyLoss(), silent=True)


def resume(trained, path, change):
    """Resume with a forged copy of a checkpoint."""
    state = copy.deepcopy({name: value for name, value in trained.items() if name not in ("format", "version")})
    change(state)
    run = path / "run"
    run.mkdir()
    write_run_file(run / "step-0000000005.ckpt", state)
    learn = make(path)
    learn.resume(run, callbacks=callbacks_of(learn), strict=False)
    return learn


def test_what_is_written_has_the_form(trained, tmp_path):
    check_form("resume", "run", trained, RUN_FORM)
    resume(trained, tmp_path, lambda state: None)


def in_state(name, value):
    return lambda state: state["state"].__setitem__(name, value)


def marked(kind, value):
    return {"$": kind, "v": value}


REPEATED = torch.zeros(1).expand(10**6, 10**6)
FORGED = {
    "no state": lambda state: state.pop("state"),
    "state a list": lambda state: state.__setitem__("state", []),
    "no model": lambda state: state["state"].pop("model"),
    "weight of text": lambda state: state["state"]["model"].__setitem__("layer.weight", "x"),
    "weight that repeats one number": lambda state: state["state"]["model"].__setitem__("layer.weight", REPEATED),
    "sparse weight": lambda state: state["state"]["model"].__setitem__("layer.weight", torch.zeros(2, 3).to_sparse()),
    "weight of another shape": lambda state: state["state"]["model"].__setitem__("layer.weight", torch.zeros(3, 3)),
    "weight missing": lambda state: state["state"]["model"].pop("layer.weight"),
    "weight of no layer": lambda state: state["state"]["model"].__setitem__("evil", torch.zeros(1)),
    "buffer of no layer": lambda state: state["state"]["buffers"].__setitem__("layer.evil", torch.zeros(1)),
    "gradient of another shape": lambda state: state["state"]["grads"].__setitem__("layer.weight", torch.zeros(1)),
    "part of no layer": lambda state: state["state"]["model_parts"].__setitem__("evil", {"a": 1}),
    "forward": lambda state: state["state"]["model_parts"].__setitem__("", {"forward": 1}),
    "class": lambda state: state["state"]["model_parts"].__setitem__("", {"__class__": 1}),
    "no attribute": lambda state: state["state"]["model_parts"].__setitem__("", {"a b": 1}),
    "trainable": lambda state: state["state"].__setitem__("trainable", [True]),
    "trainable of the run": lambda state: state.__setitem__("trainable", []),
    "generators": lambda state: state["state"]["generators"].pop("torch"),
    "generator of another length": lambda state: state["state"]["generators"].__setitem__("torch", torch.zeros(3)),
    "handler": lambda state: state["state"]["handler"].pop("iteration"),
    "smoothener": in_state("smoothener", marked("dict", [])),
    "callbacks": in_state("callbacks", [["Counter"]]),
    "state of a callback": in_state("callbacks", [["Counter", 3]]),
    "kind": in_state("smoothener", marked("eval", "1")),
    "array": in_state("smoothener", marked("array", [torch.zeros(8, dtype=torch.uint8), "<f8", [10**12]])),
    "array of objects": in_state("smoothener", marked("array", [torch.zeros(8, dtype=torch.uint8), "|O", [1]])),
    "floats": in_state("smoothener", marked("floats", torch.zeros(2, 2))),
    "pairs": in_state("smoothener", marked("dict", [[1]])),
    "keys": in_state("smoothener", marked("set", [[1]])),
    "slice": in_state("smoothener", marked("slice", [1])),
    "path": in_state("smoothener", marked("path", 3)),
    "mark": in_state("smoothener", {"a": 1}),
    "code": in_state("smoothener", torch.float32),
    "seed": lambda state: state.__setitem__("seed", -1),
    "epochs": lambda state: state.__setitem__("epochs_done", "2"),
    "best": lambda state: state.__setitem__("best_loss", "2"),
    "every": lambda state: state.__setitem__("every", None),
    "every so often": lambda state: state.__setitem__("every", "3 moons"),
    "keep": lambda state: state.__setitem__("keep", 0),
    "parts": lambda state: state.__setitem__("parts", {"model": 3}),
    "call": lambda state: state.__setitem__("call", None),
    "ranks": lambda state: state.__setitem__("ranks", [{"a": torch.zeros(3)}, 3]),
    "callback's method": lambda state: state["state"]["callbacks"][1][1].__setitem__("on_batch_end", 1),
    "optimizer": lambda state: state["state"]["opt"].__setitem__("state", marked("dict", [])),
    "rates": lambda state: state["state"]["opt"]["settings"].__setitem__("_lr", "fast"),
}


@pytest.mark.parametrize("kind", FORGED)
def test_a_forged_checkpoint_is_refused_in_a_sentence(kind, trained, tmp_path):
    with pytest.raises(FileFormatError, match="resume: |load: "):
        resume(trained, tmp_path, FORGED[kind])


def test_where_files_go_is_not_taken_from_a_checkpoint(trained, tmp_path):
    def change(state):
        names = [name for name, _ in state["state"]["callbacks"]]
        state["state"]["callbacks"][names.index("SaveModelCallback")][1]["name"] = str(tmp_path / "outside")
        state["finished"] = False
        state["epochs_done"] = 0
        state["call"]["args"]["epochs"] = 2

    resume(trained, tmp_path, change)
    assert not list(tmp_path.glob("outside*"))
