"""Runs in wandb or trackio, with a module of the same calls in their place."""

import importlib
import math
import sys
from types import SimpleNamespace

import pytest
import torch

from onecycle.callbacks.early_stopping import EarlyStoppingCallback
from onecycle.callbacks.experiment_tracker import ExperimentTracker, numbers, settings_of
from onecycle.errors import ArgumentError, CallbackError
from onecycle.metrics.classification import accuracy
from onecycle.training.callback import Callback


class Pretend:
    """Notes the calls that wandb and trackio have."""

    def __init__(self):
        self.calls = []

    def init(self, project, name=None, config=None, **more):
        self.calls.append(("init", project, name, config, more))

    def log(self, metrics, step=None):
        self.calls.append(("log", metrics, step))

    def finish(self):
        self.calls.append(("finish",))


def test_a_fit_is_a_run(make_learner):
    learn, tracker = make_learner(metrics=accuracy), Pretend()
    callback = ExperimentTracker(learn, "pets", tracker, name="first", config={"size": 8}, loss_iters=3, group="a")
    learn.fit(2, 1e-2, callbacks=[callback])
    kind, project, name, config, more = tracker.calls[0]
    assert (kind, project, name, more) == ("init", "pets", "first", {"group": "a"})
    assert config == {**settings_of(learn), "epochs": 2, "size": 8}
    assert config["model"] == "Sequential" and config["optimizer"] == "Adam" and config["loss"] == "CrossEntropyLoss"
    assert config["parameters"] == sum(p.numel() for p in learn.model.parameters())
    logged = [call[1:] for call in tracker.calls if call[0] == "log"]
    assert [step for _, step in logged] == [0, 3, 4, 6, 8]
    assert set(logged[0][0]) == {"loss", "lr"} and logged[0][0]["lr"] == pytest.approx(1e-2)
    row = logged[2][0]
    assert row["epoch"] == 0 and row["valid_loss"] == pytest.approx(learn.recorder.val_losses[0])
    assert set(row) == {"epoch", "train_loss", "valid_loss", "accuracy"}
    assert tracker.calls[-1] == ("finish",)


def test_the_rate_is_that_of_the_step(make_learner):
    learn, tracker = make_learner(), Pretend()
    learn.fit_one_cycle(1, 1e-2, callbacks=[ExperimentTracker(learn, "p", tracker, loss_iters=1)])
    logged = [call[1] for call in tracker.calls if call[0] == "log"]
    assert [values["lr"] for values in logged if "lr" in values] == pytest.approx(learn.recorder.lrs)


def test_no_run_is_begun_when_training_is_refused(make_learner):
    learn, tracker = make_learner(), Pretend()
    with pytest.raises(CallbackError, match="monitor must be one of"):
        learn.fit(1, callbacks=[ExperimentTracker(learn, "p", tracker), EarlyStoppingCallback(learn, "no")])
    assert tracker.calls == []


def test_a_run_ends_when_training_breaks_off(make_learner):
    class BreaksOff(Callback):
        def on_batch_end(self, **kwargs):
            raise KeyboardInterrupt

    learn, tracker = make_learner(), Pretend()
    with pytest.raises(KeyboardInterrupt):
        learn.fit(1, callbacks=[BreaksOff(), ExperimentTracker(learn, package=tracker, loss_iters=0)])
    assert [call[0] for call in tracker.calls] == ["init", "finish"]


@pytest.mark.parametrize("package", ["wandb", "trackio"])
def test_packages_by_name(make_learner, monkeypatch, package):
    monkeypatch.setattr(importlib, "import_module", lambda name: SimpleNamespace(init=name, log=1, finish=1))
    assert ExperimentTracker(make_learner(), "p", package).tracker.init == package


@pytest.mark.parametrize("package", ["wandb", "trackio"])
def test_a_missing_package_names_its_extra(make_learner, monkeypatch, package):
    monkeypatch.setitem(sys.modules, package, None)
    match = rf"ExperimentTracker: needs the package {package}, which is not installed\. .*'onecycle\[{package}\]'"
    with pytest.raises(ArgumentError, match=match):
        ExperimentTracker(make_learner(), "p", package)


def test_an_unknown_package(make_learner):
    with pytest.raises(ArgumentError, match="package must be one of trackio, wandb; got 'wand'. Did you mean 'wandb'"):
        ExperimentTracker(make_learner(), "p", "wand")


def test_a_module_without_the_calls(make_learner):
    with pytest.raises(ArgumentError, match="package must have the calls init, log, finish; init, finish is missing"):
        ExperimentTracker(make_learner(), "p", math)


def test_negative_steps(make_learner):
    with pytest.raises(ArgumentError, match="loss_iters must be at least 0; got -1"):
        ExperimentTracker(make_learner(), "p", Pretend(), loss_iters=-1)


def test_only_numbers_are_logged():
    row = {"a": torch.tensor(1.0), "b": None, "c": torch.ones(2), "d": 3, "e": "text"}
    assert numbers(row) == {"a": 1.0, "d": 3.0}
