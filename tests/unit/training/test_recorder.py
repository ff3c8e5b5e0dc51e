import math

import numpy as np
import pytest
import torch

from onecycle.errors import ArgumentError, ArgumentTypeError, TrainingError
from onecycle.metrics.classification import accuracy
from onecycle.training import loop
from onecycle.training.callback import LearnerCallback
from onecycle.training.recorder import Recorder, RecordOnCPU
from onecycle.training.recorder_plots import smoothed, steepest
from onecycle.utils import progress


@pytest.fixture
def trained(make_learner):
    learn = make_learner(metrics=accuracy)
    learn.fit_one_cycle(3, 1e-2)
    return learn


def test_what_is_recorded(trained):
    recorder = trained.recorder
    assert len(recorder.lrs) == len(recorder.moms) == len(recorder.losses) == 12
    assert all(isinstance(loss, float) for loss in recorder.losses)
    assert len(recorder.val_losses) == len(recorder.metrics) == 3
    assert recorder.nb_batches == [4, 4, 4]
    assert recorder.names == ["epoch", "train_loss", "valid_loss", "accuracy", "time"]
    assert 0 <= recorder.metrics[-1][0] <= 1


def test_a_new_fit_begins_a_new_record(trained):
    first = trained.recorder
    trained.fit(1)
    assert trained.recorder is not first and len(trained.recorder.losses) == 4


def test_the_table(make_learner, capsys):
    make_learner(silent=False, metrics=accuracy).fit(2)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["epoch", "train_loss", "valid_loss", "accuracy", "time"]
    cells = lines[1].split()
    assert cells[0] == "0" and all(len(cell.partition(".")[2]) == 6 for cell in cells[1:4]) and cells[4] == "00:00"
    assert lines[3] == "Total time: 00:00"


def test_the_table_without_validation_and_time(make_learner, make_data, capsys):
    make_learner(silent=False, data=make_data(valid=0), add_time=False, metrics=accuracy).fit(1)
    header, row, _ = capsys.readouterr().out.splitlines()
    assert header.split() == ["epoch", "train_loss", "valid_loss", "accuracy"]
    assert row.split()[2:] == ["#na#", "#na#"]


def test_a_silent_learner_shows_nothing(make_learner, capsys):
    make_learner().fit(1)
    assert capsys.readouterr().out == ""


class Drawn:
    """Stand in for a painter; notes what each bar says when it ends."""

    remarks: list

    def paint(self, bar):
        pass

    def end(self, bar):
        self.remarks.append(bar.remark())


@pytest.mark.parametrize("train", [lambda learn: learn.fit(2), lambda learn: learn.lr_find(num_it=4)])
def test_the_bar_shows_the_running_loss(make_learner, monkeypatch, train):
    painter = Drawn()
    painter.remarks = []
    monkeypatch.setattr(progress, "_painter", lambda *place: painter)
    learn = make_learner(silent=False)
    train(learn)
    losses = learn.recorder.losses
    ends = [losses[3], losses[7]] if len(losses) == 8 else [losses[-1]]
    assert [text for text in painter.remarks if text] == [f"loss {loss:.4f}" for loss in ends]


def test_the_loss_is_fetched_only_when_the_bar_is_drawn(make_learner, monkeypatch):
    asked = []
    monkeypatch.setattr(loop, "_running_loss", lambda smoothener: asked.append(smoothener) or "")
    make_learner(silent=False).fit(2)  # in a log: no bar
    assert asked == []


def test_a_callback_can_add_columns(make_learner, capsys):
    class Adds(LearnerCallback):
        _order = -20

        def on_train_begin(self, **kwargs):
            self.learn.recorder.add_metric_names(["twice"])

        def on_epoch_end(self, last_metrics, **kwargs):
            return {"last_metrics": [*last_metrics, 2.0]}

    learn = make_learner(silent=False, callback_fns=Adds)
    learn.fit(1)
    header, row, _ = capsys.readouterr().out.splitlines()
    assert header.split()[3] == "twice" and row.split()[3] == "2.000000"
    assert learn.recorder.names.count("twice") == 1


def test_a_later_callback_can_add_columns_too(make_learner):
    class AddsLate(LearnerCallback):
        def on_train_begin(self, **kwargs):
            self.learn.recorder.add_metric_names(["late"])

    learn = make_learner(callback_fns=AddsLate)
    learn.fit(1)
    assert learn.recorder.names == ["epoch", "train_loss", "valid_loss", "late", "time"]


