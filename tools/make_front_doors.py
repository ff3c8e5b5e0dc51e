#!/usr/bin/env python3
"""Writes the front doors, the v1 name table and the frozen name lists from the leaves' `__all__`.

usage: make_front_doors.py [--check] [--accept] [--missing]

It reads sources only; nothing is imported. A front door serves the names of its leaves lazily (onecycle/prelude.py).
    --check    write nothing; exit 1 when a file on disk differs from what would be written
    --accept   let names disappear from tests/api/names/*.txt (without it a name that is gone stays listed there,
               and tests/api fails until it is back)
    --missing  list the v1 names that no leaf gives
"""
from __future__ import annotations

import argparse
import ast
import sys
import textwrap
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WIDTH = 110
SURFACE = ROOT / "tests/api/v1_surface.txt"
sys.path.insert(0, str(ROOT / "tools"))

from v1_surface import read_surface  # noqa: E402

# Each door: where it is written, its docstring, the rooms whose every public name it gives, the v1 modules whose
# names it gives wherever they live, doors it includes, and names that stand for whole modules.
BASIC_V1 = ("core", "torch_core", "basic_data", "data_block", "layers", "metrics", "callback", "basic_train", "train",
            "datasets")


@dataclass(frozen=True)
class Door:
    """One front door."""

    name: str
    path: str
    purpose: str
    rooms: tuple[str, ...] = ()
    v1_modules: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    includes: tuple[str, ...] = ()
    modules: tuple[tuple[str, str], ...] = ()
    prelude: bool = False


DOORS = (
    Door(
        "onecycle.basics", "onecycle/basics.py", "all that is not about one kind of data.",
        rooms=("nn", "optim", "metrics", "data", "training", "callbacks", "interpret", "learning", "learner"),
        v1_modules=BASIC_V1, prelude=True,
    ),
    Door("onecycle.callbacks", "onecycle/callbacks/__init__.py", "the callbacks.", rooms=("callbacks",)),
    Door(
        "onecycle.collab", "onecycle/collab/__init__.py", "ratings, and all of onecycle.basics.",
        rooms=("collab",), v1_modules=("collab",), includes=("onecycle.basics",),
        modules=(("collab", "onecycle.collab"),),
    ),
    Door(
        "onecycle.tabular", "onecycle/tabular/__init__.py", "tables, and all of onecycle.basics.",
        rooms=("tabular",), v1_modules=("tabular.data", "tabular.transform", "tabular.models", "tabular.learner"),
        includes=("onecycle.basics",), modules=(("tabular", "onecycle.tabular"),),
    ),
    Door(
        "onecycle.text", "onecycle/text/__init__.py", "texts, and all of onecycle.basics.",
        rooms=("text",), v1_modules=("text.data", "text.transform", "text.learner", "text.interpret"),
        includes=("onecycle.basics",), modules=(("text", "onecycle.text"),),
    ),
    Door("onecycle.text.models", "onecycle/text/models/__init__.py", "the architectures.", rooms=("text.models",)),
    Door(
        "onecycle.vision", "onecycle/vision/__init__.py", "pictures, and all of onecycle.basics.",
        rooms=("vision",), without=("vision.models", "vision.gan", "vision.cyclegan"),
        v1_modules=("vision.image", "vision.transform", "vision.data", "vision.learner", "vision.interpret"),
        includes=("onecycle.basics",),
        modules=(("models", "onecycle.vision.models"), ("vision", "onecycle.vision")),
    ),
    Door(
        "onecycle.vision.models", "onecycle/vision/models/__init__.py", "the architectures.",
        rooms=("vision.models",),
    ),
    Door(
        "onecycle.vision.gan", "onecycle/vision/gan/__init__.py", "generators and critics.", rooms=("vision.gan",),
    ),
    Door(
        "onecycle.vision.cyclegan", "onecycle/vision/cyclegan/__init__.py", "one kind of picture made into another.",
        rooms=("vision.cyclegan",), v1_modules=("vision.cyclegan",),
    ),
)
# Rooms of helpers: a door gives only those of their names that v1 gave, and these.
HELPER_ROOMS = ("utils", "errors", "types")
HELPERS_SHOWN = {
    "ArrayOrTensor", "FilePathList", "Floats", "ListOrItem", "ModuleList", "OptListOrItem", "PathOrStr",
    "TensorOrNumber", "defaults", "master_bar", "pca", "progress_bar", "register", "torch_save",
    "OnecycleError", "ArgumentError", "ArgumentTypeError", "DataError",
    "FileFormatError", "DownloadError", "CallbackError", "TrainingError", "NotRegisteredError",
}
# Where two leaves define the same name: v1 module (or door) and name -> leaf.
CHOICES: dict[tuple[str, str], str] = {}
# Leaves that only the v1 paths serve.
V1_ONLY = ("onecycle.as_fastai_types", "onecycle.as_fastai_extras")
ROOMS_OF_V1_ONLY = tuple(leaf.removeprefix("onecycle.") for leaf in V1_ONLY)


