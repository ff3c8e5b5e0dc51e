"""Pieces of words: training a sentencepiece model on the texts, and turning texts into its numbers."""

from __future__ import annotations

import base64
import io
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from onecycle.data.processors import PreProcessor
from onecycle.errors import ArgumentError, DataError, describe, explain
from onecycle.text.items import Text
from onecycle.text.rules import PostRule, PreRule, apply_rules
from onecycle.text.special_tokens import BOS, EOS, FLD, PAD, UNK
from onecycle.text.vocab import Vocab
from onecycle.types import JsonDict, PathOrStr
from onecycle.utils.defaults import defaults
from onecycle.utils.extras import import_extra
from onecycle.utils.files import atomic_write, existing_file
from onecycle.utils.parallel import in_order
from onecycle.utils.registry import register

__all__ = ["SPProcessor", "get_default_size", "train_sentencepiece"]

MODEL_TYPES = ("unigram", "bpe", "word", "char")
_SEEN = {"ja": 0.9995, "zh": 0.9995, "ko": 0.9995, "th": 0.9999}  # share of characters a model covers; else 0.99998
_SPACE = "\u2581"  # sentencepiece's sign for the space before a piece
_GROUP = 2000  # texts that a process is given at a time


def _sentencepiece() -> Any:
    return import_extra("SPProcessor", "sentencepiece", "text")


