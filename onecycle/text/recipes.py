"""The shortest ways from texts to data: CSV file, data frame, folder, tokens, numbers."""

from __future__ import annotations

import enum
import numbers
from collections.abc import Sequence
from typing import Any

import numpy as np

from onecycle.data.saving import load_data
from onecycle.data.sources import csv_file, read_csv
from onecycle.errors import ArgumentError, DataError, explain
from onecycle.text.files import OpenFileProcessor
from onecycle.text.pretrained import PretrainedTokenizerProcessor
from onecycle.text.processors import NumericalizeProcessor, TokenizeProcessor
from onecycle.text.vocab import check_vocab
from onecycle.text.word_tokenizer import is_transformers_tokenizer
from onecycle.types import PathOrStr
from onecycle.utils.matching import warn_unmatched

__all__ = ["TextMtd"]


class TextMtd(enum.IntEnum):
    """Name the forms that texts come in: tables, lists of tokens, lists of their numbers."""

    DF = 1
    TOK = 2
    IDS = 3


class TextRecipes:
    """Give the bunches of texts their `from_…` methods; further keywords of each are those of `create`."""

    _for_lm: bool

    @classmethod
    def from_csv(
        cls,
        path: PathOrStr,
        csv_name: PathOrStr,
        valid_pct: float = 0.2,
        test: PathOrStr | None = None,
        tokenizer: Any = None,
        vocab: Any = None,
        classes: Sequence[Any] | None = None,
        delimiter: str | None = None,
        header: Any = "infer",
        text_cols: Any = 1,
        label_cols: Any = 0,
        label_delim: str | None = None,
        chunksize: int = 10000,
        max_vocab: int = 60000,
        min_freq: int = 2,
        mark_fields: bool = False,
        include_bos: bool = True,
        include_eos: bool = False,
        encoding: str | None = None,
        **kwargs: Any,
    ) -> Any:
        """Read a CSV file of texts and labels.

        Args:
            path: The folder of the file, where models and exports go.
            csv_name: The file.
            valid_pct: Share of the texts that validates, between 0 and 1.
            test: A CSV file of test texts in the same form.
            tokenizer: Makes tokens of a text: a `Tokenizer`, any function that returns a list of tokens, or a tokenizer
                of Hugging Face transformers (or its name), whose numbers, special tokens and padding are then used;
                default: a new `Tokenizer`.
            vocab: The vocabulary; made of the training texts when left out.
            classes: The classes in the order wanted.
            delimiter: What stands between columns; a comma when left out.
            header: Row of the column names; None where there are none.
            text_cols: Name or number of the column of texts, or several.
            label_cols: The same for labels; several are zeros and ones, one a class.
            label_delim: What stands between several labels of one text.
            chunksize: Texts that are tokenised at a time.
            max_vocab: The largest number of tokens in the vocabulary.
            min_freq: How often a token must occur to be in it.
            mark_fields: Put a field token before each column of a text.
            include_bos: Begin each text with its token.
            include_eos: End each text with its token.
            encoding: Encoding of the files; default: that of their byte order mark, else UTF-8.
            **kwargs: What `create` takes: bs, bptt, device …; and `cache`, a folder for tokenised corpora.

        Raises:
            DataError: there is no such file or column, or values are missing; names the rows.
        """
        frame = read_csv(csv_file(path, csv_name), header, delimiter, encoding, keep_zeros=True)
        held = np.random.permutation(len(frame)) < int(valid_pct * len(frame))
        test_df = None if test is None else read_csv(csv_file(path, test), header, delimiter, encoding)
        return cls.from_df(
            path, frame[~held], frame[held], test_df, tokenizer, vocab, classes, text_cols, label_cols, label_delim,
            chunksize, max_vocab, min_freq, mark_fields, include_bos, include_eos, **kwargs,
        )  # fmt: skip

    @classmethod
    def from_df(
        cls,
        path: PathOrStr,
        train_df: Any,
        valid_df: Any,
        test_df: Any = None,
        tokenizer: Any = None,
        vocab: Any = None,
        classes: Sequence[Any] | None = None,
        text_cols: Any = 1,
        label_cols: Any = 0,
        label_delim: str | None = None,
        chunksize: int = 10000,
        max_vocab: int = 60000,
        min_freq: int = 2,
        mark_fields: bool = False,
        include_bos: bool = True,
        include_eos: bool = False,
        **kwargs: Any,
    ) -> Any:
        """Take texts and labels from data frames.

        Args:
            path: The folder where models and exports go.
            train_df: The training texts.
            valid_df: The validation texts.
            test_df: The test texts, or None.
            tokenizer: Like the rest as for `from_csv`.
            vocab: The vocabulary.
            classes: The classes in the order wanted.
            text_cols: Column or columns of the texts.
            label_cols: Column or columns of the labels.
            label_delim: What stands between several labels of one text.
            chunksize: Texts that are tokenised at a time.
            max_vocab: The largest number of tokens in the vocabulary.
            min_freq: How often a token must occur to be in it.
            mark_fields: Put a field token before each column of a text.
            include_bos: Begin each text with its token.
            include_eos: End each text with its token.
            **kwargs: What `create` takes, and `cache`.

        Raises:
            DataError: there is no such column, or values are missing; names the rows.
        """
        from onecycle.data.lists import ItemLists
        from onecycle.text.lists import TextList

        processor = _processors(
            tokenizer, vocab, chunksize, max_vocab, min_freq, mark_fields, include_bos, include_eos,
            kwargs.pop("cache", None),
        )  # fmt: skip
        train, valid = (
            TextList.from_df(frame, path, cols=text_cols, processor=processor) for frame in (train_df, valid_df)
        )
        split = ItemLists(path, train, valid)
        if cls._for_lm:
            labelled = split.label_for_lm()
        else:
            how = {"classes": classes, "label_delim": label_delim}
            labelled = split.label_from_df(cols=label_cols, **how)
        if test_df is not None:
            labelled = labelled.add_test(TextList.from_df(test_df, path, cols=text_cols))
        return cls._of(labelled, **kwargs)

    @classmethod
    def from_folder(
        cls,
        path: PathOrStr,
        train: str = "train",
        valid: str = "valid",
        test: str | None = None,
        classes: Sequence[Any] | None = None,
        tokenizer: Any = None,
        vocab: Any = None,
        chunksize: int = 10000,
        max_vocab: int = 60000,
        min_freq: int = 2,
        mark_fields: bool = False,
        include_bos: bool = True,
        include_eos: bool = False,
        **kwargs: Any,
    ) -> Any:
        """Read the text files of a folder with subfolders for training and validation.

        Labels are the names of the folders that the files are in.

        Args:
            path: The folder, where models and exports go too.
            train: The subfolder of training texts.
            valid: The subfolder of validation texts.
            test: The subfolder of test texts, or None.
            classes: The classes in the order wanted; files in other folders are left out.
            tokenizer: Like the rest as for `from_csv`.
            vocab: The vocabulary.
            chunksize: Texts that are tokenised at a time.
            max_vocab: The largest number of tokens in the vocabulary.
            min_freq: How often a token must occur to be in it.
            mark_fields: Put a field token before each text.
            include_bos: Begin each text with its token.
            include_eos: End each text with its token.
            **kwargs: What `create` takes, and `cache`.

        Raises:
            DataError: no such folder, or no text file in it; says what is there.
        """
        from onecycle.text.lists import TextList

        reading = _processors(
            tokenizer, vocab, chunksize, max_vocab, min_freq, mark_fields, include_bos, include_eos,
            kwargs.pop("cache", None),
        )  # fmt: skip
        found = TextList.from_folder(path, include=[train, valid], processor=[OpenFileProcessor(), *reading])
        if classes is not None and not cls._for_lm:
            found = _of_classes(found, classes)
        split = found.split_by_folder(train=train, valid=valid)
        labelled = split.label_for_lm() if cls._for_lm else split.label_from_folder(classes=classes)
        if test is not None:
            labelled = labelled.add_test_folder(test)
        return cls._of(labelled, **kwargs)

    @classmethod
    def from_ids(
        cls,
        path: PathOrStr,
        vocab: Any,
        train_ids: Sequence[Sequence[int]],
        valid_ids: Sequence[Sequence[int]],
        test_ids: Sequence[Sequence[int]] | None = None,
        train_lbls: Sequence[Any] | None = None,
        valid_lbls: Sequence[Any] | None = None,
        classes: Sequence[Any] | None = None,
        processor: Any = None,
        **kwargs: Any,
    ) -> Any:
        """Take texts as the numbers of their tokens.

        Args:
            path: The folder where models and exports go.
            vocab: The vocabulary that the numbers are of.
            train_ids: The training texts.
            valid_ids: The validation texts.
            test_ids: The test texts, or None.
            train_lbls: Their labels: where `classes` are given numbers of classes from 0, or names of classes; else
                the labels themselves, of which the classes are made. None for a language model.
            valid_lbls: The labels of the validation texts, likewise.
            classes: The classes in the order wanted.
            processor: Processors that texts to predict go through.
            **kwargs: What `create` takes.

        Raises:
            DataError: a text is no sequence of numbers, a number is beyond the vocabulary, or a label is the number
                of no class.
        """
        from onecycle.text.token_texts import TokenTexts

        numbered = [None if ids is None else TokenTexts.of(ids) for ids in (train_ids, valid_ids, test_ids)]
        for texts in numbered:
            _check_vocab(texts, vocab)
        processor = [] if processor is None else processor
        labels = train_lbls, valid_lbls
        if classes is not None and not cls._for_lm:
            classes = list(classes)
            labels = _class_names("train_lbls", train_lbls, classes), _class_names("valid_lbls", valid_lbls, classes)
        return cls._of_texts(path, numbered, labels, classes, processor, vocab, kwargs)

    @classmethod
    def from_tokens(
        cls,
        path: PathOrStr,
        trn_tok: Sequence[Sequence[str]],
        trn_lbls: Sequence[Any] | None,
        val_tok: Sequence[Sequence[str]],
        val_lbls: Sequence[Any] | None,
        vocab: Any = None,
        tst_tok: Sequence[Sequence[str]] | None = None,
        classes: Sequence[Any] | None = None,
        max_vocab: int = 60000,
        min_freq: int = 3,
        **kwargs: Any,
    ) -> Any:
        """Take texts as lists of tokens.

        Args:
            path: The folder where models and exports go.
            trn_tok: The training texts.
            trn_lbls: Their labels; None for a language model.
            val_tok: The validation texts.
            val_lbls: Their labels.
            vocab: The vocabulary; made of the training texts when left out.
            tst_tok: The test texts, or None.
            classes: The classes in the order wanted.
            max_vocab: The largest number of tokens in the vocabulary.
            min_freq: How often a token must occur to be in it.
            **kwargs: What `create` takes.

        Raises:
            DataError: a text is no list of tokens.
        """
        processor = NumericalizeProcessor(vocab=vocab, max_vocab=max_vocab, min_freq=min_freq)
        texts = (trn_tok, val_tok, tst_tok)
        return cls._of_texts(path, texts, (trn_lbls, val_lbls), classes, [processor], None, kwargs)

    @classmethod
    def _of_texts(
        cls, path: PathOrStr, texts: Any, labels: Any, classes: Any, processor: Any, vocab: Any, kwargs: dict[str, Any]
    ) -> Any:
        from onecycle.data.lists import ItemLists
        from onecycle.text.lists import TextList

        def listed(items: Any) -> TextList:
            made = TextList(items, vocab=vocab, path=path, processor=processor)
            made.items = items if vocab is not None else made.items
            return made

        split = ItemLists(path, *(listed(items) for items in texts[:2]))
        if cls._for_lm:
            labelled = split.label_for_lm()
        else:
            _check_labels(labels)
            labelled = split.label_from_lists(*labels, classes=classes)
        if texts[2] is not None:
            test = labelled.valid.x.fresh()
            test.items = listed(texts[2]).items
            empty = labelled.valid.new(test.process(), _no_labels(len(test)))
            labelled = type(labelled)(labelled.path, labelled.train, labelled.valid, empty)
        return cls._of(labelled, **kwargs)

    @classmethod
    def _of(cls, labelled: Any, **kwargs: Any) -> Any:
        """Make the loaders; those of a subclass where one is asked for."""
        data = cls._maker().create(
            labelled.train, labelled.valid, test_ds=labelled.test, **{"path": labelled.path, **kwargs}
        )
        data.label_list = labelled
        return data

    @classmethod
    def _maker(cls) -> Any:
        from onecycle.text.bunch import TextClasDataBunch, TextDataBunch

        return TextClasDataBunch if cls is TextDataBunch else cls  # texts have lengths of their own: pad them

    @classmethod
    def load(cls, path: PathOrStr, cache_name: PathOrStr = "tmp", processor: Any = None, **kwargs: Any) -> Any:
        """Return the data that `data.save(f'{cache_name}.json')` wrote.

        Args:
            path: The folder of the file.
            cache_name: Its name without the ending.
            processor: Processors that texts to predict go through, in place of those of the file.
            **kwargs: What `create` takes.

        Raises:
            FileMissingError: there is no such file.
        """
        data = load_data(path, f"{cache_name}.json", **kwargs)
        if processor is not None:
            for each in (data.train_ds, data.valid_ds):
                each.x.processor = processor if isinstance(processor, (list, tuple)) else [processor]
        return data


