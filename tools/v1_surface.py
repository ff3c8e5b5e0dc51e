"""What fastai v1 offers, read from its sources without importing them, and the plain-text list of it.

`read_source` reads a source tree of v1; `write_surface` and `read_surface` turn the result into text and back. The text
holds names, parameters and defaults only:

    ## data_block            a module, `fastai.data_block`
    * torch_core basic_data  the modules whose public names it imports with a star
    = Integral numbers:Integral
                             a name it imports from elsewhere (from v1 itself with a dot in front)
    get_files(path, extensions=None)
    class ItemList(BaseItems)
        filter_by_func(self, func)
        classes              a member that is no function
        @attached(self)      a member that some module assigned from outside of the class
    (array_or_none)          in brackets: the module's star import does not bring it
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

Parameters = tuple[tuple[str, str | None], ...]  # name as written (with its stars) and default as source text


@dataclass
class Entry:
    """A public name of a module, or a member of a class."""

    kind: str  # "class", "call" or "value"
    parameters: Parameters = ()
    bases: tuple[str, ...] = ()
    members: dict[str, Entry] = field(default_factory=dict)
    attached: bool = False
    starred: bool = True


@dataclass
class Module:
    """The public names of one module of v1."""

    entries: dict[str, Entry] = field(default_factory=dict)
    stars: list[str] = field(default_factory=list)
    imports: dict[str, str] = field(default_factory=dict)
    exported: tuple[str, ...] | None = None  # a literal `__all__`


Surface = dict[str, Module]

# Not part of what v1 documents for its users.
LEFT_OUT = ("gen_doc", "version")


# ---------------------------------------------------------------------------------------------- reading the sources


def read_source(source: Path) -> Surface:
    """Read the package `fastai` below `source`."""
    package = source / "fastai"
    paths = {module_name(path, package): path for path in sorted(package.rglob("*.py"))}
    kept = {name: path for name, path in paths.items() if name and name.split(".")[0] not in LEFT_OUT}
    trees = {name: ast.parse(path.read_text("utf-8")) for name, path in kept.items()}
    packages = {name for name, path in kept.items() if path.name == "__init__.py"}
    surface = {name: read_module(name, tree, name in packages) for name, tree in trees.items()}
    for name, tree in trees.items():
        attach(surface, name, tree)
    return surface


def module_name(path: Path, package: Path) -> str:
    parts = path.relative_to(package).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def read_module(name: str, tree: ast.Module, is_package: bool) -> Module:
    module = Module()
    for node in statements(tree.body):
        read_statement(module, node, name.split(".") if is_package else name.split(".")[:-1])
    if module.exported is not None:
        for entry_name, entry in module.entries.items():
            entry.starred = entry_name in module.exported
        for entry_name in module.exported:  # made in a loop, or passed on
            module.entries.setdefault(entry_name, Entry("value"))
    return module


def statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Top-level statements, those inside of `if` and `try` too."""
    for node in body:
        if isinstance(node, ast.If):
            yield from statements(node.body + node.orelse)
        elif isinstance(node, ast.Try):
            yield from statements(node.body)
        else:
            yield node


def read_statement(module: Module, node: ast.stmt, package: list[str]) -> None:
    if isinstance(node, ast.FunctionDef) and is_public(node.name):
        module.entries[node.name] = Entry("call", parameters(node.args))
    elif isinstance(node, ast.ClassDef) and is_public(node.name):
        module.entries[node.name] = read_class(node)
    elif isinstance(node, ast.ImportFrom):
        read_import_from(module, node, package)
    elif isinstance(node, ast.Import):
        for alias in node.names:
            shown = alias.asname or alias.name.split(".")[0]
            module.imports[shown] = alias.name if alias.asname else shown
    elif isinstance(node, (ast.Assign, ast.AnnAssign)):
        read_assignment(module, node)


def is_public(name: str) -> bool:
    return not name.startswith("_")


def read_import_from(module: Module, node: ast.ImportFrom, package: list[str]) -> None:
    inside = node.level > 0 or (node.module or "").split(".")[0] == "fastai"
    base = node.module or ""
    if node.level:
        base = ".".join([*package[: len(package) - node.level + 1], *([node.module] if node.module else [])])
    elif inside:
        base = base.partition(".")[2]
    for alias in node.names:
        if alias.name == "*":
            module.stars += [base] if inside else []
        elif is_public(alias.asname or alias.name):
            module.imports[alias.asname or alias.name] = f"{'.' if inside else ''}{base}:{alias.name}"


def read_assignment(module: Module, node: ast.Assign | ast.AnnAssign) -> None:
    for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
        for name in target.elts if isinstance(target, ast.Tuple) else [target]:
            if not isinstance(name, ast.Name):
                continue
            if name.id == "__all__":
                module.exported = literal_strings(node.value)
            elif is_public(name.id):
                module.entries[name.id] = Entry("value")


def literal_strings(node: ast.expr | None) -> tuple[str, ...] | None:
    try:
        return tuple(ast.literal_eval(node))  # type: ignore[arg-type]
    except ValueError:
        return None


def read_class(node: ast.ClassDef) -> Entry:
    members: dict[str, Entry] = {}
    for child in node.body:
        if isinstance(child, ast.FunctionDef) and (is_public(child.name) or child.name in ("__init__", "__call__")):
            members[child.name] = read_member(child)
        elif isinstance(child, (ast.Assign, ast.AnnAssign)):
            for target in child.targets if isinstance(child, ast.Assign) else [child.target]:
                names = target.elts if isinstance(target, ast.Tuple) else [target]
                members.update((n.id, Entry("value")) for n in names if isinstance(n, ast.Name) and is_public(n.id))
    return Entry("class", bases=tuple(ast.unparse(base) for base in node.bases), members=members)


