#!/usr/bin/env python3
"""Compares what fastai v1 offers with what `import onecycle.as_fastai` serves, and writes what differs into the docs.

usage: compare_v1.py [V1_SOURCE] [--check]

V1_SOURCE is an unpacked source archive of v1; with it the contract list, tests/api/v1_surface.txt (names, parameters
and defaults), is written again from its sources. Then the list is compared with what is served, and the table in
docs/differences.md between the two marks is written; every row needs a reason, in REASONS or in as_fastai_instead.py.
    --check    write nothing; exit 1 when the table is not the one that would be written
"""

from __future__ import annotations

import argparse
import ast
import inspect
import sys
from collections.abc import Iterator
from fnmatch import fnmatchcase
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tools")]

from v1_reasons import REASONS  # noqa: E402
from v1_surface import Entry, Surface, read_source, read_surface, star_names, write_surface  # noqa: E402

SURFACE = ROOT / "tests/api/v1_surface.txt"
PAGE = ROOT / "docs/differences.md"
BEGIN, END = "<!-- written by tools/compare_v1.py: begin -->", "<!-- written by tools/compare_v1.py: end -->"


class Difference(NamedTuple):
    """One name of v1 that is not here, or is called otherwise."""

    name: str  # module.Class.member
    what: str


def differences(surface: Surface) -> Iterator[Difference]:
    """Compare all of v1's names with what is served."""
    import onecycle.as_fastai  # noqa: F401

    reported: set[str] = set()
    for path, module in surface.items():
        try:
            served = import_module(f"fastai.{path}")
        except ImportError:
            yield Difference(path, "no such module")
            continue
        for name, entry in module.entries.items():
            yield from compare(f"{path}.{name}", entry, served)
        if path not in STARRED:
            continue
        lacking = star_names(surface, path) - set(served.__all__) - module.entries.keys() - reported
        reported |= lacking
        for name in sorted(lacking):
            yield Difference(f"{path}.{name}", "not brought by the star import")


# Modules whose star imports are compared: the doors. Other modules' follow from them.
STARRED = ("basics", "vision", "text", "tabular", "collab", "callbacks")
_MISSING = object()


def compare(full: str, entry: Entry, owner: Any) -> Iterator[Difference]:
    """Compare one name, and its members where it is a class."""
    found = getattr(owner, full.rpartition(".")[2], _MISSING)
    if found is _MISSING and full.rpartition(".")[2] in getattr(owner, "__annotations__", {}):
        return
    if found is _MISSING:
        yield Difference(full, "not here")
    elif entry.kind == "call":
        yield from compare_call(full, entry, found)
    elif entry.kind == "class" and isinstance(found, type):
        for name, member in entry.members.items():
            if name == "__init__":
                yield from compare_call(full, member, found, is_member=True)
            elif name != "__call__" and member.kind == "call":
                yield from compare(f"{full}.{name}", as_member(member), found)
            elif name != "__call__" and not hasattr(found, name) and name not in fields(found):
                yield Difference(f"{full}.{name}", "not here")


def fields(cls: type) -> set[str]:
    """Return the attributes that a class declares or sets in its `__init__`."""
    declared = {name for base in cls.__mro__ for name in vars(base).get("__annotations__", {})}
    for base in cls.__mro__:
        code = getattr(vars(base).get("__init__"), "__code__", None)
        declared |= set(code.co_names) if code else set()
    return declared


def as_member(entry: Entry) -> Entry:
    """Drop `self` of a method."""
    return Entry("call", entry.parameters[1:], attached=entry.attached)


def compare_call(full: str, entry: Entry, found: Any, is_member: bool = False) -> Iterator[Difference]:
    try:
        have = inspect.signature(found).parameters
    except (TypeError, ValueError):
        return
    takes_any = any(one.kind is one.VAR_KEYWORD for one in have.values())
    wanted = entry.parameters[1:] if is_member else entry.parameters
    told = []
    for name, default in wanted:
        if name.startswith("*") or name in ("self", "cls"):
            continue
        if name not in have:
            told += [] if takes_any else [f"no parameter `{name}`"]
        elif differs(default, have[name].default):
            told.append(f"`{name}` is {have[name].default!r}; v1: {default}")
    if told:
        yield Difference(full, "; ".join(told))


def differs(written: str | None, ours: Any) -> bool:
    """Whether a default of v1, as source text, is a plain value and ours another one."""
    plain = (int, float, str, bool, tuple, type(None))
    try:
        theirs = ast.literal_eval(written or "")
    except (ValueError, SyntaxError):
        return False
    return isinstance(theirs, plain) and isinstance(ours, plain) and theirs is not None and theirs != ours


def reason(name: str) -> str | None:
    """Return why a name differs; None where nobody has said."""
    from onecycle.as_fastai_instead import INSTEAD

    for pattern, why in REASONS.items():
        if fnmatchcase(name, pattern):
            return why
    parts = f"fastai.{name}".split(".")
    return next((INSTEAD[one] for at in range(len(parts), 1, -1) if (one := ".".join(parts[:at])) in INSTEAD), None)


def table(rows: list[Difference]) -> str:
    """Return the table of the page."""
    lines = ["| name | what is different | why, or what to use |", "| --- | --- | --- |"]
    lines += [f"| `{row.name}` | {row.what.replace('|', chr(92) + '|')} | {reason(row.name)} |" for row in rows]
    return "\n".join(lines)


def page_with(text: str) -> str:
    """Return docs/differences.md with this table."""
    page = PAGE.read_text("utf-8")
    before, _, rest = page.partition(BEGIN)
    return f"{before}{BEGIN}\n{text}\n{END}{rest.partition(END)[2]}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", nargs="?", type=Path)
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    if options.source and not options.check:
        SURFACE.write_text(write_surface(read_source(options.source)), "utf-8")
    rows = list(differences(read_surface(SURFACE.read_text("utf-8"))))
    unexplained = [row for row in rows if reason(row.name) is None]
    for row in unexplained:
        print(f"no reason given: {row.name}: {row.what}")
    text = page_with(table(rows))
    is_stale = text != PAGE.read_text("utf-8")
    if is_stale and not options.check:
        PAGE.write_text(text, "utf-8")
    print(f"{len(rows)} differences{', docs/differences.md is stale' if is_stale and options.check else ''}")
    return int(bool(unexplained) or (is_stale and options.check))


if __name__ == "__main__":
    sys.exit(main())
