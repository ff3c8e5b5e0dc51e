import numpy as np
import torch

from onecycle.tabular.rows import TableRows, rows_of
from onecycle.utils.registry import decode, encode


def made(count=5):
    return TableRows(np.arange(count) + 10, np.arange(2 * count).reshape(count, 2), np.ones((count, 1)) * 0.5)


def test_rows_look_like_their_numbers():
    rows = made()
    assert len(rows) == 5 and list(rows) == [10, 11, 12, 13, 14] and rows[1] == 11
    assert np.asarray(rows).tolist() == list(rows) and np.asarray(rows, dtype=float).dtype == float
    for part in (rows[1:3], rows[[1, 2]], rows[np.array([False, True, True, False, False])]):
        assert list(part) == [11, 12] and part.codes.tolist() == [[2, 3], [4, 5]] and part.conts.shape == (2, 1)


def test_a_batch_is_one_index_operation():
    codes, conts = made().batch(torch.tensor([4, 0]))
    assert codes.tolist() == [[8, 9], [0, 1]] and codes.dtype == torch.int64
    assert conts.tolist() == [[0.5], [0.5]] and conts.dtype == torch.float32


def test_rows_go_through_json():
    for rows in (made(), made(0)):
        again = decode(encode(rows))
        assert list(again) == list(rows)
        np.testing.assert_array_equal(again.codes, rows.codes)
        np.testing.assert_array_equal(again.conts, rows.conts)


def test_no_columns():
    codes, conts = rows_of([], [], 3)
    assert codes.shape == (3, 0) and conts.shape == (3, 0)