def read_member(node: ast.FunctionDef) -> Entry:
    marks = {ast.unparse(mark) for mark in node.decorator_list}
    if any(mark == "property" or mark.endswith(".setter") for mark in marks):
        return Entry("value")
    return Entry("call", parameters(node.args))


def parameters(given: ast.arguments) -> Parameters:
    """Parameters as written, with the source text of their defaults; `*` stands alone before keywords."""
    places = given.posonlyargs + given.args
    gaps: list[ast.expr | None] = [None] * (len(places) - len(given.defaults))
    rows = [(arg.arg, shown(default)) for arg, default in zip(places, gaps + list(given.defaults), strict=True)]
    if given.vararg:
        rows.append((f"*{given.vararg.arg}", None))
    elif given.kwonlyargs:
        rows.append(("*", None))
    rows += [(a.arg, shown(d)) for a, d in zip(given.kwonlyargs, given.kw_defaults, strict=True)]
    return tuple(rows + ([(f"**{given.kwarg.arg}", None)] if given.kwarg else []))


def shown(default: ast.expr | None) -> str | None:
    return None if default is None else ast.unparse(default)


def attach(surface: Surface, name: str, tree: ast.Module) -> None:
    """Enter what a module assigns to classes: `Learner.tta_only = _tta_only`."""
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    for node in tree.body:
        for target in node.targets if isinstance(node, ast.Assign) else []:
            if not (isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name)):
                continue
            if not is_public(target.attr):
                continue
            owner = find_class(surface, target.value.id)
            if owner is not None and isinstance(node, ast.Assign):
                source = functions.get(node.value.id) if isinstance(node.value, ast.Name) else None
                entry = Entry("call", parameters(source.args)) if source else Entry("value")
                entry.attached = True
                owner.members.setdefault(target.attr, entry)


def find_class(surface: Surface, name: str) -> Entry | None:
    found = [module.entries[name] for module in surface.values() if name in module.entries]
    return next((entry for entry in found if entry.kind == "class"), None)


# ---------------------------------------------------------------------------------------------------------- the text


def write_surface(surface: Surface) -> str:
    lines = [
        "# What fastai v1 (1.0.61) offers: names, parameters, defaults. Written by tools/compare_v1.py; do not edit.",
        "# tools/v1_surface.py describes the form.",
    ]
    for name, module in surface.items():
        lines += ["", f"## {name}"]
        lines += [f"* {' '.join(module.stars)}"] if module.stars else []
        lines += ["* literal"] if module.exported is not None else []
        lines += [f"= {shown_name} {source}" for shown_name, source in module.imports.items()]
        for entry_name, entry in module.entries.items():
            lines.append(entry_line(entry_name, entry))
            lines += ["    " + entry_line(member, one) for member, one in entry.members.items()]
    return "\n".join(lines) + "\n"


def entry_line(name: str, entry: Entry) -> str:
    text = f"class {name}" if entry.kind == "class" else name
    if entry.kind == "call":
        rows = (row if default is None else f"{row}={default}" for row, default in entry.parameters)
        text += f"({', '.join(rows)})"
    if entry.kind == "class" and entry.bases:
        text += f"({', '.join(entry.bases)})"
    text = "@" + text if entry.attached else text
    return text if entry.starred else f"[{text}]"


def read_surface(text: str) -> Surface:
    surface: Surface = {}
    module, owner = Module(), Entry("class")
    for line in text.splitlines():
        if line.startswith("## "):
            module = surface[line[3:]] = Module()
        elif line.startswith("* literal"):
            module.exported = ()
        elif line.startswith("* "):
            module.stars = line[2:].split()
        elif line.startswith("= "):
            name, source = line[2:].split()
            module.imports[name] = source
        elif line.startswith("    "):
            name, entry = parse_entry(line.strip())
            owner.members[name] = entry
        elif line and not line.startswith("#"):
            name, owner = parse_entry(line)
            module.entries[name] = owner
    return surface


def parse_entry(text: str) -> tuple[str, Entry]:
    starred = not text.startswith("[")
    text = text.strip() if starred else text[1:-1]
    attached, text = text.startswith("@"), text.removeprefix("@")
    if text.startswith("class "):
        found = re.fullmatch(r"class (\w+)(?:\((.*)\))?", text)
        assert found
        return found[1], Entry("class", bases=tuple(filter(None, [found[2]])), starred=starred)
    if "(" not in text:
        return text, Entry("value", attached=attached, starred=starred)
    name = text[: text.index("(")]
    tree = ast.parse(f"def f{text[text.index('('):]}: pass").body[0]
    assert isinstance(tree, ast.FunctionDef)
    return name, Entry("call", parameters(tree.args), attached=attached, starred=starred)


def star_names(surface: Surface, name: str, seen: frozenset[str] = frozenset()) -> set[str]:
    """Return what `from fastai.NAME import *` brings."""
    module = surface.get(name)
    if module is None or name in seen:
        return set()
    own = {one for one, entry in module.entries.items() if entry.starred}
    if module.exported is not None:
        return own
    own |= module.imports.keys()
    return own.union(*(star_names(surface, star, seen | {name}) for star in module.stars))
