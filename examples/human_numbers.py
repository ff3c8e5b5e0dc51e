"""Models of words that learn to count: one, two, three … nine thousand nine hundred ninety nine.

The text is so regular that it shows what each part of a language model is for: reading more words, predicting after
every word, remembering, gates. Accuracy is that of the next word over all words of the validation set, which goes
on where the training set ends.

    python examples/human_numbers.py
"""

from __future__ import annotations

from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from char_models import Stateful
from example_text import arguments, chosen
from torch import Tensor, nn

from onecycle.text import (
    BatchNorm1dFlat,
    CrossEntropyFlat,
    ItemLists,
    Learner,
    RNNTrainer,
    TextList,
    accuracy,
    set_all_seed,
)

SMALL = ("zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
         "seventeen eighteen nineteen").split()  # fmt: skip
TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()


def in_words(number: int) -> str:
    """Return a number from 1 to 9,999 in words.

    Example:
        >>> in_words(4217)
        'four thousand two hundred seventeen'
    """
    parts = []
    for name, unit in (("thousand", 1000), ("hundred", 100)):
        if number >= unit:
            parts += [SMALL[number // unit], name]
            number %= unit
    if number >= 20:
        parts.append(TENS[number // 10 - 2])
        number %= 10
    return " ".join([*parts, SMALL[number]] if number else parts)


def get_data(first_valid: int, last: int, bs: int, bptt: int) -> Any:
    """Return the numbers as two texts, one to learn from and one to validate on, as streams of words."""
    texts = (range(1, first_valid), range(first_valid, last + 1))
    train, valid = (TextList([", ".join(map(in_words, numbers))]) for numbers in texts)
    return ItemLists(".", train, valid).label_for_lm().databunch(bs=bs, bptt=bptt)


class OneWord(nn.Module):
    """Read a window word by word, predict the one word after it: `(N, T) -> (N, words)`."""

    def __init__(self, words: int, hidden: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(words, hidden)
        self.remember = nn.Linear(hidden, hidden)
        self.out = nn.Linear(hidden, words)

    def forward(self, x: Tensor) -> Tensor:
        h = torch.zeros((), device=x.device)
        for word in self.embedding(x).unbind(1):
            h = torch.relu(self.remember(h + word))
        return self.out(h)


def last_word_loss(scores: Tensor, targets: Tensor) -> Tensor:
    """Judge a prediction by the last word of the targets alone."""
    return F.cross_entropy(scores, targets[:, -1])


def last_word_accuracy(scores: Tensor, targets: Tensor) -> Tensor:
    """Return the share of windows whose last target is right."""
    return accuracy(scores, targets[:, -1])


def tied(model: Stateful) -> Stateful:
    """Let the vector that a word is read as be the one that it is told by.

    "eight thousand" is in no text that is learnt from. What remembers the vector of "eight" can say it all the same.
    """
    nn.init.normal_(model.embedding.weight, std=0.1)
    model.out.weight = model.embedding.weight
    return model


def models(words: int, hidden: int) -> dict[str, tuple[int, int, nn.Module]]:
    """Return streams, width of a window, and model; each model has one thing more than the one before."""
    rnn, gru = (partial(kind, hidden, hidden, batch_first=True) for kind in (nn.RNN, nn.GRU))
    norm = partial(BatchNorm1dFlat, hidden)
    return {
        "three words": (64, 3, OneWord(words, hidden)),
        "twenty words": (64, 20, OneWord(words, hidden)),
        "every word": (16, 70, Stateful(words, rnn(), keep=False)),
        "remembers": (16, 70, Stateful(words, rnn())),
        "normalised": (16, 70, Stateful(words, rnn(), norm=norm())),
        "gru, 2 layers": (16, 70, Stateful(words, gru(num_layers=2), norm=norm())),
        "gru, tied": (16, 70, tied(Stateful(words, gru(num_layers=2), norm=norm()))),
    }


def get_learner(data: Any, model: nn.Module) -> Learner:
    """Return a learner; models that predict one word a window are judged by that word."""
    one_word = isinstance(model, OneWord)
    loss, metric = (last_word_loss, last_word_accuracy) if one_word else (CrossEntropyFlat(), accuracy)
    return Learner(data, model, loss_func=loss, metrics=metric, callback_fns=[RNNTrainer])


def count_on(learn: Learner, start: str, words: int) -> str:
    """Return the words that a model of streams thinks likeliest after `start`."""
    model, vocab = learn.model.eval(), learn.data.vocab
    read = torch.as_tensor(vocab.numericalize(start.split()))[None]
    model.reset()
    said = []
    with torch.inference_mode():
        for _ in range(words):
            read = model(read.to(learn.data.device))[:, -1:].argmax(dim=-1)
            said.append(int(read))
    model.reset()
    return vocab.textify(said)


def main(argv: list[str] | None = None) -> dict[str, Any]:
    fast = {"first_valid": 800, "last": 999, "epochs": 1, "hidden": 16}
    args = arguments(
        __doc__, argv, fast, reads_text=False, first_valid=8000, last=9999, hidden=64, epochs=10, lr=1e-2, seed=42,
        only="",
    )  # fmt: skip
    words = len(get_data(args.first_valid, args.last, 1, 70).vocab)
    found: dict[str, Any] = {}
    for name in chosen(args.only, models(words, args.hidden)):
        set_all_seed(args.seed)
        bs, bptt, model = models(words, args.hidden)[name]
        learn = get_learner(get_data(args.first_valid, args.last, bs, bptt), model)
        print(f"\n{name}: {bs} streams, {bptt} words at a time")
        learn.fit_one_cycle(args.epochs, args.lr)
        found[name] = {"learn": learn, "accuracy": float(learn.validate()[1])}
    print(f"\n{'':<15}next word right")
    for name, row in found.items():
        print(f"{name:<15}{row['accuracy']:>15.3f}")
    last = next(reversed(found.values()))["learn"]
    if isinstance(last.model, Stateful):
        start = " , ".join(map(in_words, range(args.last - 22, args.last - 2))) + " ,"
        found["counted"] = count_on(last, start, 14)
        print(f"\n… {start[-60:]} → {found['counted']}")
    return found


if __name__ == "__main__":
    main()
