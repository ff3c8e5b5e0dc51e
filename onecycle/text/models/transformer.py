"""The Transformer that reads a context of fixed length."""

from __future__ import annotations

from enum import Enum
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from onecycle.errors import ArgumentError, explain
from onecycle.nn.blocks import MergeLayer, SequentialEx
from onecycle.nn.module import Module
from onecycle.text.models.dropout import check_p
from onecycle.text.models.spec import TextSpec, register_text_model
from onecycle.utils.checks import check_share
from onecycle.utils.registry import register

__all__ = [
    "Activation",
    "DecoderLayer",
    "GeLU",
    "MultiHeadAttention",
    "PositionalEncoding",
    "Swish",
    "Transformer",
    "feed_forward",
    "tfmer_clas_config",
    "tfmer_clas_split",
    "tfmer_lm_config",
    "tfmer_lm_split",
]

_STD = 0.02  # of the first weights, Radford et al. 2018, section 4.1


@register("enum")
class Activation(Enum):
    """Say which function stands between the two linear layers of a feed-forward block."""

    ReLU = "relu"
    Swish = "swish"
    GeLU = "gelu"


class GeLU(Module):
    """The Gaussian error linear unit, by its tanh approximation (Hendrycks and Gimpel 2016, section 2)."""

    def __init__(self) -> None:
        pass

    def forward(self, x: Tensor) -> Tensor:
        return F.gelu(x, approximate="tanh")


class Swish(Module):
    """`x * sigmoid(x)` (Ramachandran et al. 2017)."""

    def __init__(self) -> None:
        pass

    def forward(self, x: Tensor) -> Tensor:
        return F.silu(x)


_LAYERS = {Activation.ReLU: nn.ReLU, Activation.Swish: Swish, Activation.GeLU: GeLU}


class PositionalEncoding(Module):
    """Turn positions into sines and cosines of wavelengths from 2π to 10000 · 2π.

    Args:
        d: Length of the vectors.

    Shape: `(T,) -> (T, d)`, the sines first

    Reference:
        Vaswani et al. 2017, "Attention is all you need", section 3.5.
    """

    def __init__(self, d: int) -> None:
        self.d = d
        self.register_buffer("freq", 10000.0 ** -(torch.arange(0.0, d, 2.0) / d))

    def forward(self, pos: Tensor) -> Tensor:
        angles = torch.outer(pos.to(self.freq.dtype), self.freq)  # type: ignore[arg-type]  # (T, d / 2)
        return torch.cat([angles.sin(), angles.cos()], dim=1)[:, : self.d]


def feed_forward(
    d_model: int, d_ff: int, ff_p: float = 0.0, act: Activation = Activation.ReLU, double_drop: bool = True
) -> SequentialEx:
    """Return two linear layers with a shortcut around them and a layer norm behind.

    Args:
        d_model: Features in and out.
        d_ff: Features between.
        ff_p: Dropout behind the second layer.
        act: Between the layers.
        double_drop: The same dropout behind the first layer too.

    Raises:
        ArgumentError: act is no `Activation`.
    """
    if act not in _LAYERS:
        cure = f"Pass one of {', '.join(str(one) for one in Activation)}."
        raise ArgumentError(explain("feed_forward", "act", "must be an Activation", act, cure))
    check_share("feed_forward", "ff_p", ff_p)
    between = [_LAYERS[act](), *([nn.Dropout(ff_p)] if double_drop else [])]
    second = [nn.Linear(d_ff, d_model), nn.Dropout(ff_p), MergeLayer(), nn.LayerNorm(d_model)]
    return SequentialEx(nn.Linear(d_model, d_ff), *between, *second)


