"""Only some items of frequent classes each epoch."""

from __future__ import annotations

from onecycle.callbacks.sampling import Resampling
from onecycle.data.balance import UnderSampler

__all__ = ["UnderSamplingCallback"]


class UnderSamplingCallback(Resampling):
    """Show only some items of frequent classes each epoch: every class comes as often as the smallest.

    Each epoch draws others; which, is a function of the run's seed and the epoch.

    Args:
        learn: The learner; its training set tells its classes (a `LabelList`, a `TensorDataset`, `targets`).
        weights: How likely each item is to be drawn, without replacement; by its class when None.

    Raises:
        DataError: the set does not tell its classes, or too few items are left for a batch.
        ArgumentError: there is not one weight an item.
    """

    sampler_class = UnderSampler
