"""The tool that writes the front doors: what it reads, and what it refuses."""

import importlib.util
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def tool():
    spec = importlib.util.spec_from_file_location("make_front_doors", ROOT / "tools/make_front_doors.py")
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def leaf(tool, module, exported, defined=None):
    return tool.Leaf(module, tuple(exported), frozenset(exported if defined is None else defined))


def test_a_name_comes_from_where_it_is_defined(tool):
    names = tool.Names([
        leaf(tool, "onecycle.nn.hooks", ["Hook"]),
        leaf(tool, "onecycle.callbacks.hooks", ["Hook"], defined=[]),
    ])
    assert names.find("Hook", "onecycle.basics") == "onecycle.nn.hooks"
    assert names.find("Hook", "callbacks.hooks", ("callbacks.hooks",)) == "onecycle.callbacks.hooks"
    assert names.find("Nothing", "onecycle.basics") is None


def test_one_name_defined_twice_is_refused(tool):
    names = tool.Names([leaf(tool, "onecycle.nn.a", ["fit"]), leaf(tool, "onecycle.nn.b", ["fit"])])
    with pytest.raises(SystemExit, match=r"fit is defined in onecycle.nn.a, onecycle.nn.b. Rename one"):
        names.find("fit", "onecycle.basics")


def test_a_module_that_would_hide_a_name_is_refused(tool):
    names = tool.Names([leaf(tool, "onecycle.vision.crop", ["crop"])])
    door = next(door for door in tool.DOORS if door.name == "onecycle.vision")
    with pytest.raises(SystemExit, match=r"onecycle.vision.crop hides onecycle.vision.crop.crop. Rename the module"):
        tool.door_leaves(door, names, {})


def test_names_that_are_not_exported_are_found_for_v1_only(tool):
    names = tool.Names([leaf(tool, "onecycle.vision.data", [], defined=["verify_image"])])
    assert names.find("verify_image", "vision.data", ("vision",)) is None
    assert names.find("verify_image", "vision.data", ("vision",), strict=True) == "onecycle.vision.data"


def test_a_name_that_is_gone_stays_frozen_until_it_is_accepted(tool, tmp_path):
    frozen = tmp_path / "names.txt"
    frozen.write_text("fit\nlr_find\n")
    assert tool.snapshot(frozen, {"fit", "new"}, accept=False) == "fit\nlr_find\nnew\n"
    assert tool.snapshot(frozen, {"fit", "new"}, accept=True) == "fit\nnew\n"


def test_definitions_are_read_without_importing(tool, tmp_path, monkeypatch):
    monkeypatch.setattr(tool, "ROOT", tmp_path)
    (tmp_path / "onecycle").mkdir()
    source = "__all__ = ['f', 'C', 'x', 'y']\ndef f(): 1 / 0\nclass C: ...\nx: int = 1\nif x:\n    y = 2\n1 / x\n"
    (tmp_path / "onecycle/leaf.py").write_text(source)
    found = tool.read_leaf(tmp_path / "onecycle/leaf.py")
    assert found.module == "onecycle.leaf" and found.exported == ("f", "C", "x", "y")
    assert {"f", "C", "x", "y"} <= found.defined
