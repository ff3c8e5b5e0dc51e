"""The epoch table in files."""

import errno
import io
import json
import math
import os
import signal
import subprocess
import sys

import pytest
import torch

from onecycle.callbacks.csv_logger import CSVLogger
from onecycle.callbacks.epoch_log import EpochLogger, drop_torn_line, epoch_row
from onecycle.callbacks.jsonl_logger import JSONLLogger, plain
from onecycle.errors import CallbackError, FileFormatError
from onecycle.metrics.classification import accuracy
from onecycle.training.callback import Callback
from onecycle.utils.files import FileMissingError, FileWriteError

KILLED = """
import os, signal, sys
import torch
from torch import nn
from onecycle.callbacks.{module} import {name}
from onecycle.data.bunch import DataBunch
from onecycle.learner import Learner
from onecycle.training.callback import Callback

class Dies(Callback):
    _order = 100
    def on_epoch_end(self, epoch, **kwargs):
        if epoch == 1:
            os.kill(os.getpid(), signal.SIGKILL)

batches = [(torch.randn(4, 2), torch.randint(2, (4,)))]
data = DataBunch(batches, batches, device="cpu", path=sys.argv[1], no_check=True)
learn = Learner(data, nn.Linear(2, 2), loss_func=nn.CrossEntropyLoss(), silent=True)
learn.fit(5, callbacks=[{name}(learn), Dies()])
"""


@pytest.mark.parametrize(("module", "name"), [("csv_logger", "CSVLogger"), ("jsonl_logger", "JSONLLogger")])
def test_what_is_logged_survives_a_kill(tmp_path, make_learner, module, name):
    program = KILLED.format(module=module, name=name)
    done = subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=False, env={**os.environ})
    assert done.returncode == -signal.SIGKILL
    logger = {"CSVLogger": CSVLogger, "JSONLLogger": JSONLLogger}[name](make_learner())
    assert list(logger.read_logged_file()["epoch"]) == [0, 1]


def test_a_torn_line_is_dropped_when_a_file_is_gone_on_with(make_learner):
    for kind, torn in ((CSVLogger, "1,0.12"), (JSONLLogger, '{"epoch": 1, "tr')):
        learn = make_learner()
        learn.fit(1, callbacks=[kind(learn)])
        logger = kind(learn, append=True)
        with logger.path.open("a") as file:
            file.write(torn)
        learn.fit(2, callbacks=[logger])
        assert list(logger.read_logged_file()["epoch"]) == [0, 0, 1]


def test_a_file_with_nothing_whole_is_begun_anew(make_learner):
    learn = make_learner()
    logger = CSVLogger(learn, append=True)
    logger.path.write_text("epoch,tra")
    learn.fit(1, callbacks=[logger])
    assert list(logger.read_logged_file().columns) == ["epoch", "train_loss", "valid_loss", "time"]


def test_other_columns_are_not_mixed_into_a_file(make_learner):
    learn = make_learner()
    learn.fit(1, callbacks=[CSVLogger(learn)])
    learn.metrics = [accuracy]
    match = r"the columns must be those of history\.csv \(epoch, train_loss, valid_loss, time\); got .*accuracy"
    with pytest.raises(CallbackError, match=match):
        learn.fit(1, callbacks=[CSVLogger(learn, append=True)])


def test_json_lines_hold_whole_numbers_and_floats(make_learner):
    learn = make_learner(metrics=accuracy)
    learn.fit(2, callbacks=[JSONLLogger(learn)])
    lines = [json.loads(line) for line in (learn.path / "history.jsonl").read_text().splitlines()]
    assert [line["epoch"] for line in lines] == [0, 1]
    assert lines[1]["valid_loss"] == learn.recorder.val_losses[1]
    assert lines[1]["accuracy"] == pytest.approx(float(learn.recorder.metrics[1][0])) and lines[1]["time"] > 0
    table = learn.jsonl_logger.read_logged_file()
    assert list(table.columns) == ["epoch", "train_loss", "valid_loss", "accuracy", "time"]


def test_json_lines_of_runs_with_other_columns(make_learner, make_data):
    learn = make_learner(add_time=False)
    learn.fit(1, callbacks=[JSONLLogger(learn)])
    other = make_learner(data=make_data(valid=0), metrics=accuracy)
    logger = JSONLLogger(other, append=True)
    other.fit(1, callbacks=[logger])
    lines = [json.loads(line) for line in logger.path.read_text().splitlines()]
    assert lines[1]["accuracy"] is None and lines[1]["valid_loss"] is None and "time" not in lines[0]


def test_json_knows_no_nan(make_learner):
    class Spoils(Callback):
        _order = -20

        def on_epoch_end(self, last_metrics, **kwargs):
            return {"last_metrics": [math.nan, math.inf]}

    learn = make_learner(metrics=accuracy)
    learn.fit(1, callbacks=[Spoils(), JSONLLogger(learn)])
    line = json.loads((learn.path / "history.jsonl").read_text())
    assert line["valid_loss"] is None and line["accuracy"] is None
    assert plain(torch.ones(2)) == "tensor([1., 1.])" and plain(torch.tensor(0.5)) == 0.5 and plain("a") == "a"


