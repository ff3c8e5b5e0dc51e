"""The data of a language model: streams, single texts, files."""

from __future__ import annotations

import json

import pytest
import torch

from onecycle.data.saving import load_data
from onecycle.errors import ArgumentError, DataError
from onecycle.text.lists import TextList
from onecycle.text.lm_bunch import TextLMDataBunch


@pytest.fixture
def data(frame, tmp_path):
    return TextLMDataBunch.from_df(tmp_path, frame.iloc[::2], frame.iloc[1::2], bs=4, bptt=9, device="cpu")


def epoch_of(loader, seed=3, epoch=0):
    loader.set_epoch(seed, epoch)
    return list(loader)


def test_batches_are_streams(data):
    batches = epoch_of(data.train_dl)
    assert [x.shape for x, _ in batches[:-1]] == [(4, 9)] * (len(batches) - 1) and len(batches) == len(data.train_dl)
    for (_, y), (x, _) in zip(batches[:-1], batches[1:], strict=True):
        assert torch.equal(y[:, -1], x[:, 0])
    words = data.vocab.textify(batches[0][0][0])
    assert words.startswith("xxbos")


def test_only_training_texts_are_shuffled(data):
    assert not torch.equal(epoch_of(data.train_dl)[0][0], epoch_of(data.train_dl, epoch=1)[0][0])
    assert torch.equal(epoch_of(data.valid_dl)[0][0], epoch_of(data.valid_dl, epoch=1)[0][0])
    assert torch.equal(epoch_of(data.fix_dl)[0][0], epoch_of(data.fix_dl, epoch=1)[0][0])


def test_looks_disturb_nothing(data):
    before = epoch_of(data.train_dl)
    data.train_dl.set_epoch(3, 0)
    torch.manual_seed(1)
    data.one_batch()
    assert torch.equal(before[1][0], list(data.train_dl)[1][0])


def test_sizes_can_be_changed(data):
    data.batch_size = 2
    assert data.one_batch()[0].shape == (2, 9) and data.valid_dl.dataset.bs == 2
    assert data.bptt == 9 and not data.backwards and data.loss_func is not None and data.classes is None
    assert data.c is None and data.path == data.train_ds.path


def test_datasets_are_the_lists_of_texts(data):
    assert len(data.train_ds) == 24 and data.valid_ds.vocab is data.vocab and data.test_ds is None
    text, label = data.valid_ds[0]
    assert str(text) == data.vocab.textify(text.data) and str(label) == ""


def test_one_text_is_a_batch(data):
    x, _ = data.single_batch("I loved it")
    assert data.vocab.textify(x[0]) == "xxbos i loved it"


def test_show_batch_and_repr(data, capsys):
    data.show_batch(rows=2)
    assert capsys.readouterr().out.splitlines()[0].split() == ["idx", "text"]
    assert repr(data).startswith("TextLMDataBunch;\n\nTrain: LabelList (24 items)\nx: LMTextList\nxxbos")


@pytest.mark.parametrize("how", [{"backwards": True}, {"jitter": True}, {"bptt": 12}])
def test_what_is_saved_is_read_alike(frame, tmp_path, how):
    given = {"bs": 4, "bptt": 9, "device": "cpu"} | how
    data = TextLMDataBunch.from_df(tmp_path, frame, frame, **given)
    data.save()
    again = load_data(tmp_path, bs=4, device="cpu")
    pairs = zip(epoch_of(data.train_dl), epoch_of(again.train_dl), strict=True)
    assert all(torch.equal(a[0], b[0]) for a, b in pairs)
    assert load_data(tmp_path, bs=4, bptt=20, device="cpu").bptt == 20


def test_exported_state_reads_raw_text(data, tmp_path):
    state = json.loads(json.dumps(data.export_state()))
    again = TextLMDataBunch.from_state(state, tmp_path, "cpu")
    assert torch.equal(again.single_batch("A good film")[0], data.single_batch("A good film")[0])
    assert again.bptt == 9 and again.is_empty


def test_folders_and_test_sets(folder, data):
    made = TextLMDataBunch.from_folder(folder, bs=2, bptt=8, device="cpu")
    assert made.train_ds.x.vocab is made.vocab and len(made.train_ds.x) == 24
    data.add_test(["I loved the good film"] * 4)
    assert data.test_dl.dataset.texts.total == 24 and next(iter(data.test_dl))[0].shape == (4, 5)


def test_tokens_need_no_labels(tmp_path):
    tokens = [["a", "film", "was", "bad"]] * 9
    data = TextLMDataBunch.from_tokens(tmp_path, tokens, None, tokens, None, bs=2, bptt=4, device="cpu")
    assert data.one_batch()[0].shape == (2, 4)


def test_a_small_corpus_is_one_narrow_batch(frame, tmp_path):
    with pytest.warns(UserWarning, match=r"training corpus has \d+ tokens, fewer than bs 16 x bptt 70 = 1120; its one"):
        data = TextLMDataBunch.from_df(tmp_path, frame, frame, bs=16, device="cpu")
    assert len(data.train_dl) == 1
    with pytest.raises(DataError, match=r"it has \d+ tokens in 48 texts, for bs 5000 and bptt 70\. Pass a bs of"):
        TextLMDataBunch.from_df(tmp_path, frame, frame, bs=5000, device="cpu")


def test_no_training_text(frame, tmp_path):
    texts = TextList.from_df(frame, tmp_path, cols="text")
    with pytest.raises(DataError, match="data: the training set is empty"):
        texts.split_by_list(texts[[]], texts).label_for_lm().databunch(bs=2, device="cpu")
    empty = texts.split_by_list(texts[[]], texts).label_for_lm().databunch(bs=2, device="cpu", no_check=True)
    assert len(empty.train_dl) == 0


def test_settings_are_checked(frame, tmp_path):
    with pytest.raises(ArgumentError, match="language model: bptt must be a whole number of at least 1; got 0"):
        TextLMDataBunch.from_df(tmp_path, frame, frame, bptt=0)


def test_a_language_model_learns_from_it(data):
    from torch import nn

    from onecycle.learner import Learner

    torch.manual_seed(0)
    vocab = len(data.vocab.itos)
    model = nn.Sequential(nn.Embedding(vocab, 16), nn.Linear(16, vocab))
    learn = Learner(data, model, silent=True)
    before = learn.validate(data.fix_dl)[0]
    learn.fit(5, 0.02)
    assert learn.validate(data.fix_dl)[0] < before - 0.5
