"""The batches of a language model: the corpus as parallel streams, read window after window."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from onecycle.data.addresses import BatchAddress
from onecycle.errors import ArgumentError, DataError, explain
from onecycle.text.lm_corpus import Corpus, order_of_texts, window_count, window_ends
from onecycle.text.token_texts import TokenTexts

__all__ = ["LanguageModelPreLoader"]

_SMALLEST_JITTERED = 8  # below it a window could come out empty


class LanguageModelPreLoader(Dataset[Any]):
    """Read a corpus as `bs` streams side by side, `bptt` tokens at a time.

    The texts follow one another, in a new order each epoch with `shuffle`, and are cut into `bs` streams of equal
    length (tokens that are left over, fewer than `bs`, are not used). Batch k holds window k of every stream, so
    that row i of batch k + 1 goes on where row i of batch k ended, and a model can keep its state. Targets are the
    inputs one token later. The last window is as wide as what is left.

    A batch is a function of its address alone (seed of the run, epoch, step): tokens are looked up in the one array
    that holds the corpus, and nothing has to be read to begin in the middle of an epoch.

    Args:
        dataset: A labelled list of texts, a list of texts, or sequences of token numbers.
        lengths: How many tokens each text has; counted when left out.
        bs: Number of streams: the batch size.
        bptt: Tokens in a window: so many steps the gradient goes back.
        backwards: Read the whole corpus from its end to its beginning.
        shuffle: Put the texts into a new order each epoch.
        jitter: Draw the width of each window, around `bptt` (one in twenty around its half), so that the same
            tokens do not begin a window in every epoch.

    Raises:
        ArgumentError: `bs` or `bptt` is not at least 1, or lengths do not fit.
        DataError: there are not enough tokens for `bs` streams; says how many there are.

    Example:
        >>> batches = LanguageModelPreLoader([list(range(13))], bs=2, bptt=4)
        >>> x, y = batches.batch_at(BatchAddress(seed=0, epoch=0, step=0, indices=[0, 1]))
        >>> x.tolist()
        [[0, 1, 2, 3], [6, 7, 8, 9]]
        >>> y.tolist()
        [[1, 2, 3, 4], [7, 8, 9, 10]]

    Reference: Merity, Keskar, Socher, "Regularizing and optimizing LSTM language models" (2017), sections 4.3 and 5.
    """

    def __init__(
        self,
        dataset: Any,
        lengths: Sequence[int] | None = None,
        bs: int = 32,
        bptt: int = 70,
        backwards: bool = False,
        shuffle: bool = False,
        jitter: bool = False,
    ) -> None:
        _check_numbers(bs, bptt, jitter)
        self.dataset, self.bs, self.bptt = dataset, bs, bptt
        self.backwards, self.shuffle, self.jitter = backwards, shuffle, jitter
        self.texts = _texts_of(dataset)
        self.total = self.texts.total
        _check_lengths(lengths, self.texts)
        self.seed, self.epoch = 0, 0
        self.first_stream, self.streams = 0, bs
        self._known: tuple[int, int] | None = None
        self._check_size()

    def _check_size(self) -> None:
        total = self.total
        if len(self.texts) and total <= self.streams:
            raise DataError(
                f"language model: the corpus must have more tokens than there are streams; it has {total} tokens in "
                f"{len(self.texts)} texts, for bs {self.streams} and bptt {self.bptt}. Pass a bs of at most "
                f"{max(1, total // 2)}, or more text."
            )

    # Size

    @property
    def stream_length(self) -> int:
        """Return how many tokens of each stream are inputs."""
        return max(0, self.total - 1) // self.streams

    @property
    def steps(self) -> int:
        """Return the number of batches of an epoch."""
        return window_count(self.stream_length, self.bptt, self.jitter) if self.stream_length else 0

    def __len__(self) -> int:
        """Return the number of rows of all batches of an epoch."""
        return self.steps * self.bs

    # Batches

    def batch_at(self, address: BatchAddress) -> list[Tensor]:
        """Return a batch.

        Args:
            address: Seed of the run, epoch and step.

        Returns:
            Inputs and targets, both `(bs, width)` of int64.
        """
        self._begin(address.seed, address.epoch)
        tokens = self._window(address.step, np.arange(self.bs))  # (N, T + 1)
        return [torch.from_numpy(tokens[:, :-1].astype(np.int64)), torch.from_numpy(tokens[:, 1:].astype(np.int64))]

    def _begin(self, seed: int, epoch: int) -> None:
        """Lay out an epoch, unless it is laid out already."""
        if self._known == (seed, epoch):
            return
        self._corpus = Corpus(self.texts, order_of_texts(len(self.texts), self.shuffle, seed, epoch))
        self._ends = window_ends(self.stream_length, self.bptt, self.jitter, seed, epoch)
        self._known = (seed, epoch)

    def _window(self, step: int, rows: np.ndarray) -> np.ndarray:
        start, end = int(self._ends[step - 1]) if step else 0, int(self._ends[step])
        width = end - start + 1  # a window and the target of its last token
        firsts = (self.first_stream + rows) * self.stream_length + start
        if not self.backwards:
            return self._corpus.spans(firsts, width)
        return self._corpus.spans(self.total - firsts - width, width)[:, ::-1]

    def __getitem__(self, k: int) -> tuple[np.ndarray, np.ndarray]:
        """Return one row, inputs and targets: stream `k % bs` of batch `k // bs`, in the epoch that was begun last.

        Raises:
            IndexError: there are fewer rows.
        """
        if not 0 <= k < len(self):
            raise IndexError(f"row {k} of {len(self)}")
        self._begin(self.seed, self.epoch)
        tokens = self._window(k // self.bs, np.array([k % self.bs]))[0].astype(np.int64)
        return tokens[:-1], tokens[1:]

    # What is asked of it by name

    def on_epoch_begin(self, **kwargs: Any) -> None:
        """Lay out the epoch whose rows `self[k]` returns.

        Args:
            **kwargs: `epoch`, its number, and `seed`, that of the run; the latest ones when left out.
        """
        self.epoch, self.seed = kwargs.get("epoch", self.epoch), kwargs.get("seed", self.seed)
        self._begin(self.seed, self.epoch)

    def on_epoch_end(self, **kwargs: Any) -> None:
        """Go on to the next epoch."""
        self.epoch += 1

    def allocate_buffers(self) -> np.ndarray:
        """Return an array for the tokens of one batch and the targets of its last ones, `(bs, bptt + 1)`."""
        return np.zeros((self.bs, self.bptt + 1), dtype=np.int64)

    def fill_row(
        self,
        forward: bool,
        items: Sequence[Sequence[int]],
        idx: Sequence[int],
        row: np.ndarray,
        ro: int,
        ri: int,
        overlap: int,
        lengths: Sequence[int],
    ) -> tuple[int, int]:
        """Fill a row with the tokens of texts that follow one another; after the last one comes the first.

        Args:
            forward: Fill from the left; else from the right, which turns the texts round.
            items: The texts.
            idx: Their order.
            row: The row; it is written to.
            ro: Which of `idx` the row begins with.
            ri: Which token of that text it begins with.
            overlap: How many tokens of this row the next one begins with.
            lengths: How many tokens each text has.

        Returns:
            Where the next row begins: which of `idx`, and which token.
        """
        target = row if forward else row[::-1]
        filled, places = 0, []
        for upto in (len(row) - overlap, len(row)):
            while filled < upto:
                text = idx[ro]
                count = min(int(lengths[text]) - ri, upto - filled)
                target[filled : filled + count] = items[text][ri : ri + count]
                filled, ri = filled + count, ri + count
                if ri == lengths[text]:
                    ro, ri = (ro + 1) % len(idx), 0
            places.append((ro, ri))
        return places[0]

    # Other sizes, other parts

    def like(self, **changed: Any) -> LanguageModelPreLoader:
        """Return the batches of the same corpus with some settings changed.

        Args:
            **changed: bs, bptt, backwards, shuffle, jitter.
        """
        names = ("bs", "bptt", "backwards", "shuffle", "jitter")
        settings = {**{name: getattr(self, name) for name in names}, **changed}
        return type(self)(self.dataset, **settings)

    def at_batch_size(self, batch_size: int) -> LanguageModelPreLoader:
        """Return the batches of so many streams."""
        return self if batch_size == self.bs else self.like(bs=batch_size)

    def share(self, rank: int, processes: int) -> LanguageModelPreLoader:
        """Return what one of several processes reads: `bs` streams of its own out of `bs * processes`.

        Args:
            rank: Number of the process, from 0.
            processes: How many there are.

        Raises:
            DataError: there are not enough tokens for that many streams.
        """
        made = self.like()
        made.first_stream, made.streams = rank * self.bs, processes * self.bs
        made._check_size()
        return made


def _texts_of(dataset: Any) -> TokenTexts:
    """Return the texts of a labelled list, of a list, or of sequences, in one array."""
    inputs = getattr(dataset, "x", dataset)
    return TokenTexts.of(getattr(inputs, "items", inputs))


def _check_numbers(bs: Any, bptt: Any, jitter: bool) -> None:
    for name, value in (("bs", bs), ("bptt", bptt)):
        if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 1:
            raise ArgumentError(explain("language model", name, "must be a whole number of at least 1", value))
    if jitter and bptt < _SMALLEST_JITTERED:
        rule = f"must be at least {_SMALLEST_JITTERED} with jitter"
        raise ArgumentError(explain("language model", "bptt", rule, bptt, "Leave jitter out."))


def _check_lengths(lengths: Any, texts: TokenTexts) -> None:
    if lengths is not None and not np.array_equal(np.asarray(lengths), texts.lengths):
        rule = f"must be the lengths of the {len(texts)} texts"
        raise ArgumentError(explain("language model", "lengths", rule, lengths, "Leave them out to have them counted."))
