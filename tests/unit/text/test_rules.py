"""What is mended in a text before it is cut, and in its tokens afterwards."""

import random

import pytest

from onecycle.text import repeats, rules
from onecycle.text.rules import (
    apply_rules,
    deal_caps,
    fix_html,
    replace_all_caps,
    replace_rep,
    replace_wrep,
    rm_useless_spaces,
    spec_add_spaces,
)
from onecycle.utils.defaults import defaults


def test_special_tokens_and_rules_have_their_order():
    assert defaults.text_spec_tok == "xxunk xxpad xxbos xxeos xxfld xxmaj xxup xxrep xxwrep".split()
    assert [rule.__name__ for rule in defaults.text_pre_rules] == [
        "fix_html", "replace_rep", "replace_wrep", "spec_add_spaces", "rm_useless_spaces"]
    assert defaults.text_post_rules == [replace_all_caps, deal_caps]


@pytest.mark.parametrize("raw, mended", [
    ("nothing to do; really", "nothing to do; really"),
    ("&lt;b&gt; &eacute;", "<b> é"),
    ("Tom &amp; Jerry amp; Spike", "Tom & Jerry & Spike"),
    ("the lamp; the end", "the lamp; the end"),
    ("it#39;s quot;so&quot; #36;5 &#146;", "it's \"so\" $5 '"),
    ("a&nbsp;b &amp;nbsp;", "a b  "),
    ("one<br />two<BR>three<br/>", "one\ntwo\nthree\n"),
    (r"line\nnext \"quoted\" back\slash", 'line\nnext "quoted" back \\ slash'),
    ("3 @.@ 5 well @-@ known 1 @,@ 000 <unk>", "3.5 well-known 1,000 xxunk"),
])
def test_fix_html(raw, mended):
    assert fix_html(raw) == mended


@pytest.mark.parametrize("filler", ["", "One plain sentence with nothing in it that comes again. " * 6])
def test_repeated_characters(filler):
    assert replace_rep(filler + "cccc") == filler + " xxrep 4 c "
    assert replace_rep(filler + "ccc") == filler + "ccc"
    assert replace_rep(filler + "éééééé 😀😀😀😀") == filler + " xxrep 6 é   xxrep 4 😀 "
    assert replace_rep(filler + "a     b") == filler + "a     b"


@pytest.mark.parametrize("filler", ["", "One plain sentence with nothing in it that comes again. " * 6])
def test_repeated_words(filler):
    assert replace_wrep(filler + "word word word word") == filler + " xxwrep 4 word "
    assert replace_wrep(filler + "word word word words") == filler + "word word word words"
    assert replace_wrep(filler + "no, no, no, no, no!") == filler + " xxwrep 5 no !"
    assert replace_wrep(filler + "ha-ha-ha-ha") == filler + " xxwrep 4 ha "
    assert replace_wrep(filler + "été été été été") == filler + " xxwrep 4 été "
    assert replace_wrep(filler + "𝒜𝒜 𝒜𝒜 𝒜𝒜 𝒜𝒜") == filler + " xxwrep 4 𝒜𝒜 "
    assert replace_wrep(filler + "a b a b a b") == filler + "a b a b a b"


def test_a_quick_look_never_misses_a_repeat():
    draw = random.Random(3)
    for alphabet in ("ab ", "aé, ", "a\U0001f600 \n"):
        for _ in range(150):
            text = "".join(draw.choices(alphabet, k=230))
            assert repeats.may_repeat_character(text) or not rules._REPEATED_CHARACTER.search(text)
            assert repeats.may_repeat_word(text) or not rules._REPEATED_WORD.search(text)
    plain = "Each of these words stands here by itself, with no other one of the same kind beside it at all. " * 3
    assert not repeats.may_repeat_character(plain) and not repeats.may_repeat_word(plain)
    assert not repeats.may_repeat_word("-" * 300)


def test_spaces():
    assert spec_add_spaces("a/b#c\nd") == "a / b # c \n d"
    assert rm_useless_spaces("a   b  c d") == "a b c d"


def test_capitals():
    assert replace_all_caps(["HELLO", "A", "I", "U.S.", "no"]) == ["xxup", "hello", "A", "I", "xxup", "u.s.", "no"]
    assert deal_caps(["Hello", "I", "McDonald", "", "Élan", "x"]) == [
        "xxmaj", "hello", "i", "mcdonald", "xxmaj", "élan", "x"]


def test_apply_rules():
    assert apply_rules("Hello WORLD cccc") == "xxmaj hello xxup world xxrep 4 c"
    assert apply_rules(["A  b", "C\nd"]) == ["a b", "c \n d"]
    assert apply_rules("A B", pre_rules=[str.lower], post_rules=[]) == "a b"
