"""Pieces of words: trained on texts, written with the learner, told of where the package is missing."""

import json
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from onecycle.errors import ArgumentError, DataError
from onecycle.text import sentencepiece as leaf
from onecycle.text.items import Text
from onecycle.text.rules import deal_caps
from onecycle.text.sentencepiece import SPProcessor, get_default_size, train_sentencepiece
from onecycle.utils.defaults import defaults
from onecycle.utils.registry import decode, encode

TEXTS = [f"The {a} {b} sat on a {c} mat.\nIt was VERY {a}!" for a in ("small", "large", "old")
         for b in ("cat", "dog", "horse") for c in ("red", "green", "blue")]


@pytest.fixture
def texts(tmp_path):
    pytest.importorskip("sentencepiece")
    return SimpleNamespace(items=np.array(TEXTS, dtype=object), path=tmp_path)


def small(**settings):
    return SPProcessor(vocab_sz=60, n_cpus=1, **settings)


def test_default_size():
    words = [" ".join(f"w{i}" for i in range(100))]
    assert get_default_size(words, 30000) == 32 and get_default_size(words, 20) == 20


def test_texts_become_numbers_of_pieces(texts):
    processor = small()
    processor.process(texts)
    vocab = texts.vocab
    assert vocab is processor.vocab and vocab.itos[:9] == defaults.text_spec_tok and len(vocab) <= 60
    assert all(ids.dtype == np.int64 and ids[0] == 2 for ids in texts.items)
    written = vocab.textify(texts.items[0], sep="")
    assert written == "xxbosxxmaj▁the▁small▁cat▁sat▁on▁a▁red▁mat.xxmaj▁it▁wasxxup▁very▁small!"
    assert np.array_equal(processor.process_one(TEXTS[3]), texts.items[3])
    assert np.array_equal(processor.process_one(Text(texts.items[3], "")), texts.items[3])  # is numbered already


def test_fields_and_ends(texts):
    processor = small(mark_fields=True, include_eos=True)
    processor.process(texts)
    ids = processor.process_one(np.array(["a cat", "a dog"], dtype=object))
    tokens = processor.vocab.textify(ids, sep=None)
    assert tokens[:2] == ["xxbos", "xxfld"] and tokens.count("xxfld") == 2 and tokens[-1] == "xxeos"
    assert "xxbos" not in processor.vocab.textify(processor.process_one("a cat", join=False))


def test_several_processes_give_the_same(texts, monkeypatch):
    processor = small()
    processor.process(texts)
    alone = texts.items
    monkeypatch.setattr(leaf, "_GROUP", 5)
    texts.items, processor.n_cpus = np.array(TEXTS, dtype=object), 2
    processor.process(texts)
    assert all(map(np.array_equal, texts.items, alone))


def test_a_model_goes_through_files(texts):
    processor = small(post_rules=[deal_caps])
    processor.process(texts)
    again = decode(json.loads(json.dumps(encode(processor))))
    assert again.vocab == processor.vocab and again.post_rules == [deal_caps]
    assert np.array_equal(again.process_one(TEXTS[0]), texts.items[0])
    processor.save(texts.path / "models" / "own.model")
    assert SPProcessor.load(texts.path, "models", "own").vocab == SPProcessor.load(texts.path).vocab == again.vocab
    assert decode(json.loads(json.dumps(encode(small())))).vocab is None


def test_what_cannot_be_trained_or_read(texts):
    with pytest.raises(DataError, match="train_sentencepiece: 1 texts do not give a model of .* Pass more texts"):
        train_sentencepiece([""], texts.path)
    (texts.path / "bad.model").write_bytes(b"no model")
    with pytest.raises(DataError, match=r"SPProcessor: '.*bad.model' is no sentencepiece model. Train it again"):
        SPProcessor(sp_model=texts.path / "bad.model")
    with pytest.raises(ArgumentError, match="SPProcessor: has no model yet. Process the training texts first"):
        small().process_one("a")
    for made in (lambda: SPProcessor(model_type="best"), lambda: train_sentencepiece(["a"], ".", model_type="best")):
        with pytest.raises(ArgumentError, match="model_type must be one of unigram, bpe, word, char; got 'best'"):
            made()


@pytest.mark.parametrize("item, message", [
    (None, r"the text of row 1 is missing; got None \(NoneType\). Fill it"),
    (float("nan"), "the text of row 1 is missing; got nan"),
    (3, r"the text of row 1 must be a string; got 3 \(int\). Read or decode it"),
])
def test_what_is_no_text_is_named(texts, item, message):
    texts.items[1] = item
    with pytest.raises(DataError, match="SPProcessor: " + message):
        small().process(texts)


def test_the_missing_package_is_named(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "sentencepiece", None)
    missing = r"SPProcessor: needs the package sentencepiece, which is not installed. .*'onecycle\[text\]'"
    for made in (SPProcessor, lambda: train_sentencepiece(["a"], tmp_path)):
        with pytest.raises(ArgumentError, match=missing):
            made()
