"""From texts to numbers: what a list holds after each processor, and what goes into files."""

from __future__ import annotations

import json

import numpy as np
import pytest

from onecycle.errors import ArgumentError, ArgumentTypeError, DataError, FileFormatError
from onecycle.text.items import Text
from onecycle.text.lists import TextList
from onecycle.text.processors import NumericalizeProcessor, TokenizeProcessor
from onecycle.text.special_tokens import BOS, EOS, FLD
from onecycle.text.token_texts import TokenTexts
from onecycle.text.tokenizer import Tokenizer
from onecycle.text.vocab import Vocab
from onecycle.text.word_tokenizer import BaseTokenizer, WordTokenizer
from onecycle.utils.registry import decode, encode


class Spaces:
    """A tokenizer of the plainest kind: no `stream`, no rules; it counts what it is given."""

    def __init__(self):
        self.given = []

    def process_all(self, texts):
        self.given.append(len(texts))
        return [text.split() for text in texts]


def tokenised(items, **how):
    texts = TextList(items).fresh()
    TokenizeProcessor(tokenizer=how.pop("tokenizer", Spaces()), **how).process(texts)
    return texts.items


def test_texts_become_tokens_that_are_held_once():
    items = tokenised(["a b a", "", "b c"])
    assert isinstance(items, TokenTexts) and sorted(items.words) == sorted([BOS, "a", "b", "c"])
    assert list(items) == [[BOS, "a", "b", "a"], [BOS], [BOS, "b", "c"]]


def test_ends_and_fields_are_marked():
    rows = np.array([["a", "b c"], ["d", ""]], dtype=object)
    assert list(tokenised(rows)) == [[BOS, "a", "b", "c"], [BOS, "d"]]
    marked = tokenised(rows, mark_fields=True, include_eos=True)
    assert list(marked)[0] == [BOS, FLD, "1", "a", FLD, "2", "b", "c", EOS]
    assert list(tokenised(["a", ""], include_bos=False)) == [["a"], []]


def test_special_tokens_are_added_for_a_tokenizer_of_characters_too():
    items = tokenised(["ab"], tokenizer=Tokenizer(list, pre_rules=[], post_rules=[]))
    assert list(items) == [[BOS, "a", "b"]]


def test_a_tokenizer_without_a_stream_gets_chunks():
    plain = Spaces()
    tokenised(["a"] * 7, tokenizer=plain, chunksize=3)
    assert plain.given == [3, 3, 1]


def test_numbers_are_texts_and_one_giant_text_is_one_text():
    assert list(tokenised(np.array([3, 4.5], dtype=object))) == [[BOS, "3"], [BOS, "4.5"]]
    giant = "word " * 400_000  # 2 MB in one cell
    items = tokenised([giant, "a"], tokenizer=Tokenizer(n_cpus=1))
    assert items.lengths.tolist()[1] == 2 and items.ids.nbytes < 4 * 2_000_000


@pytest.mark.parametrize(
    ("items", "said"),
    [
        (["a", None], r"texts: the text of item 1 is missing; got None.*drop it first"),
        (np.array(["a", float("nan")], dtype=object), "the text of item 1 is missing; got nan"),
        ([b"a"], r"the text of item 0 must be a text; got b'a' \(bytes\)\. Decode it first"),
        ([["a"], {}], r"must be a text; got \['a'\]"),
    ],
)
def test_what_is_no_text_is_refused_by_its_number(items, said):
    with pytest.raises(DataError, match=said):
        tokenised(items)


def test_files_need_their_processor(tmp_path):
    with pytest.raises(DataError, match=r"must be a text; got .*Put OpenFileProcessor\(\) before it"):
        tokenised([tmp_path / "a.txt"])


def test_chunksize_is_checked():
    with pytest.raises(ArgumentError, match="TokenizeProcessor: chunksize must be at least 1; got 0"):
        TokenizeProcessor(chunksize=0)


def test_one_text_is_processed_as_those_of_a_list():
    processor = TokenizeProcessor(tokenizer=Spaces(), include_eos=True)
    assert processor.process_one("a b") == [BOS, "a", "b", EOS]
    assert processor.process_one(["a"]) == ["a"]
    text = Text([1], "a")
    assert processor.process_one(text) is text


def numbered(items, **how):
    texts = TextList(items).fresh()
    TokenizeProcessor(tokenizer=Spaces()).process(texts)
    processor = NumericalizeProcessor(**how)
    processor.process(texts)
    return texts, processor


def test_tokens_become_numbers_of_the_vocabulary():
    texts, processor = numbered(["a b a", "b c"], min_freq=2)
    itos = texts.vocab.itos
    assert texts.items.words is None and texts.items.ids.dtype == np.int32
    assert [[itos[i] for i in text] for text in texts.items] == [[BOS, "a", "b", "a"], [BOS, "b", "xxunk"]]
    assert list(processor.process_one(["a", "zebra"])) == [itos.index("a"), 0]


def test_the_vocabulary_is_that_of_the_training_texts():
    split = TextList(["a b a b", "c d c d"], processor=[TokenizeProcessor(tokenizer=Spaces()), NumericalizeProcessor()])
    labelled = split.split_by_idx([1]).label_for_lm()
    assert labelled.train.x.vocab is labelled.valid.x.vocab
    assert "c" not in labelled.train.x.vocab.itos
    assert split.vocab is None and split.items.tolist() == ["a b a b", "c d c d"]


