"""Texts as the numbers of a pretrained tokenizer: that of a model of Hugging Face transformers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from onecycle.data.processors import PreProcessor
from onecycle.errors import ArgumentError, ArgumentTypeError, DataError, FileFormatError, explain
from onecycle.text.items import Text
from onecycle.text.processors import text_fields
from onecycle.text.token_texts import TokenTexts
from onecycle.text.vocab import FILLER, Vocab
from onecycle.text.word_tokenizer import (
    is_tokenizers_tokenizer,
    is_transformers_tokenizer,
    tokenizer_of_json,
)
from onecycle.types import JsonDict
from onecycle.utils.checks import check_whole
from onecycle.utils.extras import import_extra
from onecycle.utils.registry import register

__all__ = ["PretrainedTokenizerProcessor"]

_CALLER = "PretrainedTokenizerProcessor"
_LONGEST, _DEFAULT_LONGEST = 100_000, 512  # a limit above the first is none: tokenizers write 10**30 for that
_USUAL_PADDING = ("[PAD]", "<pad>", "<|pad|>", "<PAD>")
_GROUP = 1000  # texts that are encoded together


def named_tokenizer(name: str) -> Any:
    """Return the tokenizer of a model by its name on the Hugging Face hub, or that of a folder.

    Raises:
        ArgumentError: transformers is not installed, or there is no such tokenizer.
    """
    library = import_extra(_CALLER, "transformers", "transformers")
    try:
        return library.AutoTokenizer.from_pretrained(name)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, ImportError, RuntimeError) as error:
        said = str(error).strip().partition("\n")[0].rstrip(".")
        hint = "Check the name; offline, pass the folder of save_pretrained, or the tokenizer itself."
        raise ArgumentError(
            f"{_CALLER}: tokenizer {name!r} cannot be loaded by transformers ({said}). {hint}"
        ) from error


@register("processor")
class PretrainedTokenizerProcessor(PreProcessor):
    """Turn texts into the numbers of a pretrained tokenizer, with its own special tokens and padding.

    It takes the place of `TokenizeProcessor` and `NumericalizeProcessor`; `TextClasDataBunch.from_df(…, tokenizer=…)`
    puts it there where the tokenizer is one of transformers.

    Args:
        tokenizer: A tokenizer of transformers or its name, or a `tokenizers.Tokenizer`.
        max_len: Tokens of a text that are kept, special ones included; default: the tokenizer's own limit, or 512.
        pad_token: The token for padding, where the tokenizer has none.

    Raises:
        ArgumentTypeError: tokenizer is neither.
        ArgumentError: it has no token for padding, or a package is missing.

    Example:
        processor = PretrainedTokenizerProcessor(AutoTokenizer.from_pretrained("distilbert-base-uncased"), max_len=256)
        data = (TextList.from_df(df, cols="text", processor=processor)
                .split_by_rand_pct(0.2).label_from_df("label").databunch(bs=16))
    """

    def __init__(self, tokenizer: Any, max_len: int | None = None, pad_token: str | None = None) -> None:
        super().__init__()
        tokenizer = named_tokenizer(tokenizer) if isinstance(tokenizer, str) else tokenizer
        if not is_transformers_tokenizer(tokenizer) and not is_tokenizers_tokenizer(tokenizer):
            hint = "Pass AutoTokenizer.from_pretrained(name)."
            raise ArgumentTypeError(explain(_CALLER, "tokenizer", "must be one of transformers", tokenizer, hint))
        own = getattr(tokenizer, "model_max_length", None)
        limit = own if isinstance(own, int) and own <= _LONGEST else _DEFAULT_LONGEST
        self.max_len = limit if max_len is None else check_whole(_CALLER, "max_len", max_len, least=1)
        self.separator = _separator(tokenizer)
        self.name = str(getattr(tokenizer, "name_or_path", "") or "")
        self._encoder = _encoder_of(tokenizer)
        self.vocab = _vocab_of(tokenizer)
        self.pad_idx = _padding(tokenizer, pad_token)

    def process(self, ds: Any) -> None:
        """Number the texts of a list, and give it vocabulary and padding."""
        if not isinstance(ds.items, TokenTexts):
            texts = [self._joined(item, row) for row, item in enumerate(ds.items)]
            groups = (texts[start : start + _GROUP] for start in range(0, len(texts), _GROUP))
            ds.items = TokenTexts.of([ids for group in groups for ids in self._ids(group)])
        ds.vocab, ds.pad_idx = self.vocab, self.pad_idx

    def process_one(self, item: Any) -> np.ndarray:
        """Return the numbers of one text, `(number of tokens,)`, int64; a `Text` is numbered already."""
        if isinstance(item, Text):
            return np.asarray(item.data, dtype=np.int64)
        return np.array(self._ids([self._joined(item, 0)])[0], dtype=np.int64)

    def _joined(self, item: Any, row: int) -> str:
        return self.separator.join(text_fields(item, row))

    def _ids(self, texts: Sequence[str]) -> list[list[int]]:
        return self._encoder.ids(texts, self.max_len)

    def get_state(self) -> JsonDict:
        """Return the tokenizer as the JSON of `tokenizers`, and the settings.

        Raises:
            ArgumentError: the tokenizer is written in Python and has no such JSON.
        """
        return {
            "tokenizer": self._encoder.as_json(), "max_len": self.max_len, "separator": self.separator,
            "pad_idx": self.pad_idx,
        }  # fmt: skip

    @classmethod
    def from_state(cls, state: JsonDict) -> PretrainedTokenizerProcessor:
        """Rebuild the processor from `get_state`.

        Raises:
            FileFormatError: the tokenizer is damaged.
            ArgumentError: `tokenizers` is not installed.
        """
        backend = tokenizer_of_json(_CALLER, state["tokenizer"])
        vocab = _vocab_of(backend)
        if not isinstance(state["pad_idx"], int) or not 0 <= state["pad_idx"] < len(vocab):
            raise FileFormatError(f"{_CALLER}: the file's padding {state['pad_idx']!r} is no token of its tokenizer.")
        made = cls(backend, state["max_len"], vocab.itos[state["pad_idx"]])
        made.separator, made.pad_idx = str(state["separator"]), state["pad_idx"]
        return made


class _RustEncoder:
    """Number texts with a copy of a `tokenizers.Tokenizer`, so that the user's own keeps its settings."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.backend = tokenizer_of_json(_CALLER, text)
        self.backend.no_padding()

    def __getstate__(self) -> dict[str, Any]:
        return {"text": self.text}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(state["text"])  # type: ignore[misc]

    def ids(self, texts: Sequence[str], max_len: int) -> list[list[int]]:
        """Return the numbers of texts, at most so many each."""
        self.backend.enable_truncation(max_length=max_len)
        return [list(encoded.ids) for encoded in self.backend.encode_batch(list(texts))]

    def as_json(self) -> str:
        """Return the tokenizer as JSON."""
        return self.text


