"""Front door: texts, and all of onecycle.basics. Made by tools/make_front_doors.py; do not edit."""

# ruff: noqa

from __future__ import annotations

from typing import TYPE_CHECKING

from onecycle import basics
from onecycle.prelude import open_door

if TYPE_CHECKING:
    from onecycle.basics import *
    from onecycle import text
    from onecycle.text.bunch import (
        TextClasDataBunch, TextDataBunch,
    )
    from onecycle.text.collate import (
        pad_collate,
    )
    from onecycle.text.files import (
        OpenFileProcessor, open_text,
    )
    from onecycle.text.generation import (
        decode_spec_tokens,
    )
    from onecycle.text.heads import (
        PoolingLinearClassifier, get_language_model, get_text_classifier,
    )
    from onecycle.text.interpret import (
        TextClassificationInterpretation, piece_attn_html, show_piece_attn, value2rgba,
    )
    from onecycle.text.items import (
        Text,
    )
    from onecycle.text.language_learner import (
        LanguageLearner, language_model_learner,
    )
    from onecycle.text.learner import (
        RNNLearner, text_classifier_learner,
    )
    from onecycle.text.lists import (
        LMLabelList, LMTextList, TextList,
    )
    from onecycle.text.lm_bunch import (
        TextLMDataBunch,
    )
    from onecycle.text.lm_loader import (
        LanguageModelPreLoader,
    )
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
    from onecycle.text.pretrained import (
        PretrainedTokenizerProcessor,
    )
    from onecycle.text.processors import (
        NumericalizeProcessor, TokenizeProcessor,
    )
    from onecycle.text.recipes import (
        TextMtd,
    )
    from onecycle.text.rules import (
        apply_rules, deal_caps, fix_html, replace_all_caps, replace_rep, replace_wrep, rm_useless_spaces,
        spec_add_spaces,
    )
    from onecycle.text.samplers import (
        SortSampler, SortishSampler,
    )
    from onecycle.text.sentencepiece import (
        SPProcessor, get_default_size, train_sentencepiece,
    )
    from onecycle.text.special_tokens import (
        BOS, EOS, FLD, PAD, TK_MAJ, TK_REP, TK_UP, TK_WREP, UNK,
    )
    from onecycle.text.tokenizer import (
        Tokenizer,
    )
    from onecycle.text.vocab import (
        Vocab,
    )
    from onecycle.text.weights import (
        convert_weights,
    )
    from onecycle.text.windows import (
        MultiBatchEncoder,
    )
    from onecycle.text.word_tokenizer import (
        BaseTokenizer, CharTokenizer, SpacyTokenizer, WordTokenizer,
    )

__all__ = [
    "AWD_LSTM", "Activation", "BOS", "BaseTokenizer", "CharTokenizer", "DecoderLayer", "EOS",
    "EmbeddingDropout", "FLD", "GeLU", "LMLabelList", "LMTextList", "LanguageLearner",
    "LanguageModelPreLoader", "LinearDecoder", "MultiBatchEncoder", "MultiHeadAttention",
    "MultiHeadRelativeAttention", "NumericalizeProcessor", "OpenFileProcessor", "PAD",
    "PoolingLinearClassifier", "PositionalEncoding", "PretrainedTokenizerProcessor", "QRNN", "QRNNLayer",
    "RNNDropout", "RNNLearner", "SPProcessor", "SequentialRNN", "SortSampler", "SortishSampler",
    "SpacyTokenizer", "Swish", "TK_MAJ", "TK_REP", "TK_UP", "TK_WREP", "Text", "TextClasDataBunch",
    "TextClassificationInterpretation", "TextDataBunch", "TextLMDataBunch", "TextList", "TextMtd", "TextSpec",
    "TokenizeProcessor", "Tokenizer", "Transformer", "TransformerXL", "UNK", "Vocab", "WeightDropout",
    "WordTokenizer", "apply_rules", "awd_lstm_clas_config", "awd_lstm_clas_split", "awd_lstm_lm_config",
    "awd_lstm_lm_split", "convert_weights", "deal_caps", "decode_spec_tokens", "dropout_mask", "feed_forward",
    "find_text_arch", "fix_html", "forget_mult", "get_default_size", "get_language_model",
    "get_pretrained_classifier", "get_text_classifier", "language_model_learner", "open_text", "pad_collate",
    "piece_attn_html", "register_text_model", "replace_all_caps", "replace_rep", "replace_wrep",
    "rm_useless_spaces", "show_piece_attn", "spec_add_spaces", "text", "text_classifier_learner", "text_spec",
    "tfmerXL_clas_config", "tfmerXL_clas_split", "tfmerXL_lm_config", "tfmerXL_lm_split", "tfmer_clas_config",
    "tfmer_clas_split", "tfmer_lm_config", "tfmer_lm_split", "train_sentencepiece", "value2rgba",
]
__all__ += basics.__all__

_LEAVES = {
    "onecycle.text.bunch": (
        "TextClasDataBunch", "TextDataBunch",
    ),
    "onecycle.text.collate": (
        "pad_collate",
    ),
    "onecycle.text.files": (
        "OpenFileProcessor", "open_text",
    ),
    "onecycle.text.generation": (
        "decode_spec_tokens",
    ),
    "onecycle.text.heads": (
        "PoolingLinearClassifier", "get_language_model", "get_text_classifier",
    ),
    "onecycle.text.interpret": (
        "TextClassificationInterpretation", "piece_attn_html", "show_piece_attn", "value2rgba",
    ),
    "onecycle.text.items": (
        "Text",
    ),
    "onecycle.text.language_learner": (
        "LanguageLearner", "language_model_learner",
    ),
    "onecycle.text.learner": (
        "RNNLearner", "text_classifier_learner",
    ),
    "onecycle.text.lists": (
        "LMLabelList", "LMTextList", "TextList",
    ),
    "onecycle.text.lm_bunch": (
        "TextLMDataBunch",
    ),
    "onecycle.text.lm_loader": (
        "LanguageModelPreLoader",
    ),
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
    "onecycle.text.pretrained": (
        "PretrainedTokenizerProcessor",
    ),
    "onecycle.text.processors": (
        "NumericalizeProcessor", "TokenizeProcessor",
    ),
    "onecycle.text.recipes": (
        "TextMtd",
    ),
    "onecycle.text.rules": (
        "apply_rules", "deal_caps", "fix_html", "replace_all_caps", "replace_rep", "replace_wrep",
        "rm_useless_spaces", "spec_add_spaces",
    ),
    "onecycle.text.samplers": (
        "SortSampler", "SortishSampler",
    ),
    "onecycle.text.sentencepiece": (
        "SPProcessor", "get_default_size", "train_sentencepiece",
    ),
    "onecycle.text.special_tokens": (
        "BOS", "EOS", "FLD", "PAD", "TK_MAJ", "TK_REP", "TK_UP", "TK_WREP", "UNK",
    ),
    "onecycle.text.tokenizer": (
        "Tokenizer",
    ),
    "onecycle.text.vocab": (
        "Vocab",
    ),
    "onecycle.text.weights": (
        "convert_weights",
    ),
    "onecycle.text.windows": (
        "MultiBatchEncoder",
    ),
    "onecycle.text.word_tokenizer": (
        "BaseTokenizer", "CharTokenizer", "SpacyTokenizer", "WordTokenizer",
    ),
    **basics._LEAVES,
}

__getattr__, __dir__ = open_door(__name__, _LEAVES, {"text": "onecycle.text"})
