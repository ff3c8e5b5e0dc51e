"""Models of characters, from three linear layers to a stateful LSTM with restarts, on any text file.

Each model reads characters and predicts the next one. The first ones read three or eight characters at a time and
begin with nothing; the later ones read the text as 64 streams, eight characters a step, and keep what they remember
from step to step, but not how they came to it (the gradient goes back eight characters). Losses are in nats a
character on the last fifth of the text.

    ONECYCLE_DATA=<folder with nietzsche.txt> python examples/char_models.py
    python examples/char_models.py --text my_book.txt --only gru
"""

from __future__ import annotations

import time
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from example_text import arguments, chosen, some_text
from torch import Tensor, nn
from torch.utils.data import TensorDataset

from onecycle.text import (
    CrossEntropyFlat,
    DataBunch,
    Learner,
    NumericalizeProcessor,
    RNNTrainer,
    TextList,
    TokenizeProcessor,
    Tokenizer,
    accuracy,
    set_all_seed,
)

FACTORS = 42  # of the embedding
WINDOW = 8  # characters that the windowed models read, and that the gradient goes back in the others


# Data


def char_streams(text: str, bs: int = 64, bptt: int = WINDOW) -> Any:
    """Return a text as streams of lower-case characters; the last fifth validates."""
    text, cut = text.lower(), len(text) * 4 // 5
    tokens = TokenizeProcessor(tokenizer=Tokenizer(list, pre_rules=[], post_rules=[]), include_bos=False)
    processor = [tokens, NumericalizeProcessor(min_freq=3)]
    texts = TextList([text[:cut], text[cut:]], sep="", processor=processor)
    return texts.split_by_idx([1]).label_for_lm().databunch(bs=bs, bptt=bptt, jitter=True)


def char_windows(streams: Any, width: int, bs: int) -> DataBunch:
    """Return every `width` characters of the same text in a row, and the one after them."""

    def pairs(dataset: Any) -> TensorDataset:
        ids = torch.as_tensor(dataset.x[0].data)
        return TensorDataset(ids[:-1].unfold(0, width, 1), ids[width:])

    return DataBunch.create(pairs(streams.train_ds), pairs(streams.valid_ds), bs=bs, num_workers=0)


# Models of a few characters: (N, T) -> (N, characters)


