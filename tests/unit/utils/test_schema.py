"""Forms of values from files, and how deep and how many they may be."""

import pytest

from onecycle.errors import FileFormatError
from onecycle.utils.json_text import parse_json
from onecycle.utils.schema import (
    anything,
    check_depth,
    check_form,
    flag,
    listed,
    named,
    number,
    optional,
    record,
    text,
    whole,
)

FITS = [
    (text, "a"), (flag, False), (whole(0), 3), (whole(0, 3), 3), (number, 2.5), (number, -1), (optional(text), None),
    (listed(whole(0)), [1, 2]), (listed(text, most=1), ["a"]), (named(text), {"a": "b"}), (anything, object()),
    (record({"a": text}, {"b": whole(0)}), {"a": "x", "c": 5}), (record({}, {"b": whole(0)}), {"b": 0}),
]  # fmt: skip
MISFITS = [
    (text, 1, "the content must be text; got 1"),
    (flag, 1, "must be true or false; got 1"),
    (whole(0), True, "must be a whole number of at least 0; got True"),
    (whole(0), -1, "of at least 0; got -1"),
    (whole(0, 3), 4, "at least 0 and at most 3; got 4"),
    (whole(0), 2**64, "whole number of at least 0"),
    (whole(0), 1.0, "whole number"),
    (number, float("nan"), "must be a finite number; got nan"),
    (number, float("inf"), "must be a finite number"),
    (number, False, "must be a finite number"),
    (optional(text), 1, "must be text"),
    (listed(text), "ab", "must be a list; got 'ab'"),
    (listed(text), ["a", 1], r"\[1\] must be text; got 1"),
    (listed(text, most=1), ["a", "b"], "must be a list of at most 1 entries; got '2 of them'"),
    (named(text), {"a": 1}, "a must be text"),
    (named(text), {1: "a"}, "must be entries by name"),
    (record({"a": text}), {"b": 1}, r"must be entries with 'a'; got \['b'\]"),
    (record({"a": record({"b": listed(text)})}), {"a": {"b": [1]}}, r"a.b\[0\] must be text"),
    (record({}, {"a": text}), {"a": 1}, "a must be text"),
    (record({}), [], "must be entries by name"),
]


@pytest.mark.parametrize(("form", "value"), FITS)
def test_what_fits_is_returned(form, value):
    assert check_form("load", "a.json", value, form) is value


@pytest.mark.parametrize(("form", "value", "said"), MISFITS)
def test_a_misfit_is_named_with_its_file_and_place(form, value, said):
    with pytest.raises(FileFormatError, match=f"load: 'a.json' is damaged or of another kind: .*{said}"):
        check_form("load", "a.json", value, form)


def nested(depth):
    value = 1
    for _ in range(depth):
        value = {"a": value}
    return value


def laughs(levels):
    value = ["ha"] * 10
    for _ in range(levels):
        value = [value] * 10
    return value


def test_depth_and_number_of_values_are_bounded():
    check_depth("load", "a", nested(90), 1000)
    with pytest.raises(FileFormatError, match="nested more than 100 levels deep"):
        check_depth("load", "a", nested(101), 1000)
    with pytest.raises(FileFormatError, match="unfolds to more than 1,000 values"):
        check_depth("load", "a", laughs(40), 1000)


def test_a_form_that_calls_itself_too_often_is_told():
    def deep(value, place):
        deep(value, place)

    with pytest.raises(FileFormatError, match="it is nested too deep"):
        check_form("load", "a", 1, deep)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "is not valid JSON at line 1, column 2"),
        (b"\xff", "is not a text file, so not JSON either"),
        (b"\x80\x04.", "is a pickle, which could run code"),
        ("[" * 100_000, "is damaged or hostile: it is nested too deep"),
        ("[" * 500 + "]" * 500, "nested"),
        ("1" * 5000, "is damaged or hostile: Exceeds the limit"),
    ],
    ids=["half", "bytes", "pickle", "very deep", "deep", "digits"],
)
def test_json_that_is_none_is_refused_with_the_place(content, said):
    with pytest.raises(FileFormatError, match=f"load: 'a.json' {said}|load: 'a.json' .*{said}"):
        parse_json("load", "a.json", content)


def test_json_is_read_from_text_and_from_bytes():
    assert parse_json("load", "a.json", b'{"a": [1]}') == parse_json("load", "a.json", '{"a": [1]}') == {"a": [1]}
