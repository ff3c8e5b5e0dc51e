"""Lists of texts: where they come from, how they are labelled, and how results are shown."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np

from onecycle.data.categories import EmptyLabelList
from onecycle.data.item_list import ItemList
from onecycle.data.label_list import LabelList
from onecycle.text.bunch import TextClasDataBunch
from onecycle.text.files import OpenFileProcessor
from onecycle.text.items import Text
from onecycle.text.lm_bunch import TextLMDataBunch
from onecycle.text.processors import NumericalizeProcessor, TokenizeProcessor
from onecycle.text.vocab import Vocab, check_vocab
from onecycle.types import JsonDict, PathOrStr
from onecycle.utils.registry import decode, register
from onecycle.utils.shown_tables import show_columns

__all__ = ["LMLabelList", "LMTextList", "TextList"]


class TextLabelList(LabelList):
    """Pair texts with labels."""

    @property
    def vocab(self) -> Any:
        """Return the vocabulary of the texts."""
        return self.x.vocab


@register("item_list")
class TextList(ItemList):
    """A list of texts; its processors tokenise them and number their tokens.

    Args:
        items: The texts, or the files that hold them.
        vocab: The vocabulary; made of the training texts when left out.
        pad_idx: Number of the padding token.
        sep: What stands between the tokens of a text that is shown.
        **kwargs: What `ItemList` takes.

    Example:
        data = (TextList.from_csv(path, "texts.csv", cols="text")
                .split_by_rand_pct(0.1, seed=42)
                .label_from_df(cols="label")
                .databunch(bs=32))
    """

    _bunch: Any = TextClasDataBunch
    _label_list: Any = TextLabelList
    _processor: Any = (TokenizeProcessor, NumericalizeProcessor)
    _prints_as = staticmethod(str)

    def __init__(self, items: Any, vocab: Any = None, pad_idx: int = 1, sep: str = " ", **kwargs: Any) -> None:
        super().__init__(items, **kwargs)
        self._vocab, self.pad_idx, self.sep = check_vocab(type(self).__name__, vocab), pad_idx, sep
        self.copy_new = [*self.copy_new, "vocab", "pad_idx", "sep"]

    @property
    def vocab(self) -> Any:
        """Return the vocabulary: the one given, or that of the processors; None before there is one."""
        return self._vocab if self._vocab is not None else self._processors_vocab()

    @vocab.setter
    def vocab(self, value: Any) -> None:
        self._vocab = value

    def _processors_vocab(self) -> Any:
        processors = self.processor if isinstance(self.processor, (list, tuple)) else [self.processor]
        found = (getattr(each, "vocab", None) for each in processors)
        return next((vocab for vocab in found if vocab is not None), None)

    def numbering(self) -> dict[str, list[str]]:
        """Return the vocabulary, which saved weights are compared by."""
        return {} if self.vocab is None else {"vocabulary": list(self.vocab.itos)}

    @classmethod
    def from_folder(
        cls,
        path: PathOrStr = ".",
        extensions: Collection[str] | None = frozenset({".txt"}),
        vocab: Any = None,
        processor: Any = None,
        **kwargs: Any,
    ) -> TextList:
        """List the text files of a folder, sorted.

        Args:
            path: The folder.
            extensions: Endings of the files taken.
            vocab: The vocabulary; made of the training texts when left out.
            processor: In place of those that read the files, tokenise and number.
            **kwargs: What `ItemList.from_folder` takes: recurse, include, exclude …

        Raises:
            DataError: no such folder, or no such file in it; says what is there.
        """
        if processor is None:
            processor = [OpenFileProcessor(), TokenizeProcessor(), NumericalizeProcessor(vocab=vocab)]
        return super().from_folder(path, extensions=extensions, vocab=vocab, processor=processor, **kwargs)

    def get(self, i: int) -> Any:
        """Return the `Text` at position `i`; before it is numbered, what the list holds."""
        ids, vocab = self.items[i], self.vocab
        if not _are_numbers(ids) or vocab is None:
            return ids
        return Text(np.asarray(ids, dtype=np.int64), lambda: vocab.textify(ids, self.sep))

    def as_item(self, item: Any) -> Any:
        """Return what is passed to `predict` as an item: a text, one of several columns, or a `Text`."""
        return np.array(item, dtype=object) if isinstance(item, (tuple, list)) else item

    def for_lm(self) -> TextList:
        """Return the texts as those of a language model."""
        made = LMTextList([], ignore_empty=True)
        settings = {**vars(self), "label_cls": LMLabelList}
        vars(made).update(settings)
        return made

    def label_for_lm(self, **kwargs: Any) -> Any:
        """Give the texts no label but their own next tokens: what a language model learns.

        Args:
            **kwargs: Settings of the class of labels.
        """
        return self.for_lm().label_const(0, label_cls=LMLabelList, **kwargs)

    def reconstruct(self, t: Any, x: Any = None) -> Text:
        """Return the `Text` of a row of a batch, without its padding.

        Args:
            t: Numbers of tokens.
            x: Has no effect here.
        """
        ids = np.asarray(t)
        ids = ids[ids != self.pad_idx]
        return Text(ids, self.vocab.textify(ids, self.sep))

    def show_xys(self, xs: Sequence[Any], ys: Sequence[Any], max_len: int = 70) -> None:
        """Show texts with their labels as a table.

        Args:
            xs: The texts.
            ys: Their labels.
            max_len: How many tokens of a text are shown.
        """
        show_columns({"text": self._cut(xs, max_len), "target": ys})

    def show_xyzs(self, xs: Sequence[Any], ys: Sequence[Any], zs: Sequence[Any], max_len: int = 70) -> None:
        """Show texts with their labels and the predictions as a table.

        Args:
            xs: The texts.
            ys: Their labels.
            zs: What was predicted.
            max_len: How many tokens of a text are shown.
        """
        show_columns({"text": self._cut(xs, max_len), "target": ys, "prediction": zs})

    def _cut(self, texts: Sequence[Any], max_len: int) -> list[str]:
        sep = self.sep or None
        words = [list(str(text)) if sep is None else str(text).split(sep) for text in texts]
        return [self.sep.join(tokens[:max_len]) for tokens in words]

    def get_state(self) -> JsonDict:
        """Return the kind of the list and its settings; the vocabulary where no processor has it."""
        kept = self._vocab
        own = kept is not None and self._processors_vocab() is None
        self._vocab, names = None, self.copy_new
        self.copy_new = [name for name in names if name != "vocab"]
        try:
            state = super().get_state()
        finally:
            self._vocab, self.copy_new = kept, names
        return {**state, "itos": list(kept.itos) if own else None}

    @classmethod
    def from_state(cls, state: JsonDict, path: PathOrStr = ".") -> ItemList:
        """Return an empty list of the kind and with the settings of `get_state`."""
        made = super().from_state(state, path)
        if isinstance(made, TextList) and state.get("itos") is not None:
            made.vocab = Vocab(decode(state["itos"]))
        return made


def _are_numbers(ids: Any) -> bool:
    return isinstance(ids, np.ndarray) and ids.dtype.kind in "iu"


@register("item_list")
class LMLabelList(EmptyLabelList):
    """Hold no labels: a language model's targets are the next tokens.

    Args:
        items: One for each text; what they are does not matter.
        **kwargs: What `ItemList` takes.
    """

    _loss_name = "CrossEntropyFlat"

    def __init__(self, items: Any, **kwargs: Any) -> None:
        super().__init__(items, **kwargs)


@register("item_list")
class LMTextList(TextList):
    """A list of texts for a language model."""

    _bunch = TextLMDataBunch
    _is_lm = True

    def for_lm(self) -> TextList:
        """Return itself."""
        return self

    def show_xys(self, xs: Sequence[Any], ys: Sequence[Any], max_len: int = 70) -> None:
        """Show rows of a batch as a table.

        Args:
            xs: The texts of the rows.
            ys: Has no effect: the targets are the same texts, one token later.
            max_len: How many tokens of a text are shown.
        """
        show_columns({"idx": range(len(xs)), "text": self._cut(xs, max_len)})
