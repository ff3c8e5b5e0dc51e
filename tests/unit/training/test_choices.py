import pytest

from onecycle.errors import ArgumentError
from onecycle.training.choices import check_choice


def test_a_known_word_passes():
    check_choice("owner", "mode", "min", ("min", "max"))


def test_an_unknown_word_is_named_with_the_nearest():
    with pytest.raises(ArgumentError, match="owner: mode must be one of min, max; got 'maxx'. Did you mean 'max'"):
        check_choice("owner", "mode", "maxx", ("min", "max"))
