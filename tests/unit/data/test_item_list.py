"""Lists of items: indexing, settings, filters, processing, state, printing."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch

from onecycle.data.item_list import ItemList
from onecycle.data.items import ItemBase
from onecycle.data.processors import PreProcessor
from onecycle.errors import ArgumentError, ArgumentTypeError, DataError
from onecycle.utils.registry import register


class Shifted(ItemList):
    """Numbers with one setting."""

    def __init__(self, items, shift=0, **kwargs):
        super().__init__(items, **kwargs)
        self.shift = shift
        self.copy_new += ["shift"]

    def get(self, i):
        return self.items[i] + self.shift


class AddOne(PreProcessor):
    def process_one(self, item):
        return item + 1


def test_a_number_gives_an_item_and_the_rest_lists():
    numbers = Shifted([10, 20, 30], shift=1)
    assert numbers[0] == numbers[np.int64(0)] == numbers[torch.tensor(0)] == 11
    assert numbers[-1] == 31
    for part in (
        numbers[0:2],
        numbers[[0, 1]],
        numbers[np.array([True, True, False])],
        numbers[torch.tensor([0, 1])],
    ):
        assert isinstance(part, Shifted)
        assert list(part) == [11, 21]
    with pytest.raises(IndexError):
        numbers[3]


def test_a_part_keeps_its_rows_of_the_table():
    frame = pd.DataFrame({"a": [1, 2, 3]})
    part = ItemList.from_df(frame)[[2, 0]]
    assert part.inner_df["a"].tolist() == [3, 1]


def test_a_list_prints_its_first_items():
    assert repr(ItemList(range(7), path="here")) == "ItemList (7 items)\n0,1,2,3,4\nPath: here"


def test_a_broken_item_does_not_stop_printing():
    class Broken(ItemList):
        def get(self, i):
            raise OSError("gone")

    assert "<OSError>,<OSError>" in repr(Broken([1, 2]))


def test_new_keeps_the_settings():
    made = Shifted([1], shift=5, path="here").new([2, 3])
    assert list(made) == [7, 8]
    assert str(made.path) == "here"
    assert list(made.new([1], shift=0)) == [1]


def test_an_unknown_setting_is_refused(folder):
    with pytest.raises(
        ArgumentTypeError, match="Shifted.from_folder: unknown keyword 'shft'. Did you mean 'shift'"
    ):
        Shifted.from_folder(folder, shft=3)
    with pytest.raises(ArgumentTypeError, match="ItemList.from_df"):
        ItemList.from_df(pd.DataFrame({"a": [1]}), pth="x")


def test_add_makes_a_longer_list():
    first, second = ItemList([1, 2]), ItemList([3])
    assert first.add(second).items.tolist() == [1, 2, 3]
    assert first.items.tolist() == [1, 2]
    frames = [ItemList.from_df(pd.DataFrame({"a": [n]})) for n in (1, 2)]
    assert frames[0].add(frames[1]).inner_df["a"].tolist() == [1, 2]


def test_filters_make_shorter_lists(rows):
    assert len(rows.filter_by_func(lambda file: file.name == "cat_1.npy")) == 2
    assert len(rows.filter_by_folder(include=["train"])) == 20
    assert len(rows.filter_by_folder(exclude="train")) == 20
    with pytest.warns(UserWarning, match="filter_by_folder: 1 name in include .* 'trian'. Did you mean 'train'"):
        assert len(rows.filter_by_folder(include=["trian", "valid"])) == 20
    with pytest.warns(UserWarning, match="filter_by_folder: 1 name in exclude found nothing: 'vaild'"):
        assert len(rows.filter_by_folder(exclude="vaild")) == 40
    assert len(rows) == 40


def test_a_random_filter_repeats_with_its_seed():
    numbers = ItemList(range(100))
    state = np.random.get_state()[1].tolist()
    kept = numbers.filter_by_rand(0.3, seed=1).items.tolist()
    assert np.random.get_state()[1].tolist() == state
    assert kept == numbers.filter_by_rand(0.3, seed=1).items.tolist()
    assert kept == np.flatnonzero(np.random.RandomState(1).rand(100) < 0.3).tolist()
    np.random.seed(1)
    assert numbers.filter_by_rand(0.3).items.tolist() == kept


def test_processing_is_for_this_list_only():
    numbers = ItemList([1, 2], processor=AddOne())
    copy = numbers.fresh().process()
    assert copy.items.tolist() == [2, 3]
    assert numbers.items.tolist() == [1, 2]
    assert copy.process_one(5) == 6
    assert numbers.process_one(5, [AddOne(), AddOne()]) == 7


def test_processors_of_a_class_are_made_and_given_ones_copied():
    class WithClass(ItemList):
        _processor = AddOne

    assert isinstance(WithClass([1]).fitted_processors()[0], AddOne)
    own = AddOne()
    made = WithClass([1], processor=own).fitted_processors()[0]
    assert made is not own
    assert isinstance(made, AddOne)


def test_items_of_another_list_are_treated_as_ones_own():
    made = Shifted([1], shift=1).from_items(ItemList([5]))
    assert list(made) == [6]
    assert list(Shifted([1], shift=1).from_items([7])) == [8]


def test_items_are_written_to_a_text_file(tmp_path):
    ItemList(["b", "a"], path=tmp_path).to_text("items.txt")
    assert (tmp_path / "items.txt").read_text().split() == ["b", "a"]


def test_a_list_is_no_data_yet():
    with pytest.raises(DataError, match="not split and not labelled yet. Call a split_"):
        ItemList([1]).databunch()


def test_back_from_tensors():
    assert ItemList([1]).reconstruct(torch.tensor(3)) == ItemBase(torch.tensor(3))
    assert ItemList([1]).analyze_pred("same") == "same"


def test_samples_show_as_a_table(capsys):
    items = ItemList([1])
    items.show_xys(["text"], ["label"])
    items.show_xyzs(["text" * 30], ["label"], ["guess"])
    said = capsys.readouterr().out.splitlines()
    assert said[0].split() == ["input", "target"]
    assert said[1].split() == ["text", "label"]
    assert said[2].split() == ["input", "target", "prediction"]
    assert "…" in said[3]


def test_the_number_of_outputs_can_be_set():
    items = ItemList([1])
    assert items.c is None
    items.c = 3
    assert items.c == 3


def test_state_holds_the_settings_and_no_items():
    register("item_list", "ShiftedOfTests")(Shifted)
    made = Shifted([1, 2], shift=4, path="somewhere")
    made.c = 2
    state = made.get_state()
    assert "somewhere" not in str(state)
    read = ItemList.from_state(state, "elsewhere")
    assert isinstance(read, Shifted)
    assert (read.shift, read.c, len(read), str(read.path)) == (4, 2, 0, "elsewhere")


def test_a_kind_without_a_name_cannot_be_written():
    class Nameless(ItemList):
        pass

    with pytest.raises(ArgumentError, match=r"Nameless has no registered name.*register\('item_list'\)"):
        Nameless([1]).get_state()


def test_a_kind_may_read_its_state_in_its_own_way():
    @register("item_list", "OwnOfTests")
    class Own(ItemList):
        @classmethod
        def from_state(cls, state, path="."):
            return cls(["own"], path=path)

    assert ItemList.from_state(Own([1]).get_state()).items.tolist() == ["own"]


def test_settings_known_ends_where_keywords_are_not_passed_on():
    class Closed(ItemList):
        def __init__(self, items, only=1):
            super().__init__(items)

    assert Closed.settings_known() == {"only"}
    assert {"shift", "path", "processor"} <= Shifted.settings_known()


def test_masks_have_one_value_an_item():
    with pytest.raises(IndexError, match="a mask of 2 truth values for 3 items"):
        ItemList([1, 2, 3])[np.array([True, False])]


def test_a_share_and_a_list_that_are_none():
    for share in (2, "a", -0.1):
        with pytest.raises(ArgumentError, match="filter_by_rand: p must be a number between 0 and 1"):
            ItemList([1, 2]).filter_by_rand(share)
    with pytest.raises(ArgumentTypeError, match=r"add: items must be a list of items; got \[3\] \(list\)"):
        ItemList([1, 2]).add([3])


def test_an_item_that_a_filter_cannot_take_is_named():
    with pytest.raises(TypeError) as told:
        ItemList([1, 2]).filter_by_func(lambda item: item < 2 or item + "a")
    assert told.value.__notes__ == ["item: 2"]
