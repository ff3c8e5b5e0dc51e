"""Weights whose numbers stand for other tokens, categories or classes than those of the data."""

from __future__ import annotations

import io
from types import SimpleNamespace

import pandas as pd
import pytest
import torch

from onecycle.collab.data import CollabDataBunch
from onecycle.collab.learner import collab_learner
from onecycle.errors import FileFormatError
from onecycle.tabular.learner import tabular_learner
from onecycle.tabular.lists import TabularList
from onecycle.tabular.procs import Categorify
from onecycle.text.language_learner import language_model_learner
from onecycle.text.learner import text_classifier_learner
from onecycle.text.vocab import Vocab
from onecycle.training.numbering import as_metadata, check_numbering, from_metadata, numbering_of
from tests.unit.text.corpora import TINY, class_data, language_data, sentences


def renamed(vocab):
    "The vocabulary with two of its words in each other's place."
    itos = list(vocab.itos)
    itos[9], itos[10] = itos[10], itos[9]
    return Vocab(itos)


def classifier(tmp_path, **how):
    settings = {"config": TINY["AWD_LSTM"], "pretrained": False, "silent": True}
    return text_classifier_learner(class_data(tmp_path, **how), "AWD_LSTM", **settings)


@pytest.mark.parametrize("file, how", [("w", {}), ("w", {"with_opt": False}), ("w.safetensors", {})])
def test_another_vocabulary_of_the_same_size_is_refused(tmp_path, file, how):
    one = classifier(tmp_path)
    one.fit(1, 1e-3)
    other = classifier(tmp_path, vocab=renamed(one.data.vocab))
    one.save(file, **how)
    one.load(file)
    before = [p.clone() for p in other.model.parameters()]
    with pytest.raises(FileFormatError, match=r"load: .* was made with other numbers for its vocabulary: it has \d"):
        other.load(file)
    assert all(map(torch.equal, before, other.model.parameters()))
    with pytest.warns(UserWarning, match="was made with other numbers for its vocabulary"):
        other.load(file, strict=False)
    assert all(map(torch.equal, one.model.parameters(), other.model.parameters()))


@pytest.mark.filterwarnings("ignore:texts. .* are not in the vocabulary given")
def test_a_vocabulary_of_another_size_is_said_before_shapes(tmp_path):
    one, other = classifier(tmp_path), classifier(tmp_path, vocab=Vocab(["xxunk", "xxpad", *"abcdef"]))
    file = io.BytesIO()
    one.save(file)
    file.seek(0)
    with pytest.raises(FileFormatError, match=r"its vocabulary: it has \d+ entries, the data 8, and 2 have the same"):
        other.load(file)


def test_language_models_too(tmp_path):
    def made(**how):
        data = language_data(tmp_path, sentences(80), **how)
        return language_model_learner(data, "AWD_LSTM", config=TINY["AWD_LSTM"], pretrained=False, silent=True)

    one, other = made(), made()
    one.save("lm")
    other.data.train_ds.x.vocab = renamed(other.data.vocab)
    with pytest.raises(FileFormatError, match="was made with other numbers for its vocabulary"):
        other.load("lm")


def table(values, tmp_path):
    frame = pd.DataFrame({"work": values * 10, "y": [0, 1, 0, 1] * 10})
    rows = TabularList.from_df(frame, ["work"], [], [Categorify], path=tmp_path).split_by_idx(range(8))
    return tabular_learner(rows.label_from_df("y").databunch(bs=8, device="cpu"), [4], silent=True)


def test_categories_of_a_table(tmp_path):
    one, other = table(["a", "b", "c", "d"], tmp_path), table(["a", "b", "c", "x"], tmp_path)
    one.save("w")
    one.load("w")
    said = r"categories of 'work': it has 5 entries, the data 5, and 4 have the same number \('d' here 'x'\)"
    with pytest.raises(FileFormatError, match=said):
        other.load("w")


def test_users_and_items_of_ratings(tmp_path):
    def made(users):
        frame = pd.DataFrame({"user": users * 10, "item": ["p", "q"] * 20, "rating": [1.0, 2.0, 3.0, 4.0] * 10})
        data = CollabDataBunch.from_df(frame, path=tmp_path, bs=8, device="cpu", seed=1)
        return collab_learner(data, n_factors=3, silent=True)

    made(["ann", "bob", "cid", "dan"]).save("w")
    with pytest.raises(FileFormatError, match="its list of categories of 'user'"):
        made(["ann", "bob", "cid", "eve"]).load("w")


def test_other_classes_give_a_warning(tmp_path):
    labels = ["many" if "these" in text else "one" for text in sentences(80)]
    one = classifier(tmp_path)
    other = classifier(tmp_path, vocab=one.data.vocab, labels=[{"one": "a", "many": "b"}[label] for label in labels])
    one.save("w")
    with pytest.warns(UserWarning, match=r"its classes: it has 2 entries, .*\('many' here 'a', 'one' here 'b'\)"):
        other.load("w")


def test_what_foreign_files_say_is_passed_over():
    data = SimpleNamespace(classes=["a", "b"])
    assert numbering_of(data) == ({}, {"classes": ["a", "b"]})
    for theirs in (None, 3, {}, {"classes": 3}, {"classes": ["a", "b", "c"]}):
        check_numbering("load", "file", theirs, data, True)
    assert from_metadata(as_metadata({"classes": ["ä"]})) == {"classes": ["ä"]}
    assert from_metadata({}) is from_metadata({"numbering": "{"}) is None
    assert as_metadata({}) is None
