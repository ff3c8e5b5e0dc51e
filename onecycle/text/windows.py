"""Reading long texts window by window, each as if it were alone in its batch."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from onecycle.nn.module import Module
from onecycle.text.models.state import forget
from onecycle.utils.checks import check_whole

__all__ = ["MultiBatchEncoder"]

Layers = list[Tensor]  # one tensor (N, T, C) a layer


class MultiBatchEncoder(Module):
    """Read a long text window by window, and keep the outputs of its last words.

    What comes out of a text does not depend on how much padding its batch gave it, nor on which side: words are
    moved to the beginning, and windows are counted from a text's first word. Gradients do not pass from a window
    into the one before; windows of which nothing is kept have none. Texts that differ by more than `max_len` words
    are read apart, so that no more than `2 * max_len` words of a text are kept for the way back.

    An encoder that reads from left to right never meets the padding, which lies behind the words. One that also looks
    ahead says so by an attribute `looks_ahead = True`, and takes `padding`, True behind the end of a text, `(N, T)`.

    Args:
        bptt: Words in a window, at least 1.
        max_len: How many of the last words are kept, at least 1.
        module: The encoder.
        pad_idx: Index of the padding, in front of short texts or behind them.

    Shape: `(N, T) -> (raw outputs, outputs, (N, W) mask of the padding)`, with W = min(T, max_len). The words of a text
        come first; its outputs at the padding are zero.

    Raises:
        ArgumentError: bptt or max_len is no whole number of at least 1.
    """

    def __init__(self, bptt: int, max_len: int, module: nn.Module, pad_idx: int = 1) -> None:
        self.bptt = check_whole("MultiBatchEncoder", "bptt", bptt)
        self.max_len = check_whole("MultiBatchEncoder", "max_len", max_len)
        self.module, self.pad_idx = module, pad_idx

    def concat(self, arrs: list[Layers]) -> Layers:
        """Join windows, layer by layer.

        Args:
            arrs: For each window one tensor `(N, T, C)` a layer.
        """
        return [torch.cat(windows, dim=1) for windows in zip(*arrs, strict=True)]

    def reset(self) -> None:
        """Let the encoder forget."""
        forget(self.module)

    def forward(self, input: Tensor) -> tuple[Layers, Layers, Tensor]:
        """Read texts from their beginning.

        Args:
            input: Indices `(N, T)`.
        """
        words, lengths = words_first(input, self.pad_idx)
        if input.shape[1] <= self.max_len:
            raw, out = self._read(words, lengths)
            padding = words == self.pad_idx
        else:
            raw, out = self._read_apart(words, lengths)
            padding = last_words(words, lengths, self.max_len) == self.pad_idx
        for layer in (*raw, *out):
            layer.masked_fill_(padding.unsqueeze(-1), 0)
        return raw, out, padding

    def _read_apart(self, words: Tensor, lengths: Tensor) -> tuple[Layers, Layers]:
        """Read texts of which some are longer than what is kept, those of like length together."""
        counts = lengths.tolist()
        parts: dict[int, list[int]] = {}
        for row, count in enumerate(counts):
            parts.setdefault(max(0, count - 1) // self.max_len, []).append(row)
        read = []
        for rows in parts.values():
            longest = max(1, *(counts[row] for row in rows))
            read.append(self._read(words[rows, :longest], lengths[rows], [counts[row] for row in rows]))
        order = torch.tensor([row for rows in parts.values() for row in rows], device=words.device).argsort()
        raw, out = (self._in_order(list(layers), order) for layers in zip(*read, strict=True))
        return raw, out

    def _in_order(self, parts: list[Layers], order: Tensor) -> Layers:
        """Return the texts of all parts, layer by layer, as they stood in the batch."""
        found = []
        for layers in zip(*parts, strict=True):
            wide = [F.pad(layer, (0, 0, 0, self.max_len - layer.shape[1])) for layer in layers]
            found.append(torch.cat(wide)[order])  # (N, max_len, C)
        return found

    def _read(self, words: Tensor, lengths: Tensor, counts: list[int] | None = None) -> tuple[Layers, Layers]:
        """Return the outputs of the last words of each text, layer by layer.

        Args:
            words: Texts `(N, T)`, padded behind.
            lengths: How long they are, `(N,)`.
            counts: The same as numbers; where left out, all words are kept.
        """
        self.reset()
        skipped = [max(0, count - self.max_len) for count in counts or [0]]
        first = min(skipped) // self.bptt  # window of which something is kept
        raw_outputs, outputs = [], []
        windows = zip(words.split(self.bptt, dim=1), self._ended(words, lengths), strict=True)
        for number, (window, ended) in enumerate(windows):
            with torch.set_grad_enabled(torch.is_grad_enabled() and number >= first):
                raw, out = self.module(window) if ended is None else self.module(window, padding=ended)
            if number >= first:
                raw_outputs.append(raw)
                outputs.append(out)
        joined = self.concat(raw_outputs), self.concat(outputs)
        if not any(skipped):
            return joined
        starts = [skip - first * self.bptt for skip in skipped]
        return self._kept(joined[0], starts), self._kept(joined[1], starts)

    def _ended(self, words: Tensor, lengths: Tensor) -> list[Tensor | None]:
        """Return for each window where texts have ended, `(N, T)`; None where the encoder meets no padding."""
        width = words.shape[1]
        if not getattr(self.module, "looks_ahead", False):
            return [None] * -(-width // self.bptt)
        shortest = int(lengths.min())
        ended = torch.arange(width, device=words.device) >= lengths.unsqueeze(1)
        stops = range(self.bptt, width + self.bptt, self.bptt)
        parts = ended.split(self.bptt, dim=1)
        return [part if min(stop, width) > shortest else None for part, stop in zip(parts, stops, strict=True)]

    def _kept(self, layers: Layers, starts: list[int]) -> Layers:
        """Return of each text `max_len` words from its start on."""
        return [
            torch.stack([text[start : start + self.max_len] for text, start in zip(layer, starts, strict=True)])
            for layer in layers
        ]


def words_first(input: Tensor, pad_idx: int) -> tuple[Tensor, Tensor]:
    """Move the padding in front of texts behind them; return the texts, and their lengths `(N,)`.

    Padding between two words stays where it is, and counts.

    Args:
        input: Indices `(N, T)`.
        pad_idx: Index of the padding.

    Example:
        >>> words_first(torch.tensor([[1, 1, 5], [1, 7, 8]]), pad_idx=1)
        (tensor([[5, 1, 1],
                [7, 8, 1]]), tensor([1, 2]))
    """
    places = torch.arange(input.shape[1], device=input.device)
    first = (input != pad_idx).int().argmax(1, keepdim=True)  # (N, 1)
    words = input.gather(1, (places + first) % input.shape[1])
    return words, ((words != pad_idx) * (places + 1)).amax(1)


def last_words(words: Tensor, lengths: Tensor, count: int) -> Tensor:
    """Return the last words of each text, `(N, count)`; of a shorter one all, and padding behind.

    Args:
        words: Indices `(N, T)`, padded behind, with `T >= count`.
        lengths: How long the texts are, `(N,)`.
        count: How many.
    """
    starts = (lengths - count).clamp(min=0).unsqueeze(1)
    return words.gather(1, starts + torch.arange(count, device=words.device))
