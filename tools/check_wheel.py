#!/usr/bin/env python3
"""Builds the wheel and imports it outside the source tree: every module is in it, typed, and the command answers."""
from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TRIAL = "import onecycle, onecycle.vision, pathlib; print(pathlib.Path(onecycle.__file__).parent)"


def main() -> int:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        wheel = build(folder / "built")
        lost = missing_from(wheel)
        if lost:
            print(f"check_wheel: {wheel.name} lacks {', '.join(lost)}")
            return 1
        installed = folder / "installed"
        pip("install", "--no-deps", "--target", installed, wheel)
        place = outside(folder, installed, "-c", TRIAL).strip()
        if Path(place).resolve() != (installed / "onecycle").resolve():
            print(f"check_wheel: onecycle was imported from {place}")
            return 1
        outside(folder, installed, "-m", "onecycle.cli", "--help")
        print(f"{wheel.name}: imports outside the source tree")
    return 0


def build(folder: Path) -> Path:
    """Build the wheel from a copy of the tracked files, so that no old build folder gets into it."""
    source = folder / "source"
    source.mkdir(parents=True)
    listed = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                            cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\0")
    for file in filter(None, listed):
        if (ROOT / file).is_file() and (file.startswith("onecycle/") or "/" not in file):
            goal = source / file
            goal.parent.mkdir(parents=True, exist_ok=True)
            goal.write_bytes((ROOT / file).read_bytes())
    pip("wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", folder, source)
    return next(folder.glob("*.whl"))


def missing_from(wheel: Path) -> list[str]:
    """Files of the package that did not get into the wheel."""
    with zipfile.ZipFile(wheel) as archive:
        packed = set(archive.namelist())
    wanted = [path.relative_to(ROOT).as_posix() for path in (ROOT / "onecycle").rglob("*.py")]
    return [file for file in [*wanted, "onecycle/py.typed"] if file not in packed]


def pip(*words: object) -> None:
    subprocess.run([sys.executable, "-m", "pip", "-q", "--disable-pip-version-check", *map(str, words)], check=True)


def outside(folder: Path, installed: Path, *words: str) -> str:
    """What Python prints in another folder, with the installed wheel first on its path."""
    env = {**os.environ, "PYTHONPATH": str(installed)}
    command = [sys.executable, *words]
    return subprocess.run(command, cwd=folder, env=env, check=True, capture_output=True, text=True).stdout


if __name__ == "__main__":
    sys.exit(main())
