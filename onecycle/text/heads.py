"""Whole models of text: encoder and decoder for the next word, encoder and pooled head for classes."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from onecycle.errors import ArgumentError, ArgumentTypeError, check_keywords, explain
from onecycle.nn.layers import bn_drop_lin
from onecycle.nn.module import Module
from onecycle.text.models.decoder import LinearDecoder, SequentialRNN
from onecycle.text.models.dropout import check_p
from onecycle.text.models.spec import find_text_arch, text_spec
from onecycle.text.windows import MultiBatchEncoder
from onecycle.utils.checks import check_numbers, check_whole
from onecycle.utils.registry import register

__all__ = [
    "PoolingLinearClassifier",
    "get_language_model",
    "get_text_classifier",
]

_HEAD_KEYS = ("output_p", "init")  # of a configuration, that are not the encoder's
_LM_KEYS = (*_HEAD_KEYS, "tie_weights", "out_bias")
_HIDDEN, _HEAD_P = [50], 0.1  # of a classifier's head where nothing is said; Howard and Ruder 2018, section 3.3


def masked_concat_pool(outputs: list[Tensor], mask: Tensor) -> Tensor:
    """Return of each text the last word's vector, the maximum and the mean, side by side.

    Args:
        outputs: One tensor `(N, T, C)` a layer; the last is pooled.
        mask: True at the padding, `(N, T)`. A text that is all padding counts as zeros.

    Shape: `(N, T, C), (N, T) -> (N, 3C)`

    Reference:
        Howard and Ruder 2018, "Universal language model fine-tuning for text classification", section 3.3.
    """
    output, padding = outputs[-1], mask.unsqueeze(-1)  # (N, T, C), (N, T, 1)
    words = (~mask).sum(1, keepdim=True)  # (N, 1)
    mean = output.masked_fill(padding, 0).sum(1) / words.clamp(min=1).to(output.dtype)
    highest = output.masked_fill(padding, float("-inf")).amax(1).masked_fill(words == 0, 0)
    return torch.cat([_last_words(output, mask).masked_fill(words == 0, 0), highest, mean], dim=1)


def _last_words(output: Tensor, mask: Tensor) -> Tensor:
    """Return each text's vector at its last word, on whichever side the padding is."""
    places = torch.arange(mask.shape[1], device=mask.device).expand_as(mask)
    last = places.masked_fill(mask, 0).amax(1)  # (N,)
    return output[torch.arange(len(output), device=output.device), last]


class PoolingLinearClassifier(Module):
    """Pool the words of a text and classify it with linear layers.

    Args:
        layers: Features of each layer, from `3 * C` of the pooled vectors to the number of classes.
        drops: Dropout in front of each linear layer.

    Raises:
        ArgumentError: there are not as many dropouts as linear layers.
    """

    def __init__(self, layers: list[int], drops: list[float]) -> None:
        if len(drops) != len(layers) - 1:
            rule = f"must have one number a linear layer, {len(layers) - 1}"
            raise ArgumentError(explain("PoolingLinearClassifier", "drops", rule, drops))
        parts: list[nn.Module] = []
        for i, p in enumerate(drops):
            between = i < len(drops) - 1
            parts += bn_drop_lin(layers[i], layers[i + 1], p=p, actn=nn.ReLU(inplace=True) if between else None)
        self.layers = nn.Sequential(*parts)

    def forward(
        self, input: tuple[list[Tensor], list[Tensor], Tensor]
    ) -> tuple[Tensor, list[Tensor], list[Tensor]]:
        """Return the scores `(N, classes)`, and the encoder's outputs as they came.

        Args:
            input: What `MultiBatchEncoder` returns.
        """
        raw_outputs, outputs, mask = input
        return self.layers(masked_concat_pool(outputs, mask)), raw_outputs, outputs


def _settings(
    owner: str, arch: Any, default: dict[str, Any], config: Any, drop_mult: float, own: Any
) -> dict[str, Any]:
    """Return the whole configuration, its dropouts scaled; `own` are the keys that are not the encoder's."""
    known = [name for name in inspect.signature(arch).parameters if name != "vocab_sz"]
    check_keywords(f"{owner}: config", config or {}, [*known, *own])
    check_numbers(owner, "drop_mult", drop_mult, "must be at least 0", lambda factor: factor >= 0)
    whole = {**default, **(config or {})}
    for name in [name for name in whole if name.endswith("_p")]:
        whole[name] = whole[name] * drop_mult
        rule = f"must be a share from 0 to 1 once multiplied by drop_mult={drop_mult}"
        check_numbers(owner, f"config[{name!r}]", whole[name], rule, lambda share: 0 <= share <= 1)
    return whole


def _check_count(owner: str, parameter: str, count: int) -> None:
    check_numbers(owner, parameter, count, "must be at least 1", lambda number: number >= 1)


