"""What the AWD-LSTM costs beside plain LSTMs of its sizes: tokens a second in training, whole model and whole loop."""

from __future__ import annotations

import argparse
import contextlib
import io
import statistics
from copy import deepcopy
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from benchmarks.common import SEED, Row, alternate, show
from onecycle.callbacks.rnn import RNNTrainer
from onecycle.data.bunch import DataBunch
from onecycle.learner import Learner
from onecycle.nn.losses import CrossEntropyFlat
from onecycle.text.heads import get_language_model
from onecycle.text.models.awd_lstm import awd_lstm_lm_config

COMMAND = "python -m benchmarks.awd_lstm"
BATCH, LENGTH, STEPS, WORDS = 64, 70, 1, 10_000  # batch and length as they are by default
LR, BETAS, WEIGHT_DECAY = 1e-3, (0.9, 0.99), 0.01

Batches = list[tuple[Tensor, Tensor]]


class PlainLSTMs(nn.Module):
    """Embedding, LSTMs, and the embedding again: nothing dropped, no memory but what the loop hands over."""

    def __init__(self, words: int, emb_sz: int, n_hid: int, n_layers: int) -> None:
        super().__init__()
        sizes = [emb_sz, *[n_hid] * (n_layers - 1), emb_sz]
        self.embedding = nn.Embedding(words, emb_sz)
        self.lstms = nn.ModuleList(nn.LSTM(sizes[i], sizes[i + 1], batch_first=True) for i in range(n_layers))
        self.decoder = nn.Linear(emb_sz, words)
        self.decoder.weight = self.embedding.weight

    def forward(self, x: Tensor, states: list[Any]) -> tuple[Tensor, list[Any]]:
        x, after = self.embedding(x), []
        for lstm, state in zip(self.lstms, states, strict=True):
            x, state = lstm(x, state)
            after.append(tuple(part.detach() for part in state))
        return self.decoder(x), after


def make_batches() -> Batches:
    """Draw words; the target of each is the word after it."""
    draw = torch.Generator().manual_seed(SEED)
    words = torch.randint(WORDS, (BATCH, STEPS * LENGTH + 1), generator=draw)
    starts = range(0, STEPS * LENGTH, LENGTH)
    return [(words[:, i : i + LENGTH], words[:, i + 1 : i + 1 + LENGTH]) for i in starts]


def by_hand(model: PlainLSTMs, batches: Batches) -> None:
    """Train as a careful person writes it."""
    optimizer = torch.optim.AdamW(model.parameters(), LR, BETAS, weight_decay=WEIGHT_DECAY, fused=True)
    states: list[Any] = [None] * len(model.lstms)
    model.train()
    for x, y in batches:
        scores, states = model(x, states)
        loss = F.cross_entropy(scores.flatten(0, 1), y.flatten())
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()


def ours(model: nn.Module, batches: Batches) -> None:
    """Train with a Learner, with all dropouts and both penalties."""
    learn = Learner(DataBunch(batches, None, device="cpu", no_check=True), model, loss_func=CrossEntropyFlat())
    learn.fit(1, LR, wd=WEIGHT_DECAY, callbacks=[RNNTrainer(learn, 2.0, 1.0)])


def run(rounds: int = 7, scale: float = 1.0) -> list[Row]:
    """Train both in turn; the figure is the median of the ratios of neighbouring runs."""
    torch.manual_seed(SEED)
    sizes = {name: max(2, int(awd_lstm_lm_config[name] * scale)) for name in ("emb_sz", "n_hid")}
    plain = PlainLSTMs(WORDS, **sizes, n_layers=awd_lstm_lm_config["n_layers"])
    model, batches = get_language_model("AWD_LSTM", WORDS, sizes), make_batches()
    trials = {"ours": lambda: ours(deepcopy(model), batches), "hand": lambda: by_hand(deepcopy(plain), batches)}
    with contextlib.redirect_stdout(io.StringIO()):
        times = alternate(trials, rounds)
    ratios = [hand / mine for hand, mine in zip(times["hand"], times["ours"], strict=True)]
    rates = {name: STEPS * BATCH * LENGTH / statistics.median(spent) for name, spent in times.items()}
    note = f"{rates['ours']:.0f} and {rates['hand']:.0f} tokens/s; {sizes}, batch {BATCH}, {LENGTH} of {WORDS} words"
    return [Row("AWD-LSTM training over plain LSTMs", statistics.median(ratios), "", ">= 0.92", COMMAND, note)]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--scale", type=float, default=1.0, help="of the sizes of the layers")
    options = parser.parse_args()
    show(run(options.rounds, options.scale))
