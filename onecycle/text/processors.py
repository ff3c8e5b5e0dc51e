"""From texts to numbers: the processors that tokenise a list and number its tokens."""

from __future__ import annotations

import numbers
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from onecycle.data.items import ItemBase
from onecycle.data.processors import PreProcessor
from onecycle.errors import ArgumentError, DataError, explain
from onecycle.text.items import Text
from onecycle.text.special_tokens import BOS, EOS, FLD, UNK
from onecycle.text.token_cache import TokenCache
from onecycle.text.token_texts import TokenCollector, TokenTexts
from onecycle.text.tokenizer import as_tokenizer
from onecycle.text.vocab import Vocab, check_vocab
from onecycle.types import JsonDict, PathOrStr
from onecycle.utils.checks import check_numbers
from onecycle.utils.progress import progress_bar
from onecycle.utils.registry import encode, register

__all__ = ["NumericalizeProcessor", "TokenizeProcessor"]


_ENOUGH = 100  # tokens from which on a share of them says something


@register("processor")
class TokenizeProcessor(PreProcessor):
    """Cut texts into tokens.

    The tokens of a list are taken in text by text and kept as numbers: each different token is held once, and the
    raw texts are let go.

    Args:
        ds: The list.
        tokenizer: Makes tokens of a text: a `Tokenizer`, or any function that returns a list of tokens, which then
            makes them alone, without rules; default: a new `Tokenizer`.
        chunksize: Texts that a tokenizer without a method `stream` is given at a time.
        mark_fields: Put a field token and its number before each field of a text of several columns.
        include_bos: Begin each text with its token.
        include_eos: End each text with its token.
        cache: A folder for tokenised corpora: the same texts and settings are not tokenised again.

    Raises:
        ArgumentError: `chunksize` is not at least 1.
        ArgumentTypeError: `tokenizer` makes no tokens.
    """

    def __init__(
        self,
        ds: Any = None,
        tokenizer: Any = None,
        chunksize: int = 10000,
        mark_fields: bool = False,
        include_bos: bool = True,
        include_eos: bool = False,
        cache: PathOrStr | None = None,
    ) -> None:
        super().__init__(ds)
        if chunksize < 1:
            raise ArgumentError(explain("TokenizeProcessor", "chunksize", "must be at least 1", chunksize))
        self.tokenizer = as_tokenizer(tokenizer)
        self.chunksize, self.mark_fields = chunksize, mark_fields
        self.include_bos, self.include_eos = include_bos, include_eos
        self.cache = cache

    def process_one(self, item: Any) -> Any:
        """Return the tokens of one text; what is tokenised already stays as it is."""
        if isinstance(item, Text) or _is_tokens(item):
            return item
        return next(self._tokens_of([text_fields(item, 0)]))

    def process(self, ds: Any) -> None:
        """Tokenise the texts of a list."""
        if isinstance(ds.items, TokenTexts):
            return
        rows = [text_fields(item, i) for i, item in enumerate(ds.items)]
        ds.items = self._tokenised(rows) if self.cache is None else self._from_cache(rows, self.cache)

    def _from_cache(self, rows: Sequence[Sequence[str]], folder: PathOrStr) -> TokenTexts:
        cache = TokenCache(folder, encode(self._what_tokens_depend_on()))
        file = cache.file_for(rows)
        found = cache.read(file)
        if found is None:
            found = self._tokenised(rows)
            cache.write(file, found)
        return found

    def _tokenised(self, rows: Sequence[Sequence[str]]) -> TokenTexts:
        collector = TokenCollector()
        for tokens in self._tokens_of(rows):
            collector.add(tokens)
        return collector.texts()

    def _tokens_of(self, rows: Sequence[Sequence[str]]) -> Iterator[list[str]]:
        """Yield the tokens of texts, each given as its fields."""
        cut = self._cut([field for row in rows for field in row])
        return (self._joined([next(cut) for _ in row]) for row in rows)

    def _cut(self, fields: list[str]) -> Iterator[list[str]]:
        """Yield the tokens of each field as they come; the tokenizer shows how far it is."""
        if hasattr(self.tokenizer, "stream"):
            return iter(self.tokenizer.stream(fields))
        starts = range(0, len(fields), self.chunksize)
        chunks = progress_bar(starts, display=len(starts) > 1, leave=False)
        return (text for start in chunks for text in self.tokenizer.process_all(fields[start : start + self.chunksize]))

    def _joined(self, fields: Sequence[list[str]]) -> list[str]:
        tokens = [BOS] if self.include_bos else []
        for number, field in enumerate(fields, 1):
            tokens += [FLD, str(number), *field] if self.mark_fields else field
        return [*tokens, EOS] if self.include_eos else tokens

    @classmethod
    def from_state(cls, state: JsonDict) -> PreProcessor:
        """Rebuild the processor from `get_state`; where a cache lies is never taken from a file."""
        return super().from_state({**state, "tokenizer": as_tokenizer(state["tokenizer"]), "cache": None})

    def _what_tokens_depend_on(self) -> JsonDict:
        names = ("tokenizer", "mark_fields", "include_bos", "include_eos")
        return {name: getattr(self, name) for name in names}

    def get_state(self) -> JsonDict:
        """Return the tokenizer and the settings; a cache stays where it is."""
        return {**self._what_tokens_depend_on(), "chunksize": self.chunksize, "cache": None}


def _is_tokens(item: Any) -> bool:
    """Say whether an item is a list of tokens or of their numbers; several columns of a row are an array."""
    return isinstance(item, list)


