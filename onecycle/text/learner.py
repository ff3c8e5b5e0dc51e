"""Learners of texts: an encoder that may have read much, and a head for your classes."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from torch import nn

from onecycle.callbacks.gradient_clipping import GradientClipping
from onecycle.callbacks.rnn import RNNTrainer
from onecycle.data.categories import CategoryList
from onecycle.data.collate import exact_device
from onecycle.data.loaders import DatasetType
from onecycle.errors import (
    ArgumentError,
    ArgumentTypeError,
    FileFormatError,
    check_keywords,
    explain,
    known_keywords_only,
)
from onecycle.learner import Learner
from onecycle.learning.checks import check_data
from onecycle.metrics.classification import accuracy
from onecycle.nn.surgery import get_model
from onecycle.text.heads import get_text_classifier
from onecycle.text.lists import LMLabelList
from onecycle.text.models.pretrained import (
    check_tokens,
    get_pretrained_classifier,
    is_transformers_model,
    longest_text,
    pretrained_split,
    state_of_body,
    transformers_model,
    warn_of_another,
)
from onecycle.text.models.spec import TextSpec, text_spec
from onecycle.text.pretrained import PretrainedTokenizerProcessor
from onecycle.text.processors import NumericalizeProcessor
from onecycle.text.samplers import SortSampler, lengths_of
from onecycle.text.sentencepiece import SPProcessor
from onecycle.text.weights import published_files, read_weights
from onecycle.text.windows import MultiBatchEncoder
from onecycle.training.checkpoint import fit_state, read_state, split_state, write_state
from onecycle.types import PathOrStr
from onecycle.utils.distributed import distrib_barrier, is_first_process
from onecycle.utils.epoch_table import say
from onecycle.utils.extras import is_installed
from onecycle.utils.functions import func_args
from onecycle.utils.registry import names, register
from onecycle.utils.schema import check_form, listed, optional, text

__all__ = ["RNNLearner", "text_classifier_learner"]

_ENCODER = "0."  # names of an encoder's weights in a language model begin with it


@register("learner")
class RNNLearner(Learner):
    """Train a model of texts that remembers: what it returns beside its predictions regularises it.

    Args:
        data: What is learnt.
        model: An encoder and a decoder or head, in an `nn.Sequential`.
        split_func: From the model to its layer groups; one group when None.
        clip: Largest norm of the gradients; they are not clipped when None.
        alpha: Weight of the squared activations (AR), see `RNNTrainer`.
        beta: Weight of the squared change of the activations (TAR).
        metrics: As for `Learner`; the accuracy where there are classes or next words, when None.
        **learn_kwargs: What `Learner` takes: opt_func, wd, callback_fns, model_dir …
    """

    def __init__(
        self,
        data: Any,
        model: nn.Module,
        split_func: Callable[[nn.Module], Any] | None = None,
        clip: float | None = None,
        alpha: float = 2.0,
        beta: float = 1.0,
        metrics: Any = None,
        **learn_kwargs: Any,
    ) -> None:
        check_data(type(self).__name__, data)
        metrics = _default_metrics(data) if metrics is None else metrics
        super().__init__(data, model, metrics=metrics, **learn_kwargs)
        self.alpha, self.beta, self.clip = alpha, beta, clip
        self.callbacks.append(RNNTrainer(self, alpha=alpha, beta=beta))
        if clip:
            self.callback_fns.append(partial(GradientClipping, clip=clip))
        if split_func is not None:
            self.split(split_func)

    def more_settings(self) -> dict[str, Any]:
        """Return the weights of the regularisation and the limit of the gradients."""
        return {"alpha": self.alpha, "beta": self.beta, "clip": self.clip}

    # Encoders and weights

    @property
    def encoder(self) -> nn.Module:
        """Return the encoder: what language model and classifier have in common.

        Raises:
            ArgumentTypeError: the model has no parts.
        """
        model: Any = get_model(self.model)
        if not isinstance(model, nn.Sequential) or not len(model):
            cure = "Put encoder and decoder into an nn.Sequential."
            raise ArgumentTypeError(explain(type(self).__name__, "model", "must begin with an encoder", model, cure))
        return model[0].module if isinstance(model[0], MultiBatchEncoder) else model[0]

    def save_encoder(self, name: str) -> None:
        """Save the encoder and its vocabulary under `path/model_dir`, for the encoder of another learner.

        Args:
            name: The file's name, without `.pth`.

        Raises:
            ArgumentTypeError: name is no file name.
            FileWriteError: it could not be written; says why.
        """
        file = self._file(_checked_name("save_encoder", name))
        try:
            if is_first_process():
                state = {"model": self.encoder.state_dict(), "itos": self._itos()}
                write_state(file, state)
        finally:
            distrib_barrier()

    def load_encoder(self, name: str, device: Any = None) -> RNNLearner:
        """Load an encoder that `save_encoder` wrote, and freeze all layer groups but the last.

        Args:
            name: The file's name, without `.pth`.
            device: Where to read it to; the data's device when None.

        Returns:
            The learner.

        Raises:
            FileMissingError: there is no such file.
            FileFormatError: it is foreign, of another architecture, or of another vocabulary; says how many tokens
                are the same.
        """
        source = self._existing(_checked_name("load_encoder", name))
        state = read_state(source, self.data.device if device is None else exact_device(device))
        theirs = state.get("itos") if isinstance(state, dict) else None
        check_form("load_encoder", source, theirs, optional(listed(text)))
        weights, _ = split_state(state, source)
        self._check_vocab(theirs, weights, source)
        fit_state(self.encoder, weights, strict=True, remove_module=False, source=source)
        self.freeze_to(-1)
        return self

    def load_pretrained(self, wgts_fname: PathOrStr, itos_fname: PathOrStr, strict: bool = True) -> RNNLearner:
        """Load the weights of a language model with another vocabulary, and freeze all layer groups but the last.

        Tokens that both vocabularies have keep their vectors, the others begin with the mean; the share is said. A
        classifier takes the encoder. Nothing in the files is executed.

        Args:
            wgts_fname: The weights, a `.pth` or `.safetensors`.
            itos_fname: Their vocabulary: `itos.pkl`, JSON, or lines of text.
            strict: All names and shapes must agree; else those that agree are loaded.

        Returns:
            The learner.

        Raises:
            FileMissingError, FileFormatError: a file is missing, foreign, or does not fit.
        """
        itos = self._itos() or []
        weights, shared = read_weights(wgts_fname, itos_fname, itos, self.data.device)
        target: nn.Module = get_model(self.model)
        if not self._is_language_model():
            weights = {k.removeprefix(_ENCODER): w for k, w in weights.items() if k.startswith(_ENCODER)}
            target = self.encoder
        fit_state(target, weights, strict, remove_module=False, source=wgts_fname)
        if not self.silent:
            say(f"{shared} of {len(itos)} tokens are in the vocabulary of the weights; the others begin with the mean.")
        self.freeze_to(-1)
        return self

    def _is_language_model(self) -> bool:
        model: Any = get_model(self.model)
        return not isinstance(model[0], MultiBatchEncoder)

    def _itos(self) -> list[str] | None:
        vocab = getattr(self.data, "vocab", None)
        return None if vocab is None else list(vocab.itos)

    def _check_vocab(self, theirs: Any, weights: Any, source: Path) -> None:
        """Refuse an encoder whose numbers stand for other tokens."""
        mine = self._itos()
        embedding = weights.get("encoder.weight")
        count = len(theirs) if theirs is not None else None if embedding is None else len(embedding)
        if mine is None or count is None or theirs == mine or (theirs is None and count == len(mine)):
            return
        alike = "" if theirs is None else f", and {_places_alike(theirs, mine)} tokens have the same number"
        raise FileFormatError(
            f"load_encoder: {source} was made with another vocabulary: it has {count} tokens, the data has "
            f"{len(mine)}{alike}. Make the data with that of the language model: vocab=data_lm.vocab."
        )

    # Predictions

    @known_keywords_only
    def get_preds(
        self,
        ds_type: Any = DatasetType.Valid,
        activ: Callable[[Any], Any] | None = None,
        with_loss: bool = False,
        n_batch: int | None = None,
        pbar: Any = None,
        ordered: bool = True,
        items: Any = None,
    ) -> list[Any]:
        """Predict a whole set.

        Args:
            ds_type: Which set.
            activ: Applied to the model's output; what the loss implies (softmax …) when None.
            with_loss: Add the loss of each item.
            n_batch: Stop after so many batches; what there is then is in the order of the loader.
            pbar: A `master_bar` above the bar shown here.
            ordered: Return the texts in the order of the set. They are read from the longest to the shortest.
            items: Texts to predict in the place of a set; the data stay as they are.

        Returns:
            `[predictions, targets]` on the CPU, and `losses` where asked for.

        Example:
            # What a model that reads forwards and one that reads backwards say together:
            preds = (learn_fwd.get_preds()[0] + learn_bwd.get_preds()[0]) / 2
        """
        loader = self._loader_in_order(ds_type, items)
        lengths = self._lengths(loader) if ordered and n_batch is None else None
        if lengths is None:
            return self.preds_of(loader, activ, with_loss, n_batch, pbar)
        sampler = SortSampler(loader.dataset, lengths)
        sorted_loader = loader.new(sampler=sampler, shuffle=False, drop_last=False)
        found = self.preds_of(sorted_loader, activ, with_loss, None, pbar)
        return [part[sampler.inverse()] for part in found]

    def _lengths(self, loader: Any) -> Any:
        """Return the number of tokens of each text of a set; None where the items are no texts with labels."""
        texts = getattr(getattr(loader, "dataset", None), "x", None)
        if texts is None or not hasattr(texts, "vocab") or not len(texts):
            return None
        return lengths_of(texts.items)


def _checked_name(owner: str, name: Any) -> Any:
    """Refuse what is no file name."""
    if not isinstance(name, (str, os.PathLike)) or not os.fspath(name):
        raise ArgumentTypeError(explain(owner, "name", "must be a name or a path", name))
    return name


def _places_alike(one: Any, other: Any) -> int:
    return sum(a == b for a, b in zip(one, other))


def _default_metrics(data: Any) -> list[Any]:
    labels = getattr(getattr(data, "train_ds", None), "y", None)
    return [accuracy] if isinstance(labels, (CategoryList, LMLabelList)) else []


def pretrained_files(learn: RNNLearner, spec: TextSpec, pretrained: bool, names: Any) -> tuple[Path, Path] | None:
    """Return the files of a pretrained language model: those named, or the published ones; None for none.

    Args:
        learn: The learner they are for.
        spec: Its encoder.
        pretrained: Whether published ones are wanted.
        names: Names of weights and vocabulary under `path/model_dir`, with or without `.pth` and `.pkl`.

    Raises:
        ArgumentError: names are not two.
    """
    if names is not None:
        if isinstance(names, str) or len(names) != 2:
            rule = "must be two names, of the weights and of their vocabulary"
            raise ArgumentError(explain("language_model_learner", "pretrained_fnames", rule, names))
        return _file_in(learn, names[0], ".pth"), _file_in(learn, names[1], ".pkl")
    if not pretrained:
        return None
    backwards = bool(getattr(learn.data, "backwards", False))
    published = spec.weights_backwards if backwards else spec.weights
    if published is None:
        _warn_of_none(spec, backwards)
        return None
    return published_files(published)


def _warn_of_none(spec: TextSpec, backwards: bool) -> None:
    direction = " that reads backwards" if backwards else ""
    warnings.warn(
        f"pretrained: no weights were published of {spec.name}{direction}; it begins with random ones. "
        f"Pass pretrained=False, or load your own with learn.load_pretrained or learn.load_encoder.",
        UserWarning,
        stacklevel=4,
    )


def _file_in(learn: RNNLearner, name: Any, suffix: str) -> Path:
    """Return a file below `path/model_dir`; the ending may be left out."""
    file = Path(learn.path) / learn.model_dir / name
    return file if file.is_file() else file.with_name(file.name + suffix)


def check_makers_keywords(maker: Callable[..., Any], given: dict[str, Any]) -> None:
    """Refuse a keyword that neither a function that makes a learner nor the learner takes."""
    known = {*func_args(maker), *func_args(RNNLearner.__init__), *func_args(Learner.__init__)}
    check_keywords(maker.__name__, given, known - {"self", "model", "split_func"})


def vocab_size(owner: str, data: Any) -> int:
    """Return how many tokens the vocabulary of a data bunch has.

    Raises:
        ArgumentError: it has no vocabulary.
    """
    vocab = getattr(data, "vocab", None)
    if vocab is None:
        cure = "Make it of texts, e.g. TextClasDataBunch.from_df(…)."
        raise ArgumentError(explain(owner, "data", "must have a vocabulary", data, cure))
    return len(vocab.itos)


def text_classifier_learner(
    data: Any,
    arch: Any,
    bptt: int = 70,
    max_len: int = 1400,
    config: dict[str, Any] | None = None,
    pretrained: bool = True,
    drop_mult: float = 1.0,
    lin_ftrs: list[int] | None = None,
    ps: list[float] | None = None,
    **learn_kwargs: Any,
) -> RNNLearner:
    """Make a learner that classifies texts.

    Its layer groups are the embedding, one a recurrent layer (three of a Transformer), and the head: unfreeze them
    one by one with `freeze_to(-2)`, `freeze_to(-3)`, …, `unfreeze()`.

    Args:
        data: Labelled texts.
        arch: An encoder: `AWD_LSTM`, `Transformer`, `TransformerXL`, one of your own, or its name; or a model of
            Hugging Face transformers, or its name there. The data must then be numbered by the model's own tokenizer.
        bptt: Words that are read at once: a longer text is read window by window. Without effect on a model of
            transformers, as is max_len: `PretrainedTokenizerProcessor(…, max_len=)` cuts its texts.
        max_len: How many of a text's last words count for the class.
        config: Settings that differ from the encoder's own, e.g. `awd_lstm_clas_config`.
        pretrained: Whether the encoder starts from published weights, and frozen. Pass False where `load_encoder`
            follows. A model of transformers that is made already keeps its weights, and is frozen where this is True.
        drop_mult: Factor of all dropouts, at least 0.
        lin_ftrs: Features of the head's hidden layers; default: `[50]`, none on a model of transformers.
        ps: Dropout in front of what follows each hidden layer; default: 0.1.
        **learn_kwargs: What `RNNLearner` takes: metrics, clip, alpha, beta, wd, callback_fns, model_dir …

    Raises:
        ArgumentTypeError: a keyword is unknown.
        ArgumentError: the data has no vocabulary or no classes.
        NotRegisteredError: the encoder is unknown.
        DownloadError: the weights cannot be downloaded; says what to do.

    Reference:
        Howard and Ruder 2018, "Universal language model fine-tuning for text classification".

    Example:
        learn = text_classifier_learner(data_clas, AWD_LSTM, pretrained=False, drop_mult=0.5)
        learn.load_encoder("fine_tuned")
        learn.fit_one_cycle(1, 2e-2)
        learn.freeze_to(-2)
        learn.fit_one_cycle(1, slice(1e-3, 1e-2))
    """
    owner = "text_classifier_learner"
    check_makers_keywords(text_classifier_learner, learn_kwargs)
    check_data(owner, data)
    if is_transformers_model(arch) or _is_name_elsewhere(arch):
        return _pretrained_learner(data, arch, config, pretrained, drop_mult, lin_ftrs, ps, learn_kwargs)
    spec = text_spec(arch)
    sizes = {"vocab_sz": vocab_size(owner, data), "n_class": _checked_classes(owner, data)}
    args = {
        **sizes, "bptt": bptt, "max_len": max_len, "config": config, "drop_mult": drop_mult, "lin_ftrs": lin_ftrs,
        "ps": ps, "pad_idx": _pad_idx(data),
    }  # fmt: skip
    learn = RNNLearner(data, get_text_classifier(arch, **args), spec.clas_split, **learn_kwargs)
    learn.model_spec = {"builder": "get_text_classifier", "args": {"arch": spec.name, **args}}
    files = pretrained_files(learn, spec, pretrained, None)
    return learn if files is None else learn.load_pretrained(*files)


def _is_name_elsewhere(arch: Any) -> bool:
    """Say whether a name is none of the encoders here, but may be one of transformers, which is installed."""
    return isinstance(arch, str) and arch not in names("text_arch") and is_installed("transformers")


def _pretrained_learner(
    data: Any, arch: Any, config: Any, pretrained: bool, drop_mult: float, lin_ftrs: Any, ps: Any, learn_kwargs: Any
) -> RNNLearner:  # fmt: skip
    """Make a learner on a model of transformers."""
    owner = "text_classifier_learner"
    count, n_class, pad_idx = vocab_size(owner, data), _checked_classes(owner, data), _pad_idx(data)
    _check_tokenizer(owner, data)
    if isinstance(arch, str):
        arch = transformers_model(arch, pretrained, config)
    elif config is not None:
        hint = "Pass the configuration to the model, or the name of the model here."
        raise ArgumentError(explain(owner, "config", "must be None for a model that is made already", config, hint))
    check_tokens(arch, count)
    for each in data.train_ds.x.processor or []:
        warn_of_another(arch, count, getattr(each, "name", ""))
    _limit_texts(owner, data, longest_text(arch))
    args = {"n_class": n_class, "pad_idx": pad_idx, "lin_ftrs": lin_ftrs, "ps": ps}
    model: Any = get_pretrained_classifier(arch, drop_mult=drop_mult, **args)
    learn = RNNLearner(data, model, pretrained_split, **learn_kwargs)
    body = state_of_body(model[0].body)
    if body is not None:
        learn.model_spec = {"builder": "get_pretrained_classifier", "args": {"body": body, **args}}
    if pretrained:
        learn.freeze()
    return learn


def _check_tokenizer(owner: str, data: Any) -> None:
    """Refuse texts that are numbered by a vocabulary of their own."""
    processors = data.train_ds.x.processor or []
    processors = processors if isinstance(processors, (list, tuple)) else [processors]
    if any(isinstance(each, (NumericalizeProcessor, SPProcessor)) for each in processors):
        hint = "Make the data with it: TextClasDataBunch.from_df(…, tokenizer=AutoTokenizer.from_pretrained(name))."
        rule = "must be numbered by the tokenizer of the model"
        raise ArgumentError(explain(owner, "data", rule, f"{len(data.vocab.itos)} tokens of its own", hint))


def _limit_texts(owner: str, data: Any, longest: int | None) -> None:
    """Let texts to come be cut to what a model reads; refuse those that are longer already.

    Raises:
        ArgumentError: a text is too long; says how to cut it.
    """
    if longest is None:
        return
    lengths = [lengths_of(each.x.items) for each in (data.train_ds, data.valid_ds) if each is not None and len(each)]
    found = max((int(max(each)) for each in lengths), default=0)
    if found > longest:
        hint = f"Cut them: tokenizer=PretrainedTokenizerProcessor(tokenizer, max_len={longest})."
        rule = f"must have at most the {longest} tokens the model reads"
        raise ArgumentError(explain(owner, "texts", rule, found, hint))
    for each in data.train_ds.x.processor or []:
        if isinstance(each, PretrainedTokenizerProcessor):
            each.max_len = min(each.max_len, longest)


def _checked_classes(owner: str, data: Any) -> int:
    labels = getattr(getattr(data, "train_ds", None), "y", None)
    count = getattr(data, "c", None)
    if isinstance(labels, LMLabelList) or not isinstance(count, int) or count < 1:
        cure = "Label the texts before .databunch(); a language model is made by language_model_learner."
        raise ArgumentError(explain(owner, "data", "must have classes", data, cure))
    return count


def _pad_idx(data: Any) -> int:
    return int(getattr(data.collate_fn, "keywords", {}).get("pad_idx", 1))
