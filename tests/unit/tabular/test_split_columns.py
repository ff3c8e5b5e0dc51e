import pandas as pd
import pytest

from onecycle.errors import ArgumentError, DataError
from onecycle.tabular.split_columns import cont_cat_split


def test_kinds_of_columns():
    df = pd.DataFrame({
        "whole": range(30), "few": [1, 2] * 15, "part": [0.5] * 30, "text": ["a"] * 30, "yes": [True] * 30, "y": 1.0,
        "z": 2.0,
    })  # fmt: skip
    assert cont_cat_split(df, dep_var=["y", "z"]) == (["whole", "part"], ["few", "text", "yes"])
    assert cont_cat_split(df, max_card=50, dep_var="y") == (["part", "z"], ["whole", "few", "text", "yes"])
    with pytest.raises(DataError, match="there is no column 'x'"):
        cont_cat_split(df, dep_var="x")
    with pytest.raises(DataError, match="several columns of one name: 'z'"):
        cont_cat_split(pd.concat([df, df[["z"]]], axis=1))
    with pytest.raises(ArgumentError, match="max_card must be a number of categories; got 'many'"):
        cont_cat_split(df, max_card="many")
