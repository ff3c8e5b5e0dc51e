"""How well models of characters predict what comes next: those of the example, on nietzsche.txt."""

from __future__ import annotations

import argparse
import contextlib
import io
import sys
import time
from importlib import import_module
from typing import Any

from benchmarks.common import ROOT, SEED, Row, data_folder, show
from onecycle.callbacks.autocast import Autocast
from onecycle.utils.seeding import set_all_seed

COMMAND = "python -m benchmarks.char_models"
RNN_EPOCHS, CYCLES = 6, 4  # 4 at 1e-3 and 2 at 1e-4; 1 + 2 + 4 + 8 epochs with restarts
BOUNDS = {"rnn": "<= 1.6", "gru": "<= 1.45", "lstm": "<= 1.36"}
NAMES = {"rnn": "stateful RNN", "gru": "GRU", "lstm": "LSTM with SGDR"}


def example(name: str) -> Any:
    """Import an example."""
    folder = str(ROOT / "examples")
    if folder not in sys.path:
        sys.path.insert(0, folder)
    return import_module(name)


def characters(name: str, streams: Any, epochs: int, cycles: int) -> Row:
    """Train one model on nietzsche.txt; the figure is its loss on the last fifth, in nats a character."""
    models = example("char_models")
    set_all_seed(SEED)
    learn = models.stream_learner(streams, name, hidden=256)
    begin = time.perf_counter()
    with contextlib.redirect_stdout(io.StringIO()):
        if name == "lstm":
            learn.callback_fns.append(Autocast)  # bfloat16: half the time
            models.train_in_cycles(learn, cycles)
            how = f"2 layers of 512, dropout 0.5, {2**cycles - 1} epochs, bfloat16"
        else:
            models.train(learn, epochs)
            how = f"hidden 256, {epochs} epochs"
        loss = float(learn.recorder.val_losses[-1])
    minutes = (time.perf_counter() - begin) / 60
    note = f"{how}, bs 64, bptt 8; {minutes:.0f} minutes"
    return Row(f"nietzsche.txt, {NAMES[name]}", loss, "nats/character", BOUNDS[name], f"{COMMAND} --only {name}", note)


def run(only: str = "", epochs: int = RNN_EPOCHS, cycles: int = CYCLES) -> list[Row]:
    """Train the three models; nothing where nietzsche.txt is not there."""
    folder = data_folder()
    if folder is None or not (folder / "nietzsche.txt").exists():
        print("benchmarks: nietzsche.txt is not here; set ONECYCLE_DATA to the folder that holds it. Left out.")
        return []
    text = (folder / "nietzsche.txt").read_text(encoding="utf-8")
    streams = example("char_models").char_streams(text)
    return [characters(name, streams, epochs, cycles) for name in BOUNDS if only in ("", name)]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help=f"one of {', '.join(BOUNDS)}")
    parser.add_argument("--epochs", type=int, default=RNN_EPOCHS)
    parser.add_argument("--cycles", type=int, default=CYCLES)
    options = parser.parse_args()
    show(run(options.only, options.epochs, options.cycles))
