import numpy as np
import pytest

from onecycle.errors import ArgumentTypeError, DataError
from onecycle.tabular.bunch import TabularDataBunch
from onecycle.tabular.procs import Categorify, FillMissing, Normalize

PROCS = [FillMissing, Categorify, Normalize]


def test_in_one_call(people, tmp_path):
    people = people.drop(columns="amount")
    data = TabularDataBunch.from_df(
        tmp_path, people, "pay", range(48, 60), PROCS, ["work", "school"], test_df=people[:5], bs=8, device="cpu"
    )
    assert data.cont_names == ["age", "hours"] and len(data.test_ds) == 5 and data.path == tmp_path
    assert data.classes == ["little", "much"]


def test_targets(people):
    given = [".", people, "pay", range(48, 60), PROCS, ["work"], ["age"]]
    assert TabularDataBunch.from_df(*given, classes=["much", "little"], bs=8).classes == ["much", "little"]
    logs = TabularDataBunch.from_df(*given[:2], "amount", *given[3:], log=True, bs=8)
    assert float(logs.train_ds[0][1].data) == pytest.approx(np.log(people["amount"][0]), rel=1e-5)


def test_wrong_calls(people):
    with pytest.raises(ArgumentTypeError, match="TabularDataBunch.from_df.*logs"):
        TabularDataBunch.from_df(".", people, "pay", [1], PROCS, ["work"], ["age"], logs=True)
    with pytest.raises(DataError, match="there is no column 'pays'. Did you mean 'pay'"):
        TabularDataBunch.from_df(".", people, "pays", [1], PROCS, ["work"], ["age"])
