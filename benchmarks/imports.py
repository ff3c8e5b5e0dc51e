"""How long `from onecycle.vision import *` takes beside `import torch`, each in a fresh Python."""

from __future__ import annotations

import statistics
import subprocess
import sys

from benchmarks.common import ROOT, Row, alternate, ratio, show

COMMAND = "python -m benchmarks.imports"
TRIALS = {"torch": "import torch", "vision": "from onecycle.vision import *"}


def run(rounds: int = 15) -> list[Row]:
    """Time both imports in turn, in fresh processes."""
    times = alternate({name: lambda code=code: _in_fresh_python(code) for name, code in TRIALS.items()}, rounds)
    both = {name: statistics.median(took) for name, took in times.items()}
    note = f"{both['vision']:.2f} s beside {both['torch']:.2f} s, medians of {rounds}"
    return [Row("from onecycle.vision import * / import torch", ratio(times, "vision", "torch"), "times", "<= 1.25",
                COMMAND, note)]


def _in_fresh_python(code: str) -> None:
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


if __name__ == "__main__":
    show(run())
