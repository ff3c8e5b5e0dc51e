"""The pattern that cuts: the same for texts with and without other characters than ASCII's."""

from onecycle.text.word_pattern import word_pattern


def test_both_patterns_cut_ascii_alike():
    text = "Mr. O'Neil can't pay $3.50 at 10:30pm... see www.a.org/b, :-) it's snake_case __init__ a--b don't! U.S."
    assert word_pattern("en", (), True).findall(text) == word_pattern("en").findall(text)


def test_nothing_is_lost_but_white_space():
    text = "a_b _c_ 3km ,;.:!? \u00e9 \u4f60\u597d \U0001f600 ''s 'n't' @ @x x@y x@y.z http:// www. ^_^ <3 <33"
    assert "".join(word_pattern("en").findall(text)) == "".join(text.split())


def test_a_compiled_pattern_is_kept():
    assert word_pattern("en", ("C++",)) is word_pattern("en", ("C++",))
    assert word_pattern("de").findall("Das geht's") == ["Das", "geht's"]
