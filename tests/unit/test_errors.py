"""How sentences for the reader are built."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from onecycle import errors
from onecycle.errors import (
    ArgumentError,
    ArgumentTypeError,
    DataError,
    DownloadError,
    ErrorList,
    FileFormatError,
    NotRegisteredError,
    OnecycleError,
    TrainingError,
    add_context,
    check_function,
    check_keywords,
    describe,
    did_you_mean,
    explain,
    known_keywords_only,
)


@pytest.mark.parametrize(
    ("kind", "builtin"),
    [
        (ArgumentError, ValueError),
        (ArgumentTypeError, TypeError),
        (DataError, ValueError),
        (DownloadError, OSError),
        (FileFormatError, ValueError),
        (NotRegisteredError, LookupError),
        (TrainingError, RuntimeError),
    ],
)
def test_errors_are_also_what_python_programmers_expect(kind, builtin):
    assert issubclass(kind, OnecycleError)
    assert issubclass(kind, builtin)


def test_every_error_class_is_public_and_explained():
    kinds = [v for v in vars(errors).values() if isinstance(v, type) and issubclass(v, Exception)]
    assert len(kinds) >= 9
    assert all(kind.__name__ in errors.__all__ and kind.__doc__ for kind in kinds)


def test_describe():
    assert describe(3) == "3 (int)"
    assert describe("a") == "'a' (str)"
    assert describe(torch.zeros(2, 3)) == "Tensor of shape (2, 3)"
    assert describe(np.zeros(4)) == "ndarray of shape (4,)"
    long = describe("x" * 500)
    assert len(long) < 100
    assert "…" in long


def test_explain():
    assert explain("fit", "epochs", "must be at least 1", 0) == "fit: epochs must be at least 1; got 0 (int)."
    assert explain("fit", "", "needs data") == "fit: needs data."
    assert explain("fit", "lr", "must be set", cure="Pass lr.") == "fit: lr must be set. Pass lr."
    assert "got None (NoneType)" in explain("fit", "lr", "must be set", None)


def test_did_you_mean():
    assert did_you_mean("acuracy", ["accuracy", "dice"]) == " Did you mean 'accuracy'?"
    assert did_you_mean("zzz", ["accuracy"]) == ""
    assert did_you_mean("x", []) == ""


def test_check_keywords():
    check_keywords("transform", ["size"], ["size", "mode"])
    with pytest.raises(
        ArgumentTypeError, match=r"transform: unknown keyword 'szie'\. Did you mean 'size'\?.*mode, size"
    ):
        check_keywords("transform", ["szie", "mode"], ["size", "mode"])


def test_add_context():
    error = ValueError("broken")
    add_context(error, file="a.png", item=3)
    add_context(error, file="a.png", item=3)
    add_context(error, batch=1)
    assert error.__notes__ == ["file: a.png, item: 3", "batch: 1"]


def test_error_list():
    errors = ErrorList("check")
    errors.raise_if_any()
    errors.add("a.png is empty")
    assert len(errors) == 1
    with pytest.raises(DataError, match="^check: a.png is empty$"):
        errors.raise_if_any()
    for i in range(6):
        errors.add(f"b{i}")
    with pytest.raises(
        ArgumentError, match=r"(?s)check: 7 things are wrong\.\n  - a\.png.*b3\n  … and 2 more$"
    ):
        errors.raise_if_any(ArgumentError)


@pytest.mark.parametrize(
    ("word", "known", "meant"),
    [
        ("batch_size", ["batch_sampler", "bs"], "bs"),
        ("learning_rate", ["lr", "wd"], "lr"),
        ("epochs", ["cyc_len", "max_lr"], "cyc_len"),
        ("weight_decay", ["wd", "bn_wd"], "wd"),
        ("transforms", ["size", "ds_tfms"], "ds_tfms"),
    ],
)
def test_words_of_the_field_lead_to_the_short_names(word, known, meant):
    assert did_you_mean(word, known) == f" Did you mean {meant!r}?"


def test_known_keywords_only():
    class Cup:
        @known_keywords_only
        def fill(self, volume: float = 1.0) -> float:
            "Pour."
            return volume

    assert Cup().fill(2) == Cup().fill(volume=2) == 2
    assert Cup.fill.__doc__ == "Pour."
    with pytest.raises(ArgumentTypeError, match="fill: unknown keyword 'volum'. Did you mean 'volume'"):
        Cup().fill(volum=2)


def test_check_function():
    check_function("label_from_func", "func", str)
    with pytest.raises(ArgumentTypeError, match=r"label_from_func: func must be a function; got 'a' \(str\)"):
        check_function("label_from_func", "func", "a")
