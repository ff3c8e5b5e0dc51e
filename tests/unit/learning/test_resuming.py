import os
import signal
import threading
import warnings
from functools import partial

import pytest
import torch
from torch import nn
from torch.utils.data import TensorDataset

from onecycle.callbacks.accumulate import AccumulateScheduler
from onecycle.callbacks.csv_logger import CSVLogger
from onecycle.callbacks.mixup import MixUpCallback
from onecycle.callbacks.weight_average import EMACallback, SWACallback
from onecycle.data.bunch import DataBunch
from onecycle.errors import ArgumentError, ArgumentTypeError, CallbackError, TrainingError
from onecycle.learner import Learner
from onecycle.learning import resuming
from onecycle.metrics.classification import accuracy
from onecycle.training import keeper
from onecycle.training.callback import Callback
from onecycle.training.run_files import read_run_file, run_files
from onecycle.utils.files import FileMissingError, FileWriteError

STEPS = 12  # of an epoch


def make_learner(path, workers=0, width=16, items=200, seed=1, **settings):
    draw = torch.Generator().manual_seed(0)
    x = torch.randn(items, 6, generator=draw)
    y = (x.sum(1) > 0).long()
    sets = TensorDataset(x, y), TensorDataset(x[:40], y[:40])
    data = DataBunch.create(*sets, bs=16, num_workers=workers, device="cpu", path=path)
    torch.manual_seed(seed)
    layers = nn.Linear(6, width), nn.BatchNorm1d(width), nn.ReLU(), nn.Dropout(0.3), nn.Linear(width, 2)
    settings = {"loss_func": nn.CrossEntropyLoss(), "metrics": accuracy, "silent": True, **settings}
    return Learner(data, nn.Sequential(*layers), **settings)


class Killed(Exception):
    pass


class KillAt(Callback):
    """Break training off after a step, or at the end of an epoch."""

    def __init__(self, step=None, epoch=None):
        self.step, self.epoch = step, epoch

    def on_batch_end(self, iteration, train, **kwargs):
        if train and iteration == self.step:
            raise Killed

    def on_epoch_end(self, epoch, **kwargs):
        if epoch == self.epoch:
            raise Killed

    def run_state(self):
        return {}


def train(learn, callbacks=(), **run):
    torch.manual_seed(5)
    learn.fit_one_cycle(3, 1e-2, callbacks=[*callbacks], **run)
    return learn


def state_of(learn):
    weights = [tensor.clone() for tensor in learn.model.state_dict().values()]
    moments = [value for entry in learn.opt.state_dict()["state"].values() for value in entry.values()]
    record = learn.recorder
    return weights, moments, (record.losses, record.lrs, record.val_losses, record.metrics)


def assert_same(one, other):
    for mine, theirs in zip(one[:2], other[:2]):
        assert len(mine) == len(theirs) and all(torch.equal(a, b) for a, b in zip(mine, theirs))
    assert one[2] == other[2]


def killed_and_resumed(path, make_callbacks=lambda learn: [], kill=None, workers=0, **run):
    learn = make_learner(path)
    with pytest.raises(Killed):
        train(learn, [*make_callbacks(learn), kill], checkpoint=path / "run", **run)
    learn = make_learner(path, workers=workers)
    learn.resume(path / "run", callbacks=[*make_callbacks(learn), KillAt()])
    return learn


@pytest.mark.parametrize(
    "kill, every",
    [
        (KillAt(step=17), 5), (KillAt(step=STEPS - 1), 1), (KillAt(step=3), 2), (KillAt(step=35), "7 steps"),
        (KillAt(epoch=1), STEPS),
    ],
    ids=["middle", "last step of an epoch", "first epoch", "last epoch", "after validation"],
)  # fmt: skip
def test_a_run_ends_where_the_uninterrupted_one_does(tmp_path, kill, every):
    whole = state_of(train(make_learner(tmp_path), [KillAt()]))
    assert_same(whole, state_of(killed_and_resumed(tmp_path, kill=kill, every=every)))


