"""The table of a run."""

from __future__ import annotations

import io
import sys
import types

import pytest
import torch

from onecycle.utils import epoch_table
from onecycle.utils.defaults import defaults
from onecycle.utils.epoch_table import EpochTable, format_cell, format_time, in_notebook, place

NAMES = ["epoch", "train_loss", "valid_loss", "accuracy", "time"]


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "00:00"), (59.9, "00:59"), (95, "01:35"), (3599, "59:59"), (3941, "1:05:41")]
)
def test_format_time(seconds, text):
    assert format_time(seconds) == text


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("epoch", 3, "3"),
        ("loss", 0.5, "0.500000"),
        ("loss", torch.tensor(0.25), "0.250000"),
        ("loss", None, "#na#"),
        ("loss", "mine", "mine"),
        ("time", 83.4, "01:23"),
        ("time", "01:23", "01:23"),
        ("loss", float("nan"), "nan"),
    ],
)
def test_format_cell(name, value, text):
    assert format_cell(name, value) == text


def test_lines(capsys):
    table = EpochTable(NAMES)
    table.row([0, 1.25, torch.tensor(0.5), 0.75, 61.0])
    table.row([1, 1.0, None, None, 3941])
    table.total(3.2)
    assert capsys.readouterr().out.splitlines() == [
        "epoch     train_loss  valid_loss  accuracy  time",
        "0         1.250000    0.500000    0.750000  01:01",
        "1         1.000000    #na#        #na#      1:05:41",
        "Total time: 00:03",
    ]
    assert table.rows[1] == ["1", "1.000000", "#na#", "#na#", "1:05:41"]


def test_more_cells_than_names(capsys):
    EpochTable(["epoch"]).row([0, 0.5])
    assert capsys.readouterr().out.splitlines()[1] == "0         0.500000"


def test_silent(capsys, monkeypatch):
    table = EpochTable(NAMES, display=False)
    table.row([0, 1, 2, 3, 4])
    table.total()
    assert len(table.rows) == 1
    monkeypatch.setattr(defaults, "silent", True)
    EpochTable(NAMES).total()
    assert capsys.readouterr().out == ""
    assert place() == "silent"


def test_place(monkeypatch):
    screen = io.StringIO()
    screen.isatty = lambda: True
    assert place() == "lines"
    monkeypatch.setattr(sys, "stderr", screen)
    assert place() == "terminal"
    monkeypatch.setattr(sys, "stderr", None)
    assert place() == "lines"


def test_in_notebook(monkeypatch):
    ipython = types.ModuleType("IPython")
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    ipython.get_ipython = lambda: None
    assert not in_notebook()
    ipython.get_ipython = lambda: types.SimpleNamespace()
    assert not in_notebook()
    ipython.get_ipython = lambda: types.SimpleNamespace(kernel=1)
    assert in_notebook()
    assert place() == "notebook"


def test_lines_stand_above_a_bar(monkeypatch, capsys):
    from tqdm import tqdm

    monkeypatch.setattr(epoch_table, "place", lambda: "terminal")
    with tqdm(total=2) as bar:
        epoch_table.say("a line")
        bar.update(2)
    assert capsys.readouterr().out == "a line\n"


def test_notebook(monkeypatch):
    pages = []

    class Handle:
        update = pages.append

    def display(page, display_id):
        pages.append(page)
        return Handle

    module = types.ModuleType("IPython.display")
    module.HTML, module.display = str, display
    monkeypatch.setitem(sys.modules, "IPython.display", module)
    monkeypatch.setattr(epoch_table, "place", lambda: "notebook")
    table = EpochTable(["epoch", "<loss>"])
    table.row([0, 0.5])
    table.total(61)
    assert len(pages) == 3
    assert "<th>&lt;loss&gt;</th>" in pages[0]
    assert "<td>0.500000</td>" in pages[1]
    assert pages[2].startswith("<p>Total time: 01:01</p>")
    assert table._repr_html_() == pages[2]
