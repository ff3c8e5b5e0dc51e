"""Columns and tables of what training costs, and the parts of a loss."""

import pytest
import torch
from torch import nn

from onecycle.callbacks import mem
from onecycle.callbacks.csv_logger import CSVLogger
from onecycle.callbacks.loss_metrics import LossMetrics
from onecycle.callbacks.mem import PeakMemMetric
from onecycle.callbacks.profiler import PHASES, TimeProfiler
from onecycle.errors import CallbackError, StepError
from onecycle.metrics.classification import accuracy


class TwoParts(nn.Module):
    metric_names = ["mean", "rows"]

    def forward(self, output, target):
        self.metrics = {"mean": output.detach().mean(), "rows": float(len(output))}
        return nn.functional.cross_entropy(output, target)


def test_the_parts_of_a_loss_are_columns(make_learner):
    learn = make_learner(loss_func=TwoParts(), metrics=accuracy, callback_fns=[LossMetrics, CSVLogger])
    learn.fit(2)
    assert learn.recorder.names == ["epoch", "train_loss", "valid_loss", "accuracy", "mean", "rows", "time"]
    _, mean, rows = learn.recorder.metrics[1]
    learn.model.eval()
    with torch.no_grad():
        whole = torch.cat([learn.model(x) for x, _ in learn.data.valid_dl])
    assert mean == pytest.approx(float(whole.mean()), abs=1e-5)  # exact over batches of unequal size
    assert rows == pytest.approx((16 * 16 + 8 * 8) / 24)
    assert learn.csv_logger.read_logged_file()["rows"].iloc[0] == pytest.approx(rows, abs=1e-5)


def test_no_validation_no_parts(make_learner, make_data):
    learn = make_learner(data=make_data(valid=0), loss_func=TwoParts(), callback_fns=LossMetrics)
    learn.fit(1)
    assert learn.recorder.metrics == []


def test_several_targets(make_learner):
    learn = make_learner(loss_func=TwoParts())
    parts = LossMetrics(learn)
    parts.names = ["rows"]
    parts.on_epoch_begin()
    learn.loss_func(torch.ones(2, 3), torch.zeros(2).long())
    parts.on_batch_end(last_target=[torch.zeros(2), torch.zeros(2)], train=False)
    assert parts.nums == 2


def test_a_loss_without_parts(make_learner):
    learn = make_learner()
    match = "LossMetrics: the loss must list the names of its parts in metric_names; CrossEntropyLoss does not"
    with pytest.raises(CallbackError, match=match):
        learn.fit(1, callbacks=[LossMetrics(learn)])


def test_a_part_that_is_not_there(make_learner):
    class Misspelt(TwoParts):
        metric_names = ["means"]

    learn = make_learner(loss_func=Misspelt())
    match = "the loss must put 'means' into its dict metrics; there are mean, rows. Did you mean 'mean'"
    with pytest.raises(CallbackError, match=match):
        learn.fit(1, callbacks=[LossMetrics(learn)])


def test_memory_is_in_the_table(make_learner, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    learn = make_learner(metrics=accuracy, callback_fns=PeakMemMetric)
    learn.fit(2)
    assert learn.recorder.names[3:6] == ["accuracy", "cpu used", "cpu peak"]
    assert all(isinstance(figure, int) for figure in learn.recorder.metrics[0][1:])


def test_memory_without_validation_keeps_its_column(make_learner, make_data):
    rows = []
    learn = make_learner(data=make_data(valid=0), metrics=accuracy, callback_fns=PeakMemMetric)
    learn.fit(1)
    recorder = learn.recorder
    recorder.format_stats = rows.append
    learn.peak_mem_metric.on_epoch_begin()
    changed = learn.peak_mem_metric.on_epoch_end(last_metrics=[None])
    assert changed["last_metrics"][:2] == [None, None] and len(changed["last_metrics"]) == 4


def test_memory_used_and_the_peak_beyond(make_learner, monkeypatch):
    held = {"cpu": 100 * 2**20, "gpu": 10 * 2**20}
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(mem, "preload_pytorch", lambda: None)
    monkeypatch.setattr(mem, "resident_bytes", lambda: held["cpu"])
    monkeypatch.setattr(mem, "reserved_bytes", lambda: held["gpu"])
    learn = make_learner()
    learn.fit(1)
    metric = PeakMemMetric(learn)
    metric.on_train_begin()
    metric.on_epoch_begin()
    held.update(cpu=180 * 2**20, gpu=40 * 2**20)
    metric.peak_monitor_func()
    held.update(cpu=130 * 2**20, gpu=5 * 2**20)
    row = metric.on_epoch_end(last_metrics=[0.5])["last_metrics"]
    assert row == [0.5, 30, 50, -5, 30]
    metric.on_train_end()


def test_where_the_time_goes(make_learner, capsys):
    learn = make_learner()
    learn.fit(2, callbacks=[TimeProfiler(learn)])
    profiler = learn.time_profiler
    assert profiler.steps == 8 and list(profiler.seconds) == list(PHASES)
    assert all(seconds > 0 for seconds in profiler.seconds.values())
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split()[:3] == ["phase", "share", "seconds"] and lines[-1].split()[:2] == ["all", "100.0%"]
    assert [line.split()[0] for line in lines[1:-1]] == list(PHASES)
    learn.fit(1, callbacks=[TimeProfiler(learn, show=False)])
    assert capsys.readouterr().out == "" and "ms a step" in learn.time_profiler.table()


def test_a_gpu_is_waited_for(make_learner, monkeypatch):
    waits = []
    monkeypatch.setattr(torch.cuda, "synchronize", waits.append)
    learn = make_learner()
    profiler = TimeProfiler(learn)
    profiler.on_train_begin()
    profiler._device = torch.device("cuda")
    profiler.on_backward_end()
    assert len(waits) == 1


def test_nothing_measured(make_learner):
    with pytest.raises(StepError, match="TimeProfiler: nothing is measured yet"):
        TimeProfiler(make_learner()).table()