class ThreeChars(nn.Module):
    """Three characters go in one after the other, through the same layers: the loop written out."""

    def __init__(self, chars: int, hidden: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(chars, FACTORS)
        self.read = nn.Linear(FACTORS, hidden)
        self.remember = nn.Linear(hidden, hidden)
        self.out = nn.Linear(hidden, chars)

    def forward(self, x: Tensor) -> Tensor:
        first, second, third = (F.relu(self.read(self.embedding(x[:, i]))) for i in range(3))
        h = torch.tanh(self.remember(first))
        h = torch.tanh(self.remember(h + second))
        h = torch.tanh(self.remember(h + third))
        return self.out(h)


class CharLoop(ThreeChars):
    """The same with a loop, for any number of characters: a recurrent network."""

    def forward(self, x: Tensor) -> Tensor:
        h = x.new_zeros((), dtype=torch.float32)
        for char in self.embedding(x).unbind(1):
            h = torch.tanh(self.remember(h + F.relu(self.read(char))))
        return self.out(h)


class CharLoopConcat(CharLoop):
    """What is new goes beside what is remembered instead of onto it: the sum lost which is which."""

    def __init__(self, chars: int, hidden: int) -> None:
        super().__init__(chars, hidden)
        self.read = nn.Linear(hidden + FACTORS, hidden)

    def forward(self, x: Tensor) -> Tensor:
        h = torch.zeros(len(x), self.remember.in_features, device=x.device)
        for char in self.embedding(x).unbind(1):
            h = torch.tanh(self.remember(F.relu(self.read(torch.cat([h, char], dim=1)))))
        return self.out(h)


class CharRnn(nn.Module):
    """The loop left to `nn.RNN`."""

    def __init__(self, chars: int, hidden: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(chars, FACTORS)
        self.rnn = nn.RNN(FACTORS, hidden, batch_first=True)
        self.out = nn.Linear(hidden, chars)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(self.rnn(self.embedding(x))[0][:, -1])


# Models of streams: (N, T) -> (N, T, characters)


class Stateful(nn.Module):
    """Predict after every character, and go on where the last batch ended.

    Args:
        tokens: How many different characters (or words) there are.
        rnn: Returns its outputs and its state, like `nn.RNN`.
        keep: Keep the state for the next batch; without it every window begins with nothing.
        norm: What normalises the outputs of `rnn`.
    """

    def __init__(self, tokens: int, rnn: Any, keep: bool = True, norm: nn.Module | None = None) -> None:
        super().__init__()
        self.embedding = nn.Embedding(tokens, rnn.input_size)
        self.rnn, self.keep, self.norm = rnn, keep, norm or nn.Identity()
        self.out = nn.Linear(rnn.hidden_size, tokens)
        self.reset()

    def reset(self) -> None:
        """Forget; `RNNTrainer` calls it where an epoch and where validation begins."""
        self.hidden: Any = None

    def forward(self, x: Tensor) -> Tensor:
        if self.hidden is not None and batch_size(self.hidden) != len(x):
            self.reset()
        h, state = self.rnn(self.embedding(x), self.hidden)  # (N, T, H)
        if self.keep:
            self.hidden = without_history(state)
        return self.out(self.norm(h))


def batch_size(state: Any) -> int:
    """Return for how many streams a state is: `(layers, N, H)`, or a tuple of those."""
    return batch_size(state[0]) if isinstance(state, tuple) else state.shape[1]


def without_history(state: Any) -> Any:
    """Return the numbers of a state without how they were computed: there the way back ends."""
    return tuple(map(without_history, state)) if isinstance(state, tuple) else state.detach()


class Unrolled(nn.Module):
    """Make a network of a cell: call it once for each character."""

    def __init__(self, cell: Any) -> None:
        super().__init__()
        self.cell, self.input_size, self.hidden_size = cell, cell.input_size, cell.hidden_size

    def forward(self, x: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
        h = x.new_zeros(len(x), self.hidden_size) if state is None else state[0]
        steps = []
        for char in x.unbind(1):
            h = self.cell(char, h)
            steps.append(h)
        return torch.stack(steps, dim=1), h[None]


class GruCell(nn.Module):
    """A gated recurrent unit by hand.

    Reference: Cho et al., "Learning phrase representations using RNN encoder-decoder" (2014), equations 5 to 8.
    """

    def __init__(self, inputs: int, hidden: int) -> None:
        super().__init__()
        self.input_size, self.hidden_size = inputs, hidden
        self.of_input = nn.Linear(inputs, 3 * hidden)
        self.of_state = nn.Linear(hidden, 3 * hidden)
        for parameter in self.parameters():
            nn.init.uniform_(parameter, -(hidden**-0.5), hidden**-0.5)

    def forward(self, x: Tensor, h: Tensor) -> Tensor:
        x_reset, x_update, x_new = self.of_input(x).chunk(3, dim=1)
        h_reset, h_update, h_new = self.of_state(h).chunk(3, dim=1)
        reset = torch.sigmoid(x_reset + h_reset)  # how much of the past the proposal sees
        update = torch.sigmoid(x_update + h_update)  # how much of the past stays
        new = torch.tanh(x_new + reset * h_new)
        return torch.lerp(new, h, update)


def stream_models(hidden: int) -> dict[str, Any]:
    """Return what makes the recurrent part of each model of streams."""
    return {
        "rnn, forgetful": lambda: nn.RNN(FACTORS, hidden, batch_first=True),
        "rnn": lambda: nn.RNN(FACTORS, hidden, batch_first=True),
        "rnn cell": lambda: Unrolled(nn.RNNCell(FACTORS, hidden)),
        "gru": lambda: nn.GRU(FACTORS, hidden, batch_first=True),
        "gru by hand": lambda: Unrolled(GruCell(FACTORS, hidden)),
        "lstm": lambda: nn.LSTM(FACTORS, 2 * hidden, 2, dropout=0.5, batch_first=True),
    }


WINDOW_MODELS = {
    "three characters": (3, ThreeChars),
    "loop": (WINDOW, CharLoop),
    "loop, beside": (WINDOW, CharLoopConcat),
    "rnn of eight": (WINDOW, CharRnn),
}


# Training


def learner(data: Any, model: nn.Module) -> Learner:
    """Return a learner with Adam whose memory is reset at the ends of the text."""
    return Learner(
        data, model, loss_func=CrossEntropyFlat(), metrics=accuracy, wd=0.0, callback_fns=[RNNTrainer]
    )


def stream_learner(streams: Any, name: str, hidden: int) -> Learner:
    """Return a learner for one of the models of streams."""
    rnn = stream_models(hidden)[name]()
    return learner(streams, Stateful(len(streams.vocab), rnn, keep=name != "rnn, forgetful"))


def train(learn: Learner, epochs: int) -> None:
    """Train at 1e-3, then a third of the time at 1e-4."""
    late = epochs // 3
    learn.fit(epochs - late, 1e-3)
    if late:
        learn.fit(late, 1e-4)


def train_in_cycles(learn: Learner, cycles: int, lr: float = 4e-3) -> None:
    """Train with restarts, each cycle twice as long as the one before: 4 cycles are 15 epochs."""
    learn.fit_sgdr(cycles, lr, cycle_len=1, cycle_mult=2, wd=1e-5)


def sample(learn: Learner, prompt: str, count: int) -> str:
    """Return a text that goes on after a prompt: each character is drawn as the model thinks it likely."""
    model, vocab = learn.model.eval(), learn.data.vocab
    read = torch.as_tensor(vocab.numericalize(list(prompt)))[None]
    never = [i for i, token in enumerate(vocab.itos) if len(token) > 1]  # xxunk and its like
    model.reset()
    drawn: list[int] = []
    with torch.inference_mode():
        for _ in range(count):
            likely = F.softmax(model(read.to(learn.data.device))[0, -1], dim=-1)
            likely[never] = 0
            read = torch.multinomial(likely, 1)[None]
            drawn.append(int(read))
    model.reset()
    return prompt + vocab.textify(drawn, "")


def run(learn: Learner, how: Any) -> dict[str, Any]:
    """Train and measure one model."""
    begin = time.perf_counter()
    how(learn)
    loss, right = (float(value) for value in learn.validate())
    size = sum(parameter.numel() for parameter in learn.model.parameters())
    return {"learn": learn, "size": size, "loss": loss, "accuracy": right, "took": time.perf_counter() - begin}


def main(argv: list[str] | None = None) -> dict[str, Any]:
    fast = {"chars": 12_000, "hidden": 32, "epochs": 1, "cycles": 1, "bs": 16, "sample": 40}
    args = arguments(
        __doc__, argv, fast, chars=0, hidden=256, epochs=6, cycles=4, bs=64, seed=42, only="", sample=400
    )  # fmt: skip
    text = some_text(args.text, "nietzsche.txt")[: args.chars or None]
    streams = char_streams(text, args.bs)
    chars = len(streams.vocab)
    print(f"{len(text):,} characters, {chars} different ones; begins {text[:40]!r}")
    found: dict[str, Any] = {}
    for name in chosen(args.only, [*WINDOW_MODELS, *stream_models(args.hidden)]):
        set_all_seed(args.seed)
        if name in WINDOW_MODELS:
            width, kind = WINDOW_MODELS[name]
            learn = learner(char_windows(streams, width, 8 * args.bs), kind(chars, args.hidden))
        else:
            learn = stream_learner(streams, name, args.hidden)
        how = partial(train_in_cycles, cycles=args.cycles) if name == "lstm" else partial(train, epochs=args.epochs)
        print(f"\n{name}")
        found[name] = run(learn, how)
    print(f"\n{'':<17}parameters  loss  accuracy  minutes")
    for name, row in found.items():
        print(f"{name:<17}{row['size']:>10,}  {row['loss']:.2f}  {row['accuracy']:>8.3f}  {row['took'] / 60:>7.1f}")
    last = next(reversed(found.values()))["learn"]
    if hasattr(last.model, "reset"):
        found["sample"] = sample(last, "for thos", args.sample)
        print(f"\n{found['sample']}")
    return found


if __name__ == "__main__":
    main()
