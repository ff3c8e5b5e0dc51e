"""Front door: the architectures. Made by tools/make_front_doors.py; do not edit."""

# ruff: noqa

from __future__ import annotations

from typing import TYPE_CHECKING

from onecycle.prelude import open_door

if TYPE_CHECKING:
    from onecycle.text.models.awd_lstm import (
        AWD_LSTM, awd_lstm_clas_config, awd_lstm_clas_split, awd_lstm_lm_config, awd_lstm_lm_split,
    )
    from onecycle.text.models.decoder import (
        LinearDecoder, SequentialRNN,
    )
    from onecycle.text.models.dropout import (
        EmbeddingDropout, RNNDropout, WeightDropout, dropout_mask,
    )
    from onecycle.text.models.pretrained import (
        get_pretrained_classifier,
    )
    from onecycle.text.models.qrnn import (
        QRNN, QRNNLayer, forget_mult,
    )
    from onecycle.text.models.spec import (
        TextSpec, find_text_arch, register_text_model, text_spec,
    )
    from onecycle.text.models.transformer import (
        Activation, DecoderLayer, GeLU, MultiHeadAttention, PositionalEncoding, Swish, Transformer,
        feed_forward, tfmer_clas_config, tfmer_clas_split, tfmer_lm_config, tfmer_lm_split,
    )
    from onecycle.text.models.transformer_xl import (
        MultiHeadRelativeAttention, TransformerXL, tfmerXL_clas_config, tfmerXL_clas_split, tfmerXL_lm_config,
        tfmerXL_lm_split,
    )

__all__ = [
    "AWD_LSTM", "Activation", "DecoderLayer", "EmbeddingDropout", "GeLU", "LinearDecoder",
    "MultiHeadAttention", "MultiHeadRelativeAttention", "PositionalEncoding", "QRNN", "QRNNLayer",
    "RNNDropout", "SequentialRNN", "Swish", "TextSpec", "Transformer", "TransformerXL", "WeightDropout",
    "awd_lstm_clas_config", "awd_lstm_clas_split", "awd_lstm_lm_config", "awd_lstm_lm_split", "dropout_mask",
    "feed_forward", "find_text_arch", "forget_mult", "get_pretrained_classifier", "register_text_model",
    "text_spec", "tfmerXL_clas_config", "tfmerXL_clas_split", "tfmerXL_lm_config", "tfmerXL_lm_split",
    "tfmer_clas_config", "tfmer_clas_split", "tfmer_lm_config", "tfmer_lm_split",
]

_LEAVES = {
    "onecycle.text.models.awd_lstm": (
        "AWD_LSTM", "awd_lstm_clas_config", "awd_lstm_clas_split", "awd_lstm_lm_config", "awd_lstm_lm_split",
    ),
    "onecycle.text.models.decoder": (
        "LinearDecoder", "SequentialRNN",
    ),
    "onecycle.text.models.dropout": (
        "EmbeddingDropout", "RNNDropout", "WeightDropout", "dropout_mask",
    ),
    "onecycle.text.models.pretrained": (
        "get_pretrained_classifier",
    ),
    "onecycle.text.models.qrnn": (
        "QRNN", "QRNNLayer", "forget_mult",
    ),
    "onecycle.text.models.spec": (
        "TextSpec", "find_text_arch", "register_text_model", "text_spec",
    ),
    "onecycle.text.models.transformer": (
        "Activation", "DecoderLayer", "GeLU", "MultiHeadAttention", "PositionalEncoding", "Swish",
        "Transformer", "feed_forward", "tfmer_clas_config", "tfmer_clas_split", "tfmer_lm_config",
        "tfmer_lm_split",
    ),
    "onecycle.text.models.transformer_xl": (
        "MultiHeadRelativeAttention", "TransformerXL", "tfmerXL_clas_config", "tfmerXL_clas_split",
        "tfmerXL_lm_config", "tfmerXL_lm_split",
    ),
}

__getattr__, __dir__ = open_door(__name__, _LEAVES)
