"""Helpers for data frames."""

from __future__ import annotations

import pandas as pd
import pytest

from onecycle.errors import DataError
from onecycle.utils.tables import df_names_to_idx, series2cat


def test_df_names_to_idx():
    df = pd.DataFrame(columns=["name", "label", 7])
    assert df_names_to_idx("label", df) == [1]
    assert df_names_to_idx([0, "label", 7, -1], df) == [0, 1, 2, -1]
    with pytest.raises(
        DataError, match=r"got 'lable' \(str\)\. The columns are 'name', 'label', 7\. Did you mean 'label'"
    ):
        df_names_to_idx("lable", df)
    with pytest.raises(DataError, match="column must be one that the table has; got 3"):
        df_names_to_idx(3, df)


def test_series2cat():
    df = pd.DataFrame({"a": ["x", "y", "x"], "b": [1, 2, 3]})
    series2cat(df, "a")
    assert df["a"].cat.ordered
    assert list(df["a"].cat.categories) == ["x", "y"]
    with pytest.raises(DataError, match="got 'c'"):
        series2cat(df, "a", "c")
