"""Data in files: states without items, saved data with them, and files that are refused."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from onecycle.data.bunch import DataBunch
from onecycle.data.categories import FloatList
from onecycle.data.item_list import ItemList
from onecycle.data.saving import load_data
from onecycle.errors import ArgumentError, FileFormatError, NotRegisteredError
from onecycle.utils.registry import register


def halve(data):
    return data / 2


def shift(batch):
    return batch[0] + 1, batch[1]


@pytest.fixture
def data(labelled):
    register("transform", "halve_of_tests")(halve)
    register("batch_transform", "shift_of_tests")(shift)
    return labelled.transform((None, [halve]), size=3).databunch(bs=8, dl_tfms=shift, device="cpu")


def test_a_bunch_predicts_the_same_from_its_state(data, row, tmp_path):
    state = json.loads(json.dumps(data.export_state()))
    read = DataBunch.from_state(state, tmp_path / "elsewhere", "cpu")
    item = row(torch.arange(4.0))
    assert torch.equal(read.one_item(item)[0], data.one_item(item)[0])
    assert read.one_item(item)[0].tolist() == [[1.0, 1.5, 2.0]]
    assert (read.classes, read.c, read.is_empty) == (["cat", "dog"], 2, True)
    assert read.path == tmp_path / "elsewhere"
    assert str(read.single_ds.y.reconstruct(torch.tensor(1))) == "dog"


def test_no_path_is_in_a_state(data, folder):
    assert str(folder) not in json.dumps(data.export_state())


def test_c_that_was_set_is_kept(data, tmp_path):
    data.c = 7
    assert DataBunch.from_state(data.export_state(), tmp_path, "cpu").c == 7


def test_a_subclass_has_more_to_keep(data, labelled, tmp_path):
    @register("data_bunch", "OwnOfTests")
    class Own(DataBunch):
        scale = 0

        def more_state(self):
            return {"scale": self.scale}

        def take_more_state(self, more):
            self.scale = more["scale"]

    own = Own.create(labelled.train, labelled.valid, bs=8, device="cpu")
    own.scale = 5
    read = DataBunch.from_state(own.export_state(), tmp_path, "cpu")
    assert isinstance(read, Own)
    assert read.scale == 5


@pytest.mark.parametrize("part", ["tfms", "collate_fn"])
def test_what_has_no_name_is_refused_with_the_cure(labelled, part):
    def nameless(value):
        return value

    data = labelled.databunch(bs=8, device="cpu", no_check=True)
    setattr(data.single_ds if part == "tfms" else data, part, nameless)
    with pytest.raises(
        ArgumentError, match="nameless .*cannot be written to a file.*registry.register"
    ) as caught:
        data.export_state()
    assert f"part: {part}" in caught.value.__notes__


def test_a_nameless_list_is_named(labelled):
    class Nameless(ItemList):
        pass

    data = Nameless([1, 2]).split_none().label_from_func(float).databunch(bs=2, device="cpu")
    with pytest.raises(ArgumentError, match="Nameless") as caught:
        data.export_state()
    assert "part: inputs" in caught.value.__notes__


def test_a_foreign_or_newer_state_is_refused(data):
    with pytest.raises(FileFormatError, match="no data state of onecycle"):
        DataBunch.from_state({"format": "other"})
    with pytest.raises(FileFormatError, match="has version 99, this onecycle reads up to 2. Install a newer"):
        DataBunch.from_state({**data.export_state(), "version": 99})
    with pytest.raises(NotRegisteredError, match="no item_list is named 'Unheard'"):
        state = data.export_state()
        state["labelled"]["x"]["cls"] = "Unheard"
        DataBunch.from_state(state)


def test_saved_data_comes_back_with_its_items(data):
    data.save()
    read = load_data(data.path, bs=8, device="cpu")
    assert repr(read) == repr(data)
    assert torch.equal(read.valid_dl.one_batch()[0], data.valid_dl.one_batch()[0])
    assert read.train_ds.x.items.tolist() == data.train_ds.x.items.tolist()
    assert '"train/cat/cat_0.npy"' in (data.path / "data_save.json").read_text()
    assert load_data(data.path, bs=4, device="cpu", dl_tfms=[]).dl_tfms == []


def test_saved_data_keeps_its_test_set(data, rows):
    data.add_test(rows[:3])
    data.save("mine.json")
    assert len(load_data(data.path, "mine.json", bs=8, device="cpu").test_ds) == 3


def test_saved_items_may_be_numbers_texts_and_lists(tmp_path):
    lists = (
        ItemList(np.arange(6).reshape(3, 2), path=tmp_path)
        .split_none()
        .label_from_lists([["a"], [], ["b", "a"]], [])
    )
    lists.databunch(bs=3, device="cpu").save()
    read = load_data(tmp_path, bs=3, device="cpu")
    assert read.train_ds.x.items.tolist() == [[0, 1], [2, 3], [4, 5]]
    assert read.train_ds.y.items.tolist() == [[0], [], [1, 0]]
    assert read.classes == ["a", "b"]
    numbers = ItemList(["x", "y"], path=tmp_path).split_none().label_from_lists([0.5, 1.5], [])
    numbers.databunch(bs=2, device="cpu").save()
    again = load_data(tmp_path, bs=2, device="cpu")
    assert isinstance(again.train_ds.y, FloatList)
    assert again.train_ds.y.items.tolist() == [0.5, 1.5]


def test_an_exported_state_has_no_items_to_load(data):
    data.export()
    with pytest.raises(ArgumentError, match="load_data: file must hold items and labels.*data.save"):
        load_data(data.path, "export.json")
    assert json.loads((data.path / "export.json").read_text())["format"] == "onecycle-data"
