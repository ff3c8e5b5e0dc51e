"""Early stopping."""

from __future__ import annotations

from typing import Any

from onecycle.callbacks.tracker import TrackerCallback

__all__ = ["EarlyStoppingCallback"]


class EarlyStoppingCallback(TrackerCallback):
    """End training when a value has not improved for some epochs.

    Args:
        learn: The learner.
        monitor: `train_loss`, `valid_loss` or the name of a metric.
        mode: `min`, `max` or `auto`.
        min_delta: Least change that counts as an improvement, at least 0.
        patience: Epochs without improvement to bear.
    """

    def __init__(
        self,
        learn: Any,
        monitor: str = "valid_loss",
        mode: str = "auto",
        min_delta: float = 0,
        patience: int = 0,
    ) -> None:
        super().__init__(learn, monitor=monitor, mode=mode)
        self.min_delta, self.patience = abs(min_delta), patience

    def on_train_begin(self, **kwargs: Any) -> None:
        """Begin to count."""
        self.wait = 0
        super().on_train_begin(**kwargs)

    def on_epoch_end(self, epoch: int, **kwargs: Any) -> dict[str, bool] | None:
        """Stop when the patience is over."""
        if self.improved(self.get_monitor_value(), self.min_delta):
            self.wait = 0
            return None
        self.wait += 1
        if self.wait <= self.patience:
            return None
        print(f"Epoch {epoch}: early stopping")
        return {"stop_training": True}
