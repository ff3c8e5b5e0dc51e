"""Words of Chinese, Japanese and Thai by stand-ins of the packages that know them."""

import sys
from types import SimpleNamespace

import pytest

from onecycle.errors import ArgumentError
from onecycle.text import segmenters
from onecycle.text.tokenizer import Tokenizer
from onecycle.text.word_tokenizer import WordTokenizer
from onecycle.utils.registry import decode, encode
from tests.unit.text.stand_ins import module


def pairs(text):
    return [text[i : i + 2] for i in range(0, len(text), 2)]


def no_dictionary():
    raise RuntimeError("no dictionary here\nmore")


PACKAGES = {
    "jieba": {"jieba": {"lcut": pairs, "setLogLevel": lambda level: None}},
    "janome": {"janome": {}, "janome.tokenizer": {"Tokenizer": lambda wakati: SimpleNamespace(tokenize=pairs)}},
    "fugashi": {"fugashi": {"Tagger": lambda: lambda text: [SimpleNamespace(surface=word) for word in pairs(text)]}},
    "pythainlp": {"pythainlp": {}, "pythainlp.tokenize": {"word_tokenize": pairs}},
}


@pytest.fixture(autouse=True)
def only(monkeypatch):
    "Install the packages named, and no other one."
    segmenters.segment_with.cache_clear()
    for modules in PACKAGES.values():
        for name in modules:
            monkeypatch.setitem(sys.modules, name, None)

    def install(*names, **changed):
        for package in names:
            for name, contents in PACKAGES[package].items():
                monkeypatch.setitem(sys.modules, name, module(name, **{**contents, **changed}))

    yield install
    segmenters.segment_with.cache_clear()


@pytest.mark.parametrize("lang, package, text, tokens", [
    ("zh", "jieba", "我爱北京 Hello,天 don't", ["我爱", "北京", "Hello", ",", "天", "don't"]),
    ("zh-Hant", "jieba", "我爱北京。", ["我爱", "北京", "。"]),
    ("ja", "fugashi", "すもも123東京", ["すも", "も", "123", "東京"]),
    ("ja", "janome", "カタカナ", ["カタ", "カナ"]),
    ("th", "pythainlp", "กขคง ab", ["กข", "คง", "ab"]),
])  # fmt: skip
def test_words_by_a_segmenter(only, lang, package, text, tokens):
    only(package)
    tokenizer = Tokenizer(lang=lang, pre_rules=[], post_rules=[])
    assert tokenizer.process_all([text]) == [tokens]
    assert WordTokenizer(lang).segmenter == package


@pytest.mark.parametrize("lang, text", [("zh", "我爱北"), ("ja", "すもも"), ("th", "กขค")])
def test_characters_without_one(lang, text):
    assert Tokenizer(lang=lang).process_all([text]) == [list(text)]
    assert WordTokenizer(lang).segmenter is None


def test_other_languages_do_not_ask(only):
    only("jieba", "janome", "pythainlp")
    assert Tokenizer().process_all(["我爱"]) == [["我", "爱"]] and Tokenizer().tok_func is WordTokenizer
    assert Tokenizer(lang="ko").process_all(["나는 한국어를"]) == [["나는", "한국어를"]]


def test_special_tokens_stay_whole(only):
    only("jieba")
    assert Tokenizer(lang="zh").process_all(["哈哈哈哈哈 北京"]) == [["xxrep", "5", "哈", "北京"]]


def test_a_file_keeps_how_words_were_cut(only):
    without = encode(Tokenizer(lang="zh"))
    only("jieba")
    with_words = encode(Tokenizer(lang="zh"))
    assert decode(without).process_all(["我爱北京"]) == [["我", "爱", "北", "京"]]
    assert decode(with_words).process_all(["我爱北京"]) == [["我爱", "北京"]]
    segmenters.segment_with.cache_clear()
    sys.modules["jieba"] = None
    with pytest.raises(ArgumentError, match=r"WordTokenizer: needs the package jieba.*'onecycle\[chinese\]'"):
        decode(with_words).process_all(["我爱北京"])


def test_a_package_without_its_dictionary(only):
    only("fugashi", Tagger=no_dictionary)
    assert WordTokenizer("ja").segmenter is None
    with pytest.raises(ArgumentError, match=r"the package fugashi cannot be used \(no dictionary here\).*japanese"):
        WordTokenizer("ja", segmenter="fugashi").tokenizer("すもも")
    only("janome")
    assert WordTokenizer("ja").segmenter == "janome"


def test_a_segmenter_that_is_none():
    with pytest.raises(ArgumentError, match="segmenter must be one of jieba, fugashi, janome, pythainlp, or None"):
        WordTokenizer("zh", segmenter="mecab")
