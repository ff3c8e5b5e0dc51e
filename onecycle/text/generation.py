"""From a language model to text: one token after another, each read once."""

from __future__ import annotations

import warnings
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from onecycle.callbacks.rnn import memory_of, remember, rnn_reset
from onecycle.nn.surgery import get_model
from onecycle.nn.turns import eval_mode
from onecycle.text.special_tokens import PAD, TK_MAJ, TK_REP, TK_UP, TK_WREP, UNK
from onecycle.text.vocab import FILLER
from onecycle.utils.registry import register
from onecycle.utils.seeding import Stream

__all__ = ["decode_spec_tokens"]

_NO_WORDS = (PAD, FILLER)  # stand in a vocabulary, and in no text


class Reader:
    """Read tokens and score the next one.

    A model that remembers what it read is given each token once; one that does not is given again what it read
    last, as much as it can take.

    Args:
        model: A language model, at the beginning of a text.
        window: How many tokens are read at once.
    """

    def __init__(self, model: nn.Module, window: int) -> None:
        self.model, self.window = model, max(1, window)
        self.encoder: Any = get_model(model)[0]  # type: ignore[index]
        self.remembers = True
        self.read: Tensor | None = None

    def log_probs(self, tokens: Tensor) -> Tensor:
        """Read on, and score what comes next.

        Args:
            tokens: The next tokens of each text, `(B, T)`, at least one.

        Shape: `(B, T) -> (B, V)` log probabilities
        """
        for part in tokens.split(self.window, dim=1):
            output = self._output(part)
        return output[:, -1].float().log_softmax(-1)

    def _output(self, tokens: Tensor) -> Tensor:
        seen = tokens if self.remembers else self._with_what_was_read(tokens)
        output = self.model(seen)
        self.remembers = bool(memory_of(self.model))
        self.read = None if self.remembers else seen
        return output[0] if isinstance(output, (tuple, list)) else output

    def _with_what_was_read(self, tokens: Tensor) -> Tensor:
        assert self.read is not None
        longest = getattr(self.encoder, "ctx_len", self.window)
        return torch.cat([self.read, tokens], dim=1)[:, -longest:]

    def go_on_with(self, rows: Tensor) -> None:
        """Go on with the texts of these rows, in this order."""
        if self.read is not None:
            self.read = self.read[rows]
        else:
            self.encoder.select_hidden(rows)


@contextmanager
def beginning(model: nn.Module) -> Iterator[None]:
    """Let a model begin a text, in evaluation mode; what it remembered and its modes come back afterwards."""
    with eval_mode(model, "predict"):
        kept = memory_of(model)
        rnn_reset(model)
        try:
            with torch.inference_mode():
                yield
        finally:
            rnn_reset(model)
            remember(model, kept)


def never_drawn(itos: Sequence[str], no_unk: bool) -> list[int]:
    """Return the numbers of the tokens that no text shall hold."""
    banned = {*_NO_WORDS, UNK} if no_unk else set(_NO_WORDS)
    return [number for number, token in enumerate(itos) if token in banned]


def draw(probabilities: Tensor, stream: Stream) -> int:
    """Draw an index with these probabilities, which need not add up to one.

    Args:
        probabilities: `(V,)`, none negative, not all zero.
        stream: Where the random number comes from.

    Example:
        >>> draw(torch.tensor([0.0, 1.0, 0.0]), Stream(3))
        1
    """
    upto = probabilities.double().cumsum(0).cpu()
    place = torch.searchsorted(upto, upto[-1] * stream.random(), right=True)
    return min(int(place), len(upto) - 1)


def sample(
    reader: Reader,
    prompt: Tensor,
    n_words: int,
    banned: Collection[int],
    temperature: float,
    min_p: float | None,
    stream: Stream,
) -> Iterator[int]:
    """Yield tokens, each drawn with the probabilities that the model gives it.

    Args:
        reader: Reads the prompt and what it wrote itself.
        prompt: Numbers of tokens, `(T,)`.
        n_words: How many tokens.
        banned: Tokens that are not drawn.
        temperature: Above 1 flattens the probabilities, below 1 sharpens them; 0 takes the most likely token.
        min_p: Tokens less likely than that are not drawn, unless all are.
        stream: Where the random numbers come from.
    """
    tokens, banned = prompt, list(banned)
    for _ in range(n_words):
        log_probs = reader.log_probs(tokens.unsqueeze(0))[0]  # (V,)
        log_probs[banned] = float("-inf")
        token = _next(log_probs, temperature, min_p, stream)
        yield token
        tokens = prompt.new_tensor([token])


