import pytest

from onecycle.errors import ArgumentError, ArgumentTypeError
from onecycle.tabular.sizes import def_emb_sz, emb_sz_rule, embedding_sizes

CLASSES = {"a": ["#na#", 1, 2], "b": ["#na#", *range(9)]}


def test_widths():
    assert [emb_sz_rule(n) for n in (2, 3, 10, 100, 1_000_000)] == [2, 3, 6, 21, 600]
    assert def_emb_sz(CLASSES, "b") == (10, 6) and def_emb_sz(CLASSES, "b", {"b": 4}) == (10, 4)
    assert embedding_sizes(CLASSES, ["a", "b"], {"a": 7}) == [(3, 7), (10, 6)]


def test_wrong_widths():
    with pytest.raises(ArgumentTypeError, match="sz_dict must be a dictionary: column -> width; got 4"):
        embedding_sizes(CLASSES, ["a"], 4)
    with pytest.raises(ArgumentError, match="'aa' is no column of categories. Did you mean 'a'"):
        embedding_sizes(CLASSES, ["a", "b"], {"aa": 4})
    with pytest.raises(ArgumentError, match="width of 'a' must be a whole number of at least 1; got 0"):
        embedding_sizes(CLASSES, ["a"], {"a": 0})