def _hidden_layers(owner: str, lin_ftrs: Any, ps: Any) -> tuple[list[int], list[float]]:
    """Return the features of the head's hidden layers, and the dropout in front of what follows each."""
    for name, given in (("lin_ftrs", lin_ftrs), ("ps", ps)):
        if given is not None and not isinstance(given, (list, tuple)):
            raise ArgumentTypeError(explain(owner, name, "must be a list", given, f"Pass {name}=[{given}]."))
    hidden = _HIDDEN if lin_ftrs is None else [check_whole(owner, "lin_ftrs", width) for width in lin_ftrs]
    drops = [_HEAD_P] * len(hidden) if ps is None else list(ps)
    if len(drops) != len(hidden):
        raise ArgumentError(explain(owner, "ps", f"must have one number for each of lin_ftrs={hidden}", ps))
    return hidden, [check_p(owner, "ps", p) for p in drops]


def _initialised(model: nn.Module, init: Callable[[nn.Module], Any] | None) -> nn.Module:
    return model if init is None else model.apply(init)


@register("model")
def get_language_model(
    arch: Any, vocab_sz: int, config: dict[str, Any] | None = None, drop_mult: float = 1.0
) -> nn.Module:
    """Return a model that scores the next word at every place.

    Args:
        arch: An encoder: `AWD_LSTM`, `Transformer`, `TransformerXL`, one of your own, or its name.
        vocab_sz: Words in the vocabulary, at least 1.
        config: Settings that differ from the encoder's own, e.g. `awd_lstm_lm_config`.
        drop_mult: Factor of all dropouts, at least 0.

    Returns:
        `SequentialRNN(encoder, LinearDecoder)`.

    Shape: `(N, T) -> ((N, T, vocab_sz), raw outputs, outputs)`

    Raises:
        ArgumentTypeError: a key of the configuration is unknown.
        ArgumentError: a size is below 1, a dropout above 1.
        NotRegisteredError: the encoder is unknown.

    Example:
        >>> from onecycle.text.models.awd_lstm import AWD_LSTM
        >>> model = get_language_model(AWD_LSTM, 100, {"emb_sz": 8, "n_hid": 16})
        >>> model(torch.zeros(2, 5, dtype=torch.long))[0].shape
        torch.Size([2, 5, 100])
    """
    spec, arch = text_spec(arch), find_text_arch(arch)
    _check_count("get_language_model", "vocab_sz", vocab_sz)
    settings = _settings("get_language_model", arch, spec.lm_config, config, drop_mult, _LM_KEYS)
    head = {name: settings.pop(name, None) for name in _LM_KEYS}
    encoder = arch(vocab_sz, **settings)
    tied = encoder.encoder if head["tie_weights"] else None
    decoder = LinearDecoder(vocab_sz, settings[spec.width], head["output_p"] or 0.0, tied, bool(head["out_bias"]))
    return _initialised(SequentialRNN(encoder, decoder), head["init"])


@register("model")
def get_text_classifier(
    arch: Any,
    vocab_sz: int,
    n_class: int,
    bptt: int = 70,
    max_len: int = 1400,
    config: dict[str, Any] | None = None,
    drop_mult: float = 1.0,
    lin_ftrs: list[int] | None = None,
    ps: list[float] | None = None,
    pad_idx: int = 1,
) -> nn.Module:
    """Return a model that classifies whole texts.

    Args:
        arch: An encoder: `AWD_LSTM`, `Transformer`, `TransformerXL`, one of your own, or its name.
        vocab_sz: Words in the vocabulary, at least 1.
        n_class: How many classes, at least 1.
        bptt: Words that are read at once.
        max_len: How many of a text's last words are pooled.
        config: Settings that differ from the encoder's own, e.g. `awd_lstm_clas_config`.
        drop_mult: Factor of all dropouts of the configuration, at least 0.
        lin_ftrs: Features of the head's hidden layers; `[50]` when left out.
        ps: Dropout in front of what follows each hidden layer; 0.1 when left out.
        pad_idx: Index of the padding.

    Returns:
        `SequentialRNN(MultiBatchEncoder, PoolingLinearClassifier)`.

    Shape: `(N, T) -> ((N, n_class), raw outputs, outputs)`

    Raises:
        ArgumentTypeError: a key of the configuration is unknown, or lin_ftrs or ps is no list.
        ArgumentError: a size is below 1, a dropout above 1, or ps does not go with lin_ftrs.
        NotRegisteredError: the encoder is unknown.
    """
    owner = "get_text_classifier"
    spec, arch = text_spec(arch), find_text_arch(arch)
    for name, count in (("vocab_sz", vocab_sz), ("n_class", n_class)):
        _check_count(owner, name, count)
    settings = _settings(owner, arch, spec.clas_config, config, drop_mult, _HEAD_KEYS)
    head = {name: settings.pop(name, None) for name in _HEAD_KEYS}
    hidden, drops = _hidden_layers(owner, lin_ftrs, ps)
    encoder = MultiBatchEncoder(bptt, max_len, arch(vocab_sz, **settings), pad_idx=pad_idx)
    sizes = [3 * settings[spec.width], *hidden, n_class]
    pooled = PoolingLinearClassifier(sizes, [head["output_p"] or 0.0, *drops])
    return _initialised(SequentialRNN(encoder, pooled), head["init"])
