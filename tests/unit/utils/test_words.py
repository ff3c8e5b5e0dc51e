"""Helpers for text that is shown."""

from __future__ import annotations

import pytest

from onecycle.utils.words import PrettyString, camel2snake, show_some, text2html_table


def test_pretty_string():
    assert repr(PrettyString("a\nb")) == "a\nb"
    assert PrettyString("a") == "a"


@pytest.mark.parametrize(
    ("name", "snake"),
    [
        ("Recorder", "recorder"),
        ("LRFinder", "lr_finder"),
        ("BnFreeze2", "bn_freeze2"),
        ("MixedPrecision", "mixed_precision"),
    ],
)
def test_camel2snake(name, snake):
    assert camel2snake(name) == snake


def test_show_some():
    assert show_some(range(7)) == "0,1,2,3,4..."
    assert show_some(["a"], sep=";") == "a"
    assert show_some([]) == ""


def test_text2html_table():
    table = text2html_table([["a", "b"], [1, "<x>"]])
    assert "<th>a</th><th>b</th>" in table
    assert "<td>1</td><td>&lt;x&gt;</td>" in table
    assert table.count("<tr>") == 2
