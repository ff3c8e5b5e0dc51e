"""What every benchmark shares: alternating trials, one row a figure, the machine in words, the shared data.

A benchmark is a module with `run() -> list[Row]`. Run one as `python -m benchmarks.imports`, all with
`python3 run.py bench`.
"""

from __future__ import annotations

import os
import platform
import statistics
import tarfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch

ROOT = Path(__file__).resolve().parents[1]
SEED = 42


@dataclass(frozen=True)
class Row:
    """One figure: what was measured, the value, the bound it should keep, and how to get it again."""

    figure: str
    value: float
    unit: str
    bound: str  # "<= 1.25", ">= 0.6" or "" where nothing is asked
    command: str
    note: str = ""
    seed: int | str = SEED

    @property
    def verdict(self) -> str:
        """`yes` or `no` where there is a bound."""
        if not self.bound:
            return ""
        sign, limit = self.bound.split()
        kept = self.value <= float(limit) if sign == "<=" else self.value >= float(limit)
        return "yes" if kept else "no"

    def cells(self) -> list[str]:
        """The row as it stands in RESULTS.md."""
        return [self.figure, f"{self.value:.4g} {self.unit}".strip(), self.bound, self.verdict, self.note,
                f"`{self.command}`", str(self.seed), machine()]


HEADER = ["figure", "measured", "bound", "kept", "note", "command", "seed", "machine"]


def machine() -> str:
    """Describe the machine: cores, threads, processor, versions."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    device = torch.cuda.get_device_name() if torch.cuda.is_available() else _processor()
    versions = f"torch {torch.__version__}, Python {platform.python_version()}"
    return f"{cores} cores {device}, {torch.get_num_threads()} torch threads, {versions}"


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def seconds(work: Callable[[], object], clock: Callable[[], float] = time.perf_counter) -> float:
    """Time one call, in seconds of wall clock unless another clock is given."""
    start = clock()
    work()
    return clock() - start


def alternate(
    trials: Mapping[str, Callable[[], object]],
    rounds: int = 7,
    warm_up: int = 1,
    clock: Callable[[], float] = time.perf_counter,
) -> dict[str, list[float]]:
    """Time each trial once a round, in turn, so that a slow spell of the machine meets all of them.

    Args:
        trials: Name -> what to time.
        rounds: How often each is timed.
        warm_up: How often each runs untimed before.
        clock: Wall clock, or `time.process_time`: seconds of computing, which other programs do not lengthen.

    Returns:
        Name -> seconds of each round.
    """
    times: dict[str, list[float]] = {name: [] for name in trials}
    for number in range(-warm_up, rounds):
        order = list(trials) if number % 2 else list(reversed(trials))
        for name in order:
            took = seconds(trials[name], clock)
            if number >= 0:
                times[name].append(took)
    return times


def ratio(times: Mapping[str, list[float]], ours: str, yardstick: str,
          by: Callable[[list[float]], float] = statistics.median) -> float:
    """How many times as long `ours` takes as `yardstick`, by the median (or the minimum) of the rounds."""
    return by(times[ours]) / by(times[yardstick])


def data_folder() -> Path | None:
    """Find the shared data: ONECYCLE_DATA, or ../shared/data beside the checkout; None where there is none."""
    named = os.environ.get("ONECYCLE_DATA")
    folder = Path(named) if named else ROOT.parent / "shared" / "data"
    return folder if folder.is_dir() else None


def unpacked(archive: str) -> Path | None:
    """Unpack an archive of the shared data once, into the data folder of Config; None where it is not there."""
    from onecycle.data.download import Config

    folder = data_folder()
    if folder is None or not (folder / archive).exists():
        print(f"benchmarks: {archive} is not here; set ONECYCLE_DATA to the folder that holds it. Left out.")
        return None
    name = archive.removesuffix(".tgz")
    goal = Path(Config.data_path()) / name
    if not goal.exists():
        goal.parent.mkdir(parents=True, exist_ok=True)
        with tarfile.open(folder / archive) as tar:
            tar.extractall(goal.parent, filter="data")
    return goal


def table(rows: list[Row]) -> str:
    """Rows as a Markdown table."""
    lines = [HEADER, ["---"] * len(HEADER), *[row.cells() for row in rows]]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def show(rows: list[Row]) -> None:
    """Print the rows of one benchmark."""
    for row in rows:
        print(f"{row.figure}: {row.value:.4g} {row.unit}  (bound {row.bound or 'none'}) {row.note}")
