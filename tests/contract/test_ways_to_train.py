"""The ways to train, found by looking: each is in the table that `learn.resume` reads, and the table has no other."""

import inspect

import pytest
import torch
from torch import nn
from torch.utils.data import TensorDataset

from onecycle.data.bunch import DataBunch
from onecycle.errors import ArgumentError, FileFormatError
from onecycle.learner import Learner
from onecycle.learning.resuming import RUN_KEYWORDS, WAYS_TO_TRAIN, keeps_runs
from onecycle.learning.run_call import call_args
from onecycle.training.run_files import read_run_file, run_files, write_run_file
from onecycle.utils.registry import encode


def ways_to_train(kind):
    """Return the public methods that keep runs: they take a folder of checkpoints."""
    methods = inspect.getmembers(kind, inspect.isfunction)
    return {
        name
        for name, method in methods
        if not name.startswith("_") and set(RUN_KEYWORDS) <= set(inspect.signature(method).parameters)
    }


def kinds_of_learners(kind=Learner):
    import onecycle.collab
    import onecycle.text
    import onecycle.vision.gan  # noqa: F401

    ours = [each for each in kind.__subclasses__() if each.__module__.startswith("onecycle.")]
    return [kind, *(found for each in ours for found in kinds_of_learners(each))]


def test_the_table_holds_every_way_to_train_and_nothing_else():
    found = set().union(*map(ways_to_train, kinds_of_learners()))
    assert found == set(WAYS_TO_TRAIN) and ways_to_train(Learner) == found


def test_a_way_to_train_that_is_not_in_the_table_is_refused_where_it_is_written():
    def fit_something(learn, epochs): ...

    with pytest.raises(ArgumentError, match="keeps_runs: method must be one of fit, .*got 'fit_something'"):
        keeps_runs(fit_something)


@pytest.fixture
def learn(tmp_path):
    x = torch.randn(40, 3, generator=torch.Generator().manual_seed(0))
    sets = TensorDataset(x, (x.sum(1) > 0).long()), TensorDataset(x[:8], (x[:8].sum(1) > 0).long())
    data = DataBunch.create(*sets, bs=8, num_workers=0, device="cpu", path=tmp_path)
    return Learner(data, nn.Linear(3, 2), loss_func=nn.CrossEntropyLoss(), silent=True)


def forged(learn, run, **call):
    """Write a checkpoint with another call, sealed as the library seals it."""
    learn.fit(1, 1e-3, checkpoint=run)
    file = run_files(run)[0]
    state = read_run_file(file)
    state = {name: value for name, value in state.items() if name not in ("format", "version")}
    write_run_file(file, {**state, "call": {**state["call"], **call}})


NO_WAYS = ["export", "save", "load", "destroy", "__init__", "validate", "lr_find", "", "fit ", "FIT", "model.fit"]


def test_no_other_attribute_of_a_learner_can_be_called_by_a_checkpoint(learn, tmp_path):
    outside = tmp_path / "outside.txt"
    outside.write_text("mine")
    for method in NO_WAYS:
        run = tmp_path / "run"
        for old in run_files(run):
            old.unlink()
        forged(learn, run, method=method, args={"file": str(outside)})
        with pytest.raises(FileFormatError, match="must be one of fit, fit_fc"):
            learn.resume(run)
    assert outside.read_text() == "mine" and not (tmp_path / "export.safetensors").exists()


ARGS_THAT_NO_WAY_TAKES = [
    {"callbacks": []},
    {"checkpoint": "/tmp/elsewhere"},
    {"file": "x"},
    {"self": 1},
    {"epochs": "3"},
    {"epochs": 10**12},
    {"epochs": True},
    {"epochs": {"$": "object", "kind": "text", "name": "Vocab", "state": {"itos": []}}},
    {"lr": {"$": "name", "kind": "learner", "name": "CollabLearner"}},
    {"lr": {"$": "partial", "func": {"$": "name", "kind": "function", "name": "fix_html"}, "args": [], "keywords": {}}},
    {"lr": {"$": "path", "text": "/etc/passwd"}},
    {"lr": {"$": ["tuple"]}},
    {"lr": {"$": "array", "dtype": "S99999999999", "items": ["a"]}},
    {"lr": {"$": "array", "dtype": "no such type", "items": [1]}},
    {"lr": {"$": "array", "items": [1]}},
    {"lr": "../up"},
]


@pytest.mark.parametrize("args", ARGS_THAT_NO_WAY_TAKES, ids=str)
def test_arguments_of_a_checkpoint_are_checked(args, learn, tmp_path):
    forged(learn, tmp_path / "run", args=args)
    with pytest.raises(FileFormatError, match="resume: "):
        learn.resume(tmp_path / "run")


@pytest.mark.parametrize("name", ["/tmp/evil", "../../evil", "..\\evil", "C:\\evil", "a/../../b"])
def test_a_file_name_of_a_checkpoint_stays_below_the_learners_folder(name):
    with pytest.raises(FileFormatError, match="save_as must be a name below the learner's folder"):
        call_args(Learner.fit_sgdr, {"args": {"n_cycles": 1, "save_as": name}}, "run")
    assert call_args(Learner.fit_sgdr, {"args": {"n_cycles": 1, "save_as": "sub/x"}}, "run")["save_as"] == "sub/x"


def test_what_the_ways_take_is_let_through():
    given = {"cyc_len": 3, "max_lr": slice(1e-5, 1e-3), "moms": (0.9, 0.8), "wd": [0.1, 0.2], "tot_epochs": None}
    args = {name: encode(value) for name, value in given.items()}
    assert call_args(Learner.fit_one_cycle, {"args": args}, "run") == given
