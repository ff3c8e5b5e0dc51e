"""Feed damaged and hostile files to every reader of the library, and count what should never happen.

    python -m benchmarks.fuzz --inputs 21000

The work is done by tools/fuzz.py, whose first lines say what is counted. Each reader is one row.
"""

from __future__ import annotations

import argparse
import collections
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.common import ROOT, SEED, Row

INPUTS = 21_000
_FINE = ("read", "refused")


def run(inputs: int = INPUTS) -> list[Row]:
    """Feed the inputs and return a row for each reader, and one for all."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "outcomes.jsonl"
        command = [sys.executable, str(ROOT / "tools" / "fuzz.py"), "--inputs", str(inputs), "--seed", str(SEED)]
        subprocess.run([*command, "--out", str(out)], check=False)
        return rows([json.loads(line) for line in out.read_text().splitlines()])


def rows(found: list[dict[str, Any]]) -> list[Row]:
    """Return the rows of outcomes, as tools/fuzz.py writes them."""
    by_reader: dict[str, list[dict[str, Any]]] = collections.defaultdict(list)
    for told in found:
        by_reader[told["reader"]].append(told)
    named = {f"damaged files, {reader}": each for reader, each in sorted(by_reader.items())}
    return [_row(figure, each, len(found)) for figure, each in {**named, "damaged files, all readers": found}.items()]


def _row(figure: str, found: list[dict[str, Any]], inputs: int) -> Row:
    counts = collections.Counter(told["outcome"] for told in found)
    never = {outcome: count for outcome, count in counts.items() if outcome not in _FINE}
    said = ", ".join(f"{count} {outcome}" for outcome, count in sorted(never.items()))
    note = (
        f"{len(found)} inputs: {counts['read']} read, {counts['refused']} refused in a sentence; "
        f"{said or 'no execution, write outside, raw error, crash, hang over 20 s or 4 GB'}; longest "
        f"{max(told['seconds'] for told in found):.1f} s"
    )
    command = f"python -m benchmarks.fuzz --inputs {inputs}"
    return Row(figure, sum(never.values()), "inputs", "<= 0", command, note)


if __name__ == "__main__":
    from benchmarks.common import show
    from benchmarks.run_all import write

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inputs", type=int, default=INPUTS)
    parser.add_argument("--outcomes", type=Path, help="a file that tools/fuzz.py wrote, in place of a run")
    options = parser.parse_args()
    told = options.outcomes and [json.loads(line) for line in options.outcomes.read_text().splitlines()]
    made = rows(told) if told else run(options.inputs)
    show(made)
    write(made)
