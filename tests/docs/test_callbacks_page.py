"""The table of docs/callbacks.md names every callback, in the file where it is."""

import importlib
import inspect
import pkgutil
import re
from pathlib import Path

import onecycle.callbacks
from onecycle.training.callback import EVENTS, Callback
from onecycle.training.handler import initial_state

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "callbacks.md").read_text()
ROW = re.compile(r"^\| `(\w+)` \| `(\w+)` \| .+ \|$", re.MULTILINE)


def callbacks():
    for module in pkgutil.iter_modules(onecycle.callbacks.__path__):
        name = f"onecycle.callbacks.{module.name}"
        for cls in vars(importlib.import_module(name)).values():
            if inspect.isclass(cls) and issubclass(cls, Callback) and cls.__module__ == name:
                yield cls.__name__, module.name


def test_the_table_names_every_callback_and_nothing_else():
    rows = ROW.findall(PAGE)
    assert sorted(rows) == sorted(callbacks())


def test_the_page_names_every_event_and_every_entry_of_the_state():
    assert [event for event in EVENTS if f"| `{event}` |" not in PAGE] == []
    assert [entry for entry in initial_state() if f"`{entry}`" not in PAGE] == []
