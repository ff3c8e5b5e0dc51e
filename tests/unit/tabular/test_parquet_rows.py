import pickle

import pytest

pytest.importorskip("pyarrow")

import numpy as np
import torch

from onecycle.callbacks.oversampling import OverSamplingCallback
from onecycle.callbacks.shares import training_share, validation_share
from onecycle.errors import ArgumentError
from onecycle.tabular import parquet
from onecycle.tabular.learner import tabular_learner
from onecycle.tabular.lists import TabularList
from onecycle.tabular.parquet import ParquetTable
from tests.unit.tabular.parquet_files import CATS, CONTS, PROCS, source, written


def labelled(folder, **how):
    return source(folder, **how).split_by_rand_pct(0.2, seed=3).label_from_df("pay")


@pytest.fixture
def data(tmp_path):
    written(tmp_path)
    return labelled(tmp_path, row_groups=3).databunch(bs=32, device="cpu")


def epoch_of(loader, seed=1, epoch=0, start_step=0):
    loader.set_epoch(seed, epoch, start_step)
    return list(loader)


def same(a, b):
    return torch.equal(a[0][0], b[0][0]) and torch.equal(a[0][1], b[0][1]) and torch.equal(a[1], b[1])


def test_codes_numbers_and_targets_are_those_of_the_table_in_memory(tmp_path):
    frame = written(tmp_path)
    made = labelled(tmp_path)
    train, valid = (np.array(list(each.x.items)) for each in (made.train, made.valid))
    memory = TabularList.from_df(frame, CATS, CONTS, PROCS).split_by_idxs(train, valid).label_from_df("pay")
    assert made.classes == memory.classes
    for mine, theirs in ((made.train, memory.train), (made.valid, memory.valid)):
        every = list(range(len(mine)))
        for a, b in zip(mine.x.get_batch(every), theirs.x.get_batch(every), strict=True):
            assert a.dtype == b.dtype
            torch.testing.assert_close(a, b, rtol=1e-6, atol=1e-6)
        assert torch.equal(mine.y.get_batch(every), theirs.y.get_batch(every))
        assert str(mine[5]) == str(theirs[5])


def test_few_rows_are_held_and_each_group_is_read_once(data, monkeypatch):
    frames, largest = ParquetTable.frames, []
    monkeypatch.setattr(parquet, "ROWS_AT_ONCE", 50)

    def watched(self, group, columns):
        for frame in frames(self, group, columns):
            largest.append(len(frame))
            yield frame

    monkeypatch.setattr(ParquetTable, "frames", watched)
    for loader, groups in ((data.train_dl, 3), (data.valid_dl, 1)):
        store = loader.dataset.x.items.store
        store._forget()
        store.reads = 0
        loader.set_epoch(1, 0)
        for _ in loader:
            assert store.rows_held <= groups * 100
        assert store.reads == 11
    assert max(largest) <= 50


def test_an_epoch_has_each_row_once(data):
    store = data.train_dl.dataset.x.items.store
    order = data.train_dl.dl.order.order(1, 0)
    assert sorted(np.asarray(order).tolist()) == list(range(len(store.rows)))
    steps = epoch_of(data.train_dl)
    assert len(steps) == len(store.rows) // 32
    indices = data.train_dl.batch_items(2, 1, 0)
    assert torch.equal(steps[2][0][0], data.train_ds.x.get_batch(indices)[0])
    assert data.train_dl.batch_names(2, 1, 0)[0] == str(data.train_ds.x.items[indices[0]])


def test_an_epoch_goes_on_in_its_middle(data):
    whole = epoch_of(data.train_dl, epoch=4)
    store = data.train_dl.dataset.x.items.store
    store._forget()
    store.reads = 0
    rest = epoch_of(data.train_dl, epoch=4, start_step=20)
    assert len(rest) == len(whole) - 20
    assert all(same(a, b) for a, b in zip(rest, whole[20:], strict=True))
    assert store.reads <= 5  # the last two windows: what lies before is not read


def test_workers_read_the_same_batches(tmp_path, data):
    here = epoch_of(data.train_dl)
    data.train_dl.num_workers = 2
    assert all(same(a, b) for a, b in zip(epoch_of(data.train_dl), here, strict=True))


def test_processes_share_the_rows(data):
    items = [
        [item for step in range(len(share)) for item in share.batch_items(step, 1, 0)]
        for share in (training_share(data.train_dl, rank, 2) for rank in (0, 1))
    ]
    assert len(items[0]) == len(items[1]) and not set(items[0]) & set(items[1])
    held = [validation_share(data.valid_dl, rank, 2) for rank in (0, 1)]
    found = [item for share in held for step in range(len(share)) for item in share.batch_items(step, 1, 0)]
    assert sorted(found) == list(range(len(data.valid_ds)))


def test_a_part_is_held_in_memory(data):
    part = data.train_ds[[700, 3, 8]]
    assert len(part) == 3
    assert part.x.codes.tolist() == data.train_ds.x.get_batch([700, 3, 8])[0].tolist()
    assert list(part.x.items) == [data.train_ds.x.items[i] for i in (700, 3, 8)]
    assert part.y.items.tolist() == [int(data.train_ds[i][1]) for i in (700, 3, 8)]
    assert data.train_ds.y.items[:3].tolist() == [data.train_ds.y.items[i] for i in range(3)]
    assert len(list(data.valid_ds.y.items)) == len(np.asarray(data.valid_ds.x.items)) == len(data.valid_ds)


def test_all_targets_are_read_without_the_inputs(data):
    store = data.train_ds.x.items.store
    reads = store.reads
    every = np.asarray(data.train_ds.y.items)
    assert store.reads == reads
    assert every.tolist() == data.train_ds.y.get_batch(range(len(data.train_ds))).tolist()
    learn = tabular_learner(data, [10], silent=True, callback_fns=OverSamplingCallback)
    learn.fit(1)
    assert len(learn.recorder.losses) > len(data.train_dl)


def test_positions_from_the_end_and_beyond_it(data):
    store = data.valid_ds.x.items.store
    last = len(data.valid_ds) - 1
    assert store.take(np.array([-1]))[0].tolist() == store.take(np.array([last]))[0].tolist()
    with pytest.raises(IndexError, match="beyond the"):
        store.take(np.array([last + 1]))
    assert [len(array) for array in store.take(np.array([], dtype=int))] == [0, 0, 0]


def test_another_process_reads_for_itself(data):
    epoch_of(data.train_dl)
    there = pickle.loads(pickle.dumps(data.train_ds.x.items.store))
    assert there.rows_held == 0
    assert there.take(np.array([5]))[1].tolist() == data.train_ds.x.items.store.take(np.array([5]))[1].tolist()


def test_the_rows_are_not_written_with_the_data(data):
    with pytest.raises(ArgumentError, match=r"stay in their files.*processor\[0\].save\('prepare.json'\)"):
        data.save()