def text_fields(item: Any, index: int) -> list[str]:
    """Return the fields of a text, one for each column.

    Raises:
        DataError: a field is missing, or is no text; names the item.
    """
    fields = item.tolist() if isinstance(item, np.ndarray) else [item]
    return [_text(field, index) for field in fields]


def _text(field: Any, index: int) -> str:
    if isinstance(field, str):
        return field
    missing = field is None or (isinstance(field, numbers.Real) and field != field)
    if isinstance(field, numbers.Number) and not missing:
        return str(field)
    cure = "Fill it or drop it first, e.g. df = df.dropna()." if missing else _cure_for(field)
    rule = "is missing" if missing else "must be a text"
    raise DataError(explain("texts", f"the text of item {index}", rule, field, cure))


def _cure_for(field: Any) -> str:
    if isinstance(field, Path):
        return "Put OpenFileProcessor() before it, or use TextList.from_folder."
    if _is_tokens(field):
        return "For texts that are cut already pass processor=NumericalizeProcessor(), or use from_tokens."
    return "Decode it first, e.g. text.decode('utf-8')." if isinstance(field, bytes) else ""


@register("processor")
class NumericalizeProcessor(PreProcessor):
    """Number the tokens of texts by a vocabulary, made of the training texts where none is given.

    Args:
        ds: The list; its `vocab`, where it has one, is used.
        vocab: The vocabulary.
        max_vocab: The largest number of tokens in a vocabulary that is made.
        min_freq: How often a token must occur to be in it.
    """

    def __init__(self, ds: Any = None, vocab: Any = None, max_vocab: int = 60000, min_freq: int = 3) -> None:
        super().__init__(ds)
        given = getattr(ds, "vocab", None) if vocab is None else vocab
        self.vocab: Any = check_vocab("NumericalizeProcessor", given)
        check_numbers("NumericalizeProcessor", "max_vocab", max_vocab, "must be at least 0", lambda number: number >= 0)
        check_numbers("NumericalizeProcessor", "min_freq", min_freq, "must be at least 0", lambda number: number >= 0)
        self.max_vocab, self.min_freq = max_vocab, min_freq
        self._made = self._looked = False

    def process_one(self, item: Any) -> Any:
        """Return the numbers of the tokens of a text, `(number of tokens,)`."""
        if isinstance(item, ItemBase):
            return np.asarray(item.data, dtype=np.int64)
        return np.array(self.vocab.numericalize(list(item)), dtype=np.int64)

    def process(self, ds: Any) -> None:
        """Number the texts of a list and give it the vocabulary."""
        texts = ds.items if isinstance(ds.items, TokenTexts) else _collected(ds.items)
        if self.vocab is None:
            self.vocab = getattr(ds, "vocab", None)
        if self.vocab is None:
            self.vocab, self._made = Vocab.create(_lists(texts), self.max_vocab, self.min_freq), True
        ds.vocab = self.vocab
        ds.items = texts if texts.words is None else _numbered(texts, self.vocab)
        if not self._looked:
            self._look_for_unknown(ds.items)

    def _look_for_unknown(self, texts: TokenTexts) -> None:
        """Warn where most tokens of the first list, the training texts, are not in the vocabulary."""
        self._looked = True
        unknown = sum(int(np.count_nonzero(text == 0)) for text in texts) if self.vocab.itos[0] == UNK else 0
        if texts.total < _ENOUGH or 2 * unknown <= texts.total:
            return
        why = f"come fewer than min_freq={self.min_freq} times" if self._made else "are not in the vocabulary given"
        cure = "Pass a smaller min_freq" if self._made else "Pass the one that was made of texts tokenised alike"
        share = f"{unknown} of {texts.total} tokens"
        warnings.warn(f"texts: {share} {why}, and are read as {UNK}. {cure}, or more text.", UserWarning, stacklevel=2)

    def get_state(self) -> JsonDict:
        """Return the tokens of the vocabulary and the settings."""
        itos = None if self.vocab is None else list(self.vocab.itos)
        return {"itos": itos, "max_vocab": self.max_vocab, "min_freq": self.min_freq}

    @classmethod
    def from_state(cls, state: JsonDict) -> NumericalizeProcessor:
        """Rebuild the processor from `get_state`."""
        vocab = None if state["itos"] is None else Vocab(state["itos"])
        return cls(vocab=vocab, max_vocab=state["max_vocab"], min_freq=state["min_freq"])


def _lists(texts: TokenTexts) -> Iterator[list[str]]:
    """Yield the tokens of each text; they exist one text at a time."""
    words = np.array(texts.words, dtype=object)
    return (words[texts.ids[s : s + n]].tolist() for s, n in zip(texts.starts, texts.lengths, strict=True))


def _collected(items: Any) -> TokenTexts:
    """Return texts that are given as lists of tokens."""
    collector = TokenCollector()
    for i, tokens in enumerate(items):
        if isinstance(tokens, str) or not all(isinstance(token, str) for token in tokens):
            cure = "Put TokenizeProcessor() before NumericalizeProcessor()."
            raise DataError(explain("NumericalizeProcessor", f"item {i}", "must be a list of tokens", tokens, cure))
        collector.add(list(tokens))
    return collector.texts()


def _numbered(texts: TokenTexts, vocab: Any) -> TokenTexts:
    """Return texts with the numbers of a vocabulary in the place of their own."""
    numbers_of = np.asarray(vocab.numericalize(list(texts.words or [])), dtype=np.int32)
    ids = numbers_of[texts.ids] if len(numbers_of) else texts.ids
    return TokenTexts(ids, texts.starts, texts.lengths)
