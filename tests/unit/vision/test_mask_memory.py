"""Tests of onecycle.vision.mask_memory; of its use by lists in test_segmentation_list.py."""

import numpy as np
import pytest

from onecycle.vision.mask_memory import runs_of


@pytest.mark.parametrize("shape", [(1, 1), (7, 5), (40, 60), (0, 3)])
def test_runs_are_the_mask(shape):
    mask = np.random.default_rng(0).integers(0, 3, shape, dtype=np.uint8).repeat(3, 0).repeat(4, 1)
    runs = runs_of(mask)
    assert np.array_equal(runs.mask(), mask) and runs.mask().dtype == np.uint8
    assert len(runs.values) == len(runs.lengths) and (np.diff(runs.values.astype(int)) != 0).all()


def test_a_mask_of_few_edges_takes_few_bytes():
    mask = np.zeros((300, 400), np.uint8)
    mask[100:200, 50:300] = 9
    runs = runs_of(mask)
    assert np.array_equal(runs.mask(), mask)
    assert runs.nbytes == 5 * len(runs.values) == 5 * 201
