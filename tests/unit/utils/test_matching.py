"""Names that match nothing are reported with the nearest one that would."""

from __future__ import annotations

import pytest

from onecycle.utils.matching import same_form, shown_names, warn_unmatched


def test_nothing_is_said_where_all_names_match():
    warn_unmatched("split", "names", [], ["a"], "a name")


def test_the_first_names_and_their_number_are_shown():
    names = [f"cat_{i}.pn" for i in range(7)]
    with pytest.warns(UserWarning, match=r"split: 7 names in names found nothing: 'cat_0.pn', .* and 2 more. Did you"):
        warn_unmatched("split", "names", names, ["cat_0.png"], "the name of a file")
    assert shown_names(["x"], ["abc"]) == "'x'."


def test_accents_have_one_form():
    assert same_form("u\u0308ber.png") == same_form("über.png") == "über.png"
