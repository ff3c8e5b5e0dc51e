"""Every callback there is, found by looking: made with its defaults, it trains two batches and lets go again."""

import importlib
import inspect
import pkgutil

import pytest
import torch
from torch import nn

import onecycle.callbacks
from onecycle.callbacks.general_sched import GeneralScheduler, TrainingPhase
from onecycle.callbacks.hooks import HookCallback
from onecycle.callbacks.weight_average import WeightAverage
from onecycle.training.callback import EVENTS, Callback, LearnerCallback, check_signature, listener
from onecycle.training.handler import initial_state
from onecycle.training.nan_watch import NanWatch
from onecycle.training.recorder import Recorder, RecordOnCPU

ABSTRACT = {HookCallback, WeightAverage}  # bases without what they call or are named by
ARGUMENTS = {GeneralScheduler: ([TrainingPhase(2)],)}
EXTRA = {"on_train_begin": ("metrics_names",), "on_train_end": ("exception",)}


def found():
    classes = {Recorder, RecordOnCPU, NanWatch}
    for module in pkgutil.iter_modules(onecycle.callbacks.__path__):
        members = vars(importlib.import_module(f"onecycle.callbacks.{module.name}")).values()
        classes |= {m for m in members if inspect.isclass(m) and issubclass(m, Callback)}
    return sorted(classes - ABSTRACT - {Callback, LearnerCallback}, key=lambda cls: cls.__name__)


CALLBACKS = found()


def make(cls, learn):
    arguments = list(ARGUMENTS.get(cls, ()))
    needed = [p for p in inspect.signature(cls).parameters.values() if p.default is p.empty]
    if needed and needed[0].name == "learn":
        arguments.insert(0, learn)
    return cls(*arguments, *[0.01] * (len(needed) - len(arguments)))


def test_some_are_found():
    names = {cls.__name__ for cls in CALLBACKS}
    assert {"OneCycleScheduler", "LRFinder", "MixUpCallback", "EarlyStoppingCallback", "CSVLogger"} <= names


@pytest.mark.parametrize("cls", CALLBACKS)
def test_its_events_can_be_told(cls, make_learner):
    learn = make_learner()
    callback = make(cls, learn)
    for event in EVENTS:
        if listener(callback, event):
            check_signature(callback, event, [*initial_state(), *EXTRA.get(event, ())])


@pytest.mark.parametrize("cls", CALLBACKS)
def test_it_trains_two_batches_and_lets_go(cls, make_learner, make_data):
    learn = make_learner(data=make_data(train=32, valid=16))
    loss, hooks = learn.loss_func, _hooks(learn.model)
    learn.fit(1, callbacks=[make(cls, learn)])
    learn.fit(1)
    assert learn.loss_func is loss and _hooks(learn.model) == hooks
    assert all(torch.isfinite(p).all() for p in learn.model.parameters())
    assert len(learn.recorder.losses) == 2


@pytest.mark.parametrize("cls", CALLBACKS)
def test_it_lets_go_when_training_breaks_off(cls, make_learner, make_data):
    class BreaksOff(Callback):
        _order = 50

        def on_batch_end(self, train, **kwargs):
            raise KeyboardInterrupt

    learn = make_learner(data=make_data(train=32, valid=16))
    loss, hooks = learn.loss_func, _hooks(learn.model)
    with pytest.raises(KeyboardInterrupt):
        learn.fit(1, callbacks=[make(cls, learn), BreaksOff()])
    assert learn.loss_func is loss and _hooks(learn.model) == hooks
    learn.fit(1)


@pytest.mark.parametrize("cls", [cls for cls in CALLBACKS if issubclass(cls, LearnerCallback)])
def test_the_learner_knows_it_by_its_name(cls, make_learner):
    learn = make_learner()
    callback = make(cls, learn)
    assert getattr(learn, callback.cb_name) is callback and callback.learn is learn


@pytest.mark.parametrize("cls", CALLBACKS)
def test_it_says_what_it_is_for(cls):
    assert inspect.getdoc(cls), f"{cls.__name__} has no docstring"


def _hooks(model: nn.Module) -> int:
    return sum(len(m._forward_hooks) + len(m._forward_pre_hooks) for m in model.modules())
