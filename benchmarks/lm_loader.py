"""The loader of a language model: microseconds a batch, and its share of a small training step.

Corpus: 20,000 texts of 1 to 400 drawn tokens (4 million), bs 64, bptt 70. The step: embedding 100, one LSTM layer of
200, vocabulary 2000, forward, backward and SGD on the CPU; an AWD-LSTM's step takes longer, so its share is smaller.
"""

from __future__ import annotations

import statistics
import time

import numpy as np
import torch
from torch import Tensor, nn

from benchmarks.common import SEED, Row, show
from onecycle.data.loaders import DeviceDataLoader
from onecycle.text.lm_loader import LanguageModelPreLoader
from onecycle.text.token_texts import TokenTexts

COMMAND = "python -m benchmarks.lm_loader"
TEXTS, LONGEST, VOCAB = 20_000, 400, 2000
BATCH, BPTT, BATCHES, STEPS = 64, 70, 800, 12


def make_corpus() -> TokenTexts:
    """Texts of random tokens."""
    draw = np.random.default_rng(SEED)
    lengths = draw.integers(1, LONGEST, TEXTS)
    return TokenTexts.joined(draw.integers(0, VOCAB, lengths.sum()).astype(np.int32), lengths)


def microseconds_a_batch(loader: DeviceDataLoader, epoch: int) -> float:
    """Time the batches of an epoch from the first one on; laying the epoch out is in it."""
    loader.set_epoch(SEED, epoch)
    count, start = 0, time.perf_counter()
    for _ in loader:
        count += 1
        if count == BATCHES:
            break
    return (time.perf_counter() - start) / count * 1e6


class SmallModel(nn.Module):
    """One LSTM layer between an embedding and a linear layer."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(VOCAB, 100)
        self.lstm = nn.LSTM(100, 200, batch_first=True)
        self.head = nn.Linear(200, VOCAB)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.lstm(self.embedding(x))[0])  # (N, T, V)


def microseconds_a_step(batch: list[Tensor]) -> float:
    """Time a training step on one batch."""
    torch.manual_seed(SEED)
    model, loss = SmallModel(), nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    spent = []
    for _ in range(STEPS):
        start = time.perf_counter()
        loss(model(batch[0]).flatten(0, 1), batch[1].flatten()).backward()
        optimizer.step()
        optimizer.zero_grad()
        spent.append(time.perf_counter() - start)
    return statistics.median(spent[2:]) * 1e6


def run() -> list[Row]:
    corpus = make_corpus()
    source = LanguageModelPreLoader(corpus, bs=BATCH, bptt=BPTT, shuffle=True)
    loader = DeviceDataLoader.create(source, BATCH, num_workers=0)
    spent = statistics.median(microseconds_a_batch(loader, epoch) for epoch in range(7))
    step = microseconds_a_step(next(iter(loader)))
    note = f"{TEXTS} texts, {corpus.total} tokens, bs {BATCH}, bptt {BPTT}"
    return [
        Row("language-model loader: a batch", spent, "µs", "", COMMAND, note),
        Row("language-model loader: share of a step", spent / step * 100, "%", "<= 2", COMMAND,
            f"step of a 200-wide LSTM: {step / 1000:.1f} ms"),
    ]


if __name__ == "__main__":
    show(run())
