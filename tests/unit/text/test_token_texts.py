"""The compact array of texts: it is indexed as an array of texts, and goes into JSON."""

from __future__ import annotations

import json

import numpy as np
import pytest

from onecycle.errors import DataError
from onecycle.text.token_texts import TokenCollector, TokenTexts
from onecycle.utils.registry import decode, encode

LISTS = [[3, 4, 5], [], [6], [7, 8]]


def as_lists(texts):
    return [list(text) for text in texts]


def test_texts_are_views_of_one_array():
    texts = TokenTexts.of(LISTS)
    assert as_lists(texts) == LISTS
    assert texts.ids.dtype == np.int32 and texts[0].base is texts.ids
    assert texts.total == 6 and len(texts) == 4
    assert TokenTexts.of(texts) is texts


def test_a_part_shares_the_numbers():
    texts = TokenTexts.of(LISTS)
    assert as_lists(texts[1:3]) == [[], [6]]
    assert as_lists(texts[np.array([3, 0])]) == [[7, 8], [3, 4, 5]]
    assert as_lists(texts[np.array([True, False, True, False])]) == [[3, 4, 5], [6]]
    assert texts[1:3].ids is texts.ids
    assert as_lists(texts[np.array([3, 0])].packed()) == [[7, 8], [3, 4, 5]]
    assert texts.packed() is texts


def test_it_becomes_an_array_of_texts():
    made = np.asarray(TokenTexts.of(LISTS))
    assert made.dtype == object and made.shape == (4,) and list(made[3]) == [7, 8]
    assert np.asarray(TokenTexts.of([[1, 2], [3, 4]])).shape == (2,)
    assert np.asarray(TokenTexts.of([])).shape == (0,)


@pytest.mark.parametrize("part", [slice(None), slice(1, 4), slice(0, 0)])
def test_it_goes_into_json_and_back(part):
    texts = TokenTexts.of(LISTS)[part]
    again = decode(json.loads(json.dumps(encode(texts))))
    assert isinstance(again, TokenTexts) and as_lists(again) == as_lists(texts)


def test_words_are_held_once():
    collector = TokenCollector()
    collector.add(["a", "b", "a"])
    collector.add([])
    collector.add(["b"])
    texts = collector.texts()
    assert texts.words == ["a", "b"]
    assert list(texts) == [["a", "b", "a"], [], ["b"]]
    assert list(decode(encode(texts))) == list(texts)


@pytest.mark.parametrize("bad", [["a"], [1.5], [[1, 2], [3]], 7])
def test_what_is_no_sequence_of_numbers_is_refused(bad):
    with pytest.raises(DataError, match="texts: text 1 must be a sequence of token numbers; got"):
        TokenTexts.of([[1], bad])
