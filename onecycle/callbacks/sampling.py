"""What over- and under-sampling share: another order of the training set for the time of a fit."""

from __future__ import annotations

from typing import Any

from onecycle.data.balance import Sampler, labels_of
from onecycle.errors import DataError
from onecycle.training.callback import LearnerCallback

__all__: list[str] = []


class Resampling(LearnerCallback):
    """Train on the items in the order of a sampler; the data is afterwards as it was.

    Args:
        learn: The learner.
        weights: How likely each item is to be drawn; by its class when None.
    """

    _order = -60  # before the schedules count the batches
    sampler_class: type[Sampler]

    def __init__(self, learn: Any, weights: Any = None) -> None:
        super().__init__(learn)
        self.weights = weights
        self._whole: Any = None

    def on_train_begin(self, **kwargs: Any) -> None:
        """Put the loader with the other order in place."""
        data = self.learn.data
        sampler = self.sampler_class(labels_of(data.train_ds), self.weights)
        loader = data.train_dl.new(shuffle=False, sampler=sampler)
        if not len(loader):
            raise DataError(
                f"{type(self).__name__}: the {len(sampler)} items that are left must fill a batch of "
                f"{data.train_dl.batch_size}. Pass a smaller bs."
            )
        self._whole, data.train_dl = data.train_dl, loader

    def on_train_end(self, **kwargs: Any) -> None:
        """Give the data its own order back."""
        if self._whole is not None:
            self.learn.data.train_dl, self._whole = self._whole, None