@pytest.mark.parametrize("draw", ["plot_losses", "plot_lr", "plot_metrics"])
def test_plots(trained, draw):
    import matplotlib.pyplot as plt

    figure = getattr(trained.recorder, draw)(return_fig=True)
    assert figure.axes and figure.axes[0].lines
    plt.close(figure)
    assert getattr(trained.recorder, draw)() is None
    plt.close("all")


def test_plots_can_skip_steps(trained):
    import matplotlib.pyplot as plt

    figure = trained.recorder.plot_losses(skip_start=2, skip_end=3, return_fig=True)
    assert len(figure.axes[0].lines[0].get_xdata()) == 7
    plt.close(figure)


def test_momentum_stands_beside_the_rate(trained):
    import matplotlib.pyplot as plt

    figure = trained.recorder.plot_lr(show_moms=True, return_fig=True)
    assert [axes.get_ylabel() for axes in figure.axes] == ["Learning Rate", "Momentum"]
    plt.close(figure)


def test_the_finder_s_plot_suggests_a_rate(make_learner, capsys):
    import matplotlib.pyplot as plt

    learn = make_learner()
    learn.lr_find(num_it=40)
    figure = learn.recorder.plot(suggestion=True, return_fig=True)
    assert figure.axes[0].get_xscale() == "log"
    said = capsys.readouterr().out
    assert f"Min numerical gradient: {learn.recorder.min_grad_lr:.2E}" in said
    assert learn.recorder.suggest_lr() == learn.recorder.min_grad_lr
    assert learn.recorder.min_grad_lr in learn.recorder.lrs
    plt.close(figure)
    plt.close(learn.recorder.plot(k=3, return_fig=True))


def test_of_a_search_that_ended_at_once_every_step_is_plotted(make_learner):
    import matplotlib.pyplot as plt

    learn = make_learner()
    learn.lr_find(num_it=6)
    figure = learn.recorder.plot(return_fig=True)
    assert len(figure.axes[0].lines[0].get_xdata()) == len(learn.recorder.lrs) < 15
    plt.close(figure)


def test_nothing_to_plot_is_told(make_learner):
    with pytest.raises(TrainingError, match=r"nothing to plot: 0 steps are recorded"):
        Recorder(make_learner()).plot_losses()


def test_no_metric_to_plot_is_told(make_learner):
    learn = make_learner()
    learn.fit(1)
    with pytest.raises(TrainingError, match="there is no metric to plot. Pass metrics="):
        learn.recorder.plot_metrics()


def test_steepest_is_where_the_loss_falls_fastest():
    assert steepest([1, 2, 3, 4, 5], [5.0, 4.9, 4.0, 2.0, 1.9]) == 3


def test_a_suggestion_needs_steps():
    with pytest.raises(TrainingError, match="a suggestion needs at least 3 steps; 2 are left"):
        steepest([1, 2], [1, 2])


def test_smoothing_keeps_a_line_and_calms_noise():
    line = np.linspace(0, 1, 30)
    np.testing.assert_allclose(smoothed(line), line, atol=1e-4)
    noisy = np.sin(line * 6) + np.random.RandomState(0).randn(30) * 0.05
    calm = Recorder.smoothen_by_spline(line, noisy)
    assert np.abs(np.diff(calm, 2)).sum() < 0.6 * np.abs(np.diff(noisy, 2)).sum()
    residual = ((noisy - calm) ** 2).sum()
    assert residual == pytest.approx(0.01 * ((noisy - noisy.mean()) ** 2).sum(), rel=1e-3)


def test_smoothing_with_no_residual_allowed_changes_nothing():
    noisy = np.random.RandomState(0).randn(20)
    np.testing.assert_allclose(smoothed(noisy, s=0.0), noisy, atol=1e-6)
    assert smoothed([1.0, 2.0]).tolist() == [1.0, 2.0]


def test_smoothing_refuses_another_degree():
    with pytest.raises(ArgumentError, match="k must be 3, a cubic spline; got 5"):
        smoothed([1, 2, 3, 4, 5], k=5)
    with pytest.raises(ArgumentTypeError, match="unknown keyword 'ss'"):
        smoothed([1, 2, 3, 4, 5], ss=5)


def test_record_on_cpu_keeps_the_batch():
    record = RecordOnCPU()
    record.on_batch_begin(last_input=[torch.ones(2, requires_grad=True)], last_target=torch.zeros(2), train=True)
    assert not record.input[0].requires_grad and record.target.shape == (2,)


def test_train_loss_of_the_table_is_the_smoothed_one(trained):
    assert math.isfinite(trained.recorder.losses[-1])
