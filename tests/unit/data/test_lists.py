"""Lists side by side: words of the sentence, tests sets, printing."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from onecycle.data.item_list import ItemList
from onecycle.data.items import EmptyLabel
from onecycle.data.lists import ItemLists, LabelLists
from onecycle.errors import ArgumentError, DataError


def double(data):
    return data * 2


def test_lists_print_as_promised(rows, folder):
    small = ItemLists(folder, ItemList([1, 2], path="p"), ItemList([3], path="p"))
    assert repr(small) == (
        "ItemLists;\n\nTrain: ItemList (2 items)\n1,2\nPath: p;\n\nValid: ItemList (1 items)\n3\nPath: p;\n\nTest: None"
    )
    assert repr(rows.split_by_folder().label_from_folder()).startswith(
        "LabelLists;\n\nTrain: LabelList (20 items)\nx: RowList\n"
    )


def test_the_lists_there_are(labelled):
    assert labelled.lists == [labelled.train, labelled.valid]
    with_test = labelled.add_test(labelled.valid.x)
    assert with_test.lists == [with_test.train, with_test.valid, with_test.test]


def test_words_come_in_order(rows):
    lists = rows.split_by_folder()
    for word in ("transform", "transform_y", "databunch"):
        with pytest.raises(DataError, match=f"{word}: the items are not labelled yet. Call a label_"):
            getattr(lists, word)()


def test_transforms_come_as_a_pair(labelled):
    made = labelled.transform(([double], []), size=2)
    assert (made.train.tfms, made.valid.tfms) == ([double], [])
    assert labelled.train.tfms is None
    assert made.transform(None).train.tfms is None
    with pytest.raises(ArgumentError, match="transform: tfms must be a pair; got .*one may be None"):
        labelled.transform([double])


def test_transforms_reach_the_test_set(labelled):
    made = labelled.add_test(labelled.valid.x).transform((None, [double]), size=2).transform_y((None, []))
    assert made.test.tfms == [double]
    assert made.test.tfms_y == []
    assert made.train.tfm_y


def test_the_lists_pass_on_what_the_training_list_knows(labelled):
    assert labelled.x is labelled.train.x
    assert labelled.y is labelled.train.y
    assert (labelled.c, labelled.classes) == (2, ["cat", "dog"])
    assert labelled.loss_func is labelled.train.loss_func


def test_filter_leaves_out_of_all_lists(labelled):
    kept = labelled.filter_by_func(lambda x, y: y == 0)
    assert (len(kept.train), len(kept.valid)) == (10, 10)


def test_a_test_set_has_no_labels_or_one(labelled, rows):
    made = labelled.transform((None, [double])).add_test(rows[:3])
    assert len(made.test) == 3
    assert labelled.test is None
    x, y = made.test[0]
    assert isinstance(y, EmptyLabel)
    assert torch.equal(x.data, rows[0].data * 2)
    with_label = labelled.add_test(rows.items[:3], label="dog")
    assert str(with_label.test[0][1]) == "dog"


def test_a_folder_of_test_items(labelled, folder):
    (folder / "test").mkdir()
    np.save(folder / "test" / "x.npy", np.zeros(4, dtype=np.float32))
    made = labelled.add_test_folder()
    assert made.test.items.tolist() == [folder / "test" / "x.npy"]
    with pytest.raises(DataError, match="tset' does not exist. Did you mean 'test'"):
        labelled.add_test_folder("tset")


def test_databunch_takes_the_words_together(labelled, folder):
    data = labelled.databunch(bs=4, val_bs=5, device="cpu")
    assert data.label_list is labelled
    assert data.path == folder
    assert (len(data.train_dl), len(data.valid_dl)) == (5, 4)
    assert str(labelled.databunch(path="else", bs=4).path) == "else"


def test_state_goes_through_a_file(labelled, folder):
    labelled.valid.export(folder / "export.json")
    read = LabelLists.load_empty(folder)
    assert read.classes == ["cat", "dog"]
    assert (len(read.train), len(read.valid)) == (0, 0)


def test_processors_are_made_for_the_training_list(labelled):
    inputs, labels = labelled.get_processors()
    assert inputs == []
    assert labels[0].classes == ["cat", "dog"]


def test_label_for_lm_is_for_texts():
    with pytest.raises(DataError, match=r"label_for_lm: needs a list of texts; got .*ItemList.*TextList\.from_"):
        ItemList([1, 2, 3]).split_none().label_for_lm()
