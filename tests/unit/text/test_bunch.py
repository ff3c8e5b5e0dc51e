"""The data of a text task: padded batches, single texts, files."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from onecycle.data.saving import load_data
from onecycle.errors import ArgumentError, ArgumentTypeError, DataError
from onecycle.text.bunch import TextClasDataBunch, TextDataBunch
from onecycle.text.lists import TextList
from onecycle.text.samplers import SortishSampler, SortSampler
from onecycle.text.token_texts import TokenTexts
from onecycle.text.vocab import Vocab


@pytest.fixture
def data(frame, tmp_path):
    return TextClasDataBunch.from_df(tmp_path, frame.iloc[::2], frame.iloc[1::2], bs=8, device="cpu")


def test_batches_are_padded_in_front(data):
    data.train_dl.set_epoch(3, 0)
    batches = list(data.train_dl)
    assert len(batches) == 3 and {x.shape[0] for x, _ in batches} == {8}
    for x, y in batches:
        assert x.dtype == y.dtype == torch.int64 and (x[:, -1] != 1).all() and (x != 1).any(0).all()
    assert batches[0][0].shape[1] == max(x.shape[1] for x, _ in batches)


def test_validation_goes_from_long_to_short_and_back(data):
    sampler = data.valid_dl.dl.sampler
    assert isinstance(sampler, SortSampler) and isinstance(data.train_dl.dl.sampler, SortishSampler)
    labels = torch.cat([y for _, y in data.valid_dl])[sampler.inverse()]
    assert labels.tolist() == data.valid_ds.y.items.tolist()


def test_workers_change_nothing(data):
    data.train_dl.set_epoch(3, 0)
    here = list(data.train_dl)
    loader = data.train_dl.new(num_workers=2)
    loader.set_epoch(3, 0)
    assert all(torch.equal(a[0], b[0]) for a, b in zip(here, loader, strict=True))


@pytest.mark.parametrize("how", [{"pad_first": False}, {"backwards": True}, {"pad_idx": 0}])
def test_padding_can_be_chosen(frame, how):
    data = (
        TextList.from_df(frame, cols="text").split_none().label_from_df(cols="label")
        .databunch(bs=8, device="cpu", num_workers=0, **how)
    )  # fmt: skip
    x = next(x for x, _ in data.train_dl if len({int((row != how.get("pad_idx", 1)).sum()) for row in x}) > 1)
    first_token = x[:, -1] if how.get("backwards") else x[:, 0]
    assert (first_token == 2).all() == bool(how.get("backwards") or not how.get("pad_first", True))


def test_one_text_is_a_batch(data):
    x, _ = data.single_batch("I loved it")
    assert data.vocab.textify(x[0]) == "xxbos i loved it"
    assert data.one_item("I loved it")[0].tolist() == x.tolist()


def test_show_batch_prints_a_table(data, capsys):
    data.show_batch(rows=2)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["text", "target"] and len(lines) == 3 and lines[1].startswith("xxbos")


def test_it_prints_its_texts(data):
    assert repr(data).startswith("TextClasDataBunch;\n\nTrain: LabelList (24 items)\nx: TextList\nxxbos xxmaj what a")


def test_another_batch_size(data):
    data.batch_size = 4
    assert data.one_batch()[0].shape[0] == 4 and data.train_dl.dl.sampler.bs == 4
    assert len(data.fix_dl) == 6


def test_a_test_set_stays_in_its_order(frame, tmp_path, data):
    data.add_test(["bad film", "I loved the good film", "good"])
    assert [int((x != 1).sum()) for x, _ in data.test_dl.new(bs=1)] == [3, 6, 2]
    made = TextDataBunch.from_df(tmp_path, frame, frame, frame.iloc[:3], bs=8, device="cpu")
    assert isinstance(made, TextClasDataBunch) and len(made.test_ds) == 3


def test_several_labels_of_one_text(frame, tmp_path):
    frame["label"] = ["pos;long"] * 24 + ["neg"] * 24
    data = TextClasDataBunch.from_df(tmp_path, frame, frame, label_delim=";", bs=8, device="cpu")
    assert data.classes == ["long", "neg", "pos"]
    assert data.one_batch()[1].shape == (8, 3)


def test_several_columns_of_text(frame, tmp_path):
    frame["title"] = "Title"
    how = {"text_cols": ["title", "text"], "label_cols": "label", "mark_fields": True, "bs": 8, "device": "cpu"}
    data = TextClasDataBunch.from_df(tmp_path, frame, frame, **how)
    assert str(data.train_ds.x[3]).startswith("xxbos xxfld 1 xxmaj title xxfld 2 good")
    assert str(data.vocab.textify(data.single_batch(("A", "B"))[0][0])).startswith("xxbos xxfld 1")


def test_csv_files(frame, tmp_path):
    frame.to_csv(tmp_path / "texts.csv", index=False)
    np.random.seed(3)
    data = TextClasDataBunch.from_csv(tmp_path, "texts.csv", valid_pct=0.25, test="texts.csv", bs=8, device="cpu")
    assert (len(data.train_ds), len(data.valid_ds), len(data.test_ds)) == (36, 12, 48)
    with pytest.raises(DataError, match=r"'.*text\.csv' does not exist\. Did you mean 'texts\.csv'"):
        TextClasDataBunch.from_csv(tmp_path, "text.csv")


def test_folders(folder):
    data = TextDataBunch.from_folder(folder, test="test", bs=8, device="cpu")
    assert data.classes == ["neg", "pos"] and len(data.test_ds) == 1 and len(data.train_ds) == 24
    one = TextClasDataBunch.from_folder(folder, classes=["pos", "neg"], bs=8, device="cpu", cache=folder / "tokens")
    assert one.classes == ["pos", "neg"] and len(list((folder / "tokens").iterdir())) == 1


def test_tokens(tmp_path):
    tokens, labels = [["a", "film"], ["a", "bad", "film"]] * 4, ["pos", "neg"] * 4
    how = {"tst_tok": tokens[:1], "bs": 4, "device": "cpu"}
    data = TextClasDataBunch.from_tokens(tmp_path, tokens, labels, tokens, labels, **how)
    assert str(data.train_ds.x[1]) == "a bad film" and len(data.test_ds) == 1
    assert data.single_batch(["a", "film"])[0].shape == (1, 2)


def test_numbers(tmp_path):
    vocab = Vocab(["xxunk", "xxpad", "a", "film"])
    ids, labels = [[2, 3], [3], [2]] * 3, ["pos", "neg", "pos"] * 3
    data = TextClasDataBunch.from_ids(
        tmp_path, vocab, ids, ids, ids[:2], labels, labels, classes=["pos", "neg"], bs=3, device="cpu"
    )
    assert str(data.train_ds.x[0]) == "a film" and data.classes == ["pos", "neg"] and len(data.test_ds) == 2
    assert isinstance(data.train_ds.x.items, TokenTexts)
    with pytest.raises(DataError, match=r"from_ids: the numbers of tokens must be at least 0 and below 4, the.*got 9"):
        TextClasDataBunch.from_ids(tmp_path, vocab, [[9]], ids, None, labels, labels)
    with pytest.raises(DataError, match=r"from_ids: the numbers of tokens must be at least 0 and below 4.*got -3"):
        TextClasDataBunch.from_ids(tmp_path, vocab, [[-3]], ids, None, labels, labels)
    with pytest.raises(ArgumentError, match="from_ids: vocab must be the vocabulary of the numbers; got None"):
        TextClasDataBunch.from_ids(tmp_path, None, ids, ids)
    with pytest.raises(ArgumentError, match="labels must be given; got None.*TextLMDataBunch"):
        TextClasDataBunch.from_ids(tmp_path, vocab, ids, ids)


def test_what_is_saved_predicts_and_trains_alike(data, tmp_path):
    data.save()
    again = load_data(tmp_path, bs=8, device="cpu")
    assert isinstance(again, TextClasDataBunch) and again.classes == data.classes
    for loader in ("train_dl", "valid_dl"):
        one, other = getattr(data, loader), getattr(again, loader)
        one.set_epoch(1, 0), other.set_epoch(1, 0)
        assert all(torch.equal(a[0], b[0]) for a, b in zip(one, other, strict=True))
    assert torch.equal(again.single_batch("A good film")[0], data.single_batch("A good film")[0])


def test_load_reads_what_save_wrote(data, tmp_path):
    data.save("tmp.json")
    again = TextClasDataBunch.load(tmp_path, bs=4, device="cpu")
    assert again.batch_size == 4 and again.vocab.itos == data.vocab.itos
    other = TextClasDataBunch.load(tmp_path, processor=data.train_ds.x.processor[0], device="cpu", bs=4)
    assert len(other.train_ds.x.processor) == 1


def test_exported_state_predicts_from_raw_text(data, tmp_path):
    state = json.loads(json.dumps(data.export_state()))
    assert json.dumps(state).count('"loved"') == 1
    again = TextClasDataBunch.from_state(state, tmp_path, "cpu")
    assert again.vocab.itos == data.vocab.itos and again.classes == ["neg", "pos"]
    assert torch.equal(again.single_batch("I LOVED it")[0], data.single_batch("I LOVED it")[0])


def test_texts_without_a_word_pass(frame, tmp_path):
    frame.loc[0, "text"] = ""
    data = TextClasDataBunch.from_df(tmp_path, frame, frame, bs=48, device="cpu", include_bos=False)
    assert data.train_ds.x.items.lengths[0] == 0 and data.one_batch()[0].shape[0] == 48


def test_columns_that_are_not_there(frame, tmp_path):
    with pytest.raises(DataError, match="from_df: there is no column 'texts'. Did you mean 'text'"):
        TextClasDataBunch.from_df(tmp_path, frame, frame, text_cols="texts")
    with pytest.raises(DataError, match="label_from_df: there is no column 'labels'. Did you mean 'label'"):
        TextClasDataBunch.from_df(tmp_path, frame, frame, label_cols="labels")


def test_unknown_keywords_are_refused(frame, tmp_path):
    with pytest.raises(ArgumentTypeError, match="TextClasDataBunch.create: unknown keyword 'bptt'"):
        TextClasDataBunch.from_df(tmp_path, frame, frame, bptt=70)


def test_no_check_and_val_bs(frame, tmp_path):
    data = TextClasDataBunch.from_df(tmp_path, frame, frame, bs=8, val_bs=16, no_check=True, device="cpu")
    assert data.valid_dl.batch_size == 16 and data.train_dl.batch_size == 8


def test_an_exported_learner_predicts_from_raw_text(data, tmp_path):
    from torch import nn

    from onecycle.learner import Learner, load_learner

    def make_model():
        return nn.Sequential(nn.EmbeddingBag(len(data.vocab.itos), 8), nn.Linear(8, 2))

    torch.manual_seed(0)
    learn = Learner(data, make_model(), silent=True)
    learn.fit(4, 0.05)
    category, index, probabilities = learn.predict("I loved the good film")
    assert str(category) == "pos" and int(index) == 1
    learn.show_results(rows=2)
    learn.export()
    again = load_learner(tmp_path, model=make_model())
    assert torch.allclose(again.predict("I loved the good film")[2], probabilities)
    tested = load_learner(tmp_path, model=make_model(), test=TextList(["bad film", "good"]))
    assert len(tested.data.test_ds) == 2


class TestPadding:
    IDS, LABELS = [[1, 2, 3], [1], [2, 2]] * 2, ["x", "y"] * 3

    def make(self, path, vocab=tuple("abcd"), ids=IDS, **how):
        return TextClasDataBunch.from_ids(path, Vocab(vocab), ids, ids, None, self.LABELS, self.LABELS, bs=6, **how)

    def test_a_token_of_the_texts_cannot_be_padding(self, tmp_path):
        rule = "pad_idx must number a token for padding alone; texts hold 'b'; got 1.*Pass pad_idx="
        with pytest.raises(DataError, match=rule):
            self.make(tmp_path, device="cpu")
        assert self.make(tmp_path, device="cpu", no_check=True).one_batch()[0].shape == (6, 3)

    @pytest.mark.parametrize("pad_idx", [4, -1])
    def test_padding_is_in_the_vocabulary(self, tmp_path, pad_idx):
        with pytest.raises(ArgumentError, match="pad_idx must be the number of one of the 4 tokens of the vocabulary"):
            self.make(tmp_path, device="cpu", pad_idx=pad_idx)

    def test_another_number_is_shown_and_learnt_as_padding(self, tmp_path):
        data = self.make(tmp_path, device="cpu", pad_idx=0)
        xb, _ = data.one_batch()
        assert sorted(str(data.train_ds.x.reconstruct(row)) for row in xb) == ["b", "b", "b c d", "b c d", "c c", "c c"]

    def test_the_list_of_texts_may_say_it(self, tmp_path):
        texts = TextList(["a b c", "a"] * 4, pad_idx=0, vocab=Vocab(["_", "a", "b", "c", "xxbos"]), path=tmp_path)
        data = texts.split_by_idx([0, 1]).label_from_func(lambda text: str(text)[-1]).databunch(bs=6, device="cpu")
        assert data.one_batch()[0].tolist() == [[4, 1, 2, 3]] * 3 + [[0, 0, 4, 1]] * 3


def test_classes_must_be_folders(folder):
    with pytest.raises(DataError, match="classes must be names of folders; those with texts are neg, pos"):
        TextClasDataBunch.from_folder(folder, classes=["good"], device="cpu")


IDS = [[2, 4], [2, 5], [2, 6], [2, 7]]


def from_ids(tmp_path, labels, **how):
    vocab = Vocab(["xxunk", "xxpad", "xxbos", *"abcdef"])
    made = TextClasDataBunch.from_ids(tmp_path, vocab, IDS, IDS[:2], train_lbls=labels, valid_lbls=labels[:2],
                                      bs=2, device="cpu", **how)
    return made.train_ds.y.items.tolist(), made.classes


def test_labels_of_numbered_texts_are_class_numbers(tmp_path):
    for numbers in ([0, 1, 1, 0], np.array([0, 1, 1, 0]), torch.tensor([0, 1, 1, 0]), [np.int64(0), 1, 1, 0]):
        assert from_ids(tmp_path, numbers, classes=["neg", "pos"]) == ([0, 1, 1, 0], ["neg", "pos"])
        assert from_ids(tmp_path, numbers, classes=[1, 0]) == ([0, 1, 1, 0], [1, 0])
    assert from_ids(tmp_path, [False, True, True, False], classes=["neg", "pos"])[0] == [0, 1, 1, 0]
    assert from_ids(tmp_path, [False, True, True, False], classes=[True, False])[0] == [1, 0, 0, 1]
    assert from_ids(tmp_path, ["pos", "neg", "neg", "pos"], classes=["pos", "neg"]) == ([0, 1, 1, 0], ["pos", "neg"])
    assert from_ids(tmp_path, [7, 3, 3, 7]) == ([1, 0, 0, 1], [3, 7])


def test_several_class_numbers_a_text(tmp_path):
    items, classes = from_ids(tmp_path, [[0, 2], [1], [2], [0]], classes=["a", "b", "c"])
    assert items == [[0, 2], [1], [2], [0]] and classes == ["a", "b", "c"]


def test_a_number_of_no_class_is_refused(tmp_path):
    for number in (2, -1):
        with pytest.raises(DataError, match=rf"from_ids: train_lbls\[1\] must be the number of .*got {number}"):
            from_ids(tmp_path, [0, number, 1, 1], classes=["neg", "pos"])


def test_classes_that_are_no_folder_are_reported(folder):
    with pytest.warns(UserWarning, match="from_folder: 1 name in classes found nothing: 'poss'. Did you mean 'pos'"):
        TextClasDataBunch.from_folder(folder, classes=["neg", "pos", "poss"], bs=8, device="cpu")


@pytest.mark.filterwarnings("ignore:data. all items have one class")
def test_a_csv_file_in_another_encoding(tmp_path, frame):
    frame.assign(text="喜欢 " + frame.text).to_csv(tmp_path / "t.csv", index=False, encoding="gbk")
    data = TextClasDataBunch.from_csv(tmp_path, "t.csv", encoding="gbk", bs=8, device="cpu")
    assert "喜" in data.vocab.itos
