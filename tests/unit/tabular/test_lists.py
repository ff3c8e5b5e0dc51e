import numpy as np
import pandas as pd
import pytest
import torch

from onecycle.data.bunch import DataBunch
from onecycle.data.loaders import DatasetType
from onecycle.data.saving import load_data
from onecycle.errors import ArgumentTypeError, DataError, StepError
from onecycle.tabular.lines import TabularLine
from onecycle.tabular.lists import TabularList
from onecycle.tabular.procs import Categorify, FillMissing, Normalize
from onecycle.tabular.rows import TableRows

PROCS = [FillMissing, Categorify, Normalize]


def test_the_sentence(make_data, people):
    before = people.copy()
    data = make_data()
    assert type(data).__name__ == "TabularDataBunch" and (len(data.train_ds), len(data.valid_ds)) == (48, 12)
    assert data.classes == ["little", "much"] and data.c == 2
    assert data.cat_names == data.train_ds.cat_names == ["work", "school", "hours_na"]
    assert data.cont_names == data.train_ds.cont_names == ["age", "hours"]
    assert data.train_ds.x.col_names == ["work", "school", "hours_na", "age", "hours"]
    assert data.get_emb_szs() == data.train_ds.get_emb_szs() == [(4, 3), (3, 3), (3, 3)]
    assert data.get_emb_szs({"work": 7})[0] == (4, 7)
    pd.testing.assert_frame_equal(people, before)


def test_preprocessing_is_learnt_from_training_rows_only(make_data, people):
    changed = people.copy()
    changed.loc[50:, "age"] = 1000
    numbers = make_data(frame=changed).train_ds.x.conts
    np.testing.assert_allclose(numbers.mean(0), 0, atol=1e-6)
    np.testing.assert_array_equal(numbers, make_data().train_ds.x.conts)


def test_a_batch_is_indexed_at_once(make_data, monkeypatch):
    data = make_data()
    monkeypatch.setattr(TabularList, "get", None)  # no single row is made
    for loader in (data.train_dl, data.valid_dl):
        assert loader.num_workers == 0
        for (x_cat, x_cont), y in loader:
            assert x_cat.shape[1:] == (3,) and x_cont.shape[1:] == (2,) and len(y) == len(x_cat)
            assert (x_cat.dtype, x_cont.dtype, y.dtype) == (torch.int64, torch.float32, torch.int64)


def test_batches_agree_with_single_rows(make_data):
    data = make_data("amount")
    (x_cat, x_cont), y = data.train_ds.batch_getter()([3, 0])
    for i, row in enumerate((3, 0)):
        line, target = data.train_ds[row]
        assert torch.equal(x_cat[i], line.data[0]) and torch.equal(x_cont[i], line.data[1])
        assert float(y[i]) == float(target.data)


def test_a_line_shows_what_the_table_says(make_data, people):
    line = make_data().train_ds.x[0]
    assert isinstance(line, TabularLine)
    assert line["age"] == str(people["age"][0]) and float(line["hours"]) == pytest.approx(people["hours"][0], abs=1e-3)
    assert "work state" in repr(make_data()) or "work private" in repr(make_data())


def test_before_it_is_processed(people):
    rows = TabularList.from_df(people, ["work"], ["age"], PROCS)
    assert rows[2]["age"] == people["age"][2] and rows.codes is None and rows.conts is None and rows.classes is None
    assert len(rows[:5]) == 5 and rows[:5].inner_df.equals(people[:5])
    with pytest.raises(StepError, match="get_emb_szs: the categories are not known yet"):
        rows.get_emb_szs()
    assert TabularList([1], ["a"]).get(0) is None


def test_targets_of_all_kinds(make_data, people):
    assert make_data("amount").c == 1
    people["twice"] = people["amount"] * 2 + 1
    from onecycle.data.categories import FloatList

    both = make_data(["amount", "twice"], label_cls=FloatList)
    assert both.c == 2 and both.train_dl.one_batch()[1].shape == (8, 2)
    logs = make_data("amount", label_cls=FloatList, log=True)
    (_, y) = logs.train_ds.batch_getter()([0])
    assert float(y[0]) == pytest.approx(np.log(people["amount"][0]), rel=1e-5)


def test_test_rows_in_any_form(make_data, people):
    data = make_data()
    data.add_test(people[:9])
    first = data.test_ds.x
    data.add_test(TabularList.from_df(people[:9], ["work", "school"], ["age", "hours"]))
    assert list(data.test_ds.x.items) == list(range(9))
    np.testing.assert_array_equal(first.codes, data.test_ds.x.codes)
    assert len(list(data.dl(DatasetType.Test))) == 2
    with pytest.warns(UserWarning, match="count as missing: 'work', 'hours'"):
        data.add_test(people.drop(columns=["work", "hours"])[:3])
    assert data.test_ds.x.codes[:, 0].tolist() == [0, 0, 0] and data.test_ds.x.codes[:, 2].tolist() == [2, 2, 2]


def test_csv(people, tmp_path):
    people.to_csv(tmp_path / "people.csv", index=False)
    rows = TabularList.from_csv(tmp_path, "people.csv", ["work"], ["age"], PROCS)
    assert len(rows) == 60 and rows.path == tmp_path
    with pytest.raises(DataError, match="there is no column 'wrk'. Did you mean 'work'"):
        TabularList.from_csv(tmp_path, "people.csv", ["wrk"], ["age"], PROCS)


def test_leaks_are_told(make_data):
    with pytest.warns(UserWarning, match="target is among the inputs: column 'pay'"):
        make_data(cats=["work", "pay"])


def test_unknown_keywords(people):
    with pytest.raises(ArgumentTypeError, match="from_df: unknown keyword 'cat_name'|cat_name"):
        TabularList.from_df(people, cat_name=["work"])


def test_saved_data(make_data, tmp_path):
    data = make_data()
    data.save()
    again = load_data(tmp_path, bs=8, device="cpu")
    assert isinstance(again.train_ds.x.items, TableRows)
    np.testing.assert_array_equal(again.train_ds.x.codes, data.train_ds.x.codes)
    assert again.train_ds.x[1] == data.train_ds.x[1] and again.get_emb_szs() == data.get_emb_szs()


def test_state_without_rows(make_data, people):
    data = make_data()
    again = DataBunch.from_state(data.export_state(), device="cpu")
    assert again.get_emb_szs() == data.get_emb_szs() and again.cont_names == ["age", "hours"]
    mine, others = (each.single_batch(people.iloc[0])[0] for each in (data, again))
    assert all(torch.equal(a, b) for a, b in zip(mine, others, strict=True))


def test_state_of_rows_that_are_not_processed(people):
    rows = TabularList.from_df(people, ["work"], ["age"], PROCS)
    again = TabularList.from_state(rows.get_state())
    assert again.procs == PROCS and again.cat_names == ["work"]


def test_looks(make_data, capsys):
    make_data().show_batch(rows=2)
    assert capsys.readouterr().out.splitlines()[0].split() == ["work", "school", "hours_na", "age", "hours", "target"]


def test_a_csv_file_without_its_folder(tmp_path):
    with pytest.raises(ArgumentTypeError, match=r"csv_name must be the name of a folder or file; got \['work'\]"):
        TabularList.from_csv("people.csv", ["work"], ["age"])
    with pytest.raises(ArgumentTypeError, match="from_csv: path must be the name of a folder or file; got None"):
        TabularList.from_csv(None, "people.csv")
