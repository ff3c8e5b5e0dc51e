"""Learners of language models: they write on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from onecycle.data.item_list import ItemList
from onecycle.data.loaders import DatasetType
from onecycle.errors import ArgumentError, ArgumentTypeError, DataError, explain, known_keywords_only
from onecycle.learning.checks import check_data
from onecycle.nn.losses import activation_for
from onecycle.nn.turns import modes_kept, turn
from onecycle.text.generation import (
    Reader,
    beginning,
    decode_spec_tokens,
    draw,
    never_drawn,
    sample,
    search_beams,
)
from onecycle.text.heads import get_language_model
from onecycle.text.learner import RNNLearner, check_makers_keywords, pretrained_files, vocab_size
from onecycle.text.lists import LMLabelList
from onecycle.text.models.spec import text_spec
from onecycle.text.special_tokens import BOS, EOS
from onecycle.training import loop
from onecycle.training.handler import CallbackHandler
from onecycle.training.losses import each_item
from onecycle.utils.checks import check_numbers, check_whole
from onecycle.utils.registry import register
from onecycle.utils.seeding import Stream, global_rng_kept, run_seed
from onecycle.utils.shown_tables import show_columns

__all__ = ["LanguageLearner", "language_model_learner"]

_WINDOW = 70  # tokens of a prompt that are read at once where the data does not say
Decoder = Callable[[Sequence[str]], Sequence[str]]


@register("learner")
class LanguageLearner(RNNLearner):
    """Train a language model, and let it write on.

    Args:
        data: Texts, e.g. a `TextLMDataBunch`.
        model: As for `RNNLearner`, like the rest.
    """

    def predict(  # type: ignore[override]
        self,
        text: str,
        n_words: int = 1,
        no_unk: bool = True,
        temperature: float = 1.0,
        min_p: float | None = None,
        sep: str = " ",
        decoder: Decoder = decode_spec_tokens,
    ) -> str:
        """Write on: draw each word with the probability that the model gives it.

        The prompt is read once, and each word costs one step of the model (those that remember nothing, such as
        `Transformer`, read what went before again). A model that reads backwards writes what stands in front.
        `torch.manual_seed` before it makes it repeat.

        Args:
            text: The prompt; words that the vocabulary does not have count as unknown. `"xxbos"` begins a new text.
            n_words: How many tokens to write, at least 1.
            no_unk: Do not write unknown words.
            temperature: Above 1 makes it more daring, below 1 more careful; 0 takes the most likely word.
            min_p: Words less likely than that are not written, 0 to 1.
            sep: What stands between words; `""` for characters.
            decoder: From tokens to what is written.

        Returns:
            The prompt and what follows.

        Raises:
            ArgumentError: the prompt is empty, or a number is out of its range.
        """
        _check_counts("predict", n_words=n_words)
        _check_how("predict", temperature, sep, decoder)
        if min_p is not None:
            check_numbers("predict", "min_p", min_p, "must be from 0 to 1", lambda share: 0 <= share <= 1)
        prompt, stream = self._prompt("predict", text), Stream(run_seed())
        banned = never_drawn(self.data.vocab.itos, no_unk)
        with beginning(self.model):
            tokens = list(sample(self._reader(), prompt, n_words, banned, temperature, min_p, stream))
        return self._written(text, tokens, sep, decoder)

    def beam_search(
        self,
        text: str,
        n_words: int,
        no_unk: bool = True,
        top_k: int = 10,
        beam_sz: int = 1000,
        temperature: float = 1.0,
        sep: str = " ",
        decoder: Decoder = decode_spec_tokens,
    ) -> str:
        """Write on: follow the likeliest ways side by side, and draw one of those that are left.

        Args:
            text: The prompt; as for `predict`.
            n_words: How many tokens to write, at least 1.
            no_unk: Do not write unknown words.
            top_k: How many words on of each way are looked at, at least 1.
            beam_sz: How many ways are kept after each word, at least 1.
            temperature: Of the draw at the end, as for `predict`; 0 takes the likeliest way.
            sep: What stands between words.
            decoder: From tokens to what is written.

        Returns:
            The prompt and what follows.

        Raises:
            ArgumentError: the prompt is empty, or a number is out of its range.
        """
        _check_counts("beam_search", n_words=n_words, top_k=top_k, beam_sz=beam_sz)
        _check_how("beam_search", temperature, sep, decoder)
        prompt, stream = self._prompt("beam_search", text), Stream(run_seed())
        banned = never_drawn(self.data.vocab.itos, no_unk)
        with beginning(self.model):
            ways, scores = search_beams(self._reader(), prompt, n_words, banned, top_k, beam_sz)
            chosen = draw((scores / temperature).softmax(0), stream) if temperature else 0
            tokens = ways[chosen].tolist()
        return self._written(text, tokens, sep, decoder)

    def _reader(self) -> Reader:
        return Reader(self.model, getattr(self.data, "bptt", _WINDOW))

    @property
    def _backwards(self) -> bool:
        return bool(getattr(self.data, "backwards", False))

    def _prompt(self, owner: str, text: str) -> Tensor:
        """Return the numbers of a prompt in the order in which the model reads, `(T,)`."""
        if not isinstance(text, str):
            raise ArgumentTypeError(explain(owner, "text", "must be a text", text))
        ids = self.data.single_batch(text)[0][0].tolist()
        itos = self.data.vocab.itos
        begin = [number for number in ids[:1] if itos[number] == BOS]
        words = ids[len(begin) :]
        if words and itos[words[-1]] == EOS:
            words = words[:-1]
        if not words:
            cure = f"Pass some words, or {BOS!r} to begin a new text."
            raise ArgumentError(explain(owner, "text", "must hold at least one word", text, cure))
        read = words[::-1] if self._backwards else [*(begin if itos[words[0]] != BOS else []), *words]
        return torch.tensor(read, device=self.data.device)

    def _written(self, text: str, tokens: list[int], sep: str, decoder: Decoder) -> str:
        ordered = tokens[::-1] if self._backwards else tokens
        new = sep.join(decoder(self.data.vocab.textify(ordered, sep=None)))
        return sep.join([new, text] if self._backwards else [text, new])

    def preds_of(
        self,
        loader: Any,
        activ: Callable[[Any], Any] | None = None,
        with_loss: bool = False,
        n_batch: int | None = None,
        pbar: Any = None,
    ) -> list[Any]:
        """Predict what a loader yields, each stream from its beginning.

        Args:
            loader: Yields batches (inputs, targets) that go on where the one before ended.
            activ: As for `get_preds`, like the rest.
            with_loss: Add the loss of each token.
            n_batch: Stop after so many batches: the predictions of a large vocabulary fill much memory.
            pbar: A `master_bar` above the bar shown here.

        Returns:
            Predictions `(streams, tokens, vocabulary)`, targets `(streams, tokens)`, and losses where asked for.
        """
        handler = CallbackHandler(self.callbacks)
        with turn(self.model, "get_preds"), modes_kept(self.model), global_rng_kept():
            handler.on_train_begin(1, None, [])
            handler.on_epoch_begin()
            pairs = loop.validate(self.model, loader, cb_handler=handler, pbar=pbar, average=False, n_batch=n_batch)
        if not pairs:
            raise DataError("get_preds: the set must hold at least one batch; it is empty. Pass another ds_type.")
        return self._streams(pairs, activ, with_loss)

    def _streams(self, pairs: Any, activ: Any, with_loss: bool) -> list[Any]:
        outputs, targets = (torch.cat([part.cpu() for part in column], dim=1) for column in zip(*pairs))
        activ = activation_for(self.loss_func) if activ is None else activ
        found = [activ(outputs.float()), targets]
        if with_loss:
            losses = each_item(self.loss_func, outputs.float().flatten(0, 1), targets.flatten())
            found.append(losses.view_as(targets))
        return found

    def _lengths(self, loader: Any) -> None:
        """Return None: streams have no other order than their own."""

    @known_keywords_only
    def show_results(  # type: ignore[override]
        self, ds_type: Any = DatasetType.Valid, rows: int = 5, max_len: int = 20
    ) -> None:
        """Show texts, how they go on, and which words the model expected there, each given the right ones before.

        Args:
            ds_type: Set of which the first batch is taken.
            rows: How many texts, at least 1.
            max_len: How many tokens of each, at least 1.
        """
        _check_counts("show_results", rows=rows, max_len=max_len)
        xb, yb = self.data.one_batch(ds_type, detach=False, denorm=False, cpu=False)
        with beginning(self.model):
            expected = self.model(xb[:rows])[0].argmax(-1)  # (rows, T)
        begun = min(max_len, xb.shape[1] // 2)
        after = slice(begun, begun + max_len)
        show_columns({
            "text": self._texts(xb[:rows, : begun + 1]),
            "target": self._texts(yb[:rows, after]),
            "prediction": self._texts(expected[:, after]),
        })  # fmt: skip

    def _texts(self, rows: Tensor) -> list[str]:
        return [self.data.vocab.textify(row) for row in rows.tolist()]


def _check_counts(owner: str, **counts: int) -> None:
    for name, count in counts.items():
        check_whole(owner, name, count)


def _check_how(owner: str, temperature: float, sep: str, decoder: Decoder) -> None:
    """Refuse settings with which nothing can be written, before anything is."""
    check_numbers(owner, "temperature", temperature, "must be at least 0", lambda number: number >= 0)
    if not isinstance(sep, str):
        raise ArgumentTypeError(explain(owner, "sep", "must be a text", sep, 'Pass "" for nothing between.'))
    if not callable(decoder):
        cure = "Pass list to leave the tokens as they are."
        raise ArgumentTypeError(explain(owner, "decoder", "must be a function of a list of tokens", decoder, cure))


def _check_streams(owner: str, data: Any) -> None:
    """Refuse texts with labels: their targets are no next words."""
    labels = getattr(getattr(data, "train_ds", None), "y", None)
    if isinstance(labels, ItemList) and not isinstance(labels, LMLabelList):
        cure = "Make it with .label_for_lm(); a classifier is made by text_classifier_learner."
        rule = f"must be of a language model; its texts have labels, a {type(labels).__name__}"
        raise ArgumentError(explain(owner, "data", rule, cure=cure))


def language_model_learner(
    data: Any,
    arch: Any,
    config: dict[str, Any] | None = None,
    drop_mult: float = 1.0,
    pretrained: bool = True,
    pretrained_fnames: Sequence[Any] | None = None,
    **learn_kwargs: Any,
) -> LanguageLearner:
    """Make a learner of a language model.

    Its layer groups are one a recurrent layer (three of a Transformer), and the embedding with the decoder.

    Args:
        data: Texts, e.g. a `TextLMDataBunch`.
        arch: An encoder: `AWD_LSTM`, `Transformer`, `TransformerXL`, one of your own, or its name.
        config: Settings that differ from the encoder's own, e.g. `awd_lstm_lm_config`.
        drop_mult: Factor of all dropouts, at least 0; smaller for more text.
        pretrained: Whether to start from published weights, downloaded where needed; all but the last layer group
            are frozen then.
        pretrained_fnames: Names of a file of weights and its vocabulary under `path/model_dir`, in place of the
            published ones; `.pth` and `.pkl` may be left out.
        **learn_kwargs: What `RNNLearner` takes: metrics, clip, alpha, beta, wd, callback_fns, model_dir …

    Raises:
        ArgumentTypeError: a keyword is unknown.
        ArgumentError: the data has no vocabulary, or labels.
        NotRegisteredError: the encoder is unknown.
        DownloadError: the weights cannot be downloaded; says what to do.

    References:
        Merity et al. 2017, "Regularizing and optimizing LSTM language models".
        Howard and Ruder 2018, "Universal language model fine-tuning for text classification".

    Example:
        learn = language_model_learner(data_lm, AWD_LSTM, pretrained=False, drop_mult=0.3)
        learn.fit_one_cycle(4, 1e-2, moms=(0.8, 0.7))
        print(learn.predict("I liked this film because", n_words=20, temperature=0.75))
        learn.save_encoder("fine_tuned")
    """
    owner = "language_model_learner"
    check_makers_keywords(language_model_learner, learn_kwargs)
    check_data(owner, data)
    _check_streams(owner, data)
    spec = text_spec(arch)
    args = {"vocab_sz": vocab_size(owner, data), "config": config, "drop_mult": drop_mult}
    learn = LanguageLearner(data, get_language_model(arch, **args), spec.lm_split, **learn_kwargs)
    learn.model_spec = {"builder": "get_language_model", "args": {"arch": spec.name, **args}}
    files = pretrained_files(learn, spec, pretrained, pretrained_fnames)
    if files is not None:
        learn.load_pretrained(*files)
    return learn
