"""A text as an item."""

from __future__ import annotations

from onecycle.text.items import Text


def test_a_text_prints_and_compares_by_its_tokens():
    assert repr(Text([2, 7], "xxbos hello")) == "Text xxbos hello"
    assert Text([2, 7], "a") == Text([2, 7], "b")


def test_words_are_made_when_someone_reads_them():
    asked = []
    text = Text([2, 7], lambda: asked.append(1) or "xxbos hello")
    assert text.data == [2, 7] and not asked
    assert str(text) == text.obj == text.text == "xxbos hello"
    assert asked == [1]
