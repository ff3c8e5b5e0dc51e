#!/usr/bin/env python3
"""The commands of this checkout: each makes the virtual environment it needs, then does its work in it.

python3 run.py train [--data FOLDER --arch NAME --epochs N --size PX --bs N --lr RATE --out FOLDER …]
    Trains a picture classifier; without --data on scikit-learn's handwritten digits.
python3 run.py test [pytest arguments]
    Runs the test suite.
python3 run.py check
    Linter, formatter of imports, type checker, direction of imports, front doors, wheel.
python3 run.py docs
    Runs the code of every page in docs/ and of the README.
python3 run.py bench [names]
    Runs the benchmarks and writes benchmarks/RESULTS.md.

Needs Python 3.11 or later with venv and pip, and nothing else. The environment lies in .venv; it is made once
and again only when pyproject.toml or constraints.txt change.
"""
import hashlib
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
OLDEST_PYTHON = (3, 11)


def main(arguments):
    """Run the command that `arguments` name; returns the exit code."""
    if sys.version_info < OLDEST_PYTHON:
        return complain(
            "Python must be {}.{} or later; this is {}.{} ({}). Start run.py with a newer one, "
            "for example: python3.11 run.py".format(*OLDEST_PYTHON, *sys.version_info[:2], sys.executable)
        )
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        print(__doc__)
        return 0
    name, rest = arguments[0], arguments[1:]
    if name not in COMMANDS:
        return complain("command must be one of {}; got {!r}.".format(", ".join(COMMANDS), name))
    try:
        return COMMANDS[name](rest)
    except SetupError as error:
        return complain(str(error))
    except KeyboardInterrupt:
        return 130


def train(rest):
    """Train a picture classifier."""
    return call(environment("demo"), "-m", "onecycle.cli", "train", *rest)


def test(rest):
    """Run the tests; all of them, on all cores, when nothing is named."""
    return call(environment("dev"), "-m", "pytest", *(rest or ["-q", "-n", "auto"]))


def check(rest):
    """Run every check that is not a test; all of them, even when one fails."""
    python = environment("dev")
    steps = [
        ("ruff", ["-m", "ruff", "check", "."]),
        ("front doors", ["tools/make_front_doors.py", "--check"]),
        ("direction of imports", ["-c", "import importlinter.cli as cli; cli.lint_imports_command()"]),
        ("types", ["-m", "mypy"]),
        ("wheel", ["tools/check_wheel.py"]),
    ]
    failed = [name for name, step in steps if announce(name) or call(python, *step) != 0]
    print("check: " + ("failed: " + ", ".join(failed) if failed else "all is well"), flush=True)
    return 1 if failed else 0


def docs(rest):
    """Run the code of the documentation."""
    return call(environment("dev"), "-m", "pytest", "-q", "tests/docs", *rest)


def bench(rest):
    """Run the benchmarks."""
    return call(environment("demo"), "-m", "benchmarks.run_all", *rest)


COMMANDS = {"train": train, "test": test, "check": check, "docs": docs, "bench": bench}


class SetupError(Exception):
    """The environment could not be made; the text says why and what to do."""


def environment(extra):
    """Path of the environment's Python, with the package and its `extra` installed."""
    python = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if works(python) and is_installed(extra):
        return python
    if not works(python):
        announce("making a virtual environment in {}".format(VENV))
        attempt(
            [sys.executable, "-m", "venv", "--clear", str(VENV)],
            "the virtual environment could not be made. On Debian and Ubuntu the package python3-venv is needed.",
        )
    announce("installing onecycle[{}] and what it needs; the first time this takes some minutes".format(extra))
    attempt(
        [str(python), "-m", "pip", "install", "--disable-pip-version-check", *([] if sys.stdout.isatty() else ["-q"]),
         "-c", str(ROOT / "constraints.txt"), "-e", "{}[{}]".format(ROOT, extra)],
        "pip could not install the package; its last lines above say why. It needs the network the first time; "
        "once that is mended, run the same command again: what is already there is kept.",
    )
    stamp_of(extra).write_text(fingerprint())
    return python


def works(python):
    """Whether `python` is there and starts (a moved or half-made environment does not)."""
    return python.exists() and subprocess.call([str(python), "-c", ""], stderr=subprocess.DEVNULL) == 0


def is_installed(extra):
    """Whether the environment was last set up from the files as they are now; dev holds all of demo."""
    stamps = [stamp_of(extra), stamp_of("dev")]
    return any(stamp.exists() and stamp.read_text() == fingerprint() for stamp in stamps)


def stamp_of(extra):
    return VENV / "onecycle-{}.stamp".format(extra)


def fingerprint():
    """What the set-up depends on, in one word."""
    parts = [(ROOT / name).read_bytes() for name in ("pyproject.toml", "constraints.txt")]
    return hashlib.sha256(b"\0".join([*parts, str(ROOT).encode()])).hexdigest()


def attempt(command, complaint):
    """Run `command`; a failure becomes a SetupError with `complaint`."""
    try:
        code = subprocess.call(command)
    except OSError as error:
        raise SetupError("{} ({})".format(complaint, error)) from error
    if code != 0:
        raise SetupError(complaint)


def call(python, *arguments):
    """Run the environment's Python in the checkout's folder; returns its exit code."""
    folder = os.getcwd() if arguments[:2] == ("-m", "onecycle.cli") else ROOT
    return subprocess.call([str(python), *arguments], cwd=folder)


def announce(words):
    print("== " + words, flush=True)


def complain(sentence):
    print("run.py: " + sentence, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
