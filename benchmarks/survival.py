"""Kill trainings at random moments, resume them, and compare what they end with bit for bit.

    python -m benchmarks.survival --kills 100

Each training runs in a process of its own and is killed with SIGKILL, also in the middle of writing a checkpoint (one
is written after every step). It is started again until it ends. Its weights, the optimiser's moments, losses and
metrics must be those of the uninterrupted one.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from benchmarks.common import ROOT, SEED, Row
from benchmarks.small_learners import KINDS
from onecycle.training.callback import Callback

_EPOCHS = 4
_BEGUN = "begun"
_SPAN = 2.5  # seconds of training within which it is killed
_PATIENCE = 300  # seconds after which a process counts as lost


class _Say(Callback):
    """Tell the killer that training is under way, and make each step last long enough to be hit."""

    def __init__(self, aloud: bool) -> None:
        self.aloud = aloud

    def on_batch_begin(self, train: bool, **kwargs: Any) -> None:
        if train and self.aloud:
            print(_BEGUN, flush=True)
            time.sleep(0.03)


def digest(learn: Any) -> dict[str, str]:
    """Return hashes of all that a run ends with."""
    moments = [value for entry in learn.opt.state_dict()["state"].values() for value in entry.values()]
    record = learn.recorder
    return {
        "weights": _hash(learn.model.state_dict().values()),
        "moments": _hash(moments),
        "losses": str(record.losses),
        "metrics": str([record.val_losses, record.metrics]),
    }


def _hash(tensors: Any) -> str:
    total = hashlib.sha256()
    for tensor in tensors:
        total.update(torch.as_tensor(tensor).detach().cpu().contiguous().numpy().tobytes())
    return total.hexdigest()


def train(kind: str, folder: Path, workers: int, kept: bool) -> dict[str, str]:
    """Train in this process, going on where a killed one stood; return the hashes of its end."""
    torch.set_num_threads(1)
    learn = KINDS[kind](folder, workers)
    torch.manual_seed(SEED)
    run: dict[str, Any] = {"checkpoint": folder / "run", "every": 1, "resume": True} if kept else {}
    learn.fit_one_cycle(_EPOCHS, 1e-3, callbacks=[_Say(kept)], **run)
    return digest(learn)


def _start(kind: str, folder: Path, workers: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "benchmarks.survival", "--train", kind, str(folder), str(workers)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


@dataclass
class Tally:
    """What became of the runs of one kind."""

    kills: int = 0
    in_write: int = 0
    runs: int = 0
    lost: int = 0
    different: int = 0


def _await_a_write(process: subprocess.Popen[str], folder: Path) -> None:
    """Wait until a checkpoint is being written, or the process has ended."""
    while process.poll() is None:
        with suppress(OSError):
            if any(name.startswith(".step-") for name in os.listdir(folder)):
                return


def _killed_once(process: subprocess.Popen[str], folder: Path, draw: random.Random, tally: Tally) -> str:
    """Kill a process some time after it began to train; return its last line where it ended before."""
    assert process.stdout is not None
    said = "ended without a word"
    for line in process.stdout:
        said = line.strip() or said
        if said == _BEGUN:
            break
    else:
        return said  # it was killed after its last checkpoint, and has ended again
    time.sleep(draw.uniform(0, _SPAN))
    if draw.random() < 0.5:
        _await_a_write(process, folder / "run")
    process.send_signal(signal.SIGKILL)
    rest = process.stdout.read()
    if process.wait(_PATIENCE) == -signal.SIGKILL:
        tally.kills += 1
        tally.in_write += any((folder / "run").glob(".step-*.tmp"))
        return ""
    return rest.strip().splitlines()[-1]


def _one_run(kind: str, root: Path, whole: dict[str, str], draw: random.Random, tally: Tally, kills: int) -> None:
    """Kill one run so many times, let it end, and compare."""
    folder = root / f"{kind}-{tally.runs}"
    tally.runs += 1
    said = ""
    for _ in range(kills):
        with _start(kind, folder, draw.choice((0, 2))) as process:
            said = _killed_once(process, folder, draw, tally)
        if said:
            break
    if not said:
        with _start(kind, folder, draw.choice((0, 2))) as process:
            output, _ = process.communicate(timeout=_PATIENCE)
        said = output.strip().splitlines()[-1]
    try:
        found = json.loads(said)
    except ValueError:
        print(f"{kind}: a run was lost: {said}")
        tally.lost += 1
        return
    different = [name for name in whole if found[name] != whole[name]]
    if different:
        print(f"{kind}: other than uninterrupted: {', '.join(different)}")
    tally.different += bool(different)
    shutil.rmtree(folder)


def kill_all(kinds: list[str], kills: int, per_run: int = 4, seed: int = SEED) -> dict[str, Tally]:
    """Kill runs of each kind until there were `kills` in all; return what became of them."""
    draw = random.Random(seed)
    tallies = {kind: Tally() for kind in kinds}
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        for place, kind in enumerate(kinds):
            share = kills // len(kinds) + (place < kills % len(kinds))
            whole = train(kind, root / f"{kind}-whole", 0, kept=False)
            while tallies[kind].kills < share and not tallies[kind].lost:
                _one_run(kind, root, whole, draw, tallies[kind], min(per_run, share - tallies[kind].kills))
            print(f"{kind}: {tallies[kind]}", flush=True)
    return tallies


def run(kills: int = 100) -> list[Row]:
    """Kill, resume and compare: one row a kind, and one for all."""
    tallies = kill_all(list(KINDS), kills)
    command = f"python -m benchmarks.survival --kills {kills}"
    rows = []
    for kind, tally in tallies.items():
        note = f"{tally.kills} kills in {tally.runs} runs, {tally.in_write} of them while a checkpoint was written"
        bad = tally.lost + tally.different
        rows.append(Row(f"runs lost or different after kills: {kind}", bad, "runs", "<= 0", command, note))
    return rows


def main() -> None:
    """Train as a child, or kill children."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--train", nargs=3, metavar=("KIND", "FOLDER", "WORKERS"))
    args = parser.parse_args()
    if args.train:
        kind, folder, workers = args.train
        Path(folder).mkdir(parents=True, exist_ok=True)
        print(json.dumps(train(kind, Path(folder), int(workers), kept=True)))
    else:
        for row in run(args.kills):
            print(row.cells()[:5])


if __name__ == "__main__":
    main()