def test_at_an_epochs_end(tmp_path):
    whole = state_of(train(make_learner(tmp_path), [KillAt()]))
    assert_same(whole, state_of(killed_and_resumed(tmp_path, kill=KillAt(epoch=1))))


@pytest.mark.filterwarnings("ignore:This DataLoader will create 3 worker")
@pytest.mark.parametrize("workers", [2, 3])
def test_the_number_of_workers_may_change(tmp_path, workers):
    whole = state_of(train(make_learner(tmp_path), [KillAt()]))
    assert_same(whole, state_of(killed_and_resumed(tmp_path, kill=KillAt(step=17), every=5, workers=workers)))


def test_the_passes_for_a_mean_of_weights_take_the_same_order(tmp_path):
    def callbacks(learn):
        return [SWACallback(learn, validate=True)]

    learn = make_learner(tmp_path)
    whole = state_of(train(learn, [*callbacks(learn), KillAt()]))
    assert_same(whole, state_of(killed_and_resumed(tmp_path, callbacks, KillAt(step=29), every=1)))


def test_with_averages_accumulated_gradients_and_mixup(tmp_path):
    def callbacks(learn):
        return [EMACallback(learn, 0.9), AccumulateScheduler(learn, 5), MixUpCallback(learn)]

    learn = make_learner(tmp_path)
    whole = state_of(train(learn, [*callbacks(learn), KillAt()]))
    assert_same(whole, state_of(killed_and_resumed(tmp_path, callbacks, KillAt(step=18), every=1)))


def test_other_ways_to_train_are_taken_up_too(tmp_path):
    def go(learn, **run):
        torch.manual_seed(5)
        learn.fit_sgdr(2, slice(1e-3, 1e-2), cycle_mult=2, **run)
        return learn

    whole = state_of(go(make_learner(tmp_path, callbacks=[KillAt()])))
    with pytest.raises(Killed):
        go(make_learner(tmp_path, callbacks=[KillAt(step=20)]), checkpoint=tmp_path / "run", every=3)
    learn = make_learner(tmp_path, callbacks=[KillAt()])
    learn.resume(tmp_path / "run")
    assert_same(whole, state_of(learn))


def test_keeping_a_run_changes_nothing(tmp_path):
    plain = state_of(train(make_learner(tmp_path)))
    assert_same(plain, state_of(train(make_learner(tmp_path), checkpoint=tmp_path / "run", every=3)))


def test_what_was_frozen_is_frozen_again(tmp_path):
    def make():
        learn = make_learner(tmp_path)
        learn.split(lambda model: [model[4]])
        return learn

    learn = make()
    learn.freeze()
    with pytest.raises(Killed):
        train(learn, [KillAt(step=17)], checkpoint=tmp_path / "run", every=5)
    learn = make()
    learn.resume(tmp_path / "run", callbacks=[KillAt()])
    frozen = make()
    frozen.freeze()
    assert_same(state_of(train(frozen, [KillAt()])), state_of(learn))


def test_a_table_in_a_file_has_each_epoch_once(tmp_path):
    killed_and_resumed(tmp_path, lambda learn: [CSVLogger(learn)], KillAt(step=35), every=20)
    rows = (tmp_path / "history.csv").read_text().splitlines()
    assert [row.split(",")[0] for row in rows] == ["epoch", "0", "1", "2"]


def test_the_last_and_the_best_are_kept(tmp_path):
    learn = train(make_learner(tmp_path), checkpoint=tmp_path / "run", every=2, keep=2)
    assert [file.name for file in run_files(tmp_path / "run")] == ["step-0000000036.ckpt", "step-0000000034.ckpt"]
    best = read_run_file(tmp_path / "run" / "best.ckpt")
    assert best["best_loss"] == min(learn.recorder.val_losses) and not best["mid_epoch"]


