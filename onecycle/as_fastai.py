"""After `import onecycle.as_fastai`, the module paths of fastai v1 lead to onecycle.

`from fastai.vision import *`, `from fastai.callbacks.hooks import *` and `import fastai` then give onecycle's own
classes and functions: notebooks written for v1 run unchanged but for what docs/differences.md lists. Nothing is
copied or subclassed; a table says which leaf each name lives in, and a name is fetched when it is asked for.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import import_module
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from typing import Any

import onecycle
from onecycle.as_fastai_names import HIDDEN, LEAVES
from onecycle.as_fastai_replacing import ReplaceableModule
from onecycle.prelude import THIRD_PARTY, open_door

__all__ = ["install"]

# v1 paths that are front doors themselves, and onecycle's door for each.
DOORS = {
    "basics": "onecycle.basics",
    "callbacks": "onecycle.callbacks",
    "collab": "onecycle.collab",
    "tabular": "onecycle.tabular",
    "text": "onecycle.text",
    "text.models": "onecycle.text.models",
    "vision": "onecycle.vision",
    "vision.models": "onecycle.vision.models",
}


def install() -> None:
    """Make `fastai` and its submodules importable; a second call changes nothing.

    Raises:
        ImportError: the real fastai is installed, or imported already.
    """
    if isinstance(sys.modules.get("fastai"), _V1Module):
        return
    _refuse_the_real_one()
    for path in sorted(_paths()):
        _add(path)


class _V1Module(ReplaceableModule):
    """A module at a v1 path."""


def _refuse_the_real_one() -> None:
    if "fastai" in sys.modules or find_spec("fastai") is not None:
        raise ImportError(
            "onecycle.as_fastai: the name fastai must be free; got an installed fastai. "
            "Uninstall it (pip uninstall fastai) or import from onecycle directly."
        )


def _paths() -> set[str]:
    """Every v1 path, with the packages above it; the empty one is `fastai` itself."""
    paths = {"", "imports", *DOORS, *LEAVES}
    return paths | {path[:at] for path in paths for at, letter in enumerate(path) if letter == "."}


def _add(path: str) -> None:
    """Put the module of one path into `sys.modules`, and into the package above it."""
    name = f"fastai.{path}" if path else "fastai"
    module = _V1Module(name, f"The v1 path {name}, served by onecycle.")
    module.__spec__ = ModuleSpec(name, loader=None, origin="onecycle.as_fastai", is_package=True)
    vars(module).update(__path__=[], __version__=onecycle.__version__)
    vars(module)["__getattr__"], vars(module)["__dir__"], vars(module)["__all__"] = _contents(name, path)
    sys.modules[name] = module
    if path:
        package, _, last = name.rpartition(".")
        setattr(sys.modules[package], last, module)


def _contents(name: str, path: str) -> tuple[Callable[[str], Any], Callable[[], list[str]], list[str]]:
    """Return the `__getattr__`, `__dir__` and `__all__` of a v1 module."""
    if path in DOORS:
        door = import_module(DOORS[path])
        return lambda wanted: getattr(door, wanted), lambda: dir(door), list(door.__all__)
    leaves = LEAVES.get(path, {})
    get, names = open_door(name, leaves)
    if path == "imports":
        return get, lambda: sorted(THIRD_PARTY), sorted(THIRD_PARTY)
    public = [one for given in leaves.values() for one in given if one not in HIDDEN.get(path, ())]
    return get, names, public


install()