def _next(log_probs: Tensor, temperature: float, min_p: float | None, stream: Stream) -> int:
    if temperature == 0:
        return int(log_probs.argmax())
    if min_p is not None:
        log_probs = _likely(log_probs, min_p)
    return draw(((log_probs - log_probs.max()) / temperature).exp(), stream)


def _likely(log_probs: Tensor, min_p: float) -> Tensor:
    unlikely = log_probs.exp() < min_p
    if not bool(unlikely.all()):
        return log_probs.masked_fill(unlikely, float("-inf"))
    warnings.warn(
        f"predict: no token is as likely as min_p={min_p}; all of them may be drawn here. Pass a smaller min_p.",
        UserWarning,
        stacklevel=2,
    )
    return log_probs


def search_beams(
    reader: Reader, prompt: Tensor, n_words: int, banned: Collection[int], top_k: int, beam_sz: int
) -> tuple[Tensor, Tensor]:
    """Return the most likely ways on that a search with beams finds, the best first.

    Args:
        reader: Reads the prompt and all beams.
        prompt: Numbers of tokens, `(T,)`.
        n_words: How many tokens each beam gets, at least 1.
        banned: Tokens that are not taken.
        top_k: How many ways on of each beam are looked at.
        beam_sz: How many beams are kept after each token.

    Returns:
        Tokens `(B, n_words)` and log probabilities `(B,)`, B at most `beam_sz`.
    """
    given, banned = prompt.unsqueeze(0), list(banned)
    beams, scores = given[:, :0], torch.zeros(1, device=prompt.device)
    for step in range(n_words):
        log_probs = reader.log_probs(given)  # (B, V)
        log_probs[:, banned] = float("-inf")
        each, tokens = log_probs.topk(min(top_k, log_probs.shape[1]), dim=1)  # (B, K)
        total = (scores.unsqueeze(1) + each).flatten()  # (B * K,)
        scores, chosen = total.topk(min(beam_sz, len(total)))
        scores, chosen = scores[scores.isfinite()], chosen[scores.isfinite()]
        parents, given = chosen // each.shape[1], tokens.flatten()[chosen].unsqueeze(1)
        beams = torch.cat([beams[parents], given], dim=1)
        if step < n_words - 1:
            reader.go_on_with(parents)
    return beams, scores


@register("function")
def decode_spec_tokens(tokens: Sequence[str]) -> list[str]:
    """Return tokens as they are written: special tokens become what they stand for.

    Args:
        tokens: The tokens; what a special token refers to may be missing at the end.

    Example:
        >>> " ".join(decode_spec_tokens(["xxmaj", "it", "xxup", "is", "xxrep", "3", "!", "xxwrep", "2", "so"]))
        'It IS !!! so so'
    """
    rest, written = iter(tokens), []
    token = next(rest, None)
    while token is not None:
        taken = _taken(rest, _ARGUMENTS.get(token, 0))
        if taken and taken[-1] in _ARGUMENTS:  # another one in the place of what this one refers to counts alone
            token = taken[-1]
            continue
        written += _written(token, taken)
        token = next(rest, None)
    return written


_ARGUMENTS = {TK_MAJ: 1, TK_UP: 1, TK_REP: 2, TK_WREP: 2}  # how many tokens a special token refers to


def _taken(tokens: Iterator[str], count: int) -> list[str]:
    """Return the next tokens, up to a special one that itself refers to others."""
    taken: list[str] = []
    while len(taken) < count and (token := next(tokens, None)) is not None:
        taken.append(token)
        if token in _ARGUMENTS:
            break
    return taken


def _written(token: str, taken: list[str]) -> list[str]:
    if token == TK_MAJ:
        return [word.capitalize() for word in taken]
    if token == TK_UP:
        return [word.upper() for word in taken]
    return _repeated(taken, glued=token == TK_REP) if token in _ARGUMENTS else [token]


def _repeated(pair: list[str], glued: bool) -> list[str]:
    """Return what is repeated; where the count is no number, as a model may write, what stands there."""
    if len(pair) < 2 or not pair[0].isdecimal():
        return pair if len(pair) == 2 else []
    count, what = int(pair[0]), pair[1]
    return [what * count] if glued else [what] * count


