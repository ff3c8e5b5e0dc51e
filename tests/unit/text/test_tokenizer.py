"""Texts become tokens: rules and tokenizer in order, the same in one process and in several."""

import json

import numpy as np
import pytest

from onecycle.errors import ArgumentTypeError, DataError
from onecycle.text import tokenizer as leaf
from onecycle.text.rules import deal_caps, replace_all_caps
from onecycle.text.tokenizer import Tokenizer
from onecycle.text.word_tokenizer import BaseTokenizer, CharTokenizer, WordTokenizer
from onecycle.utils.registry import decode, encode


def backwards(tokens):
    return list(tokens)[::-1]


class LongWords(BaseTokenizer):
    def tokenizer(self, t):
        return [word for word in t.split() if len(word) > 2]


def one(text, **settings):
    return Tokenizer(**settings).process_all([text])[0]


@pytest.mark.parametrize("text, tokens", [
    ("cccc", "xxrep 4 c"),
    ("word word word word", "xxwrep 4 word"),
    ("HELLO", "xxup hello"),
    ("Hello", "xxmaj hello"),
    ("I am. A U.S. fan", "i am . a xxup u.s. fan"),
    ("xxbos xxfld 1 Don't", "xxbos xxfld 1 xxmaj do n't"),
    ("and/or #1", "and / or # 1"),
    ("", ""),
    ("   ", ""),
])
def test_with_all_rules(text, tokens):
    assert one(text) == tokens.split()


def test_line_breaks_are_tokens():
    assert one("One<br /><br />two\nthree") == ["xxmaj", "one", "\n", "\n", "two", "\n", "three"]


def test_what_is_remembered_changes_nothing():
    text = "Isn't it WELL-KNOWN?  See Mr. O'Neil's (3.5%) 你好 e\u0301t at http://a.b/c. " + "x" * 60 + " ok"
    tokenizer = Tokenizer(pre_rules=[])
    tok = tokenizer.make_tok()
    plain = deal_caps(replace_all_caps(tok.tokenizer(text)))
    assert tokenizer.process_text(text, tok) == plain == tokenizer.process_text(text, tok)
    assert max(map(len, tokenizer._pieces)) <= 40


def test_memory_is_bounded(monkeypatch):
    monkeypatch.setattr(leaf, "_MOST_REMEMBERED", 2)
    tokenizer = Tokenizer()
    assert tokenizer.process_text("a b c d", tok := tokenizer.make_tok()) == ["a", "b", "c", "d"]
    assert tokenizer.process_text("D c", tok) == ["d", "c"] and len(tokenizer._pieces) == 2


def test_own_rules_in_order():
    rules = [replace_all_caps, backwards, deal_caps]
    assert one("HELLO You", post_rules=rules) == ["xxmaj", "you", "hello", "xxup"]
    assert one("Hello you", pre_rules=[str.upper], post_rules=[]) == ["HELLO", "YOU"]


def test_own_and_character_tokenizers():
    assert one("a bcd efg", tok_func=LongWords) == ["bcd", "efg"]
    for tok_func in (list, CharTokenizer):
        assert one("Ab c", tok_func=tok_func, pre_rules=[], post_rules=[]) == ["A", "b", " ", "c"]


TEXTS = [f"Text number {i}: soooo GOOD, isn't it? " * (i % 7) for i in range(40)]


def test_several_processes_give_the_same_in_order(monkeypatch):
    monkeypatch.setattr(leaf, "_LARGE", 100)
    monkeypatch.setattr(leaf, "_GROUP", 300)
    alone = Tokenizer(n_cpus=1).process_all(TEXTS)
    assert Tokenizer(n_cpus=2).process_all(np.array(TEXTS, dtype=object)) == alone
    assert list(Tokenizer(n_cpus=2).stream(iter(TEXTS))) == alone


def test_groups_hold_about_as_many_characters():
    assert leaf._groups([]) == []
    assert leaf._groups([100_000, 100_000, 100_000, 2_000_000, 5]) == [range(2), range(2, 3), range(3, 5)]
    assert [row for group in leaf._groups([70_000] * 50) for row in group] == list(range(50))


def test_one_giant_text():
    assert len(one("Hello there. " * 160_000)) == 4 * 160_000


@pytest.mark.parametrize("texts, message", [
    (["a", None], r"Tokenizer: the text of row 1 is missing; got None \(NoneType\). Fill it"),
    ([float("nan")], r"Tokenizer: the text of row 0 is missing; got nan \(float\)"),
    (["a", "b", 3], r"Tokenizer: the text of row 2 must be a string; got 3 \(int\). Read or decode it"),
    ([b"a"], r"row 0 must be a string; got b'a' \(bytes\)"),
])
def test_what_is_no_text_is_named(texts, message):
    with pytest.raises(DataError, match=message):
        Tokenizer().process_all(texts)


@pytest.mark.parametrize("tok_func", ["spacy", str.lower, len, lambda text: [1, 2]])
def test_what_is_no_tokenizer_is_refused(tok_func):
    with pytest.raises(ArgumentTypeError, match="Tokenizer: tok_func must give tokens, or an object with the methods"):
        Tokenizer(tok_func).process_all(["a"])


def test_it_goes_through_a_file():
    tokenizer = Tokenizer(CharTokenizer, "de", post_rules=[deal_caps], special_cases=["xxbos"], n_cpus=7)
    again = decode(json.loads(json.dumps(encode(tokenizer))))
    assert again.get_state() == tokenizer.get_state() and again.n_cpus is None
    assert again.tok_func is CharTokenizer and again.process_all(["xxbosHi"]) == [["xxbos", "h", "i"]]


def test_repr():
    assert repr(Tokenizer(pre_rules=[str.lower])) == (
        "Tokenizer WordTokenizer in en with rules:\n - lower\n - replace_all_caps\n - deal_caps")
    assert Tokenizer().tok_func is WordTokenizer


def test_one_text_is_not_several():
    with pytest.raises(ArgumentTypeError, match=r"Tokenizer: texts must be several texts; got 'abc'.*Pass \[text\]"):
        Tokenizer().process_all("abc")


@pytest.mark.parametrize("rules", [deal_caps, "deal_caps", ["deal_caps"], 3])
@pytest.mark.parametrize("name", ["pre_rules", "post_rules"])
def test_rules_are_a_list_of_functions(name, rules):
    with pytest.raises(ArgumentTypeError, match=f"Tokenizer: {name} must be a list of functions; got"):
        Tokenizer(**{name: rules})
