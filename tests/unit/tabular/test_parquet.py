import sys

import pytest

pa = pytest.importorskip("pyarrow")

import pandas as pd  # noqa: E402

from onecycle.errors import ArgumentError, ArgumentTypeError, DataError  # noqa: E402
from onecycle.tabular import parquet  # noqa: E402
from onecycle.tabular.parquet import ParquetTable  # noqa: E402
from tests.unit.tabular.parquet_files import source, written  # noqa: E402


def test_groups_and_rows_are_numbered_over_all_files(tmp_path):
    frame = written(tmp_path)
    table = ParquetTable(tmp_path)
    assert table.counts.tolist() == [100] * 6 + [90] * 4 + [40]
    assert len(table) == 1000 and table.starts[6] == 600
    (found,) = table.frames(7, ["age", "work"])
    assert found.index[0] == 690
    assert found["age"].tolist() == frame["age"].iloc[690:780].tolist()


def test_a_large_group_comes_in_small_frames(tmp_path, monkeypatch):
    monkeypatch.setattr(parquet, "ROWS_AT_ONCE", 30)
    written(tmp_path)
    found = list(ParquetTable([tmp_path / "b.parquet"]).frames(0, ["age"]))
    assert [len(frame) for frame in found] == [30, 30, 30]
    assert [frame.index[0] for frame in found] == [0, 30, 60]


def test_dictionaries_are_read_as_their_values(tmp_path):
    pd.DataFrame({"town": pd.Categorical(["a", "b", None])}).to_parquet(tmp_path / "t.parquet")
    (frame,) = ParquetTable(tmp_path).frames(0, ["town"])
    assert frame["town"].dropna().tolist() == ["a", "b"]
    assert not isinstance(frame["town"].dtype, pd.CategoricalDtype)


def test_without_pyarrow_it_says_how_to_get_it(tmp_path, monkeypatch):
    written(tmp_path)
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with pytest.raises(ArgumentError, match=r"needs the package pyarrow, .* pip install 'onecycle\[tables\]'"):
        source(tmp_path)


def test_what_is_no_file_of_rows(tmp_path):
    with pytest.raises(DataError, match="no file .*parquet is there"):
        ParquetTable(tmp_path)
    with pytest.raises(DataError, match=r"'gone.parquet' cannot be opened"):
        ParquetTable("gone.parquet")
    with pytest.raises(ArgumentTypeError, match="files must be parquet files"):
        ParquetTable(3)
    (tmp_path / "text.parquet").write_text("a,b\n1,2\n")
    with pytest.raises(DataError, match="is no whole parquet file"):
        ParquetTable(tmp_path)
    pd.DataFrame({"age": [1]}).iloc[:0].to_parquet(tmp_path / "text.parquet")
    with pytest.raises(DataError, match="the table must have rows; there is none in"):
        ParquetTable(tmp_path)


def test_a_row_group_that_is_damaged_is_named(tmp_path):
    written(tmp_path)
    table = ParquetTable(tmp_path)
    data = (tmp_path / "b.parquet").read_bytes()
    (tmp_path / "b.parquet").write_bytes(bytes(len(data)))
    with pytest.raises(DataError, match=r"row group 1 of '.*b.parquet' cannot be read"):
        list(table.frames(7, ["age"]))
    (tmp_path / "b.parquet").unlink()
    with pytest.raises(DataError, match=r"row group 0 of '.*b.parquet' cannot be read"):
        list(table.frames(6, ["age"]))


def test_a_column_that_one_file_lacks(tmp_path):
    frame = written(tmp_path)
    frame.drop(columns="age").to_parquet(tmp_path / "c.parquet")
    with pytest.raises(DataError, match=r"c.parquet': there is no column 'age'. .*The columns are 'work'"):
        source(tmp_path)
