"""Quick looks at repeats: short texts always may, and the two word classes agree."""

import re

from onecycle.text import repeats


def test_short_texts_always_may():
    assert repeats.may_repeat_character("ab") and repeats.may_repeat_word("ab")


def test_word_characters_are_those_of_regular_expressions():
    table = repeats._word_characters()
    assert all(bool(re.match(r"\w", chr(code))) == table[code] for code in range(0, 0x10000, 7))
