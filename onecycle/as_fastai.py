"""After `import onecycle.as_fastai`, the module paths of fastai v1 lead to onecycle.

`from fastai.vision import *`, `from fastai.callbacks.hooks import *` and `import fastai` then give onecycle's own
classes and functions: notebooks written for v1 run unchanged but for what docs/differences.md lists. Nothing is
copied or subclassed; tables say which leaf each name lives in and which modules included which, and a name is fetched
when it is asked for. So the star imports bring all that v1's brought, `gzip` and `FloatTensor` too.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import cache
from importlib import import_module
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from typing import Any

import onecycle
from onecycle.as_fastai_instead import INSTEAD, Adviser
from onecycle.as_fastai_names import CLOSED, HIDDEN, IMPORTS, LEAVES, STARS
from onecycle.as_fastai_replacing import ReplaceableModule
from onecycle.errors import did_you_mean
from onecycle.prelude import THIRD_PARTY, fetch
from onecycle.utils.paths import give_paths_ls

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

# Where what v1 imported from elsewhere comes from here; None: not served.
REPLACED: dict[str, str | None] = {
    "fastprogress.fastprogress:master_bar": "onecycle.utils.progress:master_bar",
    "fastprogress.fastprogress:MasterBar": "onecycle.utils.progress:master_bar",
    "fastprogress.fastprogress:progress_bar": "onecycle.utils.progress:progress_bar",
    "fastprogress.fastprogress:ProgressBar": "onecycle.utils.progress:progress_bar",
    "fastprogress.fastprogress:format_time": None,
    "fastprogress.fastprogress:IN_NOTEBOOK": None,
    "fastprogress.fastprogress:force_console_behavior": None,
    "fastprogress": None,
    "pkg_resources": None,
    ".gen_doc.nbdoc:doc": "onecycle.as_fastai_extras:doc",
    ".version:__version__": None,
    "typing:Collection": "collections.abc:Collection",
}
# What other releases of v1 than 1.0.61 gave at a path too.
OTHER_RELEASES = {
    "torch_core": {"torch_save": "onecycle.utils.bundle:torch_save", "ArrayOrTensor": "onecycle.types:ArrayOrTensor"},
    "callbacks": {"Callback": ".callback:Callback", "LearnerCallback": ".basic_train:LearnerCallback"},
    "tabular.data": {"tabular_learner": ".tabular.learner:tabular_learner"},
    "vision.data": {"ImageItemList": "onecycle.vision:ImageItemList"},
}
_SUBMODULES = {"scipy": ("scipy.stats", "scipy.special"), "concurrent": ("concurrent.futures",)}


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
    sys.meta_path.append(Adviser)


class _V1Module(ReplaceableModule):
    """A module at a v1 path."""


def _refuse_the_real_one() -> None:
    if "fastai" in sys.modules or find_spec("fastai") is not None:
        raise ImportError(
            "onecycle.as_fastai: the name fastai must be free; got an installed fastai. "
            "Uninstall it (pip uninstall fastai) or import from onecycle directly."
        )


@cache
def _paths() -> frozenset[str]:
    """Every v1 path that is served, with the packages above it; the empty one is `fastai` itself."""
    paths = {"", *DOORS, *LEAVES, *STARS, *IMPORTS}
    paths = {path for path in paths if not _is_absent(path)}
    return frozenset(paths | {path[:at] for path in paths for at, letter in enumerate(path) if letter == "."})


def _is_absent(path: str) -> bool:
    return any(f"fastai.{path}.".startswith(f"{absent}.") for absent in INSTEAD)


def _add(path: str) -> None:
    """Put the module of one path into `sys.modules`, and into the package above it."""
    name = f"fastai.{path}" if path else "fastai"
    module = _V1Module(name, f"The v1 path {name}, served by onecycle.")
    module.__spec__ = ModuleSpec(name, loader=None, origin="onecycle.as_fastai", is_package=True)
    vars(module).update(__path__=[], __version__=onecycle.__version__)
    vars(module)["__getattr__"], vars(module)["__dir__"] = _reader(name, path)
    sys.modules[name] = module
    if path:
        package, _, last = name.rpartition(".")
        setattr(sys.modules[package], last, module)


def _reader(name: str, path: str) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Return the `__getattr__` and `__dir__` of a v1 module."""

    def serve(wanted: str) -> Any:
        if wanted == "__all__":
            return sorted(_public(path))
        known = _names(path)
        if wanted in known:
            try:
                return _fetch(wanted, known[wanted])
            except ImportError as error:  # a package that v1 stood on and onecycle does not
                raise AttributeError(f"module {name!r} has no attribute {wanted!r}: {error}") from error
        hint = "" if wanted.startswith("_") else did_you_mean(wanted, sorted(known))
        raise AttributeError(f"module {name!r} has no attribute {wanted!r}.{hint}")

    return serve, lambda: sorted({*_names(path), *vars(sys.modules[name])})


@cache
def _names(path: str) -> dict[str, str]:
    """Every name of a v1 module -> where it comes from: `module:name`, `module`, or `.path` for a v1 module."""
    names = dict.fromkeys(THIRD_PARTY, "") if path in DOORS else {}
    names |= _door_names(path)
    for star in STARS.get(path, ()):
        names |= _public(star)
    names |= {name: home for name, source in OTHER_RELEASES.get(path, {}).items() if (home := _home(source))}
    return names | _imported(path) | _own(path)


@cache
def _public(path: str) -> dict[str, str]:
    """What the star import of a v1 module brings -> where it comes from."""
    hidden = HIDDEN.get(path, ())
    own = {name: home for name, home in _own(path).items() if name not in hidden}
    if path in CLOSED:
        return own
    names = _door_names(path)
    for star in STARS.get(path, ()):
        names |= _public(star)
    return names | _imported(path) | own


def _door_names(path: str) -> dict[str, str]:
    """What onecycle's own door gives at a v1 path, beyond v1's names."""
    if path not in DOORS:
        return {}
    return {name: f"{DOORS[path]}:{name}" for name in import_module(DOORS[path]).__all__}


def _own(path: str) -> dict[str, str]:
    return {name: f"{leaf}:{name}" for leaf, names in LEAVES.get(path, {}).items() for name in names}


def _imported(path: str) -> dict[str, str]:
    """What a v1 module imports by name -> where it comes from.

    What onecycle's door has of its own, such as the models that v1 took from torchvision, is left to the door.
    """
    found, door = {}, _door_names(path)
    for name, source in IMPORTS.get(path, {}).items():
        home = _home(source)
        if home is not None and (home.startswith(".") or name not in door):
            found[name] = home
    return found


def _home(source: str) -> str | None:
    """Where the name of an import of v1 comes from here; None where it is not served."""
    if source in REPLACED:
        return REPLACED[source]
    if not source.startswith("."):
        return source
    module, _, name = source[1:].partition(":")
    below = f"{module}.{name}".strip(".")
    return f".{below}" if below in _paths() else _names(module).get(name)


def _fetch(name: str, home: str) -> Any:
    """Return the object of a name."""
    if home.startswith("."):
        return sys.modules[f"fastai{home}"]
    if name == "Path" or home.startswith("onecycle."):
        give_paths_ls()
    return fetch(name, home, _SUBMODULES.get(home, ()))


install()
