"""What every front door serves beside onecycle's own names, and how a front door serves names.

A front door (`onecycle.vision`, `onecycle.basics` …) is for notebooks: `from onecycle.vision import *`. Inside the
library, in tests, docs and examples, import from the leaves.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from types import ModuleType
from typing import Any

import onecycle
from onecycle.errors import did_you_mean
from onecycle.utils.lazy import LazyModule
from onecycle.utils.paths import give_paths_ls

__all__ = ["THIRD_PARTY", "fetch", "open_door"]

# name in the notebook -> where it comes from, as `module` or `module:attribute`.
THIRD_PARTY: dict[str, str] = {
    "Any": "typing:Any",
    "Callable": "typing:Callable",
    "Collection": "typing:Collection",
    "Counter": "collections:Counter",
    "DataLoader": "torch.utils.data:DataLoader",
    "Dataset": "torch.utils.data:Dataset",
    "Dict": "typing:Dict",
    "Enum": "enum:Enum",
    "F": "torch.nn.functional",
    "IntEnum": "enum:IntEnum",
    "Iterable": "typing:Iterable",
    "Iterator": "typing:Iterator",
    "List": "typing:List",
    "Optional": "typing:Optional",
    "OrderedDict": "collections:OrderedDict",
    "PIL": "PIL",
    "Path": "pathlib:Path",
    "Sequence": "typing:Sequence",
    "Tensor": "torch:Tensor",
    "TensorDataset": "torch.utils.data:TensorDataset",
    "Tuple": "typing:Tuple",
    "Union": "typing:Union",
    "attrgetter": "operator:attrgetter",
    "copy": "copy:copy",
    "dataclass": "dataclasses:dataclass",
    "deepcopy": "copy:deepcopy",
    "defaultdict": "collections:defaultdict",
    "field": "dataclasses:field",
    "gc": "gc",
    "itemgetter": "operator:itemgetter",
    "json": "json",
    "math": "math",
    "namedtuple": "collections:namedtuple",
    "nn": "torch.nn",
    "np": "numpy",
    "optim": "torch.optim",
    "os": "os",
    "partial": "functools:partial",
    "patches": "matplotlib.patches",
    "patheffects": "matplotlib.patheffects",
    "pd": "pandas",
    "pickle": "pickle",
    "plt": "matplotlib.pyplot",
    "random": "random",
    "re": "re",
    "reduce": "functools:reduce",
    "shutil": "shutil",
    "spectral_norm": "torch.nn.utils:spectral_norm",
    "sys": "sys",
    "tarfile": "tarfile",
    "time": "time",
    "torch": "torch",
    "warnings": "warnings",
    "weight_norm": "torch.nn.utils:weight_norm",
    "yaml": "yaml",
}

# Slow to import and not needed by every notebook: these come as modules that load on first use.
_LAZY: dict[str, LazyModule] = {
    "PIL": LazyModule("PIL", also=("PIL.Image", "PIL.ImageDraw", "PIL.ImageFont")),
    "patches": LazyModule("matplotlib.patches"),
    "patheffects": LazyModule("matplotlib.patheffects"),
    "pd": LazyModule("pandas"),
    "plt": LazyModule("matplotlib.pyplot"),
    "yaml": LazyModule("yaml"),
}


def _leaf(name: str) -> ModuleType:
    """Import a module of ours, the garbage collector at rest: definitions leave nothing to collect.

    A full collection visits everything that torch has made, and costs as much as importing all of our leaves.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        return import_module(name)
    finally:
        if was_on:
            gc.enable()


def _third_party(name: str) -> Any:
    return fetch(name, THIRD_PARTY[name])


def fetch(name: str, source: str, also: tuple[str, ...] = ()) -> Any:
    """Return what `source` names; a module that is slow to import, or may be missing, as one that loads on first use.

    Args:
        name: The name in the notebook.
        source: `module` or `module:attribute`.
        also: Submodules that are used as attributes of the module; it is imported on first use then.

    Example:
        >>> fetch("sqrt", "math:sqrt")(9.0)
        3.0
    """
    if name in _LAZY and source.replace(":", ".") in ("", THIRD_PARTY[name]):
        return _LAZY[name]
    module, _, attribute = source.partition(":")
    if attribute:
        home = _leaf(module) if module.startswith("onecycle.") else import_module(module)
        return getattr(home, attribute) if hasattr(home, attribute) else import_module(f"{module}.{attribute}")
    return LazyModule(module, also) if also or module == "requests" else import_module(module)


def open_door(
    door: str, leaves: Mapping[str, Sequence[str]], modules: Mapping[str, str] | None = None
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Make the `__getattr__` and `__dir__` of a module that serves the names of its leaves.

    Args:
        door: The module's own name.
        leaves: Full name of a leaf -> the names it gives.
        modules: Names that stand for whole modules, e.g. `models`.

    Example:
        >>> get, names = open_door("shop", {"math": ["pi"]})
        >>> get("pi") > 3, names()
        (True, ['pi'])
    """
    home = {name: leaf for leaf, names in leaves.items() for name in names}
    whole = {leaf.rpartition(".")[2]: leaf for leaf in leaves if leaf.rpartition(".")[0] == door}
    whole.update(modules or {})
    known = sorted({*home, *whole})

    def serve(name: str) -> Any:
        if name in home or name == "Path":
            give_paths_ls()
        if name in home:
            return getattr(_leaf(home[name]), name)
        if name in whole:
            return _leaf(whole[name])
        if name in THIRD_PARTY:
            return _third_party(name)
        if name == "__version__":
            return onecycle.__version__
        hint = "" if name.startswith("_") else did_you_mean(name, known)
        raise AttributeError(f"module {door!r} has no attribute {name!r}.{hint}")

    return serve, lambda: known
