"""The contract with programs written for v1: names, methods, parameters and defaults, and the table of what differs."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def tool():
    sys.path.insert(0, str(ROOT / "tools"))
    spec = importlib.util.spec_from_file_location("v1_surface", ROOT / "tools/v1_surface.py")
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_all_that_differs_from_v1_is_in_the_table_and_has_a_reason():
    command = [sys.executable, "tools/compare_v1.py", "--check"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_source_tree_is_read_as_it_stands(tool, tmp_path):
    package = tmp_path / "fastai"
    (package / "sub").mkdir(parents=True)
    (package / "core.py").write_text(
        "import gzip, numpy as np\nfrom io import BytesIO\n_hidden = 1\nsizes = 3\n"
        "def listify(p=None, *more, q, **rest): ...\nclass Box(dict):\n"
        "    'A box.'\n    lid: int = 1\n    def open(self, wide=True): ...\n    @property\n    def full(self): ...\n"
    )
    (package / "sub/__init__.py").write_text("from ..core import *\nfrom .. import core\n")
    (package / "sub/leaf.py").write_text(
        "from ..core import Box\n__all__ = ['made', 'looped']\ndef made(): ...\ndef kept(x=0.5): ...\n"
        "def _shut(self, hard=False): ...\nBox.shut = _shut\n"
    )
    surface = tool.read_source(tmp_path)
    assert surface["core"].imports == {"gzip": "gzip", "np": "numpy", "BytesIO": "io:BytesIO"}
    listify = surface["core"].entries["listify"].parameters
    assert listify == (("p", "None"), ("*more", None), ("q", None), ("**rest", None))
    box = surface["core"].entries["Box"].members
    assert list(box) == ["lid", "open", "full", "shut"] and box["full"].kind == "value" and box["shut"].attached
    assert tool.star_names(surface, "sub") == {"gzip", "np", "BytesIO", "sizes", "listify", "Box", "core"}
    assert tool.star_names(surface, "sub.leaf") == {"made", "looped"}
    text = tool.write_surface(surface)
    assert "[kept(x=0.5)]" in text and "    @shut(self, hard=False)" in text
    assert tool.write_surface(tool.read_surface(text)) == text


def test_what_is_missing_or_called_otherwise_is_found(tool, monkeypatch):
    import compare_v1

    text = "## core\nlistify(p=None, zig=3)\nnosuchthing\neven_mults(start, stop, n)\nclass Category\n    zag(self)\n"
    text += "## nosuch\nx\n"
    found = {one.name: one.what for one in compare_v1.differences(tool.read_surface(text))}
    assert found == {
        "core.listify": "no parameter `zig`", "core.nosuchthing": "not here", "core.Category.zag": "not here",
        "nosuch": "no such module",
    }
    assert compare_v1.reason("core.nosuchthing") is None and "torchrun" in compare_v1.reason("launch")
    assert compare_v1.differs("1.5", 2.0) and not compare_v1.differs("1.5", 1.5) and not compare_v1.differs("f(x)", 3)
