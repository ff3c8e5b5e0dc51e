"""The front doors: lazily served, frozen by the lists in names/, fresh, and light to import."""

import ast
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOORS = [
    "onecycle.basics", "onecycle.callbacks", "onecycle.text", "onecycle.text.models", "onecycle.vision",
    "onecycle.vision.cyclegan",
    "onecycle.vision.gan",
    "onecycle.vision.models",
]
HEAVY = "pandas matplotlib.pyplot matplotlib cv2 requests yaml scipy sklearn PIL.Image safetensors IPython".split()
HEAVY += ["torch._dynamo"]  # a second; the first optimizer that is made imports it


def python(code: str) -> str:
    "What a fresh Python prints for `code`."
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize("door", DOORS)
def test_the_names_are_the_frozen_ones(door):
    frozen = (Path(__file__).parent / "names" / f"{door.removeprefix('onecycle.')}.txt").read_text().split()
    assert sorted(set(import_module(door).__all__)) == frozen


@pytest.mark.parametrize("door", DOORS)
def test_every_name_is_served(door):
    module = import_module(door)
    for name in module.__all__:
        assert getattr(module, name) is not None or name == "None"
    assert set(dir(module)) >= {name for names in module._LEAVES.values() for name in names}


@pytest.mark.parametrize("door", DOORS)
def test_the_table_is_literal_and_type_checkers_see_the_same_names(door):
    tree = ast.parse(Path(import_module(door).__file__).read_text())
    guard = next(node for node in tree.body if isinstance(node, ast.If))
    imported = {alias.asname or alias.name for node in ast.walk(guard)
                if isinstance(node, (ast.ImportFrom, ast.Import)) for alias in node.names}
    own = next(node.value for node in tree.body if isinstance(node, ast.Assign) and node.targets[0].id == "__all__")
    assert set(ast.literal_eval(own)) == imported - {"*"}


@pytest.mark.parametrize("door", DOORS)
def test_no_leaf_has_the_name_of_a_thing_that_its_door_serves(door):
    "Importing `door/thing.py` would put the module in the place of the thing."
    module = import_module(door)
    leaves = {path.stem for path in Path(module.__file__).parent.glob("*.py")} if hasattr(module, "__path__") else set()
    assert leaves & set(module.__all__) == set()


def test_the_generated_files_are_fresh():
    command = [sys.executable, "tools/make_front_doors.py", "--check"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


def test_star_imports_load_nothing_heavy():
    stars = "; ".join(f"from {door} import *" for door in DOORS)
    assert python(f"import sys; {stars}; print([m for m in {HEAVY!r} if m in sys.modules])") == "[]"


def test_import_onecycle_alone_is_tiny():
    code = "import sys, onecycle; print(onecycle.__version__, 'torch' in sys.modules, 'numpy' in sys.modules)"
    assert python(code).endswith("False False")
    assert python("import onecycle; print(onecycle.vision.__name__)") == "onecycle.vision"


def test_a_notebook_finds_what_it_expects():
    code = """
from onecycle.vision import *
import torch as real_torch
assert torch is real_torch and nn is real_torch.nn and np.arange(3).sum() == 3
assert pd.DataFrame({'a': [1]}).shape == (1, 1)
assert PIL.Image.new('L', (2, 3)).size == (2, 3)
assert yaml.safe_load('a: 1') == {'a': 1}
assert Path(__import__('os').getcwd()).ls()
assert models.resnet18 is not None and defaults.lr == slice(3e-3)
print('ok')
"""
    assert python(code) == "ok"


def test_an_unknown_name_is_answered_with_the_nearest():
    vision = import_module("onecycle.vision")
    with pytest.raises(AttributeError, match=r"module 'onecycle.vision' has no attribute 'ImageLst'.*'ImageList'"):
        vision.ImageLst
    with pytest.raises(AttributeError, match="module 'onecycle' has no attribute 'vison'"):
        import_module("onecycle").vison
