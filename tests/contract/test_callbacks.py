"""Every callback there is, found by looking: made with its defaults, it trains two batches and lets go again."""

import importlib
import inspect
import pkgutil
import sys
from types import SimpleNamespace

import pytest
import torch
from torch import distributed, nn
from torch.utils.data import TensorDataset

import onecycle.callbacks
from onecycle.callbacks import fp16
from onecycle.callbacks.cutmix import CutMixCallback
from onecycle.callbacks.distributed import DistributedTrainer
from onecycle.callbacks.epoch_log import EpochLogger
from onecycle.callbacks.experiment_tracker import ExperimentTracker
from onecycle.callbacks.fsdp import ShardedTrainer, shard
from onecycle.callbacks.general_sched import GeneralScheduler, TrainingPhase
from onecycle.callbacks.hooks import HookCallback
from onecycle.callbacks.loss_metrics import LossMetrics
from onecycle.callbacks.lr_finder import LRFinder
from onecycle.callbacks.misc import StopAfterNBatches
from onecycle.callbacks.mixing import ItemMixer
from onecycle.callbacks.mlflow import MLFlowTracker
from onecycle.callbacks.sampling import Resampling
from onecycle.callbacks.tensorboard import (
    GANTensorboardWriter,
    ImageGenTensorboardWriter,
    LearnerTensorboardWriter,
    VisualWriter,
)
from onecycle.callbacks.track_epoch import TrackEpochCallback
from onecycle.callbacks.weight_average import WeightAverage
from onecycle.data.loaders import DeviceDataLoader
from onecycle.training.callback import EVENTS, Callback, LearnerCallback, check_signature, listener
from onecycle.training.handler import initial_state
from onecycle.training.nan_watch import NanWatch
from onecycle.training.recorder import Recorder, RecordOnCPU

# Bases without what they call or are named by.
ABSTRACT = {HookCallback, WeightAverage, EpochLogger, ItemMixer, Resampling, VisualWriter}
ARGUMENTS = {GeneralScheduler: ([TrainingPhase(2)],)}
_SIDES = SimpleNamespace(gen_mode=True, gen_loss=None, disc_loss=None, last_gen=None)
# What else a callback needs of its learner: its arguments after it.
NEEDS = {
    DistributedTrainer: lambda learn: _connect() or (),
    ExperimentTracker: lambda learn: ("runs", SimpleNamespace(init=_noted, log=_noted, finish=_noted)),
    GANTensorboardWriter: lambda learn: vars(learn).update(gan_trainer=_SIDES) or (learn.path, "run"),
    ImageGenTensorboardWriter: lambda learn: (learn.path, "run"),
    LearnerTensorboardWriter: lambda learn: (learn.path, "run"),
    LossMetrics: lambda learn: vars(learn.loss_func).update(metric_names=["a"], metrics={"a": 1.0}) or (),
    MLFlowTracker: lambda learn: ("runs", {}, None, (learn.path / "runs").as_uri()),
}
EXTRA = {"on_train_begin": ("metrics_names",), "on_train_end": ("exception",)}


def _connect():
    """Be a group of one process."""
    if not distributed.is_initialized():
        distributed.init_process_group("gloo", store=distributed.HashStore(), rank=0, world_size=1)


def _noted(*args, **kwargs):
    pass


@pytest.fixture(autouse=True)
def alone(monkeypatch):
    """Let MLflow keep runs in files, and tell nobody; let float16 run on the CPU."""
    monkeypatch.setattr(fp16, "_WITHOUT_FLOAT16", ())
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)  # a group of processes puts its own there
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    monkeypatch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
    yield
    if distributed.is_initialized():
        distributed.destroy_process_group()


def found():
    classes = {Recorder, RecordOnCPU, NanWatch}
    for module in pkgutil.iter_modules(onecycle.callbacks.__path__):
        members = vars(importlib.import_module(f"onecycle.callbacks.{module.name}")).values()
        classes |= {m for m in members if inspect.isclass(m) and issubclass(m, Callback)}
    return sorted(classes - ABSTRACT - {Callback, LearnerCallback}, key=lambda cls: cls.__name__)


CALLBACKS = found()


