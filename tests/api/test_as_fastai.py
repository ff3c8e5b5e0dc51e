"""`import onecycle.as_fastai`: the v1 module paths lead to onecycle's own classes."""

import subprocess
import sys
from importlib import import_module
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def python(code: str, *, path: str = "") -> subprocess.CompletedProcess:
    "Run `code` in a fresh Python, with `path` before everything else."
    code = f"import sys; sys.path[:0] = [{path!r}] if {path!r} else []\n{code}"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)


def test_v1_paths_give_onecycles_own_names():
    code = """
import onecycle.as_fastai
import fastai, fastai.vision as fv
from fastai import *
from fastai.vision import *
from fastai.callbacks import *
from fastai.callbacks.hooks import *
from fastai.collab import *
from fastai.tabular import *
from fastai.basic_train import Learner as learner_class
import onecycle.learner, onecycle.vision, onecycle
assert fv.__version__ == fastai.__version__ == onecycle.__version__
assert learner_class is onecycle.learner.Learner is Learner
assert fastai.vision.ImageList is onecycle.vision.ImageList is ImageList
assert fastai.vision.image.Image is Image
assert collab_learner and CollabDataBunch and TabularList and add_datepart and pd
assert SaveModelCallback and hook_output and np.zeros(1) == 0
import onecycle.as_fastai
print('ok')
"""
    done = python(code)
    assert done.stdout.strip() == "ok", done.stderr


def test_every_name_in_the_table_is_there():
    from onecycle.as_fastai_names import HIDDEN, LEAVES

    for homes in LEAVES.values():
        for leaf, names in homes.items():
            module = import_module(leaf)
            assert [name for name in names if not hasattr(module, name)] == []
    assert all(set(hidden) <= {n for names in LEAVES[v1].values() for n in names} for v1, hidden in HIDDEN.items())


def test_an_installed_fastai_is_refused_in_one_sentence(tmp_path):
    (tmp_path / "fastai").mkdir()
    (tmp_path / "fastai" / "__init__.py").write_text("")
    for first in ("", "import fastai; "):
        done = python(first + "import onecycle.as_fastai", path=str(tmp_path))
        assert done.returncode == 1
        assert "ImportError: onecycle.as_fastai: the name fastai must be free; got an installed" in done.stderr


def test_unknown_v1_paths_and_names_fail_as_ever():
    done = python("import onecycle.as_fastai, fastai.nosuch")
    assert "No module named 'fastai.nosuch'" in done.stderr
    done = python("import onecycle.as_fastai; from fastai.core import ifnome")
    assert "cannot import name 'ifnome' from 'fastai.core'" in done.stderr
