import pytest
import torch

from onecycle.callbacks.csv_logger import CSVLogger
from onecycle.callbacks.early_stopping import EarlyStoppingCallback
from onecycle.callbacks.reduce_lr import ReduceLROnPlateauCallback
from onecycle.callbacks.save_model import SaveModelCallback
from onecycle.callbacks.track_epoch import TrackEpochCallback
from onecycle.callbacks.tracker import TrackerCallback
from onecycle.errors import ArgumentError, CallbackError, FileFormatError, TrainingError
from onecycle.metrics.classification import accuracy, error_rate
from onecycle.training.callback import Callback


class Losses(Callback):
    """Puts given validation losses in place of the measured ones."""

    _order = -30

    def __init__(self, *values):
        self.values = list(values)

    def on_epoch_end(self, epoch, last_metrics, **kwargs):
        return {"last_metrics": [self.values[epoch], *last_metrics[1:]]}


@pytest.mark.parametrize(("monitor", "mode", "smaller"), [
    ("valid_loss", "auto", True), ("error_rate", "auto", True), ("accuracy", "auto", False),
    ("accuracy", "min", True), ("valid_loss", "max", False),
])  # fmt: skip
def test_which_way_is_better(make_learner, monitor, mode, smaller):
    tracker = TrackerCallback(make_learner(), monitor, mode)
    assert tracker.improved(1.0) and tracker.improved(0.5) == smaller


def test_any_column_can_be_followed(make_learner):
    learn = make_learner(metrics=[accuracy, error_rate])
    trackers = {name: TrackerCallback(learn, name) for name in ("train_loss", "valid_loss", "accuracy", "error_rate")}
    learn.fit(1, callbacks=list(trackers.values()))
    values = {name: tracker.get_monitor_value() for name, tracker in trackers.items()}
    assert values["accuracy"] == pytest.approx(1 - values["error_rate"])
    assert values["train_loss"] == learn.recorder.losses[-1]
    assert values["valid_loss"] == learn.recorder.val_losses[-1]


def test_an_unknown_column_is_named_before_training(make_learner):
    learn = make_learner(metrics=accuracy)
    match = "monitor must be one of train_loss, valid_loss, accuracy; got 'acuracy'. Did you mean 'accuracy'"
    with pytest.raises(CallbackError, match=match):
        learn.fit(1, callbacks=[TrackerCallback(learn, "acuracy")])


def test_without_validation_only_the_training_loss_can_be_followed(make_learner, make_data):
    learn = make_learner(data=make_data(valid=0))
    with pytest.raises(CallbackError, match="monitor must be one of train_loss; got 'valid_loss'"):
        learn.fit(1, callbacks=[EarlyStoppingCallback(learn)])
    learn.fit(1, callbacks=[EarlyStoppingCallback(learn, "train_loss")])


def test_an_unknown_mode(make_learner):
    with pytest.raises(ArgumentError, match="TrackerCallback: mode must be one of auto, min, max; got 'least'"):
        TrackerCallback(make_learner(), mode="least")


@pytest.mark.parametrize(("patience", "min_delta", "epochs"), [(0, 0, 3), (1, 0, 6), (0, 0.2, 2), (3, 0, 7)])
def test_early_stopping(make_learner, capsys, patience, min_delta, epochs):
    learn = make_learner()
    stop = EarlyStoppingCallback(learn, patience=patience, min_delta=min_delta)
    learn.fit(7, callbacks=[Losses(1.0, 0.9, 0.95, 0.8, 0.85, 0.85, 0.85), stop])
    assert len(learn.recorder.val_losses) == epochs
    assert (f"Epoch {epochs - 1}: early stopping" in capsys.readouterr().out) == (epochs < 7)


WORSE = (1.0, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.7, 1.8, 1.9)


def test_early_stopping_bears_the_rise_of_one_cycle(make_learner, capsys):
    learn = make_learner()
    learn.fit_one_cycle(10, 1e-2, pct_start=0.5, callbacks=[Losses(*WORSE), EarlyStoppingCallback(learn, patience=1)])
    assert len(learn.recorder.val_losses) == 7  # five rising epochs, one borne, one too many
    assert "Epoch 6: early stopping" in capsys.readouterr().out


