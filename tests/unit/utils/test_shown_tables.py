"""Texts in a table."""

from __future__ import annotations

from onecycle.utils.shown_tables import as_html, as_lines, show_columns


def test_lines_are_aligned_and_cut(capsys):
    show_columns({"text": ["short", "long " * 60], "target": ["pos", "neg"]})
    head, first, second = capsys.readouterr().out.splitlines()
    assert head.index("target") == first.index("pos") == second.index("neg") == 102
    assert "…" in second and "…" not in first


def test_markup_in_texts_is_text():
    assert "<b>" not in as_html(["text", "target"], [["<b>", "&"]])
    assert as_lines(["text"], [["a\nb"]]) == "text\na b"


def test_a_notebook_gets_html(monkeypatch):
    import builtins
    import sys
    from types import ModuleType

    shown = []
    fake = ModuleType("IPython.display")
    fake.HTML, fake.display = (lambda text: text), shown.append
    monkeypatch.setitem(sys.modules, "IPython.display", fake)
    shell = type("ZMQInteractiveShell", (), {})()
    monkeypatch.setattr(builtins, "get_ipython", lambda: shell, raising=False)
    show_columns({"text": ["a"]})
    assert shown == ["<table><tr><th>text</th></tr><tr><td>a</td></tr></table>"]