def test_a_finished_run_ends_again(tmp_path, capsys):
    learn = make_learner(tmp_path)
    train(learn, [EMACallback(learn, 0.9)], checkpoint=tmp_path / "run")
    other = make_learner(tmp_path)
    other.resume(tmp_path / "run", callbacks=[EMACallback(other, 0.9)])
    assert "is finished, after 3 epochs. Nothing is trained" in capsys.readouterr().out
    assert_same(state_of(learn), state_of(other))


def test_a_second_call_in_the_same_folder_trains_nothing_and_is_refused(tmp_path):
    learn = make_learner(tmp_path)
    run = {"checkpoint": tmp_path / "run", "resume": True}
    train(learn, **run)
    weights = [weight.clone() for weight in learn.model.parameters()]
    with pytest.raises(TrainingError, match=r"fit_one_cycle: this learner has finished the run .*pass another folder"):
        train(learn, **run)
    assert all(torch.equal(a, b) for a, b in zip(weights, learn.model.parameters()))
    train(learn, checkpoint=tmp_path / "second", resume=True)
    assert learn.recorder.losses


def test_a_finished_run_may_be_resumed_by_its_learner(tmp_path, capsys):
    learn = train(make_learner(tmp_path), checkpoint=tmp_path / "run")
    before = state_of(learn)
    learn.resume(tmp_path / "run")
    assert "Nothing is trained" in capsys.readouterr().out
    assert_same(before, state_of(learn))


def other_weights(path):
    learn = make_learner(path)
    with torch.no_grad():
        learn.model[0].weight += 0.1
    return learn


@pytest.mark.parametrize("how", ["resume=True", "learn.resume"])
def test_a_run_of_other_weights_is_told(tmp_path, how):
    with pytest.raises(Killed):
        train(make_learner(tmp_path), [KillAt(20)], checkpoint=tmp_path / "run")
    learn = other_weights(tmp_path)
    with pytest.warns(UserWarning, match="resume: the run in .* began with other weights than this learner"):
        if how == "learn.resume":
            learn.resume(tmp_path / "run", callbacks=[KillAt()])
        else:
            train(learn, [KillAt()], checkpoint=tmp_path / "run", resume=True)
    assert_same(state_of(learn), state_of(train(make_learner(tmp_path))))


def test_a_run_of_another_seed_is_told(tmp_path):
    run = {"checkpoint": tmp_path / "run", "resume": True}
    with pytest.raises(Killed):
        train(make_learner(tmp_path), [KillAt(20)], **run)
    learn = make_learner(tmp_path)
    torch.manual_seed(6)
    with pytest.warns(UserWarning, match="began with other random numbers than this learner"):
        learn.fit_one_cycle(3, 1e-2, callbacks=[KillAt()], **run)
    with pytest.warns(UserWarning, match="began with other weights"):
        make_learner(tmp_path, seed=7).fit_one_cycle(3, 1e-2, callbacks=[KillAt()], **run)


def test_the_learner_that_was_interrupted_goes_on_without_a_word(tmp_path):
    learn = make_learner(tmp_path)
    run = {"checkpoint": tmp_path / "run", "resume": True}
    with pytest.raises(Killed):
        train(learn, [KillAt(20)], **run)
    torch.manual_seed(99)
    learn.fit_one_cycle(3, 1e-2, callbacks=[KillAt()], **run)
    assert_same(state_of(learn), state_of(train(make_learner(tmp_path))))


def test_checkpoints_of_before_there_were_names_of_runs(tmp_path, monkeypatch):
    with pytest.raises(Killed):
        train(make_learner(tmp_path), [KillAt(20)], checkpoint=tmp_path / "run")
    real = resuming.point_of_all

    def older(folder, form):
        point = real(folder, form)
        point = {name: value for name, value in point.items() if name not in ("run", "order")}
        del point["parts"]["start"], point["state"]["parts"]
        return point

    monkeypatch.setattr(resuming, "point_of_all", older)
    learn = make_learner(tmp_path)
    learn.resume(tmp_path / "run", callbacks=[KillAt()])
    assert_same(state_of(learn), state_of(train(make_learner(tmp_path))))