def get_default_size(texts: Iterable[str], max_vocab_sz: int) -> int:
    """Return a size for the vocabulary: a quarter of the different words, up to the next multiple of eight.

    Args:
        texts: The texts, words with spaces between.
        max_vocab_sz: The size at most.

    Example:
        >>> get_default_size(["a b c d e f g h", "i j k l"], 30000)
        8
    """
    words = Counter(word for text in texts for word in text.split())
    return min(max_vocab_sz, -(-(len(words) // 4) // 8) * 8)


def train_sentencepiece(
    texts: Iterable[str],
    path: PathOrStr,
    pre_rules: Sequence[PreRule] | None = None,
    post_rules: Sequence[PostRule] | None = None,
    vocab_sz: int | None = None,
    max_vocab_sz: int = 30000,
    model_type: str = "unigram",
    max_sentence_len: int = 20480,
    lang: str = "en",
    char_coverage: float | None = None,
    tmp_dir: PathOrStr = "tmp",
    enc: str = "utf8",
) -> Path:
    """Train a sentencepiece model on texts and write it to `path/tmp_dir/spm.model`.

    The special tokens have the first numbers, in their order.

    Args:
        texts: The texts, rules not yet applied.
        path: Folder of the project.
        pre_rules: Functions of a text; `defaults.text_pre_rules` when None.
        post_rules: Functions of its words; `defaults.text_post_rules` when None.
        vocab_sz: Number of pieces; `get_default_size` when None. Fewer where the texts do not give so many.
        max_vocab_sz: The size at most that is chosen.
        model_type: `unigram`, `bpe`, `word` or `char`.
        max_sentence_len: Bytes from which a text is left out of the training.
        lang: Language; languages of many characters get a smaller `char_coverage`.
        char_coverage: Share of the characters of the texts that the model knows.
        tmp_dir: Folder below `path`.
        enc: Without effect: the texts are handed over in memory, as UTF-8.

    Returns:
        The folder of the model.

    Raises:
        ArgumentError: sentencepiece is not installed, or `model_type` is unknown.
        DataError: the texts do not suffice; says what sentencepiece said.
    """
    if model_type not in MODEL_TYPES:
        rule = f"must be one of {', '.join(MODEL_TYPES)}"
        raise ArgumentError(explain("train_sentencepiece", "model_type", rule, model_type))
    trainer = _sentencepiece().SentencePieceTrainer
    ruled = [str(apply_rules(text, pre_rules, post_rules)) for text in texts]
    lines = [line.replace("\n", " ") for line in ruled]
    size = get_default_size(lines, max_vocab_sz) if vocab_sz is None else vocab_sz
    special: list[str] = defaults.text_spec_tok
    model = io.BytesIO()
    try:
        trainer.train(
            sentence_iterator=iter(lines), model_writer=model, vocab_size=max(size, len(special) + 1),
            hard_vocab_limit=False, model_type=model_type, max_sentence_length=max_sentence_len,
            character_coverage=_SEEN.get(lang, 0.99998) if char_coverage is None else char_coverage,
            unk_id=0, unk_piece=UNK, pad_id=1, pad_piece=PAD, bos_id=-1, eos_id=-1,
            user_defined_symbols=[_SPACE + token for token in special if token not in (UNK, PAD)],
            minloglevel=2, num_threads=1,
        )
    except (RuntimeError, OSError) as error:
        cure = "Pass more texts, or another vocab_sz."
        raise DataError(f"train_sentencepiece: {len(lines)} texts do not give a model of {size} pieces; "
                        f"sentencepiece says: {str(error).strip()}. {cure}") from error
    folder = Path(path) / tmp_dir
    with atomic_write(folder / "spm.model") as file:
        file.write(model.getvalue())
    return folder


def _without_mark(piece: str) -> str:
    """Return a special token under its own name, any other piece as it is."""
    bare = piece.removeprefix(_SPACE)
    return bare if bare in defaults.text_spec_tok else piece


@register("processor")
class SPProcessor(PreProcessor):
    """Turn texts into numbers of pieces of words, by a sentencepiece model that is trained on the training texts.

    It takes the place of `TokenizeProcessor` and `NumericalizeProcessor`.

    Args:
        ds: The list of texts; its `path` is where a trained model is written.
        pre_rules: Functions of a text; `defaults.text_pre_rules` when None.
        post_rules: Functions of its words; `defaults.text_post_rules` when None.
        vocab_sz: Number of pieces; a quarter of the different words when None.
        max_vocab_sz: The size at most that is chosen.
        model_type: `unigram`, `bpe`, `word` or `char`.
        max_sentence_len: Bytes from which a text is left out of the training.
        lang: Language of the texts.
        char_coverage: Share of the characters of the texts that the model knows.
        tmp_dir: Folder below the list's path for the model.
        mark_fields: Put a field token and its number before each field of a text of several columns.
        include_bos: Begin each text with its token.
        include_eos: End each text with its token.
        sp_model: The file of a trained model.
        sp_vocab: Without effect: a model's file holds its pieces.
        n_cpus: How many processes; `defaults.cpus` when None.
        enc: Without effect: texts are handed over in memory.

    Raises:
        ArgumentError: sentencepiece is not installed, or `model_type` is unknown.
    """

    def __init__(
        self,
        ds: Any = None,
        pre_rules: Sequence[PreRule] | None = None,
        post_rules: Sequence[PostRule] | None = None,
        vocab_sz: int | None = None,
        max_vocab_sz: int = 30000,
        model_type: str = "unigram",
        max_sentence_len: int = 20480,
        lang: str = "en",
        char_coverage: float | None = None,
        tmp_dir: PathOrStr = "tmp",
        mark_fields: bool = False,
        include_bos: bool = True,
        include_eos: bool = False,
        sp_model: PathOrStr | None = None,
        sp_vocab: PathOrStr | None = None,
        n_cpus: int | None = None,
        enc: str = "utf8",
    ) -> None:
        super().__init__(ds)
        _sentencepiece()
        if model_type not in MODEL_TYPES:
            rule = f"must be one of {', '.join(MODEL_TYPES)}"
            raise ArgumentError(explain("SPProcessor", "model_type", rule, model_type))
        self.pre_rules = list(defaults.text_pre_rules if pre_rules is None else pre_rules)
        self.post_rules = list(defaults.text_post_rules if post_rules is None else post_rules)
        self.mark_fields, self.include_bos, self.include_eos = mark_fields, include_bos, include_eos
        self.tmp_dir, self.n_cpus = tmp_dir, n_cpus
        self.training: JsonDict = {
            "vocab_sz": vocab_sz, "max_vocab_sz": max_vocab_sz, "model_type": model_type,
            "max_sentence_len": max_sentence_len, "lang": lang, "char_coverage": char_coverage, "enc": enc,
        }
        self.vocab: Vocab | None = None
        self.model_bytes = b""
        if sp_model is not None:
            self._use(existing_file("SPProcessor", sp_model).read_bytes(), sp_model)

    def _use(self, model: bytes, path: PathOrStr) -> None:
        """Take over a trained model.

        Raises:
            DataError: the bytes are none.
        """
        processor = _sentencepiece().SentencePieceProcessor()
        try:
            processor.LoadFromSerializedProto(model)
        except (RuntimeError, ValueError) as error:
            cure = "Train it again with train_sentencepiece."
            raise DataError(f"SPProcessor: {str(path)!r} is no sentencepiece model. {cure}") from error
        self.model_bytes, self._model = model, processor
        self.vocab = Vocab(_without_mark(processor.id_to_piece(i)) for i in range(processor.get_piece_size()))

    def process(self, ds: Any) -> None:
        """Number the texts of a list, training a model on them where there is none yet."""
        texts = [self._joined(item, row) for row, item in enumerate(ds.items)]
        if self.vocab is None:
            folder = train_sentencepiece(
                texts, Path(ds.path), self.pre_rules, self.post_rules, tmp_dir=self.tmp_dir, **self.training
            )
            self._use((folder / "spm.model").read_bytes(), folder)
        ds.vocab = self.vocab
        items = np.empty(len(texts), dtype=object)
        for row, ids in enumerate(self._numbered(texts)):
            items[row] = ids
        ds.items = items

    def process_one(self, item: Any, join: bool = True) -> np.ndarray:
        """Return the numbers of one text, `(number of pieces,)`, int64.

        Args:
            item: The text, or its fields; a `Text` is numbered already.
            join: False where the text has its field and end tokens already.

        Raises:
            ArgumentError: there is no model yet.
        """
        if isinstance(item, Text):
            return np.asarray(item.data, dtype=np.int64)
        if self.vocab is None:
            cure = "Process the training texts first, or pass sp_model."
            raise ArgumentError(explain("SPProcessor", "", "has no model yet", cure=cure))
        return self._ids([self._joined(item, 0) if join else item])[0]

    def _joined(self, item: Any, row: int) -> str:
        """Return one text of the fields of an item, with its special tokens."""
        fields = item.tolist() if isinstance(item, np.ndarray) else [item]
        for field in fields:
            if not isinstance(field, str):
                missing = field is None or field != field
                cure = "Fill it or leave it out first." if missing else "Read or decode it first."
                raise DataError(f"SPProcessor: the text of row {row} {'is missing' if missing else 'must be a string'}"
                                f"; got {describe(field)}. {cure}")
        marked = [f"{FLD} {n} {field}" if self.mark_fields else field for n, field in enumerate(fields, 1)]
        return " ".join([BOS] * self.include_bos + marked + [EOS] * self.include_eos)

    def _ids(self, texts: Sequence[str]) -> list[np.ndarray]:
        ruled = [str(apply_rules(text, self.pre_rules, self.post_rules)).replace("\n", " ") for text in texts]
        return [np.array(ids, dtype=np.int64) for ids in self._model.encode(ruled, out_type=int)]

    def _numbered(self, texts: Sequence[str]) -> Iterator[np.ndarray]:
        groups = [texts[start : start + _GROUP] for start in range(0, len(texts), _GROUP)]
        workers = min(defaults.cpus if self.n_cpus is None else self.n_cpus, len(groups))
        done = in_order(self._ids, groups, workers) if workers > 1 else map(self._ids, groups)
        return (ids for group in done for ids in group)

    def save(self, path: PathOrStr) -> None:
        """Write the model to a file that `SPProcessor(sp_model=…)` and sentencepiece itself read."""
        with atomic_write(path) as file:
            file.write(self.model_bytes)

    @classmethod
    def load(cls, path: PathOrStr, tmp_dir: PathOrStr = "tmp", name: str = "spm") -> SPProcessor:
        """Return a processor with the model `path/tmp_dir/name.model`.

        Args:
            path: Folder of the project.
            tmp_dir: Folder below it.
            name: The file's name without its ending.
        """
        return cls(tmp_dir=tmp_dir, sp_model=Path(path) / tmp_dir / f"{name}.model")

    def get_state(self) -> JsonDict:
        """Return the settings, and the model as text."""
        names = ("pre_rules", "post_rules", "mark_fields", "include_bos", "include_eos")
        model = base64.b64encode(self.model_bytes).decode("ascii")
        return {**{name: getattr(self, name) for name in names}, **self.training, "model": model}

    @classmethod
    def from_state(cls, state: JsonDict) -> SPProcessor:
        """Rebuild the processor from `get_state`."""
        settings = {name: value for name, value in state.items() if name != "model"}
        processor = cls(**settings)
        if state["model"]:
            processor._use(base64.b64decode(state["model"]), "the model of the file")
        return processor
