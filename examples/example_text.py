"""Texts for the examples: a file of yours, the data sets beside the checkout, or what every Python ships with."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any


def arguments(
    purpose: str, argv: list[str] | None, fast: dict[str, Any], *, reads_text: bool = True, **defaults: Any
) -> argparse.Namespace:
    """Read the command line: --text, --out, --fast, and one option for each default.

    Args:
        purpose: What the help says.
        argv: The words; those of the process when None.
        fast: Other defaults for --fast, which shows in seconds that everything runs.
        reads_text: Whether there is a --text.
        **defaults: Options with their values.
    """
    parser = argparse.ArgumentParser(description=purpose, formatter_class=argparse.RawDescriptionHelpFormatter)
    if reads_text:
        parser.add_argument("--text", type=Path, help="a file of texts")
    parser.add_argument("--out", type=Path, default=Path("out"), help="where models and pictures go")
    parser.add_argument("--fast", action="store_true", help="a few seconds, to see that it runs")
    for name, value in defaults.items():
        parser.add_argument(f"--{name}", type=type(value), help=f"default {value}")
    args = parser.parse_args(argv)
    if reads_text and args.text is not None and not args.text.is_file():
        parser.error(f"--text: there is no file {args.text}")
    for name, value in {**defaults, **(fast if args.fast else {})}.items():
        if getattr(args, name) is None:
            setattr(args, name, value)
    args.out.mkdir(parents=True, exist_ok=True)
    return args


def chosen(only: str, names: Iterable[str]) -> list[str]:
    """Return the names that are to be run: the one that --only says, or all."""
    known = list(names)
    if only and only not in known:
        raise SystemExit(f"--only: there is no {only!r}; there are: {', '.join(known)}")
    return [only] if only else known


def shared_file(name: str) -> Path | None:
    """Return a file of the folder that ONECYCLE_DATA names; None where there is none."""
    where = os.environ.get("ONECYCLE_DATA")
    return Path(where) / name if where and (Path(where) / name).exists() else None


def python_text() -> str:
    """Return the chapters of Python's reference that `help()` shows: 450 kB of English in every Python."""
    from pydoc_data.topics import topics

    return "\n\n".join(topics[name] for name in sorted(topics))


def some_text(file: Path | None, archived: str) -> str:
    """Return the text of a file, else of a shared file of that name, else that of Python's reference."""
    file = file or shared_file(archived)
    return file.read_text(encoding="utf-8") if file else python_text()