def test_a_run_that_stopped_early_ends_again(tmp_path):
    class StopAfterTwo(Callback):
        def on_epoch_end(self, epoch, **kwargs):
            return {"stop_training": epoch == 1}

    learn = train(make_learner(tmp_path), [StopAfterTwo()], checkpoint=tmp_path / "run")
    other = make_learner(tmp_path)
    other.resume(tmp_path / "run", callbacks=[StopAfterTwo()])
    assert len(other.recorder.val_losses) == 2
    assert_same(state_of(learn), state_of(other))


def test_one_script_begins_and_goes_on(tmp_path):
    whole = state_of(train(make_learner(tmp_path), [KillAt()]))
    run = {"checkpoint": tmp_path / "run", "every": 5, "resume": True}
    with pytest.raises(Killed):
        train(make_learner(tmp_path), [KillAt(step=17)], **run)
    assert_same(whole, state_of(train(make_learner(tmp_path), [KillAt()], **run)))


def test_a_folder_with_a_run_is_not_written_over(tmp_path):
    train(make_learner(tmp_path), checkpoint=tmp_path / "run")
    with pytest.raises(TrainingError, match="holds checkpoints of a run already. Go on with it by learn.resume"):
        train(make_learner(tmp_path), checkpoint=tmp_path / "run")


def begun(tmp_path, **settings):
    with pytest.raises(Killed):
        train(make_learner(tmp_path, **settings), [KillAt(step=7)], checkpoint=tmp_path / "run", every=5)


def test_another_model_is_refused_always(tmp_path):
    begun(tmp_path)
    for strict in (True, False):
        with pytest.raises(TrainingError, match=r"model: 0.weight was \(16, 6\) float32, is \(8, 6\) float32"):
            make_learner(tmp_path, width=8).resume(tmp_path / "run", strict=strict)


def test_other_data_is_refused_unless_told_to_go_on(tmp_path):
    begun(tmp_path)
    other = make_learner(tmp_path, items=208)
    with pytest.raises(TrainingError, match="training batches was 12, is 13; training set was 200 items, is 208"):
        other.resume(tmp_path / "run", callbacks=[KillAt()])
    other.resume(tmp_path / "run", callbacks=[KillAt()], strict=False)
    assert len(other.recorder.val_losses) == 3


def test_other_settings_are_refused(tmp_path):
    begun(tmp_path)
    with pytest.raises(TrainingError, match=r"settings: optimizer was Adam\(betas=\(0.9, 0.99\)\), is SGD"):
        make_learner(tmp_path, opt_func=torch.optim.SGD).resume(tmp_path / "run", callbacks=[KillAt()])
    with pytest.raises(TrainingError, match="settings: max_lr was 0.01, is 0.02"):
        learn = make_learner(tmp_path)
        learn.fit_one_cycle(3, 2e-2, callbacks=[KillAt()], checkpoint=tmp_path / "run", resume=True)


def test_other_callbacks_are_refused(tmp_path):
    begun(tmp_path)
    with pytest.raises(TrainingError, match="must be those of the run, .*KillAt.*Pass callbacks= as when"):
        make_learner(tmp_path).resume(tmp_path / "run")


def test_an_empty_folder_is_refused(tmp_path):
    with pytest.raises(FileMissingError, match="must be a folder that fit.* wrote; it holds no checkpoint"):
        make_learner(tmp_path).resume(tmp_path)


@pytest.mark.parametrize("folder", [3, ""])
def test_what_is_no_folder_is_refused(tmp_path, folder):
    with pytest.raises(ArgumentTypeError, match="checkpoint must be the path of a folder"):
        make_learner(tmp_path).fit(1, checkpoint=folder)


def test_settings_of_a_run_need_its_folder(tmp_path):
    with pytest.raises(ArgumentTypeError, match="fit: every, keep needs checkpoint="):
        make_learner(tmp_path).fit(1, every=3, keep=2)
    with pytest.raises(ArgumentError, match="keep must be a whole number of at least 1"):
        make_learner(tmp_path).fit(1, checkpoint=tmp_path / "run", keep=0)


