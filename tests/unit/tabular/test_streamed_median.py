import numpy as np
import pytest

from onecycle.tabular import streamed_median
from onecycle.tabular.streamed_median import Median


def median_of(parts):
    median, passes = Median(), 0
    while median.value is None:
        for part in parts:
            median.add(part)
        median.end_pass()
        passes += 1
    return median.value, passes


@pytest.mark.parametrize("count", [1, 2, 3, 1000, 1001])
def test_it_is_the_median_of_numpy(count):
    draw = np.random.default_rng(count)
    values = draw.normal(0, 1e3, count) * 10.0 ** draw.integers(-20, 20, count)
    value, passes = median_of(np.array_split(values, 7))
    assert value == np.median(values)
    assert passes == 2


def test_values_with_few_different_ones_and_both_zeros():
    values = np.array([-0.0, 0.0, 0.0, -0.0, 1.0, -1.0])
    assert median_of([values]) == (0.0, 2)


def test_a_crowded_bin_is_counted_again(monkeypatch):
    monkeypatch.setattr(streamed_median, "_MOST", 10)
    values = 1.0 + np.arange(4001) * 1e-13  # alike in their first 36 bits
    value, passes = median_of(np.array_split(values, 3))
    assert value == np.median(values)
    assert passes <= 5
    assert median_of([np.full(500, 2.5)])[0] == 2.5


def test_of_nothing_there_is_none():
    assert np.isnan(median_of([np.zeros(0)])[0])
