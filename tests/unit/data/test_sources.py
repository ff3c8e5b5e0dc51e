"""Finding items: folders, tables, and what is said when there is nothing."""

from __future__ import annotations

import os

import pandas as pd
import pytest

from onecycle.data.item_list import ItemList
from onecycle.data.sources import column_numbers, complete_values, get_files, need_frame, read_csv
from onecycle.errors import ArgumentError, DataError


@pytest.fixture
def files(tmp_path):
    for name in (
        "b/2.PNG",
        "b/1.png",
        "a/3.jpg",
        "a/deep/4.png",
        "5.png",
        ".hidden.png",
        ".git/6.png",
        "a-x/7.png",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    return tmp_path


def names(found, root):
    return [file.relative_to(root).as_posix() for file in found]


def test_files_are_sorted_and_hidden_ones_left_out(files):
    found = get_files(files, recurse=True)
    assert names(found, files) == ["5.png", "a/3.jpg", "a/deep/4.png", "a-x/7.png", "b/1.png", "b/2.PNG"]
    assert found == sorted(found)


def test_endings_match_in_any_case(files):
    assert names(get_files(files, [".PNG"], recurse=True), files) == [
        "5.png", "a/deep/4.png", "a-x/7.png", "b/1.png", "b/2.PNG",
    ]  # fmt: skip
    assert names(get_files(files, "jpg", recurse=True), files) == ["a/3.jpg"]


def test_without_recurse_only_the_folder_itself_is_looked_at(files):
    assert names(get_files(files), files) == ["5.png"]


def test_folders_can_be_included_and_excluded(files):
    assert names(get_files(files, recurse=True, include=["b"]), files) == ["5.png", "b/1.png", "b/2.PNG"]
    assert "a/deep/4.png" not in names(get_files(files, recurse=True, exclude=["deep"]), files)


def test_folders_that_are_not_there_are_reported(files):
    with pytest.warns(UserWarning, match="from_folder: 1 name in include found nothing: 'bb'. Did you"):
        ItemList.from_folder(files, include=["b", "bb"])
    with pytest.warns(UserWarning, match="from_folder: 1 name in exclude found nothing: 'dep'. Did you mean 'deep'"):
        ItemList.from_folder(files, exclude=["dep"])
    ItemList.from_folder(files, include=["a", "b"], exclude=["deep"])


@pytest.mark.skipif(not hasattr(os, "symlink"), reason="no links on this system")
def test_links_are_followed_on_request(files, tmp_path_factory):
    other = tmp_path_factory.mktemp("other")
    (other / "8.png").touch()
    (files / "link").symlink_to(other, target_is_directory=True)
    assert "link/8.png" not in names(get_files(files, recurse=True), files)
    assert "link/8.png" in names(get_files(files, recurse=True, followlinks=True), files)


def test_a_missing_folder_is_named(files):
    with pytest.raises(DataError, match=r"get_files: folder '.*bb' does not exist. Did you mean 'b'\?|a-x"):
        get_files(files / "bb")
    with pytest.raises(DataError, match="from_folder: folder .* is a file, not a folder"):
        ItemList.from_folder(files / "5.png")


def test_an_empty_folder_is_named(tmp_path):
    with pytest.raises(
        DataError, match="no item in folder .*looked for any file. The folder holds no file at all"
    ):
        ItemList.from_folder(tmp_path)


def test_a_folder_without_such_files_says_what_it_holds(files):
    with pytest.raises(DataError, match=r"looked for files ending in .gif, .tif. .* hold 5 .png, 1 .jpg"):
        ItemList.from_folder(files, extensions=[".tif", "gif"])
    with pytest.raises(DataError, match="in its subfolders c, d"):
        ItemList.from_folder(files, extensions=[".jpg"], include=["c", "d"])
    with pytest.raises(DataError, match="Pass recurse=True"):
        ItemList.from_folder(files, extensions=[".jpg"], recurse=False)


def test_an_empty_list_can_be_meant(tmp_path):
    assert len(ItemList.from_folder(tmp_path, ignore_empty=True)) == 0
    assert len(ItemList.from_folder(tmp_path / "missing", ignore_empty=True)) == 0


def test_columns_are_found_by_name_and_number():
    frame = pd.DataFrame({"name": ["a"], "label": ["x"], 7: [1]})
    assert column_numbers("f", frame, "label") == [1]
    assert column_numbers("f", frame, [0, "label"]) == [0, 1]
    assert column_numbers("f", frame, -1) == [2]
    assert column_numbers("f", frame, 7) == [2]


def test_a_missing_column_lists_those_there_are():
    frame = pd.DataFrame({"name": ["a"], "label": ["x"]})
    with pytest.raises(
        DataError, match=r"no column 'lable'. Did you mean 'label'\? The columns are 'name', 'label'"
    ):
        ItemList.from_df(frame, cols="lable")
    with pytest.raises(DataError, match="no column 5. The columns are"):
        ItemList.from_df(frame, cols=5)
    with pytest.raises(ArgumentError, match="cols must name at least one column"):
        complete_values("f", frame, [])


def test_missing_values_are_named_by_row():
    frame = pd.DataFrame({"name": ["a.png", "b.png"], "label": ["x", None]})
    with pytest.raises(
        DataError, match=r"1 of 2 rows have no value in column 'label': row 1 \(b.png\).*dropna"
    ):
        ItemList.from_df(frame).split_none().label_from_df("label")
    many = pd.DataFrame({"name": [None] * 8})
    with pytest.raises(DataError, match="and 3 more"):
        ItemList.from_df(many)


def test_items_come_from_columns():
    frame = pd.DataFrame({"name": ["a", "b"], "x": [1.0, 2.0], "y": [3.0, 4.0]})
    assert ItemList.from_df(frame).items.tolist() == ["a", "b"]
    rows = ItemList.from_df(frame, cols=["x", "y"])
    assert rows[1].tolist() == [2.0, 4.0]
    assert rows.inner_df is frame


def test_items_come_from_a_csv_file(tmp_path):
    (tmp_path / "labels.csv").write_text("name;label\na.png;x\nb.png;y\n")
    found = ItemList.from_csv(tmp_path, "labels.csv", delimiter=";")
    assert found.items.tolist() == ["a.png", "b.png"]
    assert found.path == tmp_path
    assert ItemList.from_csv(tmp_path, "labels.csv", header=None).items.tolist()[0] == "name;label"


def test_a_missing_or_odd_csv_file_is_named(tmp_path):
    (tmp_path / "labels.csv").touch()
    with pytest.raises(DataError, match=r"lables.csv' does not exist. Did you mean 'labels.csv'\?"):
        read_csv(tmp_path / "lables.csv")
    with pytest.raises(DataError, match="labels.csv' cannot be read as a table"):
        read_csv(tmp_path / "labels.csv")


def test_a_list_without_a_table_says_so():
    with pytest.raises(
        DataError, match="split_from_df: the items must come from a data frame. Make the list with"
    ):
        ItemList([1]).split_from_df()
    assert need_frame("f", 3) == 3


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_csv_file_states_its_encoding(tmp_path, encoding):
    (tmp_path / "t.csv").write_bytes("名,b\n猫,1\n".encode(encoding))
    frame = read_csv(tmp_path / "t.csv")
    assert list(frame.columns) == ["名", "b"] and frame.iloc[0].tolist() == ["猫", 1]


def test_a_csv_file_in_a_stated_encoding_and_in_a_wrong_one(tmp_path):
    (tmp_path / "t.csv").write_bytes("名,b\n猫,1\n".encode("gbk"))
    assert read_csv(tmp_path / "t.csv", encoding="gbk").iloc[0, 0] == "猫"
    assert ItemList.from_csv(tmp_path, "t.csv", encoding="gbk").items.tolist() == ["猫"]
    with pytest.raises(DataError, match=r"from_csv: .*t.csv' is not utf-8: byte 0xc3.*encoding='gbk' \(or from_df"):
        read_csv(tmp_path / "t.csv")
    with pytest.raises(DataError, match="is not utf-16"):
        read_csv(tmp_path / "t.csv", encoding="utf-16")
    with pytest.raises(ArgumentError, match="from_csv: encoding must be an encoding that Python knows; got 'gkb'"):
        read_csv(tmp_path / "t.csv", encoding="gkb")


BIG = 2**53


def test_large_whole_numbers_with_gaps_stay_apart(tmp_path):
    (tmp_path / "t.csv").write_text(f"id,x,y\n{BIG},1.5,1\n{BIG + 1},,2\n,2.5,3\n-{BIG + 3}, 3 ,4\n")
    frame = read_csv(tmp_path / "t.csv")
    assert str(frame.dtypes["id"]) == "Int64" and frame.id.dropna().tolist() == [BIG, BIG + 1, -BIG - 3]
    assert frame.x.dtype == float and frame.y.dtype == int and frame.id.isna().tolist() == [False, False, True, False]
    for number in (2**63 + 1, 2**70, -(2**63) - 2):
        (tmp_path / "v.csv").write_text(f"id,b\n{number},1\n,2\n{number + 1},3\n")
        assert list(map(str, read_csv(tmp_path / "v.csv").id))[::2] == [str(number), str(number + 1)]


def test_large_floats_with_gaps_stay_floats(tmp_path):
    (tmp_path / "t.csv").write_text("x\n1e300\n\"\"\n1.5\n9007199254740993.0\n")
    assert read_csv(tmp_path / "t.csv").x.dtype == float


def test_names_and_labels_of_a_csv_file_keep_their_zeros(tmp_path):
    (tmp_path / "l.csv").write_text("id,label,score,zip\n0001,01,0.5,7\n0002,1,0,08\n1.10,02,-3,9\n")
    frame = read_csv(tmp_path / "l.csv", names=0, keep_zeros=True)
    assert frame["id"].tolist() == ["0001", "0002", "1.10"]
    assert frame["label"].tolist() == ["01", "1", "02"]
    assert frame["score"].tolist() == [0.5, 0.0, -3.0]
    assert frame["zip"].tolist() == ["7", "08", "9"]
    assert read_csv(tmp_path / "l.csv", names="id")["label"].tolist() == [1, 1, 2]
    assert read_csv(tmp_path / "l.csv")["id"].tolist() == [1.0, 2.0, 1.1]
    assert ItemList.from_csv(tmp_path, "l.csv", cols="label").items.tolist() == ["01", "1", "02"]
    (tmp_path / "plain.csv").write_text("id,label\n7,1\n8,0\n,3\n")
    plain = read_csv(tmp_path / "plain.csv", names=[0], keep_zeros=True)
    assert plain["id"].tolist()[:2] == ["7", "8"]
    assert plain["label"].tolist() == [1, 0, 3]
