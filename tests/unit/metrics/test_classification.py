"""Tests of accuracy and its kin, by hand."""

import pytest
import torch

from onecycle.errors import ArgumentError, DataError
from onecycle.metrics.classification import accuracy, error_rate, top_k_accuracy

OUTPUT = torch.tensor([[0.1, 0.9, 0.0], [0.8, 0.1, 0.1], [0.3, 0.3, 0.4], [0.2, 0.5, 0.3]])
TARGET = torch.tensor([1, 0, 0, 2])


def test_accuracy_and_error_rate():
    assert accuracy(OUTPUT, TARGET) == 0.5
    assert error_rate(OUTPUT, TARGET) == 0.5
    assert accuracy(OUTPUT, TARGET).dtype == torch.float32


def test_a_column_of_targets_is_a_row():
    assert accuracy(OUTPUT, TARGET[:, None]) == 0.5


def test_every_token_counts():
    assert accuracy(OUTPUT.view(2, 2, 3), TARGET.view(2, 2)) == 0.5


def test_targets_of_another_size_are_refused():
    with pytest.raises(DataError, match=r"accuracy: targets must be as many as predictions.*\(4, 3\).*\(4,\)"):
        accuracy(OUTPUT, OUTPUT)


def test_top_k():
    assert top_k_accuracy(OUTPUT, TARGET, k=1) == 0.5
    assert top_k_accuracy(OUTPUT, TARGET, k=2) == 0.75 or top_k_accuracy(OUTPUT, TARGET, k=2) == 1.0
    assert top_k_accuracy(OUTPUT, TARGET, k=3) == 1.0


@pytest.mark.parametrize("k", [0, 4])
def test_k_outside_the_classes_is_refused(k):
    with pytest.raises(ArgumentError, match=r"top_k_accuracy: k must lie in 1..3"):
        top_k_accuracy(OUTPUT, TARGET, k=k)