@dataclass(frozen=True)
class Leaf:
    """What one module says about its names."""

    module: str
    exported: tuple[str, ...]
    defined: frozenset[str]

    def is_in(self, rooms: Iterable[str]) -> bool:
        """Whether the leaf lies in one of the rooms, e.g. `vision.models`."""
        own = self.module.removeprefix("onecycle.")
        return any(own == room or own.startswith(room + ".") for room in rooms)


def read_leaf(path: Path) -> Leaf:
    """Read a module's `__all__` and the names that it defines itself."""
    module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
    exported: tuple[str, ...] = ()
    defined: set[str] = set()
    for node in statements(path):
        names = names_defined_by(node)
        if "__all__" in names:
            exported = tuple(ast.literal_eval(node.value))  # type: ignore[attr-defined]
        defined.update(names)
    return Leaf(module, exported, frozenset(defined))


def statements(path: Path) -> list[ast.stmt]:
    """Top-level statements of a file; none, with a word on it, when it cannot be parsed."""
    try:
        return ast.parse(path.read_text("utf-8")).body
    except SyntaxError as error:
        print(f"make_front_doors: left out {path}: line {error.lineno}: {error.msg}", file=sys.stderr)
        return []


def names_defined_by(node: ast.stmt) -> list[str]:
    """Names that a top-level statement binds, imports left out."""
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return [node.name]
    if isinstance(node, (ast.Assign, ast.AnnAssign)):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        return [name.id for target in targets for name in ast.walk(target) if isinstance(name, ast.Name)]
    if isinstance(node, (ast.If, ast.Try, ast.With, ast.For)):
        return [name for child in ast.iter_child_nodes(node) if isinstance(child, ast.stmt)
                for name in names_defined_by(child)]
    return []


def read_leaves() -> list[Leaf]:
    """Read every leaf: all modules but packages, generated files and the front ends."""
    ends = {"onecycle/basics.py", "onecycle/as_fastai.py", "onecycle/as_fastai_names.py", "onecycle/cli.py",
            "onecycle/prelude.py", "onecycle/__main__.py"}
    paths = sorted((ROOT / "onecycle").rglob("*.py"))
    kept = [p for p in paths if p.name != "__init__.py" and p.relative_to(ROOT).as_posix() not in ends]
    return [read_leaf(path) for path in kept]


def read_v1_names() -> dict[str, list[tuple[str, bool]]]:
    """Read tests/api/v1_surface.txt: v1 module -> (name, whether its star import brings it)."""
    surface = read_surface(SURFACE.read_text("utf-8"))
    return {module: [(name, entry.starred) for name, entry in found.entries.items()]
            for module, found in surface.items()}


# For each v1 module the rooms to look in first: most specific first.
V1_ROOMS = {
    "core": ("data", "utils"),
    "torch_core": ("utils", "nn", "data", "optim", "training"),
    "basic_data": ("data",),
    "data_block": ("data",),
    "layers": ("nn",),
    "metrics": ("metrics",),
    "callback": ("training", "optim", "callbacks"),
    "basic_train": ("learner", "learning", "training"),
    "train": ("learning", "training", "callbacks", "interpret"),
    "datasets": ("data", "utils"),
    "distributed": ("callbacks",),
    "collab": ("collab",),
    "tabular.data": ("tabular",),
    "tabular.transform": ("tabular",),
    "tabular.models": ("tabular",),
    "tabular.learner": ("tabular",),
    "text.data": ("text",),
    "text.transform": ("text",),
    "text.learner": ("text",),
    "text.interpret": ("text",),
    "text.models.awd_lstm": ("text",),
    "text.models.qrnn": ("text.models",),
    "text.models.transformer": ("text.models",),
    "vision.image": ("vision",),
    "vision.transform": ("vision",),
    "vision.data": ("vision",),
    "vision.learner": ("vision",),
    "vision.gan": ("vision.gan",),
    "vision.cyclegan": ("vision.cyclegan", "vision.gan"),
}


