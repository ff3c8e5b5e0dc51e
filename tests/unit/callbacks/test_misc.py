import pytest

from onecycle.callbacks.misc import StopAfterNBatches
from onecycle.errors import ArgumentError


def test_stop_after_none():
    with pytest.raises(ArgumentError, match="StopAfterNBatches: n_batches must be at least 1; got 0"):
        StopAfterNBatches(0)