def _processors(
    tokenizer: Any, vocab: Any, chunksize: int, max_vocab: int, min_freq: int, mark_fields: bool, bos: bool,
    eos: bool, cache: Any,
) -> list[Any]:  # fmt: skip
    """Return what makes numbers of texts: a pretrained tokenizer alone, or a tokenizer and a vocabulary."""
    if isinstance(tokenizer, str) or is_transformers_tokenizer(tokenizer):
        tokenizer = PretrainedTokenizerProcessor(tokenizer)
    if isinstance(tokenizer, PretrainedTokenizerProcessor):
        if vocab is not None:
            hint = "Leave it out, or pass Tokenizer(…) as tokenizer."
            raise ArgumentError(explain("TextDataBunch", "vocab", "must be that of the tokenizer", vocab, hint))
        return [tokenizer]
    cut = TokenizeProcessor(
        tokenizer=tokenizer, chunksize=chunksize, mark_fields=mark_fields, include_bos=bos, include_eos=eos, cache=cache
    )
    return [cut, NumericalizeProcessor(vocab=vocab, max_vocab=max_vocab, min_freq=min_freq)]


def _of_classes(files: Any, classes: Sequence[Any]) -> Any:
    """Return the files in folders of these names.

    Raises:
        DataError: there is none; says which folders there are.
    """
    wanted, there = {str(name) for name in classes}, sorted({file.parent.name for file in files.items})
    if not wanted.intersection(there):
        rule = f"must be names of folders; those with texts are {', '.join(there)}"
        raise DataError(explain("from_folder", "classes", rule, list(classes)))
    unmatched = sorted(wanted.difference(there))
    warn_unmatched("from_folder", "classes", unmatched, there, "the name of a folder of texts", stacklevel=4)
    return files.filter_by_func(lambda file: file.parent.name in wanted)


