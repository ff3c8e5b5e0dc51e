import numpy as np
import pandas as pd
import pytest

from onecycle.errors import ArgumentTypeError
from onecycle.utils.table_memory import reduce_mem_usage


def test_each_column_gets_the_smallest_type_that_holds_it(capsys):
    df = pd.DataFrame({
        "small": range(100), "large": [2**40] * 100, "count": np.arange(100, dtype=np.uint64),
        "share": np.linspace(0, 1, 100), "vast": [1e300] * 100, "gap": [np.nan, 0.5] * 50,
        "colour": ["red", "green"] * 50, "name": [f"n{i}" for i in range(100)], "truth": [True] * 100,
        "lists": [[1]] * 100,
    })  # fmt: skip
    before = df.copy()
    smaller = reduce_mem_usage(df)
    assert smaller is df
    kinds = {name: str(kind) for name, kind in df.dtypes.items()}
    assert kinds["small"] == "int8" and kinds["large"] == "int64" and kinds["count"] == "uint8"
    assert kinds["share"] == "float32" and kinds["vast"] == "float64" and kinds["gap"] == "float32"
    assert kinds["colour"] == "category" and kinds["name"] == str(before["name"].dtype) and kinds["truth"] == "bool"
    for name in ("small", "large", "count", "vast", "gap", "name"):
        assert df[name].astype(before[name].dtype).equals(before[name])
    said = capsys.readouterr().out
    assert said.startswith("Memory of the data frame: 0.0") and "% less" in said


def test_an_empty_table():
    assert reduce_mem_usage(pd.DataFrame({"a": []})).shape == (0, 1)


def test_no_table():
    with pytest.raises(ArgumentTypeError, match=r"reduce_mem_usage: df must be a data frame; got \[1\] \(list\)"):
        reduce_mem_usage([1])
