from pathlib import Path

import pytest

pytest.importorskip("pyarrow")

import numpy as np
import pandas as pd
import torch

from onecycle.data.loaders import DatasetType
from onecycle.errors import ArgumentError, ArgumentTypeError, DataError, StepError
from onecycle.learner import load_learner
from onecycle.metrics.classification import accuracy
from onecycle.tabular.interpret import embedding_pca, feature_importance, partial_dependence
from onecycle.tabular.learner import tabular_learner
from onecycle.tabular.lists import TabularList
from onecycle.tabular.parquet_sets import GroupOrder
from onecycle.tabular.processor import TabularProcessor
from onecycle.tabular.whole_set import WholeSet
from tests.unit.tabular.parquet_files import CATS, CONTS, PROCS, people, source, written


@pytest.fixture
def frame(tmp_path):
    return written(tmp_path)


@pytest.fixture
def data(tmp_path, frame):
    lists = source(tmp_path, row_groups=3).split_by_row_groups(0.2, seed=2)
    return lists.label_from_df("pay").databunch(bs=32, device="cpu")


def test_what_is_there_is_shown(tmp_path, frame):
    rows = source(tmp_path)
    assert len(rows) == 1000
    assert repr(rows).startswith("TabularList (1000 rows in 11 row groups of 2 files)")
    assert "Train: 1000 rows\nValid: 0 rows" in repr(rows.split_none())


def test_a_learner_learns_predicts_and_is_exported(tmp_path, data, frame):
    learn = tabular_learner(data, [20], metrics=accuracy, silent=True)
    torch.manual_seed(0)
    learn.fit_one_cycle(3, 2e-2)
    assert learn.validate()[1] > 0.9
    chances, targets = learn.get_preds()
    assert len(chances) == len(data.valid_ds)
    assert torch.equal(targets, data.valid_ds.y.get_batch(range(len(data.valid_ds))))
    number = data.valid_ds.x.items[7]
    torch.testing.assert_close(learn.predict(frame.iloc[number])[2], chances[7])
    learn.export()
    again = load_learner(tmp_path)
    torch.testing.assert_close(again.predict(frame.iloc[number])[2], chances[7])


def test_looks_a_test_set_and_another_batch_size(data, frame, capsys):
    data.show_batch(rows=2)
    data.add_test(frame.iloc[:5])
    assert len(data.dl(DatasetType.Test).dataset) == 5
    data.batch_size = 16
    assert isinstance(data.train_dl.dl.sampler, GroupOrder)
    assert data.one_batch()[0][0].shape == (16, 3)
    fixed = [index for step in range(3) for index in data.fix_dl.batch_items(step)]
    assert fixed == list(range(48))


def test_a_test_set_of_parquet_files(tmp_path, data, frame):
    learn = tabular_learner(data, [20], silent=True)
    data.add_test(source(tmp_path))
    chances = learn.get_preds(DatasetType.Test)[0]
    data.add_test(frame)
    assert torch.equal(learn.get_preds(DatasetType.Test)[0], chances) and len(chances) == 1000
    frame.drop(columns="school").to_parquet(tmp_path / "less.parquet")
    with pytest.raises(DataError, match="less.parquet': there is no column 'school'"):
        data.add_test(TabularList.from_parquet(tmp_path / "less.parquet", CATS[:1]))


def test_an_order_of_ones_own(tmp_path, frame):
    labelled = source(tmp_path).split_none().label_from_df("pay")
    data = labelled.databunch(bs=10, device="cpu", shuffle=False, drop_last=False)
    assert data.empty_val
    codes = torch.cat([x[0] for x, _ in data.train_dl])
    assert torch.equal(codes, data.train_ds.x.get_batch(range(1000))[0])


def test_a_split_without_a_seed_follows_numpy(tmp_path, frame):
    rows = source(tmp_path)
    np.random.seed(4)
    first = list(rows.split_by_rand_pct(0.3).valid.all_numbers())
    np.random.seed(4)
    assert list(rows.split_by_rand_pct(0.3).valid.all_numbers()) == first
    assert list(rows.split_by_rand_pct(0.3).valid.all_numbers()) != first


def test_a_processor_that_has_learnt_before(tmp_path, frame):
    fitted = TabularProcessor(procs=PROCS, cat_names=CATS, cont_names=CONTS).fit(frame)
    made = source(tmp_path, None, None, None, processor=fitted).split_none().label_from_df("pay")
    assert torch.equal(made.train.x.get_batch(range(1000))[1], torch.from_numpy(fitted.arrays(frame)[1]))
    with pytest.raises(ArgumentTypeError, match="processor must be a TabularProcessor that has learnt"):
        source(tmp_path, processor=TabularProcessor(procs=PROCS, cat_names=CATS))


