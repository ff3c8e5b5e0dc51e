"""One text is cut into words, characters, or as spaCy does."""

import sys
from types import SimpleNamespace

import pytest

from onecycle.errors import ArgumentError
from onecycle.text.tokenizer import Tokenizer
from onecycle.text.word_tokenizer import BaseTokenizer, CharTokenizer, SpacyTokenizer, WordTokenizer


@pytest.mark.parametrize("text, tokens", [
    ("Hello World, it's", "Hello World , it 's"),
    ("don't won't can't cannot CANNOT", "do n't wo n't ca n't can not CAN NOT"),
    ("we'll you're I'm John’s don’t she'd", "we 'll you 're I 'm John ’s do n’t she 'd"),
    ("o'clock O'Neil rock'n'roll", "o'clock O'Neil rock'n'roll"),
    ("Mr. Smith of the U.S. etc. end.", "Mr. Smith of the U.S. etc. end ."),
    ("3.14 1,000 10% 5th 1990s 3km $5 10:30", "3.14 1,000 10 % 5th 1990s 3 km $ 5 10:30"),
    ("joe.b@x.co.uk, http://a.b/c?d=1. (www.x.org)", "joe.b@x.co.uk , http://a.b/c?d=1 . ( www.x.org )"),
    ("@user :) :-( ;) =D <3 ... -- !!", "@user :) :-( ;) =D <3 ... -- ! !"),
    ("snake_case _emph_ well-known", "snake_case _ emph _ well - known"),
    ("xxbos xxrep 4 c", "xxbos xxrep 4 c"),
    ("", ""),
])
def test_english(text, tokens):
    assert WordTokenizer("en").tokenizer(text) == tokens.split()


@pytest.mark.parametrize("text, tokens", [
    ("नमस्ते दुनिया", "नमस्ते दुनिया"),
    ("你好world", "你 好 world"),
    ("カタカナ", "カ タ カ ナ"),
    ("สวัสดี", "ส วั ส ดี"),
    ("한국어 Привет, мир!", "한국어 Привет , мир !"),
    ("e\u0301te\u0301 naïve", "e\u0301te\u0301 naïve"),
    ("👍🏽👨‍👩‍👧🇫🇷❤️", "👍🏽 👨‍👩‍👧 🇫🇷 ❤️"),
    ("a\u200bb\ufeff\u00a0c", "a b c"),
])
def test_other_scripts(text, tokens):
    assert WordTokenizer("xx").tokenizer(text) == tokens.split(" ")


def test_elisions_and_line_breaks():
    assert WordTokenizer("fr").tokenizer("l'homme d’aujourd'hui") == ["l'", "homme", "d’", "aujourd'hui"]
    assert WordTokenizer("de").tokenizer("a\n\nb\r\n\tc") == ["a", "\n", "\n", "b", "\n", "c"]


def test_special_cases_stay_whole():
    tok = WordTokenizer("en")
    tok.add_special_cases(["C++", "xxbos", "<|end|>"])
    assert tok.tokenizer("xxbos C++ c++ <|end|>") == ["xxbos", "C++", "c", "+", "+", "<|end|>"]
    with pytest.raises(ArgumentError, match=r"WordTokenizer: special_cases must have no white space; got 'New York'"):
        tok.add_special_cases(["New York"])


def test_characters():
    tok = CharTokenizer()
    assert tok.tokenizer("a b\n") == ["a", " ", "b", "\n"]
    tok.add_special_cases(["xxbos", "xxmaj"])
    assert tok.tokenizer("xxbosxxmaj ab") == ["xxbos", "xxmaj", " ", "a", "b"]


def test_the_base_cuts_at_spaces():
    tok = BaseTokenizer("en")
    tok.add_special_cases(["a b"])
    assert tok.tokenizer(" a  b. ") == ["a", "b."]


def test_spacy_is_told_of_where_it_is_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "spacy", None)
    with pytest.raises(ArgumentError, match=r"SpacyTokenizer: needs the package spacy.*'onecycle\[spacy\]'"):
        SpacyTokenizer("en")


class FakeSpacyTokens:
    cases: dict = {}

    def __call__(self, text):
        return [SimpleNamespace(text=word) for word in text.split()]

    def add_special_case(self, token, parts):
        self.cases[token] = parts


def fake_blank(lang):
    if lang != "en":
        raise ImportError("[E048] Can't import language")
    return SimpleNamespace(tokenizer=FakeSpacyTokens())


def test_spacy_cuts(monkeypatch):
    monkeypatch.setitem(sys.modules, "spacy", SimpleNamespace(blank=fake_blank))
    tok = SpacyTokenizer("en")
    tok.add_special_cases(["xxbos"])
    assert tok.tokenizer("a b") == ["a", "b"] and tok.tok.cases == {"xxbos": [{"ORTH": "xxbos"}]}
    with pytest.raises(ArgumentError, match=r"SpacyTokenizer: lang must be a language spaCy knows; got 'qq'"):
        SpacyTokenizer("qq")


@pytest.mark.parametrize("lang", ["english", "EN", "", None])
def test_a_language_is_a_code(lang):
    with pytest.raises(ArgumentError, match="WordTokenizer: lang must be the code of a language, two or three letters"):
        WordTokenizer(lang)
    assert WordTokenizer("en-GB").tokenizer("don't") == ["do", "n't"]


def test_cutting_at_spaces_keeps_line_breaks():
    assert BaseTokenizer().tokenizer("one \n two\tthree ") == ["one", "\n", "two\tthree"]
    assert Tokenizer(BaseTokenizer).process_all(["one\ntwo"]) == [["one", "\n", "two"]]