def test_early_stopping_counts_the_rise_when_told(make_learner):
    learn = make_learner()
    stop = EarlyStoppingCallback(learn, patience=1, in_rise=True)
    learn.fit_one_cycle(10, 1e-2, pct_start=0.5, callbacks=[Losses(*WORSE), stop])
    assert len(learn.recorder.val_losses) == 3


def test_early_stopping_can_anneal_to_the_end(make_learner, capsys):
    learn = make_learner()
    learn.split(lambda model: [model[4]])
    stop = EarlyStoppingCallback(learn, patience=1, anneal=2)
    learn.fit_one_cycle(10, slice(1e-3, 1e-2), pct_start=0.3, callbacks=[Losses(*WORSE), stop])
    assert "Epoch 4: early stopping, after 2 more epochs to anneal" in capsys.readouterr().out
    rates = learn.recorder.lrs
    assert len(learn.recorder.val_losses) == 7 and len(rates) == 7 * 4
    tail = rates[5 * 4 :]
    assert all(later < earlier for earlier, later in zip(tail, tail[1:], strict=False))
    first, last = learn.opt.read_val("lr")
    assert last == pytest.approx(tail[0] * 1e-4, rel=0.2) and last == pytest.approx(first * 10)


def test_early_stopping_anneals_only_where_epochs_are_left(make_learner, capsys):
    learn = make_learner()
    learn.fit(3, callbacks=[Losses(1.0, 1.1, 1.2), EarlyStoppingCallback(learn, patience=1, anneal=5)])
    assert capsys.readouterr().out.splitlines() == ["Epoch 2: early stopping"]
    learn.fit(3, callbacks=[Losses(1.0, 1.1, 1.2), EarlyStoppingCallback(learn, anneal=5)])
    assert capsys.readouterr().out.splitlines() == ["Epoch 1: early stopping, after 1 more epoch to anneal"]


@pytest.mark.parametrize("name", ["patience", "min_delta", "anneal"])
def test_early_stopping_out_of_range(make_learner, name):
    with pytest.raises(ArgumentError, match=f"EarlyStoppingCallback: {name} must be at least 0; got -1"):
        EarlyStoppingCallback(make_learner(), **{name: -1})


@pytest.mark.parametrize(("name", "value", "rule"), [
    ("factor", 1.5, "between 0 and 1"), ("patience", -1, "at least 0"), ("min_lr", -0.1, "at least 0"),
])  # fmt: skip
def test_a_plateau_out_of_range(make_learner, name, value, rule):
    with pytest.raises(ArgumentError, match=f"ReduceLROnPlateauCallback: {name} must be {rule}; got {value}"):
        ReduceLROnPlateauCallback(make_learner(), **{name: value})


def test_a_spoiled_number_of_the_epoch(make_learner):
    learn = make_learner()
    learn.fit(1, callbacks=[tracked := TrackEpochCallback(learn)])
    tracked.path.write_text("three")
    with pytest.raises(FileFormatError, match="epoch must hold the number of an epoch; it holds 'three'"):
        TrackEpochCallback(learn)


def test_the_best_model_is_saved_and_loaded(make_learner, capsys):
    learn = make_learner()
    kept = []

    class Keeps(Callback):
        def on_epoch_end(self, **kwargs):
            kept.append(learn.model[0].weight.detach().clone())

    learn.fit(3, callbacks=[Losses(1.0, 0.5, 0.7), SaveModelCallback(learn), Keeps()])
    said = capsys.readouterr().out.splitlines()
    assert said[-1] == "Better model found at epoch 1 with valid_loss value: 0.500000."
    assert torch.equal(learn.model[0].weight, kept[1])
    assert (learn.path / "models" / "bestmodel.pth").is_file()


def test_every_epoch_can_be_saved_and_taken_up_again(make_learner):
    learn = make_learner()
    learn.fit(2, callbacks=[SaveModelCallback(learn, every="epoch", name="e")])
    assert sorted(p.name for p in (learn.path / "models").iterdir()) == ["e_0.pth", "e_1.pth"]
    other = make_learner(seed=9)
    SaveModelCallback(other, every="epoch", name="e").jump_to_epoch(2)
    assert torch.equal(other.model[0].weight, learn.model[0].weight)


