"""Classifiers of texts on models of Hugging Face transformers: body, head, layer groups, and how a file names them."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from onecycle.errors import ArgumentError, ArgumentTypeError, FileFormatError, did_you_mean, explain
from onecycle.nn.module import Module, ParameterModule
from onecycle.nn.surgery import flatten_model
from onecycle.text.windows import words_first
from onecycle.utils.checks import check_numbers, check_whole
from onecycle.utils.extras import import_extra
from onecycle.utils.foreign_config import without_names_of_code
from onecycle.utils.registry import names, register

__all__ = ["get_pretrained_classifier"]

_CALLER = "text_classifier_learner"
_DROPOUT = 0.1  # in front of the last layer, Devlin et al. 2018, appendix A.3
_STATES = "BODY"  # kind of a model that gives one vector per token
_ENCODER = "ENCODER"  # kind of the first half of a model that has an encoder and a decoder
_SCORES = "CLASSIFIER"  # kind of a model that gives one score per class
# Settings that name other models, which no file may ask for.
_OTHER_MODELS = ("backbone", "use_pretrained_backbone", "use_timm_backbone")
# Models that number the places of a text from the number after their padding's.
_PLACES_AFTER_PADDING = ("camembert", "data2vec-text", "ibert", "longformer", "luke", "mpnet", "roberta", "xlm-roberta")


def is_transformers_model(arch: Any) -> bool:
    """Say whether something is a model of Hugging Face transformers, or has its interface."""
    return isinstance(arch, nn.Module) and isinstance(getattr(getattr(arch, "config", None), "model_type", None), str)


def transformers_model(name: str, pretrained: bool, config: Mapping[str, Any] | None) -> nn.Module:
    """Return a model of transformers by its name on the Hugging Face hub, or that of a folder.

    Args:
        name: The name.
        pretrained: With its weights; else with random ones.
        config: Settings that differ from its own.

    Raises:
        ArgumentError: transformers is not installed, or there is no such model; says what to do.
    """
    library = import_extra(_CALLER, "transformers", "transformers")
    settings = dict(config or {})
    try:
        if pretrained:
            return library.AutoModel.from_pretrained(name, **settings)
        return library.AutoModel.from_config(library.AutoConfig.from_pretrained(name, **settings))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, ImportError, RuntimeError) as error:
        said = _said(error)
        hint = "Check the name; offline, pass the folder of save_pretrained, or the model itself."
        known = [each for each in names("text_arch") if did_you_mean(name, [each])]
        near = f" (did you mean {known[0]!r}?)" if known else ""
        raise ArgumentError(
            f"{_CALLER}: arch {name!r} is no encoder of onecycle{near}, and transformers cannot load it ({said}). "
            f"{hint}"
        ) from error


def _said(error: BaseException) -> str:
    """Return the first line of what transformers said, of at most 200 characters."""
    return str(error).strip().partition("\n")[0].rstrip(".")[:200]


@dataclass(frozen=True)
class _Sized:
    """The sizes of a body, read from its configuration."""

    width: int
    tokens: int


def _sizes(body: Any) -> _Sized:
    """Return the length of the vectors of a body and the number of tokens that it knows.

    Raises:
        ArgumentError: its configuration does not say.
    """
    config = body.config.get_text_config() if hasattr(body.config, "get_text_config") else body.config
    widths = (getattr(config, name, None) for name in ("hidden_size", "d_model", "n_embd", "dim"))
    width = next((width for width in widths if isinstance(width, int)), None)
    embedding = body.get_input_embeddings() if hasattr(body, "get_input_embeddings") else None
    tokens = getattr(embedding, "num_embeddings", None) or getattr(config, "vocab_size", None)
    if not isinstance(width, int) or not isinstance(tokens, int):
        rule = "must have a configuration with hidden_size and vocab_size"
        raise ArgumentError(explain(_CALLER, "arch", rule, type(body).__name__))
    return _Sized(width, tokens)


def longest_text(body: Any) -> int | None:
    """Return how many tokens a body reads at most; None where there is no limit."""
    config = body.config
    count = getattr(config, "max_position_embeddings", None) or getattr(config, "n_positions", None)
    if not isinstance(count, int) or count < 1:
        return None
    if str(config.model_type).startswith(_PLACES_AFTER_PADDING):
        count -= int(getattr(config, "pad_token_id", None) or 0) + 1  # positions are counted from there
    return count


class PretrainedEncoder(Module):
    """Read whole texts with a model of transformers, each as if it were alone in its batch.

    Padding is moved behind the texts and masked. A model that takes no mask reads texts of like length together, so
    that it meets no padding.

    Args:
        body: The model; called with `input_ids` and `attention_mask`.
        pad_idx: Index of the padding, in front of short texts or behind them.

    Shape: `(N, T) -> ((N, T, C), (N, T) mask of the tokens)`; of a model with scores `(N, T) -> (N, classes)`
    """

    def __init__(self, body: nn.Module, pad_idx: int) -> None:
        self.body, self.pad_idx = body, pad_idx
        self.takes_mask = "attention_mask" in _parameters_of(body, "forward")

    @property
    def encoder(self) -> nn.Module:
        """Return the embedding of the tokens."""
        return self.body.get_input_embeddings()  # type: ignore[operator]

    def forward(self, input: Tensor) -> tuple[Tensor, Tensor]:
        """Return the vector of each token, and where there are tokens.

        Args:
            input: Indices `(N, T)`.
        """
        words, lengths = words_first(input, self.pad_idx)
        lengths = lengths.clamp(min=1)  # an empty text is one token of padding
        words = words[:, : int(lengths.max())]
        there = torch.arange(words.shape[1], device=words.device) < lengths.unsqueeze(1)  # (N, T)
        if self.takes_mask:
            return self._output(self.body(input_ids=words, attention_mask=there.long())), there
        return self._by_length(words, lengths), there

    def _output(self, output: Any) -> Tensor:
        for name in ("logits", "last_hidden_state"):
            if isinstance(getattr(output, name, None), Tensor):
                return getattr(output, name)
        return output[0] if isinstance(output, (tuple, list)) else output

    def _by_length(self, words: Tensor, lengths: Tensor) -> Tensor:
        """Read texts of one length at a time, in the order of the batch again."""
        made: list[Any] = [None] * len(words)
        for length in lengths.unique().tolist():
            rows = (lengths == length).nonzero().flatten()
            part = self._output(self.body(input_ids=words[rows, :length]))
            for row, vectors in zip(rows.tolist(), part, strict=True):
                made[row] = vectors
        if made[0].ndim == 1:  # scores
            return torch.stack(made)
        return nn.utils.rnn.pad_sequence(made, batch_first=True)


def _parameters_of(body: nn.Module, method: str) -> Sequence[str]:
    """Return the names of the parameters of a method."""
    return list(inspect.signature(getattr(body, method)).parameters)


class MeanHead(Module):
    """Average the vectors of a text's tokens and classify the mean.

    Args:
        n_in: Length of the vectors.
        n_class: Number of classes.
        lin_ftrs: Features of hidden layers; none by default.
        ps: Dropout in front of each linear layer; default: 0.1.

    Shape: `((N, T, C), (N, T)) -> (N, classes)`

    Reference:
        Reimers and Gurevych 2019, "Sentence-BERT", section 3 (the mean of all tokens).
    """

    def __init__(self, n_in: int, n_class: int, lin_ftrs: Sequence[int] | None, ps: Sequence[float] | None) -> None:
        sizes = [n_in, *(lin_ftrs or ()), n_class]
        drops = [_DROPOUT] * (len(sizes) - 1) if ps is None else list(ps)
        if len(drops) != len(sizes) - 1:
            rule = f"must have one number per linear layer, {len(sizes) - 1}"
            raise ArgumentError(explain(_CALLER, "ps", rule, ps))
        check_numbers(_CALLER, "ps", drops, "must be from 0 to 1", lambda share: 0 <= share <= 1)
        layers: list[nn.Module] = []
        for i, p in enumerate(drops):
            layers += [nn.Dropout(p), nn.Linear(sizes[i], sizes[i + 1])]
            layers += [nn.GELU()] if i < len(drops) - 1 else []
        self.layers = nn.Sequential(*layers)

    def forward(self, input: tuple[Tensor, Tensor]) -> Tensor:
        """Return the scores of texts.

        Args:
            input: What `PretrainedEncoder` returns.
        """
        vectors, there = input
        mask = there.unsqueeze(-1)  # (N, T, 1)
        mean = vectors.masked_fill(~mask, 0).sum(1) / mask.sum(1)
        return self.layers(mean)


class ScoresOfBody(Module):
    """Be the head of a model that gives scores itself."""

    def forward(self, input: tuple[Tensor, Tensor]) -> Tensor:
        """Return the scores `(N, classes)`."""
        return input[0]


_OF_TEXTS = ("MODEL_FOR_CAUSAL_LM_MAPPING", "MODEL_FOR_MASKED_LM_MAPPING", "MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING")


def _mappings(config: Any) -> tuple[Any, Any]:
    """Return the classes of transformers for a configuration: of bodies, and of classifiers of texts.

    Raises:
        ValueError: the configuration is not that of a model of texts.
    """
    library = import_extra(_CALLER, "transformers", "transformers")
    mappings = ("MODEL_MAPPING", "MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING", *_OF_TEXTS)
    found = [getattr(library, name, {}).get(type(config), None) for name in mappings]
    if not any(found[1:]):
        raise ValueError(f"{config.model_type} is no model of texts")
    return found[0], found[1]


def _is_one_of(body: Any, classes: Any) -> bool:
    return type(body) in (classes if isinstance(classes, (tuple, list)) else (classes,))


def state_of_body(body: Any) -> dict[str, Any] | None:
    """Return how a file names a body: its kind, type of model, sizes and parts; None where it cannot be rebuilt."""
    try:
        bodies, classifiers = _mappings(body.config)
    except ValueError:  # ArgumentError is one: transformers is not installed
        return None
    kind = _kind_of(body, bodies, classifiers)
    if kind is None:
        return None
    settings = _sizes_only(body.config.to_dict())
    parts = [name for name, _ in body.named_children()]
    return {"kind": kind, "model_type": settings.pop("model_type"), "config": settings, "parts": parts}


def _kind_of(body: Any, bodies: Any, classifiers: Any) -> str | None:
    if _is_one_of(body, classifiers):
        return _SCORES
    if _is_one_of(body, bodies):
        return _STATES
    return _ENCODER if type(body).__name__.endswith(("Stack", "Encoder")) else None


def _sizes_only(settings: Mapping[Any, Any]) -> dict[Any, Any]:
    """Return settings without those that name code, files or other models."""
    kept = without_names_of_code(settings)
    return {name: value for name, value in kept.items() if name not in _OTHER_MODELS and not str(name).startswith("_")}


def body_of_state(state: Mapping[str, Any]) -> nn.Module:
    """Return a body with random weights, as `state_of_body` named it; only classes of transformers itself are built.

    Raises:
        FileFormatError: it names no classifier of texts that this version of transformers has.
        ArgumentError: transformers is not installed.
    """
    library = import_extra("load_learner", "transformers", "transformers")
    kind, model_type, settings, parts = (state.get(name) for name in ("kind", "model_type", "config", "parts"))
    known = isinstance(model_type, str) and isinstance(settings, Mapping) and isinstance(parts, (list, tuple))
    try:
        if not known or kind not in (_STATES, _ENCODER, _SCORES):
            raise ValueError("its name is damaged")
        config = library.AutoConfig.for_model(model_type, **_sizes_only(settings or {}))
        _mappings(config)
        auto = library.AutoModelForSequenceClassification if kind == _SCORES else library.AutoModel
        built = auto.from_config(config)
        return _with_parts(built.get_encoder() if kind == _ENCODER else built, parts or ())
    except (ValueError, KeyError, TypeError, AttributeError, ImportError, RuntimeError, OSError) as error:
        said = _said(error)
        raise FileFormatError(
            f"load_learner: the model {model_type!r} of the file cannot be built by this version of transformers "
            f"({said}). Install the version with which it was made."
        ) from error


def _with_parts(body: nn.Module, parts: Sequence[str]) -> nn.Module:
    """Return a body without the parts that the one in the file did not have."""
    for name in [name for name, _ in body.named_children() if name not in parts]:
        setattr(body, name, None)
    return body


@register("model")
def get_pretrained_classifier(
    body: Any,
    n_class: int,
    pad_idx: int,
    lin_ftrs: Sequence[int] | None = None,
    ps: Sequence[float] | None = None,
    drop_mult: float = 1.0,
) -> nn.Module:
    """Return a classifier of texts on a model of Hugging Face transformers.

    A body (`BertModel`, `GPT2Model` …) gets a head for the mean of its tokens; a language model (`BertForMaskedLM`)
    gives its body, a translator (`T5Model`) its encoder; a classifier (`BertForSequenceClassification`) keeps its head.

    Args:
        body: The model, or what `state_of_body` returned.
        n_class: Number of classes, at least 1.
        pad_idx: Index of the padding.
        lin_ftrs: Features of hidden layers of the head; none by default.
        ps: Dropout in front of each linear layer of the head; default: 0.1.
        drop_mult: Factor of the dropouts of the body, at least 0.

    Returns:
        `nn.Sequential(PretrainedEncoder, MeanHead)`

    Shape: `(N, T) -> (N, n_class)`

    Raises:
        ArgumentError: a classifier has another number of classes, or a size is out of its range.
    """
    check_whole(_CALLER, "n_class", n_class)
    check_numbers(_CALLER, "drop_mult", drop_mult, "must be at least 0", lambda factor: factor >= 0)
    body = body_of_state(body) if isinstance(body, Mapping) else body
    if not is_transformers_model(body):
        raise ArgumentTypeError(explain(_CALLER, "arch", "must be a model of transformers", body))
    body = body.float()  # weights may come in half precision; to_fp16 and to_bf16 choose it
    _scale_dropouts(body, drop_mult)
    if hasattr(body.config, "use_cache"):
        body.config.use_cache = False  # whole texts are read at once
    if _gives_scores(body):
        _check_own_head(body, n_class, lin_ftrs, ps)
        body.config.pad_token_id = pad_idx  # decoders look for the last token by it
        return nn.Sequential(PretrainedEncoder(body, pad_idx), ScoresOfBody())
    body = _bare(body)
    return nn.Sequential(PretrainedEncoder(body, pad_idx), MeanHead(_sizes(body).width, n_class, lin_ftrs, ps))


def _scale_dropouts(body: nn.Module, factor: float) -> None:
    for module in body.modules():
        if isinstance(module, nn.Dropout):
            module.p = min(1.0, module.p * factor)


def _gives_scores(body: Any) -> bool:
    return type(body).__name__.endswith("ForSequenceClassification")


def _check_own_head(body: Any, n_class: int, lin_ftrs: Any, ps: Any) -> None:
    """Refuse a classifier of other classes, and settings for a head that it does not get."""
    if body.config.num_labels != n_class:
        hint = f"Load it with num_labels={n_class}, or pass its body: AutoModel.from_pretrained(…)."
        rule = f"must have num_labels={n_class}, the classes of the data"
        raise ArgumentError(explain(_CALLER, "arch", rule, body.config.num_labels, hint))
    for name, value in (("lin_ftrs", lin_ftrs), ("ps", ps)):
        if value is not None:
            hint = "Pass its body for a head of that kind: AutoModel.from_pretrained(…)."
            raise ArgumentError(explain(_CALLER, name, "must be None for a model with a head of its own", value, hint))


def _bare(body: Any) -> Any:
    """Return what gives vectors of a model: without another head, without a decoder, without a layer for one token."""
    inner = getattr(body, "base_model", body)
    inner = inner if is_transformers_model(inner) else body
    encoder = inner.get_encoder() if hasattr(inner, "get_encoder") else None
    has_two = getattr(inner.config, "is_encoder_decoder", False) or type(inner).__name__.endswith("EncoderModel")
    if has_two and is_transformers_model(encoder):
        inner = encoder
    if getattr(inner, "pooler", None) is not None and "add_pooling_layer" in _parameters_of(inner, "__init__"):
        inner.pooler = None
    return inner


def check_tokens(body: Any, count: int) -> None:
    """Refuse texts of a vocabulary that is larger than that of the model.

    Raises:
        ArgumentError: it is; says how to make room.
    """
    known = _sizes(body).tokens
    if count > known:
        hint = f"Pass the model's own tokenizer, or make room: model.resize_token_embeddings({count})."
        rule = f"must have at most {known} tokens, which the model knows"
        raise ArgumentError(explain(_CALLER, "the vocabulary of data", rule, count, hint))


def warn_of_another(body: Any, count: int, name: str) -> None:
    """Warn where names and sizes say that texts were numbered by the tokenizer of another model.

    Args:
        body: The model.
        count: Tokens of the tokenizer.
        name: Its name on the Hugging Face hub, or that of a folder; empty where it has none.
    """
    own = str(getattr(body, "name_or_path", "") or "")
    if name and own and name != own and count != _sizes(body).tokens:
        warnings.warn(
            f"{_CALLER}: the texts were numbered by the tokenizer of {name!r}, which has {count} tokens; the model "
            f"{own!r} has {_sizes(body).tokens}: its numbers may stand for others. Pass tokenizer={own!r} to the data.",
            UserWarning,
            stacklevel=4,
        )


def pretrained_split(model: Any) -> list[list[nn.Module]]:
    """Return the layer groups of a classifier: embeddings, the layers in three groups, head."""
    encoder, head = model[0], model[1]
    body = encoder.body
    inner = getattr(body, "base_model", body) if _gives_scores(body) else body
    own = {id(layer) for layer in flatten_model(inner)}
    after = [layer for layer in flatten_model(body) if id(layer) not in own and not _is_lone(layer, inner)]
    front, layers, rest = _in_parts(inner)
    thirds = [[leaf for layer in third for leaf in layer] for third in _thirds(layers)] or [[]]
    thirds[-1] += rest
    groups = [front, *thirds, [*after, *flatten_model(head)]]
    return [group for group in groups if any(True for layer in group for _ in layer.parameters())]


def _is_lone(layer: nn.Module, inner: nn.Module) -> bool:
    """Say whether a layer holds a parameter of a module by itself."""
    inside = {id(parameter) for parameter in inner.parameters()}
    return any(id(parameter) in inside for parameter in layer.parameters())


def _in_parts(body: nn.Module) -> tuple[list[nn.Module], list[list[nn.Module]], list[nn.Module]]:
    """Return the leaf layers of a body: those before its stack of layers, those of each layer, and those after."""
    stacks = [module for module in body.modules() if isinstance(module, nn.ModuleList)]
    stack = max(stacks, key=len, default=nn.ModuleList())  # the first of the longest
    inside = {id(parameter) for layer in stack for parameter in layer.parameters()}
    seen: set[int] = set()  # parameters that have their place: several layers may share one
    layers = [_unseen(flatten_model(layer), seen) for layer in stack]
    leaves = flatten_model(body)
    places = [i for i, leaf in enumerate(leaves) if any(id(parameter) in inside for parameter in leaf.parameters())]
    first = places[0] if places else 0
    return _unseen(leaves[:first], seen), layers, _unseen(leaves[first:], seen)


def _unseen(leaves: Sequence[nn.Module], seen: set[int]) -> list[nn.Module]:
    """Return the layers that hold parameters not seen before, or these parameters alone; they are seen then."""
    found: list[nn.Module] = []
    for leaf in leaves:
        parameters = list(leaf.parameters())
        new = [parameter for parameter in parameters if id(parameter) not in seen]
        found += [leaf] if new and len(new) == len(parameters) else [ParameterModule(parameter) for parameter in new]
        seen.update(map(id, new))
    return found


def _thirds(layers: Sequence[Any]) -> list[Sequence[Any]]:
    """Return layers in three parts of about equal size, the first ones not larger than the last."""
    count = len(layers)
    cuts = [0, count // 3, 2 * count // 3, count]
    return [layers[a:b] for a, b in zip(cuts, cuts[1:]) if b > a]
