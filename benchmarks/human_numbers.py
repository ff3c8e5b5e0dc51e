"""How many words of the numbers from eight thousand on a 2-layer GRU gets right that learnt to count below."""

from __future__ import annotations

import contextlib
import io
import sys
from importlib import import_module

from benchmarks.common import ROOT, SEED, Row, show, unpacked
from onecycle.data.lists import ItemLists
from onecycle.text.lists import TextList
from onecycle.utils.seeding import set_all_seed

COMMAND = "python -m benchmarks.human_numbers"
EPOCHS, LR, HIDDEN = 10, 1e-2, 64


def run() -> list[Row]:
    """Train the example's GRU with tied weights on the data set; nothing where it is not there."""
    folder = unpacked("human_numbers.tgz")
    if folder is None:
        return []
    sys.path.insert(0, str(ROOT / "examples"))
    example = import_module("human_numbers")
    train, valid = (TextList([_joined((folder / f"{name}.txt").read_text())]) for name in ("train", "valid"))
    data = ItemLists(".", train, valid).label_for_lm().databunch(bs=16, bptt=70)
    set_all_seed(SEED)
    learn = example.get_learner(data, example.models(len(data.vocab), HIDDEN)["gru, tied"][2])
    with contextlib.redirect_stdout(io.StringIO()):
        learn.fit_one_cycle(EPOCHS, LR)
        right = float(learn.validate()[1])
    note = f"of all words of valid.txt, read as 16 streams, the same for training; {EPOCHS} epochs, hidden {HIDDEN}"
    return [Row("human numbers, next word, 2-layer GRU", right, "", ">= 0.95", COMMAND, note)]


def _joined(lines: str) -> str:
    return ", ".join(line.strip() for line in lines.splitlines())


if __name__ == "__main__":
    show(run())
