"""Items of rare classes, several times an epoch."""

from __future__ import annotations

from onecycle.callbacks.sampling import Resampling
from onecycle.data.balance import OverSampler

__all__ = ["OverSamplingCallback"]


class OverSamplingCallback(Resampling):
    """Show items of rare classes several times an epoch: every class comes as often as the largest.

    Every item comes at least once. The order is a function of the run's seed and the epoch.

    Args:
        learn: The learner; its training set tells its classes (a `LabelList`, a `TensorDataset`, `targets`).
        weights: How likely each item is to be drawn, with replacement; by its class when None.

    Raises:
        DataError: the set does not tell its classes.
        ArgumentError: there is not one weight an item.
    """

    sampler_class = OverSampler