def _check_vocab(texts: Any, vocab: Any) -> None:
    if vocab is None:
        raise ArgumentError(explain("from_ids", "vocab", "must be the vocabulary of the numbers", vocab))
    check_vocab("from_ids", vocab)
    ids = [] if texts is None else texts.ids
    odd = [number for number in (np.min(ids, initial=0), np.max(ids, initial=0)) if not 0 <= number < len(vocab.itos)]
    if odd:
        rule = f"must be at least 0 and below {len(vocab.itos)}, the size of the vocabulary"
        raise DataError(explain("from_ids", "the numbers of tokens", rule, int(odd[0])))


def _class_names(parameter: str, labels: Any, classes: Sequence[Any]) -> Any:
    """Return labels of which whole numbers are the numbers of classes by the names of these classes.

    Raises:
        DataError: a number is that of no class; names it and its text.
    """
    return None if labels is None else [_class_name(parameter, i, label, classes) for i, label in enumerate(labels)]


def _class_name(parameter: str, index: int, label: Any, classes: Sequence[Any]) -> Any:
    label = label.tolist() if hasattr(label, "tolist") else label
    if isinstance(label, (list, tuple, set, frozenset)):  # several classes
        return [_class_name(parameter, index, part, classes) for part in label]
    if not isinstance(label, numbers.Integral) or (isinstance(label, bool) and any(label is c for c in classes)):
        return label
    if 0 <= int(label) < len(classes):
        return classes[int(label)]
    rule = f"must be the number of one of the {len(classes)} classes, from 0"
    raise DataError(explain("from_ids", f"{parameter}[{index}]", rule, label))


def _check_labels(labels: Any) -> None:
    if any(each is None for each in labels):
        cure = "Pass one label for each text, or use TextLMDataBunch for a language model."
        raise ArgumentError(explain("TextClasDataBunch", "labels", "must be given", None, cure))


def _no_labels(count: int) -> Any:
    from onecycle.data.categories import EmptyLabelList

    return EmptyLabelList([0] * count)