def test_an_old_best_model_is_not_loaded(make_learner):
    learn = make_learner()
    learn.save("bestmodel")
    learn.fit(1, 1e-2, callbacks=[Losses(float("nan")), SaveModelCallback(learn)])
    moved = learn.model[0].weight.detach().clone()
    learn.load("bestmodel")
    assert not torch.equal(learn.model[0].weight, moved)


def test_that_it_can_be_saved_is_seen_before_training(make_learner, tmp_path):
    (tmp_path / "file").write_text("in the way")
    learn = make_learner(model_dir=tmp_path / "file")
    with pytest.raises(TrainingError, match=r"model_dir .* cannot be written"):
        learn.fit(1, callbacks=[SaveModelCallback(learn)])
    assert learn.recorder.losses == []


def test_an_unknown_occasion(make_learner):
    with pytest.raises(ArgumentError, match="every must be one of improvement, epoch; got 'batch'"):
        SaveModelCallback(make_learner(), every="batch")


def test_the_rate_falls_on_a_plateau(make_learner, capsys):
    learn = make_learner()
    learn.split(lambda model: [model[4]])
    rates = ReduceLROnPlateauCallback(learn, factor=0.1, min_lr=1e-3)
    learn.fit(4, slice(1e-2, 1e-1), callbacks=[Losses(1.0, 1.0, 1.0, 1.0), rates])
    assert learn.opt.read_val("lr") == pytest.approx([1e-3, 1e-3])
    assert capsys.readouterr().out.splitlines() == ["Epoch 1: reducing lr to 0.01",
                                                    "Epoch 2: reducing lr to 0.001"]  # fmt: skip


def test_a_run_is_taken_up_again(make_learner):
    learn = make_learner()
    learn.fit(2, callbacks=[TrackEpochCallback(learn)])
    again = TrackEpochCallback(learn)
    assert again.start_epoch == 2
    learn.fit(3, callbacks=[again])
    assert len(learn.recorder.val_losses) == 1
    learn.fit(3, callbacks=[TrackEpochCallback(learn)])
    assert learn.recorder.val_losses == []
    again.restart()
    assert TrackEpochCallback(learn).start_epoch == 0 and TrackEpochCallback(learn, epoch_offset=4).start_epoch == 4


def test_the_log(make_learner, capsys):
    learn = make_learner(silent=False, metrics=accuracy)
    learn.fit(2, callbacks=[CSVLogger(learn)])
    rows = [line.split() for line in capsys.readouterr().out.splitlines()[:3]]
    logged = [line.split(",") for line in (learn.path / "history.csv").read_text().splitlines()]
    assert logged == rows
    assert list(learn.csv_logger.read_logged_file()["epoch"]) == [0, 1]


@pytest.mark.parametrize(("append", "lines"), [(False, 2), (True, 3)])
def test_the_log_is_replaced_or_goes_on(make_learner, append, lines):
    learn = make_learner(add_time=False)
    for _ in range(2):
        learn.fit(1, callbacks=[CSVLogger(learn, append=append)])
    assert len((learn.path / "history.csv").read_text().splitlines()) == lines


def test_the_log_without_validation(make_learner, make_data):
    learn = make_learner(data=make_data(valid=0), metrics=accuracy)
    learn.fit(1, callbacks=[CSVLogger(learn)])
    cells = (learn.path / "history.csv").read_text().splitlines()[1].split(",")
    assert cells[2:4] == ["#na#", "#na#"]


def test_without_a_validation_set_that_is_said(make_learner, make_data):
    learn = make_learner(data=make_data(valid=0), metrics=None)
    with pytest.raises(CallbackError, match="got 'valid_loss'. The data has no validation set: split one off"):
        learn.fit(1, callbacks=[EarlyStoppingCallback(learn)])


@pytest.mark.parametrize("name", [3, None, ""])
def test_the_name_of_the_saved_model_is_looked_at_at_once(make_learner, name):
    with pytest.raises(ArgumentError, match="SaveModelCallback: name must be a name, as for learn.save; got"):
        SaveModelCallback(make_learner(), name=name)
