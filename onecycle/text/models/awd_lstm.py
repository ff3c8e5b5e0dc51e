"""The AWD-LSTM: an LSTM with dropout wherever it helps."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from onecycle.errors import ArgumentError, explain
from onecycle.nn.module import Module
from onecycle.text.models.dropout import EmbeddingDropout, RNNDropout, WeightDropout
from onecycle.text.models.qrnn import QRNN
from onecycle.text.models.spec import TextSpec, register_text_model
from onecycle.text.models.state import fit_rows, roll_rows, select_rows, without_history

__all__ = [
    "AWD_LSTM",
    "awd_lstm_clas_config",
    "awd_lstm_clas_split",
    "awd_lstm_lm_config",
    "awd_lstm_lm_split",
]

_RANGE = 0.1  # of the first embeddings, Merity et al. 2017, section 5

awd_lstm_lm_config: dict[str, Any] = {
    "emb_sz": 400,
    "n_hid": 1152,
    "n_layers": 3,
    "pad_token": 1,
    "qrnn": False,
    "bidir": False,
    "output_p": 0.1,
    "hidden_p": 0.15,
    "input_p": 0.25,
    "embed_p": 0.02,
    "weight_p": 0.2,
    "tie_weights": True,
    "out_bias": True,
}
awd_lstm_clas_config: dict[str, Any] = {
    "emb_sz": 400,
    "n_hid": 1152,
    "n_layers": 3,
    "pad_token": 1,
    "qrnn": False,
    "bidir": False,
    "output_p": 0.4,
    "hidden_p": 0.3,
    "input_p": 0.4,
    "embed_p": 0.05,
    "weight_p": 0.5,
}


class AWD_LSTM(Module):
    """Read texts with an embedding and a few LSTM layers, the last as wide as the embedding.

    What a batch leaves in the memory of the layers is where the next batch begins, until `reset()`. It carries no
    gradient, is no part of the state dict, and follows the batch: of fewer texts the first go on, texts that are
    new begin at zero.

    Args:
        vocab_sz: Words in the vocabulary, at least 1.
        emb_sz: Length of the embedding.
        n_hid: Units of the inner layers.
        n_layers: How many layers, at least 1.
        pad_token: Index of the padding, whose vector is zero.
        hidden_p: Dropout between layers, the same units at every step.
        input_p: Dropout of the embedded words, the same units at every step.
        embed_p: Dropout of whole words.
        weight_p: Dropout of the weights from step to step.
        qrnn: QRNN layers in place of LSTMs.
        bidir: Read in both directions; each has half the units.

    Shape: `(N, T) -> ([(N, T, n_hid), …, (N, T, emb_sz)],` the same after dropout`)`

    Raises:
        ArgumentError: a size is below 1, or odd with `bidir`.

    Reference:
        Merity et al. 2017, "Regularizing and optimizing LSTM language models".
    """

    def __init__(
        self,
        vocab_sz: int,
        emb_sz: int,
        n_hid: int,
        n_layers: int,
        pad_token: int = 1,
        hidden_p: float = 0.2,
        input_p: float = 0.6,
        embed_p: float = 0.1,
        weight_p: float = 0.5,
        qrnn: bool = False,
        bidir: bool = False,
    ) -> None:
        _check_sizes({"vocab_sz": vocab_sz, "emb_sz": emb_sz, "n_hid": n_hid, "n_layers": n_layers}, bidir)
        self.emb_sz, self.n_hid, self.n_layers, self.qrnn, self.bidir = emb_sz, n_hid, n_layers, qrnn, bidir
        self.looks_ahead = bidir
        self.encoder = nn.Embedding(vocab_sz, emb_sz, padding_idx=pad_token if pad_token < vocab_sz else None)
        nn.init.uniform_(self.encoder.weight, -_RANGE, _RANGE)
        self.encoder_dp = EmbeddingDropout(self.encoder, embed_p)
        widths = [emb_sz, *[n_hid] * (n_layers - 1), emb_sz]
        build = self._qrnn if qrnn else self._lstm
        self.rnns = nn.ModuleList(build(i, widths[i], widths[i + 1], weight_p) for i in range(n_layers))
        self.input_dp = RNNDropout(input_p)
        self.hidden_dps = nn.ModuleList(RNNDropout(hidden_p) for _ in range(n_layers))
        self.hidden: list[Any] | None = None

    def _lstm(self, depth: int, n_in: int, n_out: int, weight_p: float) -> nn.Module:
        rnn = nn.LSTM(n_in, n_out // (1 + self.bidir), batch_first=True, bidirectional=self.bidir)
        return WeightDropout(rnn, weight_p, ["weight_hh_l0", "weight_hh_l0_reverse"][: 1 + self.bidir])

    def _qrnn(self, depth: int, n_in: int, n_out: int, weight_p: float) -> nn.Module:
        width = n_out // (1 + self.bidir)
        rnn = QRNN(n_in, width, bidirectional=self.bidir, save_prev_x=not self.bidir, window=1 if depth else 2)
        for layer in rnn.layers:
            layer.linear = WeightDropout(layer.linear, weight_p, ["weight"])  # type: ignore[arg-type]
        return rnn

    def forward(
        self, input: Tensor, from_embeddings: bool = False, padding: Tensor | None = None
    ) -> tuple[list[Tensor], list[Tensor]]:
        """Return each layer's output, and the same after dropout (the last is not dropped).

        Args:
            input: Indices `(N, T)`.
            from_embeddings: The input is embedded already, `(N, T, emb_sz)`.
            padding: True behind the end of a text, `(N, T)`; of use to one that reads in both directions.
        """
        x = self.input_dp(input if from_embeddings else self.encoder_dp(input))
        before = self._memory(x)
        memory, raw_outputs, outputs = [], [], []
        for depth, (rnn, drop) in enumerate(zip(self.rnns, self.hidden_dps, strict=True)):
            x, after = self._run(rnn, x, before[depth], padding)
            raw_outputs.append(x)
            memory.append(without_history(after))
            x = drop(x) if depth < self.n_layers - 1 else x
            outputs.append(x)
        self.hidden = memory
        return raw_outputs, outputs

    def _run(self, rnn: nn.Module, x: Tensor, before: Any, padding: Tensor | None) -> tuple[Tensor, Any]:
        """Run a layer. Where texts have ended, the direction from the end runs on texts padded in front."""
        forwards, after = rnn(x, before)
        if padding is None or not self.bidir:
            return forwards, after
        missing = padding.sum(1)
        backwards = roll_rows(rnn(roll_rows(x, missing), before)[0], -missing)  # (N, T, C)
        half = forwards.shape[2] // 2
        return torch.cat([forwards[..., :half], backwards[..., half:]], dim=2), after

    def _memory(self, x: Tensor) -> list[Any]:
        """Return what each layer remembers, for the texts of this batch."""
        if self.hidden is None:
            self.hidden = [self._nothing(x, depth) for depth in range(self.n_layers)]
        return fit_rows(self.hidden, x.shape[0], 1, x)

    def _nothing(self, x: Tensor, depth: int) -> Any:
        width = self.emb_sz if depth == self.n_layers - 1 else self.n_hid
        zeros = x.new_zeros(1 + self.bidir, x.shape[0], width // (1 + self.bidir))
        return zeros if self.qrnn else (zeros, zeros)

    def reset(self) -> None:
        """Forget: the next batch begins new texts."""
        self.hidden = None
        for rnn in self.rnns:
            rnn.reset()  # type: ignore[operator]

    def select_hidden(self, idxs: Any) -> None:
        """Go on with the texts of these rows, in this order; a row may come several times.

        Args:
            idxs: Row numbers of the batch before.
        """
        if self.hidden is not None:
            self.hidden = select_rows(self.hidden, idxs, 1)
        for layer in self.modules():
            if isinstance(getattr(layer, "prev_x", None), Tensor):
                layer.prev_x = select_rows(layer.prev_x, idxs, 0)


def _check_sizes(sizes: dict[str, int], bidir: bool) -> None:
    for name, size in sizes.items():
        if not isinstance(size, int) or size < 1:
            raise ArgumentError(explain("AWD_LSTM", name, "must be a whole number of at least 1", size))
        if bidir and name in ("emb_sz", "n_hid") and size % 2:
            raise ArgumentError(explain("AWD_LSTM", name, "must be even with bidir=True", size))


def awd_lstm_lm_split(model: Any) -> list[list[nn.Module]]:
    """Return the layer groups of a language model: one a recurrent layer, then embedding and decoder."""
    encoder = model[0]
    return [*_layers(encoder), [encoder.encoder, encoder.encoder_dp, encoder.input_dp, model[1]]]


def awd_lstm_clas_split(model: Any) -> list[list[nn.Module]]:
    """Return the layer groups of a classifier: embedding, one a recurrent layer, head."""
    encoder = model[0].module
    return [[encoder.encoder, encoder.encoder_dp, encoder.input_dp], *_layers(encoder), [model[1]]]


def _layers(encoder: AWD_LSTM) -> list[list[nn.Module]]:
    return [[rnn, drop] for rnn, drop in zip(encoder.rnns, encoder.hidden_dps, strict=True)]


register_text_model(
    TextSpec(
        "AWD_LSTM",
        "emb_sz",
        awd_lstm_lm_config,
        awd_lstm_clas_config,
        awd_lstm_lm_split,
        awd_lstm_clas_split,
        weights="WT103_FWD",
        weights_backwards="WT103_BWD",
    )
)(AWD_LSTM)
