"""The Transformer that remembers the text before its batch."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from onecycle.nn.module import Module, ParameterModule
from onecycle.text.models.dropout import check_p
from onecycle.text.models.spec import TextSpec, register_text_model
from onecycle.text.models.state import fit_rows, select_rows
from onecycle.text.models.transformer import (
    Activation,
    DecoderLayer,
    MultiHeadAttention,
    PositionalEncoding,
    check_vocab,
    hide,
    init_transformer,
    thirds,
)

__all__ = [
    "MultiHeadRelativeAttention",
    "TransformerXL",
    "tfmerXL_clas_config",
    "tfmerXL_clas_split",
    "tfmerXL_lm_config",
    "tfmerXL_lm_split",
]


def relative_shift(scores: Tensor, n_keys: int) -> Tensor:
    """Turn scores by distance into scores by key: `out[i, j] = scores[i, T-1-i+j]`, without a copy per row.

    Where that lies beyond the last distance, the value means nothing and is to be masked.

    Args:
        scores: `(…, T, D)`, for each of T queries the D distances, the largest first.
        n_keys: How many keys there are.

    Shape: `(…, T, D) -> (…, T, n_keys)`
    """
    n_queries, n_distances = scores.shape[-2:]
    flat = F.pad(scores, (0, 1)).flatten(-2)  # each row one longer, so that a read of D moves on by one less
    read = flat.narrow(-1, n_queries - 1, n_queries * n_distances)
    return read.unflatten(-1, (n_queries, n_distances))[..., :n_keys]


class MultiHeadRelativeAttention(MultiHeadAttention):
    """Attention that knows how far away a word is, not where it stands.

    Args:
        n_heads: As in `MultiHeadAttention`, like all others.

    Reference:
        Dai et al. 2019, "Transformer-XL: Attentive language models beyond a fixed-length context", section 3.3.
    """

    def __init__(
        self,
        n_heads: int,
        d_model: int,
        d_head: int,
        resid_p: float = 0.0,
        attn_p: float = 0.0,
        bias: bool = True,
        scale: bool = True,
    ) -> None:
        super().__init__(n_heads, d_model, d_head, resid_p=resid_p, attn_p=attn_p, bias=bias, scale=scale)
        self.r_attn = nn.Linear(d_model, n_heads * self.d_head, bias=bias)

    def _attend(  # type: ignore[override]
        self, x: Tensor, mask: Tensor | None, r: Tensor, u: Tensor, v: Tensor, mem: Tensor | None = None
    ) -> Tensor:
        """Return what each head sees.

        Args:
            x: `(N, T, d_model)`.
            mask: True where a word must not see another, `(T, S)` with S words of memory and batch.
            r: Encoded distances, the largest first, `(D, d_model)`.
            u: Added to the queries where they meet words, `(n_heads, 1, d_head)`.
            v: Added to the queries where they meet distances.
            mem: What came before the batch, `(N, M, d_model)`.
        """
        whole = x if mem is None else torch.cat([mem, x], dim=1)  # (N, S, d_model)
        query, key, value = self._heads(whole)
        query = query[:, :, -x.shape[1] :]  # (N, n_heads, T, d_head)
        distances = self.r_attn(r).unflatten(1, (self.n_heads, self.d_head)).transpose(0, 1)  # (n_heads, D, d_head)
        by_distance = (query + v) @ distances.transpose(1, 2)  # (N, n_heads, T, D)
        bias = relative_shift(by_distance, whole.shape[1]) * self.scale
        if mask is not None:
            bias = bias.masked_fill(mask.bool(), float("-inf"))
        return self._look(query + u, key, value, attn_mask=bias)


class TransformerXL(Module):
    """Read texts with layers of attention that also see the `mem_len` words before the batch.

    What is remembered carries no gradient, is no part of the state dict, and follows the batch as in `AWD_LSTM`.

    Args:
        vocab_sz: Words in the vocabulary, at least 1.
        ctx_len: Words that are read at once; of use where distances are learnt.
        n_layers: How many layers.
        n_heads: As in `DecoderLayer`, like d_model, d_head, d_inner and the settings from resid_p to attn_cls.
        embed_p: Dropout of the embedded words.
        learned_pos_enc: Learn a vector for each distance below `ctx_len + mem_len`, in place of sines.
        mask: Hide from each word those that come later.
        mem_len: How many words are remembered.

    Shape: `(N, T) -> ([(N, T, d_model)], [(N, T, d_model)])`

    Reference:
        Dai et al. 2019, "Transformer-XL: Attentive language models beyond a fixed-length context".
    """

    def __init__(
        self,
        vocab_sz: int,
        ctx_len: int,
        n_layers: int,
        n_heads: int,
        d_model: int,
        d_head: int,
        d_inner: int,
        resid_p: float = 0.0,
        attn_p: float = 0.0,
        ff_p: float = 0.0,
        embed_p: float = 0.0,
        bias: bool = False,
        scale: bool = True,
        act: Activation = Activation.ReLU,
        double_drop: bool = True,
        attn_cls: Any = MultiHeadRelativeAttention,
        learned_pos_enc: bool = False,
        mask: bool = True,
        mem_len: int = 0,
    ) -> None:
        check_vocab("TransformerXL", vocab_sz)
        self.mask, self.looks_ahead, self.mem_len = mask, not mask, mem_len
        self.encoder = nn.Embedding(vocab_sz, d_model)
        places = ctx_len + mem_len
        self.pos_enc = _LearnedDistances(places, d_model) if learned_pos_enc else PositionalEncoding(d_model)
        self.drop_emb = nn.Dropout(check_p("TransformerXL", "embed_p", embed_p))
        self.u = nn.Parameter(torch.zeros(n_heads, 1, d_head))
        self.v = nn.Parameter(torch.zeros(n_heads, 1, d_head))
        settings = (resid_p, attn_p, ff_p, bias, scale, act, double_drop, attn_cls)
        self.layers = nn.ModuleList(
            DecoderLayer(n_heads, d_model, d_head, d_inner, *settings) for _ in range(n_layers)
        )
        self.hidden: list[Tensor] | None = None

    def forward(self, x: Tensor, padding: Tensor | None = None) -> tuple[list[Tensor], list[Tensor]]:
        """Return the last layer's output, twice, as encoders of text do.

        Args:
            x: Indices `(N, T)`.
            padding: True behind the end of a text, `(N, T)`; of use where words that come later are not hidden.
        """
        seen = self.drop_emb(self.encoder(x))  # (N, T, d_model)
        memory = self._memory(seen)
        before = memory[0].shape[1]
        r, mask = self._distances(seen, before), self._mask(seen, before, padding)
        inputs = []
        for layer, mem in zip(self.layers, memory, strict=True):
            inputs.append(seen)
            seen = layer(seen, mask=mask, r=r, u=self.u, v=self.v, mem=mem if before else None)
        self._remember(memory, inputs)
        return [seen], [seen]

    def _memory(self, x: Tensor) -> list[Tensor]:
        """Return what went into each layer before, `(N, M, d_model)`, for the texts of this batch."""
        if self.hidden is None:
            return [x.new_zeros(x.shape[0], 0, x.shape[2])] * len(self.layers)
        return fit_rows(self.hidden, x.shape[0], 0, x)

    def _remember(self, memory: list[Tensor], inputs: list[Tensor]) -> None:
        if self.mem_len == 0:
            return
        joined = [torch.cat([old, new.detach()], dim=1) for old, new in zip(memory, inputs, strict=True)]
        self.hidden = [both[:, -self.mem_len :].detach() for both in joined]

    def _distances(self, x: Tensor, before: int) -> Tensor:
        """Encode the distances from a word to another, the largest first; with no mask, those ahead too."""
        length = x.shape[1]
        last = -1 if self.mask else -length
        steps = torch.arange(before + length - 1, last, -1, device=x.device)
        return self.drop_emb(self.pos_enc(steps).to(x.dtype))  # (D, d_model)

    def _mask(self, x: Tensor, before: int, padding: Tensor | None) -> Tensor | None:
        """Return where words must not look, to fit `(N, n_heads, T, S)`: at those that come later, or at padding."""
        if not self.mask:
            return None if padding is None else hide(F.pad(padding, (before, 0)))
        length = x.shape[1]
        everything = torch.ones(length, before + length, dtype=torch.bool, device=x.device)
        return everything.triu(1 + before)

    def reset(self) -> None:
        """Forget: the next batch begins new texts."""
        self.hidden = None

    def select_hidden(self, idxs: Any) -> None:
        """Go on with the texts of these rows, in this order; a row may come several times.

        Args:
            idxs: Row numbers of the batch before.
        """
        if self.hidden is not None:
            self.hidden = select_rows(self.hidden, idxs, 0)


class _LearnedDistances(nn.Embedding):
    """A vector a distance; distances ahead have those of the same distance behind, the far ones the last."""

    def forward(self, input: Tensor) -> Tensor:
        return super().forward(input.abs().clamp(max=self.num_embeddings - 1))


tfmerXL_lm_config: dict[str, Any] = {
    "ctx_len": 150,
    "n_layers": 12,
    "n_heads": 10,
    "d_model": 410,
    "d_head": 41,
    "d_inner": 2100,
    "resid_p": 0.1,
    "attn_p": 0.1,
    "ff_p": 0.1,
    "embed_p": 0.1,
    "output_p": 0.1,
    "bias": False,
    "scale": True,
    "act": Activation.ReLU,
    "double_drop": True,
    "tie_weights": True,
    "out_bias": True,
    "init": init_transformer,
    "mem_len": 150,
    "mask": True,
}
tfmerXL_clas_config: dict[str, Any] = {
    "ctx_len": 150,
    "n_layers": 12,
    "n_heads": 10,
    "d_model": 410,
    "d_head": 41,
    "d_inner": 2100,
    "resid_p": 0.1,
    "attn_p": 0.1,
    "ff_p": 0.1,
    "embed_p": 0.1,
    "output_p": 0.1,
    "bias": False,
    "scale": True,
    "act": Activation.ReLU,
    "double_drop": True,
    "init": init_transformer,
    "mem_len": 150,
    "mask": False,
}


def _shared(encoder: Any) -> list[nn.Module]:
    """Return what no layer owns: embeddings, and what is added to the queries of all layers."""
    added = [ParameterModule(encoder.u), ParameterModule(encoder.v)]
    return [encoder.encoder, encoder.pos_enc, encoder.drop_emb, *added]


def tfmerXL_lm_split(model: Any) -> list[list[nn.Module]]:
    """Return the layer groups of a language model: three of layers, then embeddings and decoder."""
    return [*thirds(model[0]), [*_shared(model[0]), model[1]]]


def tfmerXL_clas_split(model: Any) -> list[list[nn.Module]]:
    """Return the layer groups of a classifier: embeddings, three of layers, head."""
    encoder = model[0].module
    return [_shared(encoder), *thirds(encoder), [model[1]]]


register_text_model(
    TextSpec(
        "TransformerXL",
        "d_model",
        tfmerXL_lm_config,
        tfmerXL_clas_config,
        tfmerXL_lm_split,
        tfmerXL_clas_split,
    )
)(TransformerXL)
