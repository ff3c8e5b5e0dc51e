"""Splitting: which items go where, and what is refused."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from onecycle.data.item_list import ItemList
from onecycle.errors import ArgumentError, ArgumentTypeError, DataError


@pytest.fixture
def numbers():
    return ItemList(range(100))


def sets(lists):
    return lists.train.items.tolist(), lists.valid.items.tolist()


def test_the_random_split_is_the_first_part_of_numpys_permutation(numbers):
    state = np.random.get_state()[1].tolist()
    train, valid = sets(numbers.split_by_rand_pct(0.2, seed=2))
    assert valid == np.random.RandomState(2).permutation(100)[:20].tolist()
    assert train == sorted(set(range(100)) - set(valid))
    assert np.random.get_state()[1].tolist() == state


def test_without_a_seed_numpys_generator_decides(numbers):
    np.random.seed(7)
    first = sets(numbers.split_by_rand_pct(0.2))
    np.random.seed(7)
    assert sets(numbers.random_split_by_pct(0.2)) == first
    assert first[1] == np.random.RandomState(7).permutation(100)[:20].tolist()


def test_the_share_is_rounded_down():
    assert len(ItemList(range(7389)).split_by_rand_pct(0.2, seed=2).valid) == 1477


@pytest.mark.parametrize("share", [-0.1, 1.5, "0.2"])
def test_a_share_is_between_0_and_1(numbers, share):
    with pytest.raises(ArgumentError, match="valid_pct must be a number between 0 and 1; got .*0.2 means a fifth"):
        numbers.split_by_rand_pct(share)


def test_a_stratified_split_takes_its_share_of_each_label(numbers):
    labels = ["a"] * 50 + ["b"] * 30 + ["c"] * 20
    train, valid = sets(numbers.split_by_rand_pct(0.2, seed=1, stratify=labels))
    assert Counter(labels[i] for i in valid) == {"a": 10, "b": 6, "c": 4}
    assert sorted(train + valid) == list(range(100))
    again = numbers.split_by_rand_pct(0.2, seed=1, stratify=lambda i: labels[i])
    assert sets(again)[1] == valid
    assert len(numbers.split_by_rand_pct(0.15, seed=1, stratify=labels).valid) == 15


def test_a_label_with_one_item_cannot_be_shared_out(numbers):
    with pytest.raises(DataError, match="at least two items of each label; these have one: 'odd'"):
        numbers.split_by_rand_pct(0.2, stratify=["a"] * 99 + ["odd"])
    with pytest.raises(DataError, match="and 90 more"):
        numbers.split_by_rand_pct(0.2, stratify=range(100))


def test_there_is_one_label_an_item(numbers):
    with pytest.raises(ArgumentError, match="stratify must have one value for each of the 100 items; got 3"):
        numbers.split_by_rand_pct(0.2, stratify=[1, 2, 3])


def test_no_group_is_in_both_sets(numbers):
    lists = numbers.split_by_group(lambda i: i // 7, 0.2, seed=3)
    train, valid = ({item // 7 for item in part} for part in sets(lists))
    assert not train & valid
    assert 20 <= len(lists.valid) < 27
    assert sets(numbers.split_by_group([i // 7 for i in range(100)], 0.2, seed=3)) == sets(lists)


def test_one_group_is_always_left_to_train(numbers):
    assert len(numbers.split_by_group(lambda i: i % 2, 1.0, seed=0).train) == 50
    with pytest.raises(DataError, match="must give at least two groups"):
        numbers.split_by_group(lambda i: 0)


def test_subsets_need_not_be_all(numbers):
    train, valid = sets(numbers.split_subsets(0.3, 0.1, seed=5))
    assert (len(train), len(valid)) == (30, 10)
    assert not set(train) & set(valid)
    assert len(numbers.split_subsets(0.3, 0.0, seed=5).valid) == 0
    with pytest.raises(ArgumentError, match="must be at most 1; got 1.2"):
        numbers.split_subsets(0.9, 0.3)


def test_a_part_of_the_data_can_be_tried(numbers):
    part = numbers.use_partial_data(0.1, seed=4)
    assert part.items.tolist() == np.random.RandomState(4).permutation(100)[:10].tolist()
    assert isinstance(part, ItemList)


def test_splitting_by_positions(numbers):
    assert sets(numbers.split_by_idx([3, 1]))[1] == [3, 1]
    assert sets(numbers.split_by_idxs([0, 1], [5])) == ([0, 1], [5])
    assert sets(numbers.split_by_idx([-1]))[0] == list(range(99))
    with pytest.raises(DataError, match="valid_idx must hold positions of the 100 items; got 100"):
        numbers.split_by_idx([100])


def test_no_validation_set(numbers):
    for lists in (numbers.split_none(), numbers.no_split()):
        assert len(lists.train) == 100
        assert len(lists.valid) == 0


def test_splitting_by_a_function_and_by_lists(numbers):
    assert sets(numbers.split_by_valid_func(lambda i: i > 97))[1] == [98, 99]
    assert sets(numbers.split_by_list(numbers[:2], numbers[2:4])) == ([0, 1], [2, 3])


def test_splitting_by_folder(rows):
    lists = rows.split_by_folder()
    assert {Path(item).parts[-3] for item in lists.train.items} == {"train"}
    assert (len(lists.train), len(lists.valid)) == (20, 20)


def test_a_missing_folder_lists_those_there_are(rows):
    with pytest.raises(
        DataError, match=r"no item is in folder 'vald'.*Did you mean 'valid'.*train \(20\), valid \(20\)"
    ):
        rows.split_by_folder(valid="vald")
    with pytest.raises(DataError, match="The items are in no subfolder"):
        ItemList(["a.png"]).split_by_folder()


def test_splitting_by_names(rows, folder):
    assert len(rows.split_by_files(["cat_1.npy"]).valid) == 2
    assert len(rows.split_by_files([folder / "train/cat/cat_1.npy"]).valid) == 1
    with pytest.raises(
        DataError, match=r"none of the 1 names is a file of the list.*Did you mean 'cat_"
    ):
        rows.split_by_files(["cat_1.np"])
    (folder / "valid.txt").write_text("cat_1.npy\n\ndog_2.npy\n")
    assert len(rows.split_by_fname_file("valid.txt").valid) == 4
    assert len(rows.split_by_fname_file("valid.txt", path=folder).valid) == 4
    with pytest.raises(DataError, match="missing.txt' does not exist"):
        rows.split_by_fname_file("missing.txt")


def test_splitting_by_a_column():
    frame = pd.DataFrame(
        {"x": range(4), "y": range(4), "is_valid": [False, True, False, True], "z": [0, 1, 2, 0]}
    )
    items = ItemList.from_df(frame)
    assert sets(items.split_from_df()) == ([0, 2], [1, 3])
    assert sets(items.split_from_df("is_valid"))[1] == [1, 3]
    assert len(ItemList.from_df(frame[frame.z < 2]).split_from_df("z").valid) == 1
    with pytest.raises(DataError, match="column 'z' must hold True and False, or 1 and 0; got 2"):
        items.split_from_df("z")


def test_the_top_folder_of_a_file():
    items = ItemList([], path="root")
    assert items.top_folder(Path("root/train/a.png")) == "train"
    assert items.top_folder(Path("root/a.png")) == ""
    assert items.top_folder("train/a.png") == "train"
    assert items.top_folder(3) == ""


def test_a_share_of_less_than_one_item_is_told():
    with pytest.warns(UserWarning, match="valid_pct 0.1 of 4 items is less than one item: the validation set is empty"):
        assert len(ItemList([1, 2, 3, 4]).split_by_rand_pct(0.1).valid) == 0
    assert len(ItemList([1, 2, 3, 4]).split_by_rand_pct(0).valid) == 0


def test_masks_are_told_from_positions():
    mask = np.array([False, True, False, False])
    for given in (mask, mask.tolist(), pd.Series(mask), torch.from_numpy(mask)):
        with pytest.raises(ArgumentTypeError, match=r"Pass the positions of what is true: np.flatnonzero\(valid_idx\)"):
            ItemList([1, 2, 3, 4]).split_by_idx(given)
    with pytest.raises(ArgumentTypeError, match="split_by_idxs: train_idx must hold whole numbers"):
        ItemList([1, 2, 3, 4]).split_by_idxs([True], [0])


def test_items_in_both_sets_or_twice_are_told(tmp_path):
    items = ItemList([1, 2, 3, 4], path=tmp_path)
    with pytest.warns(UserWarning, match="split_by_idxs: 1 item is in the training and in the validation set"):
        items.split_by_idxs([0, -1], [3])
    with pytest.warns(UserWarning, match="split_by_idx: valid_idx names 1 of 3 positions again"):
        assert sets(items.split_by_idx([3, 1, -1])) == ([1, 3], [4, 2, 4])
    files = ItemList([tmp_path / "train" / "a", tmp_path / "train" / "b"], path=tmp_path)
    with pytest.warns(UserWarning, match="split_by_folder: 2 items are in the training and in the validation set"):
        files.split_by_folder("train", "train")


def test_shares_are_numbers_of_any_library():
    items = ItemList(range(10))
    assert len(items.split_by_rand_pct(np.float32(0.5)).valid) == 5
    for share in (True, "0.2", float("nan")):
        with pytest.raises(ArgumentError, match="valid_pct must be a number between 0 and 1"):
            items.split_by_rand_pct(share)
    with pytest.warns(UserWarning, match="sample_pct 0.01 of 10 items is less than one item: the list is empty"):
        assert len(items.use_partial_data(0.01)) == 0


def test_labels_to_be_shared_out_are_values_or_a_function():
    for given in ("label", 3):
        with pytest.raises(ArgumentTypeError, match=r"stratify must be values or a function; .* such as a column df"):
            ItemList(range(4)).split_by_rand_pct(0.5, stratify=given)
    with pytest.raises(ArgumentTypeError, match="group must give texts or numbers; got"):
        ItemList(range(4)).split_by_group(lambda item: [item])
    labels = torch.tensor([0, 0, 1, 1])
    assert len(ItemList(range(4)).split_by_rand_pct(0.5, seed=0, stratify=labels).valid) == 2


def test_items_that_are_no_files():
    with pytest.raises(DataError, match=r"split_by_files: needs items that are files; got 1 \(int\)"):
        ItemList([1, 2]).split_by_files(["a"])
    with pytest.raises(ArgumentTypeError, match="valid_names must be several names; got 'a'.*split_by_fname_file"):
        ItemList([Path("a")]).split_by_files("a")


def test_a_column_with_gaps_splits_nothing():
    for values in (pd.array([True, None], dtype="boolean"), [1.0, None], [True, None]):
        with pytest.raises(DataError, match="column 'v' must hold True and False, or 1 and 0"):
            ItemList.from_df(pd.DataFrame({"x": [1, 2], "v": values})).split_from_df("v")
    frame = pd.DataFrame({"x": [1, 2], "v": pd.array([True, False], dtype="boolean")})
    assert sets(ItemList.from_df(frame).split_from_df("v")) == ([2], [1])


@pytest.fixture
def cats(tmp_path):
    names = ["a.png", "b.png", "sub/c.png", "猫.png", "u\u0308.png"]  # the last as macOS stores it
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    return ItemList.from_folder(tmp_path)


def valid_of(split):
    return sorted(item.name for item in split.valid.items)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
def test_a_file_of_names_in_any_encoding(cats, encoding):
    (cats.path / "v.txt").write_bytes("a.png\r\n猫.png\r\n".encode(encoding))
    stated = encoding if encoding == "gb18030" else None
    assert valid_of(cats.split_by_fname_file("v.txt", encoding=stated)) == ["a.png", "猫.png"]


def test_names_that_no_file_has_are_reported(cats):
    for name in ("bb.png", "b", "B.png", "sub/d.png"):
        with pytest.warns(UserWarning, match=f"split_by_files: 1 name in valid_names found nothing: {name!r}"):
            assert valid_of(cats.split_by_files(["a.png", name])) == ["a.png"]
    (cats.path / "v.txt").write_text("a.png\nnope.png\n")
    with pytest.warns(UserWarning, match="split_by_fname_file: 1 name in valid_names found nothing: 'nope.png'"):
        cats.split_by_fname_file("v.txt")
    (cats.path / "v.txt").write_bytes("狗.png\n".encode("gbk"))
    with pytest.raises(DataError, match="split_by_fname_file: file .*v.txt' is not utf-8: byte 0xb9"):
        cats.split_by_fname_file("v.txt")
    with pytest.raises(ArgumentTypeError, match=r"split_by_files: valid_names must hold names of files; got 3 \(int\)"):
        cats.split_by_files(["a.png", 3])


def test_names_below_the_path_and_in_either_form_of_accents(cats):
    assert valid_of(cats.split_by_files(["sub/c.png"])) == ["c.png"]
    assert len(cats.split_by_files(["\u00fc.png"]).valid) == 1
    assert valid_of(cats.split_by_files(np.array(["a.png", "b.png"]))) == ["a.png", "b.png"]
