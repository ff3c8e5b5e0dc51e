"""A live plot of the losses."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from onecycle.training.callback import LearnerCallback

__all__ = ["ShowGraph"]


class ShowGraph(LearnerCallback):
    """Draw the training and validation losses below the table after each epoch, in a notebook."""

    def on_epoch_end(self, n_epochs: int, last_metrics: Any, **kwargs: Any) -> None:
        """Draw."""
        recorder = self.learn.recorder
        if not last_metrics or last_metrics[0] is None or not hasattr(recorder.pbar, "update_graph"):
            return
        train, valid = recorder.losses, recorder.val_losses
        ends = np.cumsum(recorder.nb_batches).tolist()
        highest = max((loss for loss in (*train, *valid) if math.isfinite(loss)), default=1.0)
        graphs = [(list(range(len(train))), train), (ends[-len(valid) :], valid)]
        recorder.pbar.update_graph(graphs, (0, n_epochs * ends[0]), (0, highest))
