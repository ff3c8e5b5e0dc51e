"""The corpus of a language model as parallel streams: which tokens a batch holds, by arithmetic alone."""

from __future__ import annotations

import numpy as np

from onecycle.text.token_texts import TokenTexts
from onecycle.utils.seeding import Stream, epoch_permutation, mix

__all__: list[str] = []

_WIDTHS = 9  # keeps the drawn widths apart from the other kinds of address
_SHORT = 0.05  # share of windows that are half as wide; Merity et al. (2017), section 5
_SPREAD = 5 / 70  # standard deviation of a width, in widths; there 5 for a width of 70


class Corpus:
    """Say which token stands where when the texts of an epoch follow one another; nothing is copied.

    Args:
        texts: The texts.
        order: The order of the texts; as they are when left out.
    """

    def __init__(self, texts: TokenTexts, order: np.ndarray | None = None) -> None:
        order = np.arange(len(texts)) if order is None else order
        self.ids = texts.ids
        self.begins = np.concatenate([[0], np.cumsum(texts.lengths[order])])  # (number of texts + 1,)
        self._moved = texts.starts[order] - self.begins[:-1]

    def spans(self, firsts: np.ndarray, width: int) -> np.ndarray:
        """Return the tokens from several positions on.

        Args:
            firsts: Where each row begins, `(N,)`.
            width: Tokens in a row, at least 1.

        Returns:
            The tokens, `(N, width)`.
        """
        low = np.searchsorted(self.begins, firsts, side="right") - 1  # the text of the first token of each row
        high = np.searchsorted(self.begins, firsts + width - 1, side="right") - 1
        counts = high - low + 1
        inner = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        texts = np.repeat(low, counts) + inner  # one entry for each piece of a text in a row
        begins = np.maximum(self.begins[texts], np.repeat(firsts, counts))
        ends = np.minimum(self.begins[texts + 1], np.repeat(firsts + width, counts))
        moved = np.repeat(self._moved[texts], ends - begins).reshape(len(firsts), width)
        return self.ids[firsts[:, None] + np.arange(width) + moved]


def window_count(length: int, bptt: int, jitter: bool) -> int:
    """Return into how many windows a stream is cut; it is the same in every epoch."""
    if jitter:
        return max(1, round(length / (bptt * (1 - _SHORT / 2))))
    return -(-length // bptt)


def window_ends(length: int, bptt: int, jitter: bool, seed: int, epoch: int) -> np.ndarray:
    """Return where each window of a stream ends.

    Without jitter every window but the last has `bptt` tokens. With it the widths are drawn, then stretched so
    that the same number of windows fills the stream in every epoch.

    Reference: Merity, Keskar, Socher, "Regularizing and optimizing LSTM language models" (2017), section 5; there
        the number of windows is left to chance.
    """
    count = window_count(length, bptt, jitter)
    if not jitter:
        return np.minimum(np.arange(1, count + 1) * bptt, length)
    draw = Stream(mix(seed, _WIDTHS, epoch)).generator()
    middle = np.where(draw.random(count) < _SHORT, bptt / 2, bptt)
    widths = np.maximum(draw.normal(middle, bptt * _SPREAD), bptt / 4)
    return np.round(np.cumsum(widths) / widths.sum() * length).astype(np.int64)


def order_of_texts(count: int, shuffle: bool, seed: int, epoch: int) -> np.ndarray | None:
    """Return the order of the texts in an epoch, None where they stay as they are."""
    return epoch_permutation(seed, epoch, count) if shuffle else None