def make(cls, learn):
    if cls in NEEDS:
        return cls(learn, *NEEDS[cls](learn))
    arguments = list(ARGUMENTS.get(cls, ()))
    needed = [p for p in inspect.signature(cls).parameters.values() if p.default is p.empty]
    if needed and needed[0].name == "learn":
        arguments.insert(0, learn)
    return cls(*arguments, *[0.01] * (len(needed) - len(arguments)))


def learner_for(cls, make_learner, make_data):
    """Return a learner of two batches of points; of rows, or of pictures, where the callback is about these."""
    data = make_data(train=32, valid=16)
    ready = data.train_dl.dl
    if issubclass(cls, Resampling):
        rows = TensorDataset(*(torch.cat([batch[i] for batch in ready]) for i in (0, 1)))
        data.train_dl = DeviceDataLoader.create(rows, 8)
    if issubclass(cls, CutMixCallback):
        for batches in (ready, data.valid_dl.dl):
            batches[:] = [(x.reshape(-1, 1, 2, 3), y) for x, y in batches]
        return make_learner(data=data, model=nn.Sequential(nn.Flatten(), nn.Linear(6, 3)))
    learn = make_learner(data=data)
    if cls is ShardedTrainer:  # the model is parted for good, by `to_fsdp`
        _connect()
        shard(learn.model)
    return learn


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
    learn = learner_for(cls, make_learner, make_data)
    loss, hooks = learn.loss_func, _hooks(learn.model)
    learn.fit(1, callbacks=[make(cls, learn)])
    learn.fit(1)
    assert learn.loss_func is loss and _hooks(learn.model) == hooks
    assert all(torch.isfinite(p).all() for p in learn.model.parameters())
    assert len(learn.recorder.losses) == len(learn.data.train_dl)


@pytest.mark.parametrize("cls", CALLBACKS)
def test_it_lets_go_when_training_breaks_off(cls, make_learner, make_data):
    class BreaksOff(Callback):
        _order = 50

        def on_batch_end(self, train, **kwargs):
            raise KeyboardInterrupt

    learn = learner_for(cls, make_learner, make_data)
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


class _Killed(Exception):
    pass


class _KillAt(Callback):
    """Break training off before a step."""

    _order = 900

    def __init__(self, step=None):
        self.step = step

    def on_batch_begin(self, iteration, train, **kwargs):
        if train and iteration == self.step:
            raise _Killed

    def run_state(self):
        return {}


# Their state is of this process: times, memory, names of runs, the length of a file with times in it.
_OTHER_EACH_TIME = {"TimeProfiler", "PeakMemMetric", "MLFlowTracker", "DistributedRecorder", "JSONLLogger"}


def _kept_state(cls, learn, callback):
    """Return the weights, the record, and what the callback would keep of the run."""
    state = {} if cls.__name__ in _OTHER_EACH_TIME else callback.run_state()
    return [*learn.model.state_dict().values()], learn.recorder.losses, str(learn.recorder.metrics), str(state)


_SHORT = (GeneralScheduler, StopAfterNBatches)  # they end training early
# Every run has the first two; the others make no run, or go on with one by themselves.
_APART = (NanWatch, Recorder, LRFinder, TrackEpochCallback)


@pytest.mark.parametrize("cls", [cls for cls in CALLBACKS if cls not in _APART])
@pytest.mark.parametrize("at", [3, 4])
def test_a_run_with_it_is_taken_up_bit_for_bit(cls, at, make_learner, make_data, tmp_path):
    """An epoch has two steps: from the middle of one, and from its beginning."""
    at = 1 if cls in _SHORT else at

    def begin(step):
        torch.manual_seed(0)
        learn = learner_for(cls, make_learner, make_data)
        callback = make(cls, learn)
        return learn, callback, [callback, _KillAt(step)]

    learn, callback, callbacks = begin(None)
    torch.manual_seed(5)
    learn.fit(3, 1e-2, callbacks=callbacks)
    whole = _kept_state(cls, learn, callback)
    learn, _, callbacks = begin(at)
    torch.manual_seed(5)
    with pytest.raises(_Killed):
        learn.fit(3, 1e-2, callbacks=callbacks, checkpoint=tmp_path / "run", every=1)
    learn, callback, callbacks = begin(None)
    learn.resume(tmp_path / "run", callbacks=callbacks)
    again = _kept_state(cls, learn, callback)
    assert all(torch.equal(a, b) for a, b in zip(whole[0], again[0], strict=True))
    assert whole[1:] == again[1:]