def test_a_vocabulary_may_be_given():
    vocab = Vocab(["xxunk", "a"])
    texts, _ = numbered(["a b"], vocab=vocab)
    assert texts.items[0].tolist() == [0, 1, 0] and texts.vocab is vocab
    given = TextList([["a", "b"]], vocab=vocab).fresh()
    NumericalizeProcessor().process(given)
    assert given.items[0].tolist() == [1, 0]


def test_raw_texts_are_no_tokens():
    texts = TextList(["a b"]).fresh()
    with pytest.raises(DataError, match=r"item 0 must be a list of tokens; got 'a b'.*Put TokenizeProcessor\(\)"):
        NumericalizeProcessor().process(texts)


def test_items_that_are_numbered_stay():
    assert NumericalizeProcessor(vocab=Vocab(["a"])).process_one(Text([2, 3], "")).tolist() == [2, 3]


def test_state_goes_through_json():
    processors = [TokenizeProcessor(include_eos=True), NumericalizeProcessor(vocab=Vocab(["xxunk", "a"]), min_freq=7)]
    cut, number = decode(json.loads(json.dumps(encode(processors))))
    assert cut.process_one("A cat") == processors[0].process_one("A cat")
    assert number.vocab.itos == ["xxunk", "a"] and number.min_freq == 7
    assert decode(encode(NumericalizeProcessor())).vocab is None


def test_tokenised_texts_are_found_again(tmp_path, monkeypatch):
    how = {"tokenizer": Tokenizer(n_cpus=1), "cache": tmp_path / "tokens"}
    first = tokenised(["A cat.", ""], **how)
    monkeypatch.setattr(Tokenizer, "stream", lambda self, texts: 1 / 0)
    again = tokenised(["A cat.", ""], **how)
    assert list(again) == list(first)
    with pytest.raises(ZeroDivisionError):
        tokenised(["A cat", "."], **how)
    with pytest.raises(ZeroDivisionError):
        tokenised(["A cat.", ""], **how, include_eos=True)


def test_a_damaged_cache_is_said(tmp_path):
    how = {"tokenizer": Tokenizer(n_cpus=1), "cache": tmp_path}
    tokenised(["a"], **how)
    (file,) = tmp_path.iterdir()
    file.write_bytes(file.read_bytes()[:40])
    with pytest.raises(FileFormatError, match="tokens-"):
        tokenised(["a"], **how)


def test_a_cache_needs_a_tokenizer_with_a_name(tmp_path):
    with pytest.raises(ArgumentError, match="Spaces .* cannot be written to a file"):
        tokenised(["a"], cache=tmp_path)


@pytest.mark.parametrize("tokenizer", [str.split, lambda text: text.split(), lambda text: iter(text.split())])
def test_a_function_makes_the_tokens_alone(tokenizer):
    tokens = TokenizeProcessor(tokenizer=tokenizer).process_one("A  b xxrep !!!!!")
    assert tokens == ["xxbos", "A", "b", "xxrep", "!!!!!"]


@pytest.mark.parametrize("tokenizer", [Tokenizer, WordTokenizer, WordTokenizer("en"), BaseTokenizer, list])
def test_classes_of_tokenizers_are_tokenizers(tokenizer):
    with_rules = isinstance(tokenizer, type)
    tokens = TokenizeProcessor(tokenizer=tokenizer, include_bos=False).process_one("Ab")
    assert tokens == (["xxmaj", "ab"] if with_rules and tokenizer is not list else ["a", "b"] if with_rules else ["Ab"])


@pytest.mark.parametrize("tokenizer", [3, "a b", {"a": 1}])
def test_what_makes_no_tokens_is_no_tokenizer(tokenizer):
    with pytest.raises(ArgumentTypeError, match="TokenizeProcessor: tokenizer must make tokens of a text; got"):
        TokenizeProcessor(tokenizer=tokenizer)


def test_texts_that_are_cut_already_are_told_where_to_go():
    with pytest.raises(DataError, match=r"must be a text; got \['a', 'b'\].*pass processor=NumericalizeProcessor\(\)"):
        TokenizeProcessor().process(TextList([["a", "b"]]).fresh())


def test_many_unknown_tokens_are_told():
    many = ["a b c d"] * 50
    with pytest.warns(UserWarning, match="150 of 250 tokens are not in the vocabulary given, and are read as xxunk"):
        NumericalizeProcessor(vocab=Vocab(["xxunk", "xxbos", "a"])).process(cut(many))
    with pytest.warns(UserWarning, match="300 of 400 tokens come fewer than min_freq=3 times.*Pass a smaller min_freq"):
        NumericalizeProcessor().process(cut([f"a{i} b{i} c{i}" for i in range(100)]))
    processor = NumericalizeProcessor(min_freq=1)
    processor.process(cut(many))
    processor.process(cut(["x y z"] * 50))  # validation: nothing is said


def cut(texts):
    made = TextList(texts).fresh()
    TokenizeProcessor().process(made)
    return made