class Names:
    """Which leaf gives which name."""

    def __init__(self, leaves: list[Leaf]) -> None:
        self.leaves = leaves
        self.exporters: dict[str, list[Leaf]] = defaultdict(list)
        self.definers: dict[str, list[Leaf]] = defaultdict(list)
        for leaf in leaves:
            for name in leaf.exported:
                self.exporters[name].append(leaf)
            for name in leaf.defined:
                self.definers[name].append(leaf)

    def find(self, name: str, wanted_by: str, rooms: tuple[str, ...] = (), strict: bool = False) -> str | None:
        """Full name of the leaf that gives `name`: in `rooms` if there, and where it is defined, not passed on.

        With `strict` only the rooms count, and a name that is defined but not exported is served too.
        """
        if (wanted_by, name) in CHOICES:
            return CHOICES[wanted_by, name]
        leaves = self.exporters[name]
        if strict:
            leaves = [leaf for leaf in leaves + self.definers[name] if leaf.is_in(rooms)]
        leaves = nearest(leaves, rooms)
        leaves = [leaf for leaf in leaves if name in leaf.defined] or leaves
        homes = ", ".join(sorted({leaf.module for leaf in leaves}))
        if "," in homes:
            cure = "Rename one or add to CHOICES."
            raise SystemExit(f"make_front_doors: {wanted_by}: {name} is defined in {homes}. {cure}")
        return leaves[0].module if leaves else None


def nearest(leaves: list[Leaf], rooms: tuple[str, ...]) -> list[Leaf]:
    """Those of `leaves` in the first of `rooms` that has any; all of them when none has."""
    for room in rooms:
        inside = [leaf for leaf in leaves if leaf.is_in([room])]
        if inside:
            return inside
    return leaves


def v1_rooms(module: str) -> tuple[str, ...]:
    """Rooms in which a v1 module's names live: the leaf of the same path first."""
    if module.startswith("callbacks."):
        return (module, "callbacks", "nn", "optim", "training")
    return (module, *V1_ROOMS.get(module, [module.partition(".")[0]]))


V1Names = dict[str, list[tuple[str, bool]]]  # v1 module, or leaf -> (name, whether a star import brings it)


def v1_table(names: Names, v1: V1Names) -> dict[str, V1Names]:
    """V1 module -> leaf -> (name, public), for the names that exist."""
    table: dict[str, V1Names] = {}
    for module, wanted in v1.items():
        homes: V1Names = defaultdict(list)
        for name, public in wanted:
            rooms = (*v1_rooms(module), *ROOMS_OF_V1_ONLY)
            anywhere = names.find(name, module, rooms) if module in V1_ROOMS else None
            leaf = anywhere or names.find(name, module, rooms, strict=True)
            if leaf:
                homes[leaf].append((name, public))
        if homes:
            table[module] = dict(sorted(homes.items()))
    return table


def door_leaves(door: Door, names: Names, table: dict[str, V1Names]) -> dict[str, list[str]]:
    """Leaf -> the names that the door gives from it."""
    home: dict[str, str] = {}
    for module in door.v1_modules:
        for leaf, found in table.get(module, {}).items():
            home.update((name, leaf) for name, public in found if public and leaf not in V1_ONLY)
    for leaf in names.leaves:
        if leaf.is_in(door.rooms) and not leaf.is_in(door.without):
            for name in leaf.exported:
                home.setdefault(name, names.find(name, door.name, door.rooms) or leaf.module)
        elif door.prelude and leaf.is_in(HELPER_ROOMS):
            home.update(dict.fromkeys(HELPERS_SHOWN & set(leaf.exported), leaf.module))
    refuse_names_of_leaves(door, home, names.leaves)
    leaves: dict[str, list[str]] = defaultdict(list)
    for name, where in sorted(home.items()):
        leaves[where].append(name)
    return dict(sorted(leaves.items()))


