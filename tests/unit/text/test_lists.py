"""Lists of texts: from folders and tables, as items, as tables, as state."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from onecycle.data.item_list import ItemList
from onecycle.errors import DataError
from onecycle.text.items import Text
from onecycle.text.lists import LMLabelList, LMTextList, TextList
from onecycle.text.processors import NumericalizeProcessor, TokenizeProcessor
from onecycle.text.vocab import Vocab

VOCAB = Vocab(["xxunk", "xxpad", "xxbos", "a", "film"])


def test_a_list_prints_its_texts(frame):
    said = repr(TextList.from_df(frame, cols="text"))
    assert said.startswith("TextList (48 items)\nWhat a good film, I loved it ,Great and good acting ,")


def test_processed_texts_are_items(frame):
    labelled = TextList.from_df(frame, cols="text").split_none().label_from_df(cols="label")
    item = labelled.train.x[1]
    assert isinstance(item, Text) and item.data.dtype == np.int64
    assert str(item) == "xxbos xxmaj great and good acting"
    assert str(labelled.train[1][1]) == "pos"
    assert labelled.train.x.vocab.itos[:3] == ["xxunk", "xxpad", "xxbos"]


def test_files_of_a_folder(folder):
    found = TextList.from_folder(folder)
    assert len(found) == 49 and all(file.suffix == ".txt" for file in found.items)
    labelled = found.split_by_folder().label_from_folder()
    assert labelled.classes == ["neg", "pos"] and str(labelled.valid.x[0]) == "xxbos a bad film , i hated it"
    with pytest.warns(UserWarning, match="are not in the vocabulary given"):
        assert len(TextList.from_folder(folder, vocab=VOCAB).split_none().label_for_lm().train.x.vocab.itos) == 5


def test_an_empty_folder_is_said(tmp_path):
    with pytest.raises(DataError, match=r"no item in folder .*ending in \.txt.* holds no file at all"):
        TextList.from_folder(tmp_path)


def test_rows_without_a_text_are_named(frame):
    frame.loc[5, "text"] = None
    with pytest.raises(DataError, match=r"from_df: 1 of 48 rows have no value in column 'text': row 5 \(neg\)"):
        TextList.from_df(frame, cols="text")
    with pytest.raises(DataError, match="there is no column 'txt'. Did you mean 'text'"):
        TextList.from_df(frame, cols="txt")


def test_rows_without_a_label_are_named(frame):
    frame.loc[5, "label"] = None
    with pytest.raises(DataError, match="label_from_df: 1 of .* rows have no value in column 'label': row 5"):
        TextList.from_df(frame, cols="text").split_by_idx([1, 2]).label_from_df(cols="label")


def test_files_of_another_encoding_are_named(folder):
    (folder / "train" / "pos" / "1.txt").write_bytes(b"caf\xe9")
    with pytest.raises(DataError, match=r"1\.txt' is not utf-8: byte 0xe9 at position 3 \(line 1\)"):
        TextList.from_folder(folder).split_by_folder().label_from_folder()


def test_texts_of_a_language_model_have_no_labels(frame):
    texts = TextList.from_df(frame, cols="text")
    lists = texts.split_by_rand_pct(0.2, seed=1).label_for_lm()
    assert isinstance(lists.train.x, LMTextList) and isinstance(lists.valid.y, LMLabelList)
    assert type(lists.loss_func).__name__ == "FlattenedLoss"
    assert isinstance(texts.label_for_lm().x, LMTextList)
    assert type(texts) is TextList and isinstance(texts[0], str)
    assert lists.train.x.for_lm() is lists.train.x
    assert lists.train.x.inner_df is not None and lists.train.x.path == texts.path


def test_reconstruct_leaves_the_padding_out():
    text = TextList([], vocab=VOCAB, ignore_empty=True).reconstruct(torch.tensor([1, 1, 2, 3, 4]))
    assert str(text) == "xxbos a film" and text.data.tolist() == [2, 3, 4]


def test_texts_are_shown_with_what_goes_with_them(capsys):
    texts = TextList([], vocab=VOCAB, ignore_empty=True)
    texts.show_xyzs(["xxbos a film", "a"], ["pos", "neg"], ["neg", "neg"], max_len=2)
    lines = capsys.readouterr().out.splitlines()
    assert lines == ["text     target  prediction", "xxbos a  pos     neg", "a        neg     neg"]
    texts.show_xys(["a"], ["pos"])
    assert capsys.readouterr().out == "text  target\na     pos\n"
    TextList([], vocab=VOCAB, sep="", ignore_empty=True).show_xys(["abcdef"], ["pos"], max_len=3)
    assert capsys.readouterr().out.splitlines()[1] == "abc   pos"
    LMTextList([], vocab=VOCAB, ignore_empty=True).show_xys(["a film"], [None])
    assert capsys.readouterr().out == "idx  text\n0    a film\n"


def test_state_has_the_vocabulary_once():
    processed = TextList(["a film"] * 3, processor=[TokenizeProcessor(), NumericalizeProcessor()]).fresh().process()
    assert processed.get_state()["itos"] is None and "vocab" not in processed.get_state()["args"]
    alone = TextList([[3, 4]], vocab=VOCAB, sep="", pad_idx=0)
    again = ItemList.from_state(json.loads(json.dumps(alone.get_state())))
    assert isinstance(again, TextList) and again.vocab.itos == VOCAB.itos
    assert again.sep == "" and again.pad_idx == 0 and alone.vocab is VOCAB


def test_several_columns_are_one_item():
    texts = TextList([], vocab=VOCAB, ignore_empty=True)
    assert texts.as_item(("a", "b")).shape == (2,)
    assert texts.as_item("a") == "a"
