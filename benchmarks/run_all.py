"""Runs the benchmarks and writes their rows into benchmarks/RESULTS.md."""

from __future__ import annotations

import argparse
from importlib import import_module
from pathlib import Path

from benchmarks.common import HEADER, Row, show

RESULTS = Path(__file__).with_name("RESULTS.md")
ALL = ("imports", "predict", "loop", "callbacks", "gan", "pictures", "mnist", "wgan", "segmentation", "camvid", "tta",
       "transfer", "pets_points", "lm_loader", "tokenize", "awd_lstm", "checkpoints", "position", "tabular", "collab",
       "char_models", "human_numbers", "survival", "fuzz")
INTRO = """# Measured figures

Each row is written by the command in it; `python3 run.py bench` runs them all, `python3 run.py bench imports` one.
Ratios are of medians of alternating runs on the same machine unless the figure says otherwise.
"""


def main() -> None:
    """Run what is named, keep the rows of what is not."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"any of {', '.join(ALL)}; all when left out")
    names = parser.parse_args().names or ALL
    for name in names:
        if name not in ALL:
            parser.error(f"name must be one of {', '.join(ALL)}; got {name!r}.")
        print(f"== {name}", flush=True)
        rows = import_module(f"benchmarks.{name}").run()
        show(rows)
        write(rows)


def write(rows: list[Row]) -> None:
    """Put rows into RESULTS.md in place of those of the same figure."""
    kept = {cells[0]: cells for cells in read()}
    kept.update({row.figure: row.cells() for row in rows})
    lines = [HEADER, ["---"] * len(HEADER), *kept.values()]
    RESULTS.write_text(INTRO + "\n" + "\n".join("| " + " | ".join(cells) + " |" for cells in lines) + "\n")


def read() -> list[list[str]]:
    """Rows that RESULTS.md holds now."""
    if not RESULTS.exists():
        return []
    lines = [line for line in RESULTS.read_text().splitlines() if line.startswith("| ")][2:]
    return [[cell.strip() for cell in line[2:-2].split(" | ")] for line in lines]


if __name__ == "__main__":
    main()