def refuse_names_of_leaves(door: Door, home: dict[str, str], leaves: list[Leaf]) -> None:
    """A package cannot serve a thing under the name of one of its modules: importing the module would hide it."""
    for leaf in leaves:
        package, _, last = leaf.module.rpartition(".")
        if package == door.name and last in home:
            raise SystemExit(f"make_front_doors: {leaf.module} hides {home[last]}.{last}. Rename the module.")


def read_prelude() -> dict[str, str]:
    """Read the table of third-party names from onecycle/prelude.py."""
    for node in ast.parse((ROOT / "onecycle/prelude.py").read_text()).body:
        if isinstance(node, ast.AnnAssign) and getattr(node.target, "id", "") == "THIRD_PARTY":
            return ast.literal_eval(node.value)  # type: ignore[arg-type]
    raise SystemExit("make_front_doors: onecycle/prelude.py must hold the literal table THIRD_PARTY.")


def wrap(words: Iterable[str], indent: int) -> str:
    """Words with commas between them, wrapped; a trailing comma ends them. No words, no text."""
    if not (words := list(words)):
        return ""
    pad = " " * indent
    return textwrap.fill(", ".join(words) + ",", WIDTH, initial_indent=pad, subsequent_indent=pad,
                         break_long_words=False, break_on_hyphens=False)


def import_line(name: str, source: str) -> str:
    """The import statement for a third-party name."""
    module, _, attribute = source.partition(":")
    if attribute:
        return f"    from {module} import {attribute}" + (f" as {name}" if name != attribute else "")
    parent, _, last = module.rpartition(".")
    if parent:
        return f"    from {parent} import {last}" + (f" as {name}" if name != last else "")
    return f"    import {module}" + (f" as {name}" if name != module else "")


def quoted(names: Iterable[str]) -> list[str]:
    return [f'"{name}"' for name in names]


def door_source(door: Door, leaves: dict[str, list[str]], prelude: dict[str, str]) -> str:
    """The text of a front door."""
    own = sorted(name for names in leaves.values() for name in names)
    modules = dict(door.modules)
    third = {name: source for name, source in prelude.items() if name not in own} if door.prelude else {}
    lines = [
        f'"""Front door: {door.purpose} Made by tools/make_front_doors.py; do not edit."""', "", "# ruff: noqa", "",
        "from __future__ import annotations", "", "from typing import TYPE_CHECKING", "",
    ]
    lines += [f"from onecycle import {door_name.rpartition('.')[2]}" for door_name in door.includes]
    lines += ["from onecycle.prelude import open_door", "", "if TYPE_CHECKING:"]
    by_source = sorted(third.items(), key=lambda row: (":" in row[1], row[1]))
    lines += [import_line(name, source) for name, source in by_source]
    lines += [f"    from {included} import *" for included in door.includes]
    lines += [import_line(name, module) for name, module in modules.items()]
    lines += [f"    from {leaf} import (\n{wrap(names, 8)}\n    )" for leaf, names in leaves.items()]
    lines += ["    pass"] if not leaves else []
    lines += ["", "__all__ = [", wrap(quoted(sorted([*own, *third, *modules])), 4), "]"]
    lines += [f"__all__ += {included.rpartition('.')[2]}.__all__" for included in door.includes]
    lines += ["", "_LEAVES = {"]
    lines += [f'    "{leaf}": (\n{wrap(quoted(names), 8)}\n    ),' for leaf, names in leaves.items()]
    for included in door.includes:
        lines += [f"    **{included.rpartition('.')[2]}._LEAVES,"]
    lines += ["}", ""]
    extra = f", {modules!r}".replace("'", '"') if modules else ""
    lines += [f"__getattr__, __dir__ = open_door(__name__, _LEAVES{extra})", ""]
    return "\n".join(lines)