class _PythonEncoder:
    """Number texts with a tokenizer of transformers that is written in Python."""

    def __init__(self, tokenizer: Any) -> None:
        self.tokenizer = tokenizer

    def ids(self, texts: Sequence[str], max_len: int) -> list[list[int]]:
        """Return the numbers of texts, at most so many each."""
        encoded = self.tokenizer(list(texts), truncation=True, max_length=max_len, padding=False)
        return [list(ids) for ids in encoded["input_ids"]]

    def as_json(self) -> str:
        """Refuse: there is no file that holds it without code.

        Raises:
            ArgumentError: always.
        """
        hint = "Take the fast tokenizer of the model: AutoTokenizer.from_pretrained(name, use_fast=True)."
        kind = type(self.tokenizer).__name__
        raise ArgumentError(explain(_CALLER, "tokenizer", "must be a fast one to be written to a file", kind, hint))


def _encoder_of(tokenizer: Any) -> _RustEncoder | _PythonEncoder:
    backend = tokenizer if is_tokenizers_tokenizer(tokenizer) else getattr(tokenizer, "backend_tokenizer", None)
    return _PythonEncoder(tokenizer) if backend is None else _RustEncoder(backend.to_str())


def _vocab_of(tokenizer: Any) -> Vocab:
    """Return the tokens by their numbers; numbers that stand for none get a filler.

    Raises:
        DataError: a number is below 0, or so large that most stand for none.
    """
    numbers: dict[str, int] = tokenizer.get_vocab()
    size = max(numbers.values(), default=-1) + 1
    if not numbers or min(numbers.values()) < 0 or size > 2 * len(numbers) + 100_000:
        raise DataError(explain(_CALLER, "tokenizer", "must number its tokens from 0", size))
    itos = [FILLER] * size
    for token, number in numbers.items():
        itos[number] = token
    return Vocab(itos)


def _separator(tokenizer: Any) -> str:
    """Return what stands between the fields of a text of several columns."""
    token = getattr(tokenizer, "sep_token", None)
    return f" {token} " if isinstance(token, str) else " "


def _padding(tokenizer: Any, pad_token: str | None) -> int:
    """Return the number of the token for padding.

    Raises:
        ArgumentError: there is none.
    """
    numbers = tokenizer.get_vocab()
    named = getattr(tokenizer, "pad_token_id", None)
    if pad_token is None and isinstance(named, int):
        return named
    if pad_token is None and isinstance(getattr(tokenizer, "padding", None), dict):
        return int(tokenizer.padding["pad_id"])
    wanted = _USUAL_PADDING if pad_token is None else (pad_token,)
    found = next((numbers[token] for token in wanted if token in numbers), None)
    if found is None:
        hint = "Pass pad_token=…, one of its tokens that no text holds, such as the one for the end of a text."
        rule = "must have a token for padding" if pad_token is None else f"must have the token {pad_token!r}"
        raise ArgumentError(explain(_CALLER, "tokenizer", rule, type(tokenizer).__name__, hint))
    return int(found)
