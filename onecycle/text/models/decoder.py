"""From the last layer of an encoder to scores of the next word."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from onecycle.errors import ArgumentError, explain
from onecycle.nn.module import Module
from onecycle.text.models.dropout import RNNDropout
from onecycle.text.models.state import forget

__all__ = ["LinearDecoder", "SequentialRNN"]

_RANGE = 0.1  # of the first weights, Merity et al. 2017, section 5


class LinearDecoder(Module):
    """Score every word of the vocabulary at every place.

    Args:
        n_out: Words in the vocabulary.
        n_hid: Length of the encoder's vectors.
        output_p: Dropout in front, the same units at every step.
        tie_encoder: The embedding whose matrix is used here too; None for a matrix of its own.
        bias: With a bias.

    Raises:
        ArgumentError: the embedding is no matrix `(n_out, n_hid)`.

    Reference:
        Press and Wolf 2017, "Using the output embedding to improve language models" (one matrix for both).
    """

    def __init__(
        self, n_out: int, n_hid: int, output_p: float, tie_encoder: nn.Module | None = None, bias: bool = True
    ) -> None:
        self.decoder = nn.Linear(n_hid, n_out, bias=bias)
        nn.init.uniform_(self.decoder.weight, -_RANGE, _RANGE)
        if bias:
            nn.init.zeros_(self.decoder.bias)
        self.output_dp = RNNDropout(output_p)
        if tie_encoder is not None:
            self.decoder.weight = _checked_tie(tie_encoder, n_out, n_hid)

    def forward(self, input: tuple[list[Tensor], list[Tensor]]) -> tuple[Tensor, list[Tensor], list[Tensor]]:
        """Return the scores `(N, T, n_out)`, the layers' raw outputs, and their outputs after dropout."""
        raw_outputs, outputs = input[0], input[1]
        last = self.output_dp(outputs[-1])
        return self.decoder(last), raw_outputs, [*outputs[:-1], last]


def _checked_tie(encoder: Any, n_out: int, n_hid: int) -> nn.Parameter:
    if tuple(encoder.weight.shape) != (n_out, n_hid):
        rule = f"must be an embedding of {n_out} words in {n_hid} dimensions"
        cure = "Make the sizes alike, or set tie_weights=False."
        raise ArgumentError(explain("LinearDecoder", "tie_encoder", rule, encoder.weight, cure))
    return encoder.weight


class SequentialRNN(nn.Sequential):
    """Run modules one after another, and let those that remember forget."""

    def reset(self) -> None:
        """Begin new texts: call `reset` of every module that has one."""
        for module in self:
            forget(module)
