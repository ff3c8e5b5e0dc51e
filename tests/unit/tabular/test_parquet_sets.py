import pytest

pytest.importorskip("pyarrow")

import numpy as np

from onecycle.data.addresses import BatchOrder
from onecycle.tabular.parquet import ParquetTable
from onecycle.tabular.parquet_sets import GroupOrder, RowSet, RowSplit, groups_for
from tests.unit.tabular.parquet_files import written


def sets(folder, split):
    written(folder)
    table = ParquetTable(folder)
    return RowSet(table, split, False), RowSet(table, split, True)


def test_each_row_is_in_one_set(tmp_path):
    train, valid = sets(tmp_path, RowSplit(0.2, seed=3))
    assert sorted([*train.all_numbers(), *valid.all_numbers()]) == list(range(1000))
    assert 160 < len(valid) < 240
    again = RowSet(train.table, RowSplit(0.2, seed=3), True)
    assert list(again.all_numbers()) == list(valid.all_numbers())
    assert list(RowSet(train.table, RowSplit(0.2, seed=4), True).all_numbers()) != list(valid.all_numbers())


def test_numbers_of_positions(tmp_path):
    train, _ = sets(tmp_path, RowSplit(0.2, seed=3))
    every = np.array(list(train.all_numbers()))
    positions = np.array([700, 0, 350, 3])
    assert train.numbers(positions).tolist() == every[positions].tolist()


def test_frames_are_those_of_the_set(tmp_path):
    train, valid = sets(tmp_path, RowSplit(groups=np.arange(11) % 2 == 1))
    found = [number for frame in valid.frames(["age"]) for number in frame.index]
    assert found == list(valid.all_numbers())
    assert valid.counts.tolist() == [0, 100, 0, 100, 0, 100, 0, 90, 0, 90, 0]
    assert len(train) + len(valid) == 1000


def test_groups_are_drawn_until_the_share_is_reached():
    counts = np.array([10, 10, 10, 10])
    chosen = groups_for(counts, 0.5, seed=1)
    assert chosen.sum() == 2
    assert groups_for(counts, 0.5, seed=1).tolist() == chosen.tolist()
    assert groups_for(counts, 0.99, seed=1).sum() == 3  # one is left to train on


def test_an_order_has_each_row_once_and_few_groups_at_a_time():
    counts = np.array([5, 0, 7, 4, 6, 3])
    order = GroupOrder(counts, at_once=2)
    groups = np.repeat(np.arange(6), counts)
    found = order.order(seed=1, epoch=0)
    assert sorted(np.asarray(found).tolist()) == list(range(25))
    runs = np.asarray(found)
    seen = [group for i, group in enumerate(groups[runs]) if i == 0 or group != groups[runs][i - 1]]
    begins = {group: seen.index(group) for group in set(seen)}
    ends = {group: len(seen) - 1 - seen[::-1].index(group) for group in set(seen)}
    open_ones = [sum(begins[g] <= i <= ends[g] for g in begins) for i in range(len(seen))]
    assert max(open_ones) == 2


def test_an_order_is_a_function_of_seed_and_epoch():
    order = GroupOrder(np.array([5, 7, 4]), at_once=2)
    first = np.asarray(order.order(1, 0), dtype=np.int32)
    assert np.array_equal(first, order.order(1, 0)[:])
    assert not np.array_equal(first, order.order(1, 1)[:])
    assert not np.array_equal(first, order.order(2, 0)[:])


def test_an_order_is_cut_where_it_is_asked_for():
    order = GroupOrder(np.full(20, 10), at_once=3).order(seed=5, epoch=2)
    whole = order[:]
    assert order[95:131].tolist() == whole[95:131].tolist()
    assert order[17] == whole[17] and order[-1] == whole[-1]
    assert order[9:2].tolist() == []
    assert order[10:90:9].tolist() == whole[10:90:9].tolist()
    with pytest.raises(IndexError):
        order[200]


def test_a_position_is_found_without_drawing_what_was_before():
    sampler = GroupOrder(np.full(50, 10), at_once=2)
    batches = BatchOrder(0, 8, sampler=sampler, drop_last=True)
    whole = [address.indices for address in batches.addresses(7, 3)]
    drawn = []
    later = BatchOrder(0, 8, sampler=sampler, drop_last=True)
    order = later.order(7, 3)
    window = type(order)._window
    type(order)._window = lambda self, at: (drawn.append(at), window(self, at))[1]
    try:
        assert [address.indices for address in later.addresses(7, 3, start_step=60)] == whole[60:]
    finally:
        type(order)._window = window
    assert min(drawn) == 24  # 480 rows are passed over, 20 a window