def table_source(table: dict[str, V1Names]) -> str:
    """The text of onecycle/as_fastai_names.py."""
    lines = [
        '"""The v1 paths and the leaf of each of their names. Made by tools/make_front_doors.py; do not edit."""', "",
        "# ruff: noqa", "", "# v1 module -> leaf -> names", "LEAVES: dict[str, dict[str, tuple[str, ...]]] = {",
    ]
    for module, homes in table.items():
        lines.append(f'    "{module}": {{')
        for leaf, found in homes.items():
            lines.append(f'        "{leaf}": (\n{wrap(quoted(name for name, _ in found), 12)}\n        ),')
        lines.append("    },")
    lines += ["}", "", "# v1 module -> names that its star import does not bring"]
    lines += ["HIDDEN: dict[str, tuple[str, ...]] = {"]
    for module, homes in table.items():
        hidden = [name for found in homes.values() for name, public in found if not public]
        if hidden:
            lines.append(f'    "{module}": (\n{wrap(quoted(hidden), 8)}\n    ),')
    lines += ["}", *chain_source()]
    return "\n".join([*lines, ""])


def chain_source() -> list[str]:
    """The lines of the tables that say which modules include which, and what they import."""
    surface = read_surface(SURFACE.read_text("utf-8"))
    lines = ["", "# v1 module -> v1 modules whose names it has by a star import"]
    lines += ["STARS: dict[str, tuple[str, ...]] = {"]
    lines += [f'    "{name}": (\n{wrap(quoted(module.stars), 8)}\n    ),'
              for name, module in surface.items() if module.stars]
    lines += ["}", "", "# v1 module -> name -> its source, `module:name`, with a dot in front in v1 itself"]
    lines += ["IMPORTS: dict[str, dict[str, str]] = {"]
    for name, module in surface.items():
        if module.imports:
            rows = [f'"{shown}": "{source}"' for shown, source in module.imports.items()]
            lines.append(f'    "{name}": {{\n{wrap(rows, 8)}\n    }},')
    lines += ["}", "", "# v1 modules whose star import brings only names of their own", "CLOSED = {"]
    closed = [name for name, module in surface.items() if module.exported is not None]
    return [*lines, wrap(quoted(closed), 4), "}"]


def snapshot(path: Path, names: set[str], accept: bool) -> str:
    """The text of a frozen name list: with names that are gone kept, unless accepted."""
    before = set(path.read_text().split()) if path.exists() and not accept else set()
    return "\n".join(sorted(names | before)) + "\n"


def all_files(accept: bool) -> tuple[dict[Path, str], list[str]]:
    """Every generated file with its text, and the v1 names that are missing."""
    names, prelude, v1 = Names(read_leaves()), read_prelude(), read_v1_names()
    table = v1_table(names, v1)
    files = {ROOT / "onecycle/as_fastai_names.py": table_source(table)}
    given: dict[str, set[str]] = {}
    for door in DOORS:
        leaves = door_leaves(door, names, table)
        files[ROOT / door.path] = door_source(door, leaves, prelude)
        given[door.name] = {name for found in leaves.values() for name in found} | dict(door.modules).keys()
        given[door.name] |= prelude.keys() if door.prelude else set()
        given[door.name] |= {name for included in door.includes for name in given[included]}
        path = ROOT / f"tests/api/names/{door.name.removeprefix('onecycle.')}.txt"
        files[path] = snapshot(path, given[door.name], accept)
    have = {(module, name) for module, homes in table.items() for found in homes.values() for name, _ in found}
    missing = [f"{module}.{name}" for module, wanted in v1.items() for name, _ in wanted if (module, name) not in have]
    return files, missing


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for flag in ("--check", "--accept", "--missing"):
        parser.add_argument(flag, action="store_true")
    options = parser.parse_args()
    files, missing = all_files(options.accept)
    if options.missing:
        print("\n".join(missing))
    stale = [path for path, text in files.items() if not path.exists() or path.read_text("utf-8") != text]
    for path in stale:
        print(("stale: " if options.check else "wrote ") + path.relative_to(ROOT).as_posix())
        if not options.check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(files[path], "utf-8")
    if options.check and stale:
        print("Run tools/make_front_doors.py and commit what it writes.")
    return 1 if options.check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
