"""Parquet columns with gaps, of large numbers, of another kind in each file: the codes of `from_df`, or an error."""

import pytest

pa = pytest.importorskip("pyarrow")

import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
import pyarrow.parquet as pq  # noqa: E402

from onecycle.errors import DataError  # noqa: E402
from onecycle.tabular.lists import TabularList  # noqa: E402
from onecycle.tabular.procs import Categorify, FillMissing, Normalize  # noqa: E402

BIG, ROWS = 2**53, 40
PROCS = [FillMissing, Categorify, Normalize]
WHOLE = [BIG + i for i in range(ROWS)]
GAPS = [None if i % 5 == 0 else number for i, number in enumerate(WHOLE)]
ONE_GAP = [None if i == 3 else number for i, number in enumerate(WHOLE)]
ROUNDED = [None if number is None else float(number) for number in GAPS]
LABELS = ["a", "b"] * (ROWS // 2)


def written(folder, *columns):
    "One file a column, with row groups of 7 rows."
    tables = [pa.table({"x": column, "y": LABELS}) for column in columns]
    for number, table in enumerate(tables):
        pq.write_table(table, folder / f"{number}.parquet", row_group_size=7)
    return tables


def streamed(folder, cats=("x",), conts=()):
    rows = TabularList.from_parquet(folder, list(cats), list(conts), PROCS, path=folder)
    return rows.split_none().label_from_df("y").train.x


def at_once(table, cats=("x",), conts=()):
    rows = TabularList.from_df(table, list(cats), list(conts), PROCS)
    return rows.split_none().label_from_df("y").train.x


def codes_and_numbers(x):
    return [np.stack(part) for part in zip(*(x.items.row(i) for i in range(len(x.items))), strict=True)]


COLUMNS = {
    "gaps": (GAPS, GAPS),
    "a gap in one row group": (ONE_GAP, WHOLE),
    "unsigned": (pa.array([None if n is None else n + 2**63 for n in GAPS], pa.uint64()),) * 2,
    "small": (pa.array([1, None, 3, 2] * 10, pa.int8()),) * 2,
    "truth values": ([True, False] * 20, [True, None] * 20),
    "text": (["u", "v"] * 20, ["w", None] * 20),
    "dictionary of text": (pa.array(["u", "v"] * 20).dictionary_encode(),) * 2,
}


@pytest.mark.parametrize("name", COLUMNS)
def test_codes_are_those_of_from_df(tmp_path, name):
    table = pa.concat_tables(written(tmp_path, *COLUMNS[name]))
    one, other = streamed(tmp_path), at_once(table)
    assert np.array_equal(codes_and_numbers(one)[0], codes_and_numbers(other)[0])
    assert one.processor[0].classes == other.processor[0].classes


@pytest.mark.parametrize("columns, values", [
    ((GAPS, pa.array(ONE_GAP).dictionary_encode()), WHOLE),
    (([1, 2] * 20, [1.0, None] * 20), [1.0, 2.0]),
    ((pa.nulls(ROWS), ["u", "v"] * 20), ["u", "v"]),
    ((pa.array([1, 2] * 20, pa.int8()), pa.array([1, None] * 20, pa.int64())), [1, 2]),
    ((pa.array(["u"] * ROWS).dictionary_encode(), pa.array(["v"] * ROWS, pa.large_string())), ["u", "v"]),
])  # fmt: skip
def test_one_kind_in_several_types(tmp_path, columns, values):
    written(tmp_path, *columns)
    x = streamed(tmp_path)
    assert x.processor[0].classes["x"] == ["#na#", *values]
    given = [value for column in columns for value in (column.to_pylist() if hasattr(column, "to_pylist") else column)]
    expected = [0 if value is None else 1 + values.index(value) for value in given]
    assert codes_and_numbers(x)[0][:, 0].tolist() == expected


def test_numbers_with_gaps_are_filled_as_by_from_df(tmp_path):
    table = pa.concat_tables(written(tmp_path, [None if i % 5 == 0 else i for i in range(ROWS)], list(range(ROWS))))
    one, other = streamed(tmp_path, (), ("x",)), at_once(table, (), ("x",))
    for left, right in zip(codes_and_numbers(one), codes_and_numbers(other), strict=True):
        np.testing.assert_allclose(left, right, atol=1e-6)


@pytest.mark.parametrize("columns, said", [
    (([True, False] * 20, [1, 0] * 20), r"truth values in '.*0.parquet' and whole numbers in '.*1.parquet'"),
    (([1, 0] * 20, ["1", "0"] * 20), r"whole numbers in '.*0.parquet' and text in '.*1.parquet'"),
    (([0.5, 0.0] * 20, ["1", "0"] * 20), r"floats in '.*0.parquet' and text in '.*1.parquet'"),
    ((pa.array([0, 1] * 20, pa.date32()), LABELS), r"values of type date32\[day\] in '.*' and text in"),
    (([1, 0] * 20, [0.5] * ROWS, [True] * ROWS), r"floats in '.*0.parquet' and truth values in '.*2.parquet'"),
])  # fmt: skip
def test_another_kind_in_another_file_is_refused(tmp_path, columns, said):
    written(tmp_path, *columns)
    with pytest.raises(DataError, match=f"from_parquet: column 'x' holds {said}"):
        streamed(tmp_path)


def test_labels_of_another_kind_in_another_file_are_refused(tmp_path):
    for number, labels in enumerate(([True, False] * 20, [1, 0] * 20)):
        pq.write_table(pa.table({"x": LABELS, "y": labels}), tmp_path / f"{number}.parquet")
    with pytest.raises(DataError, match="from_parquet: column 'y' holds truth values in .* and whole numbers in"):
        streamed(tmp_path)


def test_large_whole_numbers_beside_floats_are_refused(tmp_path):
    written(tmp_path, [1.0, None] * 20, WHOLE)
    with pytest.raises(DataError, match=r"column 'x' holds whole numbers beyond 2\^53 in '.*1.parquet' and floats in"):
        streamed(tmp_path)


def test_a_first_row_without_label_is_named(tmp_path):
    pq.write_table(pa.table({"x": LABELS, "y": GAPS}), tmp_path / "a.parquet")
    with pytest.raises(DataError, match="row 0 has no label: nothing is in 'y'"):
        streamed(tmp_path)


def test_floats_that_were_whole_numbers_are_reported():
    table = pa.table({"x": ROUNDED, "y": LABELS})
    with pytest.warns(UserWarning, match=r"column 'x' holds whole numbers beyond 2\^53 as floats, e.g. 90071992547"):
        at_once(table)


def test_the_same_in_parquet_files(tmp_path):
    written(tmp_path, ROUNDED)
    with pytest.warns(UserWarning, match=r"column 'x' holds whole numbers beyond 2\^53 as floats"):
        streamed(tmp_path)


def categories(values, order, ordered=False):
    return pd.Series(pd.Categorical(values, categories=order, ordered=ordered))


LIKE = [
    [(list("abcd"), list("dcba"), False)],
    [(list("abcd"), list("xdcba"), True)],
    [([3, 1, 2, 10], [10, 3, 2, 1], False)],
    [(list("abca"), list("dcba"), False), (list("dddd"), list("dcba"), False)],
    [(list("abca"), list("cba"), False), (list("bbbb"), list("abc"), False)],
    [(list("abca"), list("cba"), False), (list("bbbe"), list("abe"), False)],
]


@pytest.mark.parametrize("files", LIKE)
def test_categories_keep_the_order_that_they_were_given(tmp_path, files):
    frames = [
        pd.DataFrame({"x": categories(values * 10, order, ordered), "y": LABELS}) for values, order, ordered in files
    ]
    for number, frame in enumerate(frames):
        frame.to_parquet(tmp_path / f"{number}.parquet", row_group_size=7)
    one, other = streamed(tmp_path), at_once(pd.concat(map(pd.read_parquet, sorted(tmp_path.glob("*.parquet")))))
    assert one.classes == other.classes
    assert np.array_equal(codes_and_numbers(one)[0], codes_and_numbers(other)[0])


def test_two_columns_of_one_name_are_refused(tmp_path):
    table = pa.table([pa.array(LABELS), pa.array(LABELS), pa.array(LABELS)], names=["x", "x", "y"])
    pq.write_table(table, tmp_path / "0.parquet")
    with pytest.raises(DataError, match=r"0.parquet': the table has several columns of one name: 'x'"):
        streamed(tmp_path)


def test_halves_are_categories_too(tmp_path):
    values = np.array([0.1, 0.2, 7, np.nan] * 10, np.float16)
    table = pd.DataFrame({"x": values, "y": LABELS})
    pq.write_table(pa.Table.from_pandas(table), tmp_path / "0.parquet", row_group_size=7)
    one, other = streamed(tmp_path), at_once(table)
    for x in (one, other):
        assert codes_and_numbers(x)[0].ravel().tolist() == [1, 2, 3, 0] * 10