def test_a_reader_leaves_out_what_is_not_whole(make_learner):
    logger = JSONLLogger(make_learner())
    logger.path.write_text('{"epoch": 0}\n{"epo')
    assert list(logger.read_logged_file()["epoch"]) == [0]


def test_rows():
    names = ["epoch", "train_loss", "valid_loss", "accuracy", "time"]
    assert epoch_row(names, 1, 0.5, [None]) == {"epoch": 1, "train_loss": 0.5, "valid_loss": None, "accuracy": None}


def test_whole_lines_stay(tmp_path):
    file = tmp_path / "log"
    file.write_text("one\ntwo\n")
    drop_torn_line(file)
    assert file.read_text() == "one\ntwo\n"


def test_a_base_must_be_filled(make_learner):
    logger = EpochLogger(make_learner())
    with pytest.raises(NotImplementedError, match="EpochLogger must define begin"):
        logger.begin(False)
    with pytest.raises(NotImplementedError, match="EpochLogger must define write_row"):
        logger.write_row({})


def test_a_name_may_have_its_ending(make_learner):
    learn = make_learner()
    assert CSVLogger(learn, "log.csv").path == CSVLogger(learn, "log").path == learn.path / "log.csv"


class FullDisk(Callback):
    """Let no file grow while it trains."""

    _order = -100

    def __init__(self, logger, monkeypatch):
        self.logger, self.monkeypatch = logger, monkeypatch

    def on_epoch_begin(self, **kwargs):
        def full(*args, **kwargs):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        self.monkeypatch.setattr(type(self.logger), "write_row", full)


@pytest.mark.parametrize("kind", [CSVLogger, JSONLLogger])
def test_a_row_that_does_not_fit_on_the_disk_ends_no_training(kind, make_learner, monkeypatch):
    learn = make_learner()
    logger = kind(learn)
    said = f"{kind.__name__}: training goes on, but rows are missing: '.*history.*' could not be written .No space left"
    with pytest.warns(UserWarning, match=said) as reports:
        learn.fit(3, callbacks=[logger, FullDisk(logger, monkeypatch)])
    assert len([report for report in reports if "rows are missing" in str(report.message)]) == 1
    assert len(learn.recorder.val_losses) == 3


@pytest.mark.parametrize("kind", [CSVLogger, JSONLLogger])
def test_a_file_that_cannot_be_begun_is_a_sentence_before_training(kind, make_learner):
    learn = make_learner()
    logger = kind(learn)
    logger.path.mkdir()
    with pytest.raises(FileWriteError, match=f"{kind.__name__}: '.*history.*' could not be written .Is a directory"):
        learn.fit(1, callbacks=[logger])


def test_a_table_whose_last_rows_are_still_held_is_closed(make_learner):
    class Full(io.StringIO):
        def flush(self):
            if not self.closed:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        def close(self):
            super().close()
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    logger = CSVLogger(make_learner())
    logger.file = Full()
    with pytest.warns(UserWarning, match="CSVLogger: training goes on, but rows are missing"):
        logger.on_train_end()


@pytest.mark.parametrize(
    "damage",
    [b"\n", b"\xff\xfe\n", b"{\n", b"1\n", b"[1]\n", b'{"a": 1}\n[2]\n', b"[" * 10**5 + b"\n", b"9" * 5000 + b"\n"],
)
def test_damaged_lines_are_named(make_learner, damage):
    logger = JSONLLogger(make_learner())
    logger.path.write_bytes(damage)
    with pytest.raises(FileFormatError, match=rf"read_logged_file: '.*history.jsonl, line {1 + damage.count(b'}')}"):
        logger.read_logged_file()


@pytest.mark.parametrize("damage", [b"", b"\n", b"\xff\xfe\n", b'"a\n', b"a,b\n1,2\n1,2,3,4\n"])
def test_a_damaged_table_is_named(make_learner, damage):
    logger = CSVLogger(make_learner())
    logger.path.write_bytes(damage)
    with pytest.raises(FileFormatError, match=r"read_logged_file: '.*history.csv' is damaged or no table of epochs"):
        logger.read_logged_file()


def test_a_table_to_go_on_with_must_be_text(make_learner):
    learn = make_learner()
    logger = CSVLogger(learn, append=True)
    logger.path.write_bytes(b"\xff\xfe\n")
    with pytest.raises(FileFormatError, match="CSVLogger: '.*history.csv' is damaged"):
        learn.fit(1, callbacks=[logger])


@pytest.mark.parametrize("kind", [CSVLogger, JSONLLogger])
def test_a_log_that_is_not_there_is_named_and_a_byte_order_mark_is_no_part_of_it(kind, make_learner):
    logger = kind(make_learner())
    with pytest.raises(FileMissingError, match="read_logged_file: there is no file '.*history"):
        logger.read_logged_file()
    text = b"a\n1\n" if kind is CSVLogger else b'{"a": 1}\n'
    logger.path.write_bytes(b"\xef\xbb\xbf" + text)
    assert logger.read_logged_file().to_dict("list") == {"a": [1]}