def test_settings_out_of_range(tmp_path, frame):
    with pytest.raises(ArgumentError, match="row_groups must be a whole number of at least 1"):
        source(tmp_path, row_groups=0)
    with pytest.raises(ArgumentError, match="valid_pct must be from 0 to below 1"):
        source(tmp_path).split_by_rand_pct(1.0)
    with pytest.raises(ArgumentError, match="seed must be a whole number"):
        source(tmp_path).split_by_row_groups(0.2, seed=-1)
    with pytest.raises(DataError, match="must have columns to learn from"):
        source(tmp_path, [], [])
    with pytest.raises(StepError, match="split_by_idx: ParquetList does not know this word. It knows split_by_rand"):
        source(tmp_path).split_by_idx([0])
    with pytest.raises(StepError, match="label_from_func: ParquetLists does not know this word. It knows label"):
        source(tmp_path).split_none().label_from_func(len)
    with pytest.raises(AttributeError, match="has no attribute 'splitt'"):
        source(tmp_path).splitt
    with pytest.raises(ArgumentTypeError, match="from_parquet: unknown keyword 'cat_name'. Did you mean 'cat_names'"):
        source(tmp_path, cat_name=[])
    with pytest.raises(StepError, match="label_from_df: comes too early"):
        source(tmp_path).label_from_df("pay")
    with pytest.raises(StepError, match="databunch: comes too early"):
        source(tmp_path).split_none().databunch()


def test_one_row_group_cannot_be_split_by_groups(tmp_path):
    people(50).to_parquet(tmp_path / "one.parquet")
    with pytest.raises(DataError, match="needs at least two row groups.*split_by_rand_pct"):
        source(tmp_path).split_by_row_groups(0.2)


def test_the_code_of_the_page_runs(tmp_path, monkeypatch, frame, capsys):
    monkeypatch.chdir(tmp_path)
    page = Path(__file__).parents[3] / "docs" / "tabular.md"
    code = page.read_text().partition("## Larger than memory")[2].partition("```python\n")[2].partition("```")[0]
    known = {"df": frame, "dep_var": "pay", "cat_names": CATS, "cont_names": CONTS, "procs": PROCS}
    exec(code, known | {"TabularList": TabularList, "tabular_learner": tabular_learner, "accuracy": accuracy})
    assert "Category" in capsys.readouterr().out


def test_looks_at_columns_are_those_of_the_rows_in_memory(tmp_path, data, frame):
    learn = tabular_learner(data, [20], silent=True)
    learn.fit_one_cycle(2, 2e-2)
    train, valid = (frame.iloc[list(part.x.items)] for part in (data.train_ds, data.valid_ds))
    held = TabularList.from_df(frame, path=tmp_path, processor=data.train_ds.x.processor[0])
    lists = held.split_by_idxs(train.index, valid.index).label_from_df("pay")
    same = tabular_learner(lists.databunch(bs=32, device="cpu"), [20], silent=True)
    same.model = learn.model
    for look in (
        lambda learn: feature_importance(learn, plot=False),
        lambda learn: partial_dependence(learn, "age", plot=False),
        lambda learn: embedding_pca(learn, "school", plot=False),
    ):
        pd.testing.assert_frame_equal(look(learn), look(same))
    assert data.valid_ds.x.items.store.rows_held <= 180


def test_looks_at_some_of_the_rows(data):
    learn = tabular_learner(data, [20], silent=True)
    few = WholeSet("look", learn, DatasetType.Train, rows=50)
    assert len(few) == 50 and len(few.outputs()) == 50 == len(few.targets)
    chosen = np.array(list(few.items.items))
    assert (np.diff(chosen) > 0).all() and chosen[-1] > 500  # from all over the set, in order
    assert len(feature_importance(learn, rows=20, plot=False)) == 5
    assert len(partial_dependence(learn, "work", rows=20, plot=False)) == 3
    with pytest.raises(ArgumentError, match="rows must be at least 1, or None; got 0"):
        feature_importance(learn, rows=0)


def test_the_same_data_again_from_what_was_learnt(tmp_path, data, frame):
    data.train_ds.x.processor[0].save(tmp_path / "prepare.json")
    learnt = TabularProcessor.load(tmp_path / "prepare.json")
    lists = source(tmp_path, None, None, None, row_groups=3, processor=learnt).split_by_row_groups(0.2, seed=2)
    again = lists.label_from_df("pay").databunch(bs=32, device="cpu")
    for mine, theirs in zip(again.train_dl, data.train_dl, strict=True):
        assert torch.equal(mine[0][1], theirs[0][1]) and torch.equal(mine[1], theirs[1])
        break
