#!/usr/bin/env python3
"""Runs fastai v1's own tests through `import onecycle.as_fastai`.

usage: run_v1_tests.py V1_SOURCE [PYTEST_ARGUMENT …]

V1_SOURCE is an unpacked source archive of v1 (its tests lie in V1_SOURCE/tests). The tests are copied to a temporary
folder and run there as they stand, beside a conftest.py of our own: it imports onecycle.as_fastai first, puts a
`this_tests` that does nothing in the place of v1's registry of tests, gives the names back that NumPy and pandas have
since removed and v1's tests call, and skips what needs a GPU or asks for `--runslow`. Data sets are looked for in the
home folder (ONECYCLE_HOME).
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

CONFTEST = '''
import sys
import types
from pathlib import Path

import numpy
import pandas
import pytest
import torch

sys.path.insert(0, str(Path(__file__).parent))
import onecycle.as_fastai  # noqa: F401


def module(name, **names):
    sys.modules[name] = made = types.ModuleType(name)
    vars(made).update(names)


module("fastai.gen_doc", __path__=[])
module("fastai.gen_doc.doctest", this_tests=lambda *tested: None)

for name, kind in {"float": float, "int": int, "bool": bool, "object": object, "str": str}.items():
    if name not in vars(numpy):
        setattr(numpy, name, kind)
if not hasattr(pandas.DataFrame, "append"):
    pandas.DataFrame.append = lambda self, other, **options: pandas.concat([self, other], **options)


def pytest_addoption(parser):
    parser.addoption("--runslow", action="store_true", default=False)


def pytest_collection_modifyitems(config, items):
    left_out = {"slow": not config.getoption("--runslow"), "cpp": True, "cuda": not torch.cuda.is_available()}
    for item in items:
        for mark, out in left_out.items():
            if out and mark in item.keywords:
                item.add_marker(pytest.mark.skip(reason=mark))
'''

SETTINGS = """[pytest]
markers =
    slow
    integration
    cuda
    cpp
filterwarnings =
    ignore
"""


def copy_tests(source: Path, folder: Path) -> None:
    """Copy v1's tests into `folder`, with our conftest.py and settings."""
    shutil.copytree(source / "tests", folder, dirs_exist_ok=True)
    (folder / "conftest.py").write_text(CONFTEST, "utf-8")
    (folder / "pytest.ini").write_text(SETTINGS, "utf-8")


def main(arguments: list[str]) -> int:
    if not arguments or not (Path(arguments[0]) / "tests").is_dir():
        print(__doc__, file=sys.stderr)
        return 2
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}
    with tempfile.TemporaryDirectory() as folder:
        copy_tests(Path(arguments[0]).resolve(), Path(folder))
        command = [sys.executable, "-m", "pytest", "-q", *arguments[1:]]
        return subprocess.run(command, cwd=folder, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