class MultiHeadAttention(Module):
    """Let every word look at others, through several heads; with a shortcut around and a layer norm behind.

    Args:
        n_heads: How many heads.
        d_model: Features in and out.
        d_head: Features of a head; `d_model // n_heads` when left out.
        resid_p: Dropout of what is added to the shortcut.
        attn_p: Dropout of the attention.
        bias: Of the linear layers.
        scale: Divide the scores by the root of `d_head`.

    Shape: `(N, T, d_model) -> (N, T, d_model)`

    Raises:
        ArgumentError: `d_model` cannot be shared out among the heads.

    Reference:
        Vaswani et al. 2017, "Attention is all you need", section 3.2.
    """

    def __init__(
        self,
        n_heads: int,
        d_model: int,
        d_head: int | None = None,
        resid_p: float = 0.0,
        attn_p: float = 0.0,
        bias: bool = True,
        scale: bool = True,
    ) -> None:
        if d_head is None and d_model % n_heads:
            rule = f"must be a multiple of the {n_heads} heads where d_head is not given"
            raise ArgumentError(explain("MultiHeadAttention", "d_model", rule, d_model))
        self.n_heads, self.d_head = n_heads, d_model // n_heads if d_head is None else d_head
        self.scale, self.attn_p = self.d_head**-0.5 if scale else 1.0, check_p("MultiHeadAttention", "attn_p", attn_p)
        self.attention = nn.Linear(d_model, 3 * n_heads * self.d_head, bias=bias)
        self.out = nn.Linear(n_heads * self.d_head, d_model, bias=bias)
        self.drop_res = nn.Dropout(check_p("MultiHeadAttention", "resid_p", resid_p))
        self.ln = nn.LayerNorm(d_model)

    def forward(self, x: Tensor, mask: Tensor | None = None, **kwargs: Any) -> Tensor:
        """Look, and add what was seen.

        Args:
            x: `(N, T, d_model)`.
            mask: True where a word (row) must not see another (column); fits `(N, n_heads, T, S)`.
            **kwargs: `causal=True` hides all that comes later, faster than a mask.
        """
        seen = self._attend(x, mask, **kwargs)  # (N, n_heads, T, d_head)
        return self.ln(x + self.drop_res(self.out(seen.transpose(1, 2).flatten(2))))

    def _heads(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return queries, keys and values, each `(N, n_heads, T, d_head)`."""
        parts = self.attention(x).unflatten(2, (3, self.n_heads, self.d_head))
        query, key, value = parts.permute(2, 0, 3, 1, 4).unbind(0)
        return query, key, value

    def _attend(self, x: Tensor, mask: Tensor | None, causal: bool = False) -> Tensor:
        hidden = None if mask is None else ~mask.bool()
        return self._look(*self._heads(x), attn_mask=hidden, is_causal=causal)

    def _look(self, query: Tensor, key: Tensor, value: Tensor, **how: Any) -> Tensor:
        dropout_p = self.attn_p if self.training else 0.0
        return F.scaled_dot_product_attention(query, key, value, dropout_p=dropout_p, scale=self.scale, **how)


class DecoderLayer(Module):
    """Attention, then feed-forward.

    Args:
        n_heads: As in `MultiHeadAttention`, like d_model, d_head, resid_p, attn_p, bias and scale.
        d_inner: Features inside the feed-forward block; ff_p, act and double_drop are its other settings.
        attn_cls: Class of the attention.

    Shape: `(N, T, d_model) -> (N, T, d_model)`
    """

    def __init__(
        self,
        n_heads: int,
        d_model: int,
        d_head: int | None,
        d_inner: int,
        resid_p: float = 0.0,
        attn_p: float = 0.0,
        ff_p: float = 0.0,
        bias: bool = True,
        scale: bool = True,
        act: Activation = Activation.ReLU,
        double_drop: bool = True,
        attn_cls: Any = MultiHeadAttention,
    ) -> None:
        self.mhra = attn_cls(n_heads, d_model, d_head, resid_p=resid_p, attn_p=attn_p, bias=bias, scale=scale)
        self.ff = feed_forward(d_model, d_inner, ff_p=ff_p, act=act, double_drop=double_drop)

    def forward(self, x: Tensor, mask: Tensor | None = None, **kwargs: Any) -> Tensor:
        """Run the layer; the keywords go to the attention."""
        return self.ff(self.mhra(x, mask=mask, **kwargs))


class Transformer(Module):
    """Read texts of at most `ctx_len` words with layers of attention.

    Args:
        vocab_sz: Words in the vocabulary, at least 1.
        ctx_len: Longest text.
        n_layers: How many layers.
        n_heads: As in `DecoderLayer`, like d_model, d_head, d_inner and the settings from resid_p to attn_cls.
        embed_p: Dropout of the embedded words.
        learned_pos_enc: Learn a vector a position, in place of sines.
        mask: Hide from each word those that come later.

    Shape: `(N, T) -> ([(N, T, d_model)], [(N, T, d_model)])`

    Raises:
        ArgumentError: vocab_sz is below 1, or a batch is longer than ctx_len.

    Reference:
        Radford et al. 2018, "Improving language understanding by generative pre-training".
    """

    def __init__(
        self,
        vocab_sz: int,
        ctx_len: int,
        n_layers: int,
        n_heads: int,
        d_model: int,
        d_head: int | None,
        d_inner: int,
        resid_p: float = 0.0,
        attn_p: float = 0.0,
        ff_p: float = 0.0,
        embed_p: float = 0.0,
        bias: bool = True,
        scale: bool = True,
        act: Activation = Activation.ReLU,
        double_drop: bool = True,
        attn_cls: Any = MultiHeadAttention,
        learned_pos_enc: bool = True,
        mask: bool = True,
    ) -> None:
        check_vocab("Transformer", vocab_sz)
        self.mask, self.looks_ahead, self.ctx_len = mask, not mask, ctx_len
        self.encoder = nn.Embedding(vocab_sz, d_model)
        self.pos_enc = nn.Embedding(ctx_len, d_model) if learned_pos_enc else PositionalEncoding(d_model)
        self.drop_emb = nn.Dropout(check_p("Transformer", "embed_p", embed_p))
        settings = (resid_p, attn_p, ff_p, bias, scale, act, double_drop, attn_cls)
        self.layers = nn.ModuleList(
            DecoderLayer(n_heads, d_model, d_head, d_inner, *settings) for _ in range(n_layers)
        )

    def forward(self, x: Tensor, padding: Tensor | None = None) -> tuple[list[Tensor], list[Tensor]]:
        """Return the last layer's output, twice, as encoders of text do.

        Args:
            x: Indices `(N, T)`.
            padding: True behind the end of a text, `(N, T)`; of use where words that come later are not hidden.
        """
        self._check_length(x)
        unseen = None if padding is None or self.mask else hide(padding)
        places = self.pos_enc(torch.arange(x.shape[1], device=x.device))  # (T, d_model)
        seen = self.drop_emb(self.encoder(x) + places)
        for layer in self.layers:
            seen = layer(seen, mask=unseen, causal=self.mask)
        return [seen], [seen]

    def _check_length(self, x: Tensor) -> None:
        if x.shape[1] > self.ctx_len and isinstance(self.pos_enc, nn.Embedding):
            rule = f"must have at most ctx_len={self.ctx_len} words a text"
            cure = "Lower bptt, or raise ctx_len in the configuration."
            raise ArgumentError(explain("Transformer", "input", rule, x, cure))

    def reset(self) -> None:
        """Do nothing: nothing is kept between batches."""

    def select_hidden(self, idxs: Any) -> None:
        """Do nothing: nothing is kept between batches.

        Args:
            idxs: Row numbers of the batch before.
        """


def hide(padding: Tensor) -> Tensor:
    """Return where no word must look, `(N, 1, 1, T)`: at the padding.

    A text without words looks at its padding: what looks at nothing is no number, and spoils all gradients.

    Args:
        padding: `(N, T)`.
    """
    return (padding & ~padding.all(1, keepdim=True))[:, None, None]


def check_vocab(owner: str, vocab_sz: int) -> None:
    """Refuse an empty vocabulary.

    Raises:
        ArgumentError: it has no word.
    """
    if not isinstance(vocab_sz, int) or vocab_sz < 1:
        raise ArgumentError(explain(owner, "vocab_sz", "must be a whole number of at least 1", vocab_sz))


@register("function")
def init_transformer(m: nn.Module) -> None:
    """Start a layer of a Transformer: weights from a normal distribution, biases at zero; for `model.apply`."""
    if isinstance(m, (nn.Linear, nn.Embedding)):
        nn.init.normal_(m.weight, std=_STD)
    elif isinstance(m, nn.LayerNorm):
        nn.init.normal_(m.weight, mean=1.0, std=_STD)
    if isinstance(m, (nn.Linear, nn.LayerNorm)) and m.bias is not None:
        nn.init.zeros_(m.bias)
    for name in ("u", "v"):  # what TransformerXL adds to the queries
        if isinstance(getattr(m, name, None), nn.Parameter):
            nn.init.normal_(getattr(m, name), std=_STD)


tfmer_lm_config: dict[str, Any] = {
    "ctx_len": 512,
    "n_layers": 12,
    "n_heads": 12,
    "d_model": 768,
    "d_head": 64,
    "d_inner": 3072,
    "resid_p": 0.1,
    "attn_p": 0.1,
    "ff_p": 0.1,
    "embed_p": 0.1,
    "output_p": 0.0,
    "bias": True,
    "scale": True,
    "act": Activation.GeLU,
    "double_drop": False,
    "tie_weights": True,
    "out_bias": False,
    "init": init_transformer,
    "mask": True,
}
tfmer_clas_config: dict[str, Any] = {
    "ctx_len": 512,
    "n_layers": 12,
    "n_heads": 12,
    "d_model": 768,
    "d_head": 64,
    "d_inner": 3072,
    "resid_p": 0.1,
    "attn_p": 0.1,
    "ff_p": 0.1,
    "embed_p": 0.1,
    "output_p": 0.0,
    "bias": True,
    "scale": True,
    "act": Activation.GeLU,
    "double_drop": False,
    "init": init_transformer,
    "mask": False,
}


def thirds(encoder: Any) -> list[list[nn.Module]]:
    """Return the layers of an encoder as three layer groups."""
    layers = list(encoder.layers)
    size = len(layers) // 3
    return [layers[:size], layers[size : 2 * size], layers[2 * size :]]


def tfmer_lm_split(model: Any) -> list[list[nn.Module]]:
    """Return the layer groups of a language model: three of layers, then embeddings and decoder."""
    encoder = model[0]
    return [*thirds(encoder), [encoder.encoder, encoder.pos_enc, encoder.drop_emb, model[1]]]


def tfmer_clas_split(model: Any) -> list[list[nn.Module]]:
    """Return the layer groups of a classifier: embeddings, three of layers, head."""
    encoder = model[0].module
    return [[encoder.encoder, encoder.pos_enc, encoder.drop_emb], *thirds(encoder), [model[1]]]


register_text_model(
    TextSpec(
        "Transformer",
        "d_model",
        tfmer_lm_config,
        tfmer_clas_config,
        tfmer_lm_split,
        tfmer_clas_split,
        weights="OPENAI_TRANSFORMER",
    )
)(Transformer)