def test_a_folder_that_cannot_be_written_is_refused_before_training(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(TrainingError, match="cannot be written"):
        make_learner(tmp_path).fit(1, checkpoint=tmp_path / "file" / "run")


def test_a_full_disk_loses_nothing(tmp_path, monkeypatch):
    whole = state_of(train(make_learner(tmp_path)))

    def full(path, state):
        if "0000000020" in path.name:
            raise FileWriteError("write: the disk is full (No space left on device).")
        real(path, state)

    real = keeper.write_run_file
    monkeypatch.setattr(keeper, "write_run_file", full)
    with pytest.warns(UserWarning, match="training goes on, but this one is missing. write: the disk is full"):
        learn = train(make_learner(tmp_path), checkpoint=tmp_path / "run", every=10, keep=9)
    assert_same(whole, state_of(learn))
    assert "step-0000000010.ckpt" in os.listdir(tmp_path / "run")


class SignalAt(Callback):
    def __init__(self, number, step):
        self.number, self.step = number, step

    def on_batch_end(self, iteration, train, **kwargs):
        if train and iteration == self.step:
            os.kill(os.getpid(), self.number)

    def run_state(self):
        return {}


@pytest.mark.parametrize("name, error", [("SIGINT", KeyboardInterrupt), ("SIGTERM", SystemExit)])
def test_a_signal_ends_the_run_with_a_checkpoint(tmp_path, capsys, name, error):
    whole = state_of(train(make_learner(tmp_path), [SignalAt(0, None)]))
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(error):
        train(make_learner(tmp_path), [SignalAt(getattr(signal, name), 16)], checkpoint=tmp_path / "run")
    assert signal.getsignal(signal.SIGTERM) is before
    assert "go on with learn.resume(" in capsys.readouterr().out
    learn = make_learner(tmp_path)
    learn.resume(tmp_path / "run", callbacks=[SignalAt(0, None)])
    assert_same(whole, state_of(learn))


def test_a_run_in_another_thread_does_without_signals(tmp_path):
    learn = make_learner(tmp_path)
    thread = threading.Thread(target=partial(train, learn, checkpoint=tmp_path / "run"))
    thread.start()
    thread.join()
    assert len(run_files(tmp_path / "run")) == 3


def test_the_search_for_a_rate_is_no_run(tmp_path):
    learn = make_learner(tmp_path)
    begun(tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        learn.lr_find(num_it=5)
    assert learn.keeper is None and not learn.resuming


def test_a_schedule_that_has_no_name_is_refused(tmp_path):
    learn = make_learner(tmp_path)
    with pytest.raises(ArgumentError, match="lambda|registered"):
        learn.fit(1, lr=lambda: 1, checkpoint=tmp_path / "run")


def test_a_checkpoint_goes_to_the_outermost_call(tmp_path):
    learn = make_learner(tmp_path)

    class Nested(Callback):
        def on_epoch_end(self, **kwargs):
            learn.fit(1, checkpoint=tmp_path / "other")

    with pytest.raises((TrainingError, CallbackError), match="checkpoint= goes to the outermost call"):
        learn.fit(1, checkpoint=tmp_path / "run", callbacks=[Nested()])


def test_a_folder_that_cannot_be_written_is_told_before_training(tmp_path):
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(TrainingError, match="fit: the folder checkpoint .*taken/run' cannot be written"):
        train(make_learner(tmp_path), checkpoint=tmp_path / "taken" / "run")


def test_the_folder_is_let_go_after_training(tmp_path):
    learn = make_learner(tmp_path)
    with pytest.raises(Killed):
        train(learn, [KillAt(step=3)], checkpoint=tmp_path / "run", every=2)
    assert learn.keeper is None
    learn.resume(tmp_path / "run", callbacks=[KillAt()])
