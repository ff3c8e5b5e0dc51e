"""Bars in a terminal, in a notebook and in a log."""

from __future__ import annotations

import sys
import types

import pytest

from onecycle.utils import epoch_table, progress
from onecycle.utils.defaults import defaults
from onecycle.utils.progress import master_bar, progress_bar


@pytest.fixture
def terminal(monkeypatch):
    monkeypatch.setattr(progress, "place", lambda: "terminal")
    monkeypatch.setattr(epoch_table, "place", lambda: "terminal")
    monkeypatch.setattr(progress, "_REDRAW_EVERY", 0)


class Handle:
    def __init__(self, first):
        self.pages = [first]

    def update(self, page, raw=False):
        self.pages.append(page)
        assert raw is (isinstance(page, dict) and not page)


@pytest.fixture
def notebook(monkeypatch):
    """Stand in for a notebook; returns the handles of what was displayed."""
    handles: list[Handle] = []

    def display(page, display_id):
        handles.append(Handle(page))
        return handles[-1]

    module = types.ModuleType("IPython.display")
    module.HTML, module.display = str, display
    package = types.ModuleType("IPython")
    package.display, package.version_info = module, (9, 0)
    package.get_ipython = lambda: types.SimpleNamespace(kernel=1)
    monkeypatch.setitem(sys.modules, "IPython", package)
    monkeypatch.setitem(sys.modules, "IPython.display", module)
    monkeypatch.setattr(progress, "_REDRAW_EVERY", 0)
    return handles


def test_in_a_log_no_bar_is_drawn(capsys):
    mb = master_bar(range(2))
    seen = []
    for i in mb:
        for j in progress_bar([1, 2], parent=mb):
            mb.child.comment = f"step {j}"
            seen.append((i, j))
        mb.write(f"round {i}")
    out, err = capsys.readouterr()
    assert seen == [(0, 1), (0, 2), (1, 1), (1, 2)]
    assert (out, err) == ("round 0\nround 1\n", "")


def test_generators_and_lengths():
    bar = progress_bar(x for x in range(3))
    assert bar.total is None
    assert len(bar) == 0
    assert list(bar) == [0, 1, 2]
    assert len(progress_bar(range(5))) == 5
    assert len(progress_bar(iter("ab"), total=2)) == 2


@pytest.mark.parametrize("display", [True, False])
def test_terminal(terminal, capsys, display):
    mb = master_bar(range(2), total_time=True, display=display)
    for _ in mb:
        for _ in progress_bar(range(3), parent=mb):
            mb.child.comment = lambda: "loss 0.5"
    out, err = capsys.readouterr()
    assert ("2/2:" in err) is display
    assert ("3/3" in err) is display
    assert ("loss 0.5" in err) is display
    assert out == ("Total time: 00:00\n" if display else "")


def test_terminal_lone_bars(terminal, capsys):
    assert sum(progress_bar(range(4), comment="adding")) == 6
    assert "4/4" in capsys.readouterr().err
    for _ in master_bar(range(3), comment="outer"):
        pass
    assert "outer" in capsys.readouterr().err


def test_a_broken_loop_closes_its_bar(terminal, capsys):
    for i in progress_bar(range(10)):
        if i == 3:
            break
    assert "3/10" in capsys.readouterr().err
    with pytest.raises(KeyError):
        for _ in progress_bar(range(10)):
            raise KeyError


def test_update_by_hand(terminal, capsys):
    bar = progress_bar((), total=4)
    for i in range(1, 5):
        bar.update(i)
    assert "4/4" in capsys.readouterr().err
    hidden = progress_bar((), total=4, display=False)
    hidden.update(2)
    hidden.close()
    assert hidden.count == 2


def test_silent(terminal, capsys, monkeypatch):
    monkeypatch.undo()
    monkeypatch.setattr(defaults, "silent", True)
    mb = master_bar(range(2), total_time=True)
    for _ in mb:
        list(progress_bar(range(2), parent=mb))
        mb.write("hello")
        mb.write(["epoch"], table=True)
    assert capsys.readouterr() == ("", "")


def test_write_table(capsys):
    mb = master_bar(range(1))
    for _ in mb:
        mb.write(["epoch", "train_loss"], table=True)
        mb.write([0, 0.5], table=True)
    assert capsys.readouterr().out == "epoch     train_loss\n0         0.500000\n"
    assert mb.main_bar is mb.first_bar is mb


def test_notebook(notebook):
    mb = master_bar(range(3))
    for _ in mb:
        for _ in progress_bar(range(2), parent=mb, comment="<b>"):
            pass
    (page,) = notebook  # one output for all bars
    shown = "".join(text for text in page.pages if text)
    assert "2/3" in shown
    assert "max='2'" in page.pages[0]
    assert "&lt;b&gt;" in page.pages[0]
    assert "value='3' max='3'" in shown
    assert page.pages[-1] == {}  # no empty HTML stays in the notebook
    list(progress_bar(range(2)))
    assert "2/2" in notebook[-1].pages[-1]
    list(progress_bar(x for x in range(2)))
    assert "2 [00:00]" in notebook[-1].pages[-1]


def test_of_table_and_bars_only_the_table_stays(notebook):
    mb = master_bar(range(2))
    mb.write(["epoch", "train_loss"], table=True)
    for i in mb:
        for _ in progress_bar(range(2), parent=mb):
            pass
        mb.write([i, 0.5], table=True)
    mb.table.total(3)
    (page,) = notebook
    assert any("<progress" in text and "<table" in text for text in page.pages)
    assert page.pages[-1] == mb.table._repr_html_()
    assert page.pages[-1].count("<tr>") == 3


def test_a_short_bar_that_would_not_stay_leaves_no_output(notebook, monkeypatch):
    list(progress_bar(range(2), leave=False))
    bar = progress_bar((), total=3, leave=False)
    bar.update(1)
    bar.close()
    assert notebook == []
    monkeypatch.setattr(progress, "_PATIENCE", 0)
    list(progress_bar(range(2), leave=False))
    assert [page == {} for page in notebook[0].pages] == [False, False, True]


def test_notebook_graph(notebook):
    mb = master_bar(range(1))
    mb.update_graph([([0, 1], [2, 3])], (0, 1), (2, 3))
    mb.update_graph([([0, 1], [2, 4])])
    (graph,) = notebook
    first, second = graph.pages
    assert first.axes[0].get_xlim() == (0, 1)
    assert second.axes[0].lines[0].get_ydata().tolist() == [2, 4]


def test_graph_elsewhere_is_nothing():
    master_bar(range(1)).update_graph([([0], [1])])
